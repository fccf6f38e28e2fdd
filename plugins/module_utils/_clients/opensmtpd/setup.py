# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What smtpd uses on this host: its configuration, and the logins for the provider in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd import hold_text, secrets_text
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.config_text import (
    Config,
    Relay,
    Table,
    parse,
    relays_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    Job,
    Login,
    NotUsedError,
)
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

_SCHEMES = ("smtp+tls", "smtps")


@dataclass(frozen=True)
class Use:
    """A login that smtpd uses, or would use, at the provider.

    :param relays: where it does
    :param table: where the login stands
    :param label: what it is found by
    :param username: empty if there is no such login yet
    :param login: what it is to be
    """

    relays: tuple[Relay, ...]
    table: Table
    label: str
    username: str
    login: Login


@dataclass(frozen=True)
class Setup:
    """The configuration.

    :param main: the path of the main file
    :param texts: the files as they are, by path
    :param config: as the user wrote it
    :param relays: what reaches the provider
    """

    main: str
    texts: dict[str, str]
    config: Config
    relays: tuple[Relay, ...]


def read_setup(path: str, job: Job) -> Setup:
    """Read the configuration.

    :param path: of smtpd.conf
    :param job: what the verb works with
    :raises InputError: if nothing in it relays to the provider
    """
    main = files.real_path(path)
    texts: dict[str, str] = {}

    def read(one: str) -> str:
        texts[one] = text_of(one)
        return hold_text.base_of(texts[one])

    config = parse(main, read)
    found = [relay for action in config.actions for relay in relays_of(action, text_of)]
    relays = tuple(relay for relay in found if relay.host == job.host.strip("[]").lower())
    if not relays:
        others = ", ".join(dict.fromkeys(relay.host for relay in found)) or "none"
        raise NotUsedError(f"no action in {main} relays to {job.host}; the relays there: {others}")
    if config.first_match is None:
        raise InputError(f"{main} has no match statement, so smtpd sends nothing")
    return Setup(main, texts, config, relays)


def text_of(path: str) -> str:
    """Return the text of a file, whatever bytes it has.

    :param path: of the file
    :raises InputError: if there is none
    """
    content = files.read(path)
    if content is None:
        raise InputError(f"{path}, which smtpd reads, does not exist")
    return content.decode("utf-8", "surrogateescape")


def uses_of(setup: Setup, logins: Sequence[Login]) -> list[Use]:
    """Return the logins that smtpd uses at the provider, as far as they are ours.

    :param setup: the configuration
    :param logins: what the program is to log in with
    :raises InputError: if one of them is used nowhere, or stands where it cannot be changed
    """
    found = {_key(relay): _usable(relay) for relay in setup.relays if relay.label}
    if not found:
        raise InputError(
            f"the relay {setup.relays[0].url} in {setup.main} has no label, so smtpd does not log in there: write "
            f'"smtp+tls://LABEL@{setup.relays[0].host}:{setup.relays[0].port}" auth <TABLE>'
        )
    uses = []
    for (path, label), table in found.items():
        relays = tuple(relay for relay in setup.relays if relay.label and _key(relay) == (path, label))
        present = secrets_text.login_of(text_of(path), label)
        username = present[0] if present else ""
        login = _taker(logins, label, username, alone=len(found) == len(logins) == 1)
        if login is not None:
            uses.append(Use(relays, table, label, username, login))
    for login in logins:
        if all(use.login is not login for use in uses):
            labels = ", ".join(dict.fromkeys(label for _path, label in found))
            raise InputError(
                f"smtpd does not log in as {login.username} at {setup.relays[0].host}; the labels there: {labels}. "
                "Name the account whose login is to be replaced, or the label as key"
            )
    return uses


def _key(relay: Relay) -> tuple[str, str]:
    table = relay.action.tables.get("auth")
    return (table.path if table else "", relay.label.lower())


def _usable(relay: Relay) -> Table:
    table = relay.action.tables.get("auth")
    action = relay.action.name
    if table is None:
        raise InputError(f"the action {action} relays with a label but without auth, so smtpd does not deliver: add it")
    if relay.scheme not in _SCHEMES:
        raise InputError(f"the action {action} relays with a label over {relay.scheme}://: smtpd logs in over TLS only")
    if table.kind == "inline":
        raise InputError(
            f"the login of the action {action} stands in smtpd.conf itself: move it to a file, as a line "
            "LABEL USERNAME:PASSWORD, declare table NAME file:PATH, and write auth <NAME>"
        )
    if table.kind != "file":
        raise InputError(
            f"the login of the action {action} is in a table of the type {table.kind}, and only file can be written: "
            "declare it as file:PATH"
        )
    return table


def _taker(logins: Sequence[Login], label: str, username: str, *, alone: bool) -> Login | None:
    """Return the login that is to stand at a label."""
    for login in logins:
        if login.key:
            if login.key.lower() == label:
                return login
        elif username in (login.username, *login.replaces):
            return login
    return logins[0] if alone and not username and not logins[0].key else None
