# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds out how Exim reaches the provider, and which logins it uses there."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim import logins_text, printed
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.choice import Place, places
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.instance import Exim, canonical
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, NotUsedError
from ansible_collections.mailops.smtp.plugins.module_utils._clients.target import text_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError


@dataclass(frozen=True)
class Relay:
    """How Exim reaches the provider.

    :param transports: the names of those that go there
    :param in_use: the names by which Exim looks up the provider's hosts
    :param names: all names of the provider's hosts
    """

    transports: tuple[str, ...]
    in_use: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What Exim uses now."""

    exim: Exim
    relay: Relay
    lookup: printed.Lookup
    path: str
    text: str
    places: list[Place]
    takes_caret: bool

    def is_ready(self) -> bool:
        """Tell whether Exim may read the file, and nobody else."""
        return files.access_of(self.path) == self.exim.access()


def relay_of(exim: Exim, job: Job) -> Relay:
    """Return how Exim reaches the provider.

    :param exim: the Exim of this host
    :param job: what the verb works with
    :raises InputError: if it does not, or not with a login
    """
    routers, transports = exim.drivers("routers"), exim.drivers("transports")
    names = list(dict.fromkeys([job.host.lower(), canonical(job.host).lower()]))
    route = exim.route(job.message.recipient if job.message else "")
    there: dict[str, list[str]] = {}
    for options in routers.values():
        there.setdefault(options.get("transport", ""), []).extend(printed.hosts_in(options, printed.ROUTER_HOSTS))
    for name, options in transports.items():
        there.setdefault(name, []).extend(printed.hosts_in(options, printed.TRANSPORT_HOSTS))
    if route:
        there.setdefault(route.transport, []).extend(route.hosts)
    goes: dict[str, list[str]] = {}
    for name, hosts in there.items():
        ours = [one for one in hosts if one.lower() in names or canonical(one).lower() in names]
        if ours and transports.get(name, {}).get("driver") == "smtp":
            goes[name] = ours
    if not goes:
        raise NotUsedError(
            f"Exim does not relay to {job.host}: no router and no transport names it. Set it as the smarthost first "
            "(dc_smarthost with Debian's configuration)"
        )
    silent = [name for name in goes if not printed.logs_in(transports[name])]
    if silent:
        raise InputError(
            f"the transport {silent[0]} of Exim goes to {job.host} but never logs in: set hosts_require_auth = * there"
        )
    written = list(dict.fromkeys(one.lower() for hosts in goes.values() for one in hosts))
    asked = [one.lower() for one in route.hosts] if route and route.transport in goes else []
    in_use = [one for one in asked if one in names or one in written] or [canonical(one).lower() for one in written]
    return Relay(tuple(goes), tuple(dict.fromkeys(in_use)), tuple(dict.fromkeys([*names, *written])))


def _lookup(exim: Exim) -> tuple[printed.Lookup, bool]:
    """Return where Exim looks up its logins, and whether a ^ arrives.

    :raises InputError: if not in one file, by the name of the host
    """
    authenticators = exim.drivers("authenticators")
    lookups, other = printed.lookups_in(printed.client_options(authenticators))
    if not lookups and not other:
        raise InputError("Exim has no authenticator that logs in as a client: add one to its configuration first")
    if other or len(lookups) != 1 or lookups[0].kind not in printed.KINDS or not lookups[0].path.startswith("/"):
        raise InputError(
            "the logins of Exim are not in one file that it looks up by host: put them into a file with lines such as "
            "host:login:password, and use ${lookup{$host}nwildlsearch{/etc/exim4/passwd.client}{$value}fail} in the "
            "client options of each authenticator"
        )
    return lookups[0], printed.takes_caret(authenticators)


def found_by(job: Job) -> Found:
    """Return what Exim uses now for the provider.

    :param job: what the verb works with
    :raises InputError: if what would be written is not what Exim would use, or could not be written
    """
    exim = Exim()
    if exim.setting("deliver_drop_privilege") == "deliver_drop_privilege":
        raise InputError(
            "Exim has deliver_drop_privilege set, so its running processes would not notice a hold: remove that option"
        )
    relay = relay_of(exim, job)
    _check_recipient(exim, relay, job)
    lookup, takes_caret = _lookup(exim)
    path = files.real_path(lookup.path)
    check_replaceable(path)
    text = text_of(path)
    chosen = places(text, kind=lookup.kind, in_use=relay.in_use, names=relay.names, logins=job.logins, path=lookup.path)
    found = Found(exim, relay, lookup, path, text, chosen, takes_caret)
    _check_folders(found)
    _check_understood(found)
    return found


def _check_recipient(exim: Exim, relay: Relay, job: Job) -> None:
    """Make sure that the test message reaches the provider.

    :raises InputError: if it would go elsewhere
    """
    route = exim.route(job.message.recipient) if job.message else None
    if job.message and (route is None or route.transport not in relay.transports):
        raise InputError(
            f"Exim would not send a test message for {job.message.recipient} to {job.host}: choose a recipient for "
            "whom it uses that relay"
        )


def _check_folders(found: Found) -> None:
    """Make sure that Exim's user reaches the file.

    :raises InputError: if it does not
    """
    uid, gid = found.exim.user(), found.exim.access().gid
    folder = os.path.dirname(found.path)
    while folder != "/":
        status = os.stat(folder)
        bit = stat.S_IXUSR if status.st_uid == uid else stat.S_IXGRP if status.st_gid == gid else stat.S_IXOTH
        if uid != 0 and not status.st_mode & bit:
            raise InputError(
                f"the user of Exim cannot enter {folder}, so it would send without a login: run chmod a+x {folder}"
            )
        folder = os.path.dirname(folder)


def _agrees(value: str | None, line: logins_text.Line | None) -> bool:
    """Tell whether Exim found an entry too; one without a password may lack the colon."""
    return value is None if line is None else value in (line.value, line.value.rstrip(":"))


def _check_understood(found: Found) -> None:
    """Ask Exim for the entries that it uses.

    :raises InputError: if it finds others
    """
    lines = logins_text.lines_of(found.text)
    for host in found.relay.in_use:
        line = logins_text.used(lines, host, found.lookup.kind)
        if found.text and not _agrees(found.exim.login_of(found.lookup, host), line):
            raise InputError(
                f"{found.path} has keys that only Exim understands, and it uses another entry for {host} than the "
                "first one that fits: write plain host names as keys"
            )
