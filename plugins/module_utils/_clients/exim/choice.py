# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chooses the entries of Exim's file of logins that a job is about. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim import logins_text
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.logins_text import Line
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Login
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError


@dataclass(frozen=True)
class Place:
    """Where a login belongs.

    :param key: of the entry
    :param line: the entry, None if it is to be added
    :param wanted: the login
    """

    key: str
    line: Line | None
    wanted: Login


def places(
    text: str, *, kind: str, in_use: Sequence[str], names: Sequence[str], logins: Sequence[Login], path: str
) -> list[Place]:
    """Return the entries that are to have these logins: those in use, and others of the accounts for the provider.

    :param text: of the file
    :param kind: of lookup
    :param in_use: the names by which Exim looks up the provider's hosts
    :param names: all names of the provider's hosts
    :param logins: of the job
    :param path: of the file
    :raises InputError: if Exim would not use what would be written
    """
    lines = logins_text.lines_of(text)
    found: dict[int, Place] = {}
    missing: list[Place] = []
    for host in in_use:
        line = logins_text.used(lines, host, kind)
        login = _login_for(line, host, logins, path)
        if line is not None:
            found[line.numbers[0]] = Place(line.key, line, login)
        elif all(place.key != host for place in missing):
            missing.append(Place(host, None, login))
    for line in lines:
        owner = _owner(line, logins)
        if owner and any(logins_text.matches(line, name, kind) for name in (*in_use, *names)):
            found.setdefault(line.numbers[0], Place(line.key, line, owner))
    return [*(found[number] for number in sorted(found)), *missing]


def _owner(line: Line, logins: Sequence[Login]) -> Login | None:
    return next((one for one in logins if line.username in (one.username, *one.replaces)), None)


def _login_for(line: Line | None, host: str, logins: Sequence[Login], path: str) -> Login:
    """Return the login that belongs to what Exim uses for a host."""
    keys = {host.lower(), *([line.key.lower()] if line else [])}
    login = next((one for one in logins if one.key.lower() in keys), None) or (_owner(line, logins) if line else None)
    if login is not None:
        return login
    if line is not None:
        raise InputError(
            f"Exim logs in to {host} as {line.username or 'nobody'}, by the entry {line.key} of {path}, and not as "
            f"{logins[0].username}: correct that entry, or name {host} as the key of the login that it is to have"
        )
    if len(logins) > 1:
        raise InputError(
            f"{path} has no entry for {host}, and there are {len(logins)} logins: name {host} as the key of one of them"
        )
    return logins[0]
