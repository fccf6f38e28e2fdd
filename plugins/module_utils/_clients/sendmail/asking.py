# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks sendmail in its test mode, in which it sends nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import call, path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.configuration import Source
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.text import TAG
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

SENDMAIL = "sendmail"
_VERSION = re.compile(r"^Version (\S+)", re.MULTILINE)
_TRIPLE = re.compile(r"returns: \$# (\S+) \$@ (.*?) \$: ")
_KEY = re.compile(r"map_lookup: \S+ \(AuthInfo:(.*?)\) (returns|no match)")
_MX = re.compile(r"^\t(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Relay:
    """Where sendmail sends all mail that is not local.

    :param mailer: by which of its mailers
    :param host: as it is written, often in brackets
    """

    mailer: str
    host: str

    @property
    def name(self) -> str:
        """Return the host without brackets, in lower case."""
        bare = self.host[1:-1] if self.host.startswith("[") else self.host
        return bare.rstrip(".").lower()


def is_here() -> bool:
    """Tell whether this host's sendmail is that of sendmail.org, not one that other programs bring along."""
    path = path_of(SENDMAIL)
    if path is None:
        return False
    # Not by asking it: others that have this name could take that for a message.
    with open(path, "rb") as file:
        return b"SYSTEM IDENTITY (after readcf)" in file.read()


def version() -> str:
    """Return sendmail's version."""
    found = _VERSION.search(ask("/quit"))
    return found[1] if found else ""


def relay() -> Relay:
    """Return sendmail's smart host.

    :raises InputError: if it has none, or several
    """
    smart_host = ask("$S").rpartition("\n> ")[0].rpartition("> ")[2].strip()
    found = _TRIPLE.search(ask(f"MailerToTriple < {smart_host} > user < @ domain.invalid >"))
    if smart_host == "Undefined" or not found:
        raise InputError(
            "sendmail has no smart host: define SMART_HOST in sendmail.mc, and generate sendmail.cf from it"
        )
    host = found[2].replace(" ", "")
    if ":" in host and not re.fullmatch(r"\[[^\]]*\]", host):
        raise InputError(f"sendmail has several smart hosts, {host}: define only one")
    return Relay(found[1], host)


def exchangers(name: str) -> list[str]:
    """Return the hosts that take mail for a name, as sendmail sees it.

    :param name: the name
    """
    return [one.rstrip(".").lower() for one in _MX.findall(ask(f"/mx {name}"))] or [name]


def present(source: Source, keys: Iterable[str]) -> set[str]:
    """Return which of these keys sendmail finds.

    :param source: the map
    :param keys: what it is asked for
    """
    answer = ask(*(f"/map {source.name} {TAG}{key}" for key in keys))
    return {key.lower() for key, found in _KEY.findall(answer) if found == "returns"}


def ask(*commands: str) -> str:
    """Return what sendmail says in its test mode, which can contain a password.

    :param commands: what it is asked
    :raises InputError: if it does not work with its configuration
    """
    given = "".join(f"{one}\n" for one in commands)
    answer = call(path_of(SENDMAIL) or SENDMAIL, "-Am", "-d0.1", "-bt", given=given)
    if answer.code != 0:
        raise InputError("sendmail cannot read its configuration: see sendmail -bt -d0.1, and correct that")
    return answer.output
