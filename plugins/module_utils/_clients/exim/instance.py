# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks the Exim of this host."""

from __future__ import annotations

import grp
import pwd
import re
import socket
from collections.abc import Mapping

from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import Answer, call, path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim import printed
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._files import Access

_NAMES = ("exim4", "exim")
_VERSION = re.compile(r"Exim version (\S+)")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
# Of no host. Asking where it goes sends nothing.
_NOBODY = "postmaster@mailops-smtp.invalid"
# root owns the file, Exim's user reads it: with less, Exim sends without a login.
_MODE = 0o640


def command() -> str | None:
    """Return the path of Exim, None if it is not installed."""
    return next((path for path in map(path_of, _NAMES) if path), None)


class Exim:
    """The Exim of this host.

    :raises InputError: if it cannot be asked
    """

    def __init__(self) -> None:
        path = command()
        if path is None:
            raise InputError("Exim is not installed on this host")
        self.path = path
        answer = self.call("-bV")
        if answer.code != 0:
            raise InputError(f"Exim cannot read its configuration: run {path} -bV to see why, and correct it first")
        match = _VERSION.search(answer.output)
        self.version = match.group(1) if match else ""

    def call(self, *arguments: str, given: str = "") -> Answer:
        """Run it to its end.

        :param arguments: its arguments
        :param given: its standard input
        """
        return call(self.path, *arguments, given=given)

    def setting(self, name: str) -> str:
        """Return the value of a main option, empty if there is no such option.

        :param name: of the option
        """
        answer = self.call("-bP", name)
        return printed.setting_of(answer.output) if answer.code == 0 else ""

    def drivers(self, kind: str) -> dict[str, dict[str, str]]:
        """Return the options of all drivers of a kind.

        :param kind: C(routers), C(transports) or C(authenticators)
        """
        return printed.drivers_of(self.call("-bP", kind).output)

    def transport(self, name: str) -> Mapping[str, str]:
        """Return the options of a transport.

        :param name: of the transport
        """
        return printed.drivers_of(f"{name} transport:\n" + self.call("-bP", "transport", name).output)[name]

    def route(self, recipient: str) -> printed.Route | None:
        """Return where a message would go, None if it does not leave this host.

        :param recipient: of the message, empty for just any
        """
        return printed.route_of(self.call("-bt", recipient or _NOBODY).output)

    def login_of(self, lookup: printed.Lookup, host: str) -> str | None:
        """Return what Exim itself finds for a host, with the password; None if nothing.

        :param lookup: how it is found
        :param host: as Exim names it
        """
        if not _HOST.fullmatch(host):
            return None
        answer = self.call("-be", f"${{lookup{{{host}}}{lookup.kind}{{{lookup.path}}}{{x$value}}{{}}}}")
        text = answer.output[:-1] if answer.output.endswith("\n") else answer.output
        return text[1:] if answer.code == 0 and text.startswith("x") else None

    def access(self) -> Access:
        """Return who is to read the file of logins: root, and the group of Exim's user.

        :raises ProgramError: if there is no such group
        """
        name = self.setting("exim_group")
        try:
            return Access(0, int(name) if name.isdigit() else grp.getgrnam(name).gr_gid, _MODE)
        except KeyError:
            raise ProgramError(f"the group of Exim, {name}, does not exist: install Exim again") from None

    def user(self) -> int:
        """Return the number of the user who delivers, 0 if there is no such user."""
        name = self.setting("exim_user")
        try:
            return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid
        except KeyError:
            return 0


def canonical(host: str) -> str:
    """Return the name that Exim uses for a host: that of its record, not of an alias.

    :param host: as the configuration names it
    """
    try:
        return socket.gethostbyname_ex(host)[0]
    except OSError:
        return host
