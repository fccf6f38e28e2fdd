# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and changes the logins in the text of a lookup table of Postfix. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import (
    BLANKS,
    ended,
    logical_lines,
    physical_lines,
)
from ansible_collections.mailops.smtp.plugins.module_utils._text import is_control

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "entries": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "key": {"type": "str", "required": True, "no_log": False},
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
        },
    },
    "map": {"type": "str"},
    "config_directory": {"type": "path"},
    "reload": {"type": "bool", "default": True},
}

_ENTRY = re.compile(rf"(?P<key>[^{BLANKS}]+)[{BLANKS}]*(?P<value>.*?)[{BLANKS}]*", re.DOTALL)


@dataclass(frozen=True)
class Login:
    """What Postfix logs in with at one destination."""

    key: str
    username: str
    password: str = field(repr=False)

    @property
    def value(self) -> str:
        """Return what the table answers for the key."""
        return f"{self.username}:{self.password}"


def prepare(entries: Sequence[Mapping[str, str]]) -> list[Login]:
    """Return the logins in the option C(entries).

    :raises InputError: if a table cannot hold one of them; the message names the key, never a password
    """
    logins = [Login(one["key"], one["username"], one["password"]) for one in entries]
    if not logins:
        raise InputError("entries is empty: name at least one login")
    for login in logins:
        _check_key(login.key)
        check_login(login.key, login.username, login.password)
    keys = [login.key.lower() for login in logins]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InputError(
            f"entries has a key twice; Postfix does not distinguish upper and lower case: {', '.join(twice)}"
        )
    return logins


def _check_key(key: str) -> None:
    if not key or key[0] in '#"' or any(character in BLANKS or is_control(character) for character in key):
        raise InputError(f"{key!r} cannot be a key of the table: it must be one word, such as [smtp.example.com]:587")


def check_login(name: str, username: str, password: str) -> None:
    """Make sure that a table can hold a login.

    :param name: what messages call it
    :raises InputError: if not; the message never shows the password
    """
    _check_username(name, username)
    _check_password(name, password)


def _check_username(key: str, username: str) -> None:
    if not username:
        raise InputError(f"the username of {key} is empty")
    bad = next((character for character in username if is_control(character)), None)
    if bad is not None:
        raise InputError(
            f"the username of {key} contains the control character U+{ord(bad):04X}, which no table can hold"
        )
    if ":" in username:
        raise InputError(
            f"the username of {key} contains a colon, which no table can hold: it separates username and password there"
        )
    if username[0] in BLANKS:
        raise InputError(f"the username of {key} begins with a blank, which no table can hold")


def _check_password(key: str, password: str) -> None:
    if not password:
        raise InputError(f"the password of {key} is empty")
    if any(is_control(character) for character in password):
        raise InputError(f"the password of {key} contains a line break or a control character, which no table can hold")
    if password[-1] in BLANKS:
        raise InputError(f"the password of {key} ends with a blank, which no table can hold")


def merge(text: str, logins: Sequence[Login]) -> str:
    """Return the text with these logins in it; all other lines are kept as they are.

    A login stays where its key was. If the key was there several times, of which Postfix uses the first, the others are
    removed.
    """
    for login in logins:
        text = _with_login(text, login)
    return text


def _with_login(text: str, login: Login) -> str:
    lines = physical_lines(text)
    own = [entry for entry in logical_lines(lines) if _parts(entry.text)[0].lower() == login.key.lower()]
    if [_parts(entry.text)[1] for entry in own] == [login.value]:
        return text
    line = f"{login.key} {login.value}\n"
    if not own:
        return ended(text) + line
    gone = {number for entry in own for number in entry.lines}
    place = own[0].lines[0]
    return "".join(line if at == place else one for at, one in enumerate(lines) if at == place or at not in gone)


def _values(text: str, keys: Sequence[str]) -> dict[str, str]:
    """Return what Postfix finds for these keys: of several entries the first."""
    wanted = {key.lower(): key for key in keys}
    found: dict[str, str] = {}
    for entry in logical_lines(physical_lines(text)):
        key, value = _parts(entry.text)
        if key.lower() in wanted:
            found.setdefault(wanted[key.lower()], value)
    return found


def entries_of(text: str) -> dict[str, str]:
    """Return what the text of a table says: key to value, of several entries the first.

    :param text: the table's text
    """
    found: dict[str, tuple[str, str]] = {}
    for entry in logical_lines(physical_lines(text)):
        key, value = _parts(entry.text)
        found.setdefault(key.lower(), (key, value))
    return dict(found.values())


def _parts(text: str) -> tuple[str, str]:
    match = _ENTRY.fullmatch(text)
    return (match.group("key"), match.group("value")) if match else ("", "")


def shown(text: str, logins: Sequence[Login]) -> str:
    """Return what a diff shows of a text: keys, usernames, and whether the password is the one that is asked for."""
    present = _values(text, [login.key for login in logins])
    lines = []
    for login in logins:
        value = present.get(login.key)
        if value is not None:
            password = "as asked for" if value == login.value else "another one"
            lines.append(f"{login.key} {value.partition(':')[0]}, password: {password}\n")
    return "".join(lines)
