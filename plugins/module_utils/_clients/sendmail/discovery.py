# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds out by which lines sendmail logs in to the provider."""

from __future__ import annotations

import contextlib
import os
import socket
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, Login
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail import asking, configuration
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.asking import Relay
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.configuration import Source
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.text import Line, lines_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.target import replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

CONFIGURATION, SUBMISSION = "/etc/mail/sendmail.cf", "/etc/mail/submit.cf"
# What Debian generates the configuration from, at each start too.
MACROS = "/etc/mail/sendmail.mc"
KINDS = ("hash", "btree")


@dataclass(frozen=True)
class Place:
    """A line that sendmail uses, or that is to be added.

    :param line: None if there is none yet
    """

    key: str
    line: Line | None
    wanted: Login


@dataclass(frozen=True)
class Found:
    """What sendmail uses for the provider.

    :param path: of the map's source, symbolic links followed
    :param text: the map's source
    """

    relay: Relay
    source: Source
    path: str
    text: str
    places: tuple[Place, ...]


def configuration_text() -> str:
    """Return sendmail.cf.

    :raises InputError: if it is not there, or cannot be replaced
    """
    return text_of(replaceable(CONFIGURATION))


def check_generated() -> None:
    """Make sure that sendmail.cf is not about to be generated anew, which would end a hold.

    :raises InputError: if it is
    """
    with contextlib.suppress(OSError):
        if os.stat(MACROS).st_mtime > os.stat(CONFIGURATION).st_mtime:
            raise InputError(
                f"{MACROS} is newer than {CONFIGURATION}, which the next start may generate anew: run make in "
                "/etc/mail, and restart sendmail"
            )


def relay_of(job: Job, text: str) -> Relay:
    """Return the smart host, which is the provider.

    :param job: what the verb works with
    :param text: sendmail.cf
    :raises InputError: if it is another one, or if its mail could not be put on hold
    """
    relay = asking.relay()
    if not _is_same(relay.name, job.host):
        raise InputError(
            f"sendmail relays to {relay.host}, not to {job.host}: set SMART_HOST in sendmail.mc, or the consumer's host"
        )
    direct = configuration.macro(text_of(SUBMISSION), "MTAHost") if os.path.isfile(SUBMISSION) else ""
    if _is_same(direct.strip("[]"), relay.name) and relay.name not in _addresses("localhost"):
        raise InputError(
            f"{SUBMISSION} sends to {relay.host} without the daemon of this host, so its mail cannot be put on hold: "
            "let it send to [127.0.0.1]"
        )
    table = configuration.mailertable_of(text)
    for mailer, host in configuration.routes(text_of(table) if table else ""):
        if mailer != relay.mailer and host in (relay.name, job.host.lower()):
            raise InputError(
                f"{table} sends to {host} by the mailer {mailer}, which would not be on hold: let it use {relay.mailer}"
            )
    if not configuration.can_hold(text, relay.mailer):
        raise InputError(
            f"the mailer {relay.mailer} in {CONFIGURATION} does not connect to a relay by TCP, so its mail cannot be "
            "put on hold"
        )
    return relay


def found_by(job: Job) -> Found:
    """Return what sendmail uses for the provider, and what would be written.

    :param job: what the verb works with
    :raises InputError: if what would be written would not be used
    """
    text = configuration_text()
    relay = relay_of(job, text)
    source = _source(text)
    path = replaceable(source.path)
    check_replaceable(f"{path}.db")
    content = text_of(path)
    return Found(relay, source, path, content, _places(job, relay, source, lines_of(content)))


def text_of(path: str) -> str:
    """Return what is in a file.

    :param path: the file
    """
    return (files.read(path) or b"").decode("utf-8", "surrogateescape")


def _source(text: str) -> Source:
    source = configuration.source_of(text)
    if source is None:
        raise InputError(
            "sendmail looks up no logins: add FEATURE(`authinfo') to sendmail.mc, move the login of DefaultAuthInfo to "
            "/etc/mail/authinfo, and generate sendmail.cf"
        )
    if source.kind not in KINDS:
        raise InputError(
            f"the map {source.name} of sendmail is of the kind {source.kind}: make it one of {', '.join(KINDS)}"
        )
    if path_of("makemap") is None:
        raise InputError("makemap is not on this host, so no map of sendmail can be made: install it")
    return source


def _places(job: Job, relay: Relay, source: Source, lines: list[Line]) -> tuple[Place, ...]:
    chains = [configuration.keys(source, name, address) for name, address in _servers(relay)]
    asked = [key for chain in chains for key in chain]
    by_key = {line.key: line for line in lines}
    present = asking.present(source, asked)
    # A run that was killed may have written our line into the source only.
    names = {name for login in job.logins for name in (login.username, *login.replaces)}
    present |= {key for key in asked if key in by_key and by_key[key].username in names}
    if present != {key for key in asked if key in by_key}:
        raise InputError(
            f"{source.path}.db is not made of the present {source.path}: run makemap or make in /etc/mail first"
        )
    used = dict.fromkeys(next((key for key in chain if key in present), None) for chain in chains)
    places = [Place(key, by_key[key], _wanted(job, by_key[key])) for key in used if key is not None]
    if places:
        return tuple(places)
    if len(job.logins) > 1:
        raise InputError("sendmail has one smart host, to which it logs in with one login: name only one")
    name = relay.host.strip("[]") if _is_literal(relay.host) else _servers(relay)[0][0]
    return (Place(job.logins[0].key or name, None, job.logins[0]),)


def _wanted(job: Job, line: Line) -> Login:
    for login in job.logins:
        if line.username in (login.username, *login.replaces) or login.key.lower() == line.key != "":
            return login
    raise InputError(
        f"sendmail logs in with the line AuthInfo:{line.key}, which has another account: correct or remove it, or "
        "set the option key of the login"
    )


def _servers(relay: Relay) -> list[tuple[str, str]]:
    """Return the names and addresses that sendmail can end up with, as it writes them for its lookups."""
    if _is_literal(relay.host):
        return [(relay.host.lower(), relay.host[1:-1].lower())]
    names = [_canonical(relay.name)] if relay.host.startswith("[") else asking.exchangers(relay.name)
    servers = [(name, address) for name in names for address in sorted(_addresses(name))]
    if not servers:
        raise InputError(
            f"{relay.host}, the smart host of sendmail, has no address: see its name, and the DNS of this host"
        )
    return servers


def _is_literal(host: str) -> bool:
    try:
        socket.getaddrinfo(host.strip("[]"), None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return host.startswith("[")


def _canonical(name: str) -> str:
    # In brackets, sendmail follows an alias.
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    except OSError:
        return name
    return (found[0][3] or name).rstrip(".").lower()


def _is_same(one: str, other: str) -> bool:
    return bool(one) and (
        one.lower() == other.strip("[]").rstrip(".").lower() or bool(_addresses(one) & _addresses(other))
    )


def _addresses(host: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()
