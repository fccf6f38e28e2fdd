# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logins in a text that Postfix's smtp_sasl_password_maps name. Pure: no I/O."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import (
    BLANKS,
    ended,
    logical_lines,
    physical_lines,
)
from ansible_collections.mailops.smtp.plugins.module_utils._text import is_control

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
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
    """What Postfix uses for one destination."""

    key: str
    username: str
    password: str = field(repr=False)

    @property
    def value(self) -> str:
        """What the map returns for the key."""
        return f"{self.username}:{self.password}"


def prepare(*, entries: t.Sequence[t.Mapping[str, str]]) -> list[Login]:
    """Check the entries.

    :raises InputError: if the format cannot carry one of them; the message names the key, never a value
    """
    logins = [Login(one["key"], one["username"], one["password"]) for one in entries]
    if not logins:
        raise InputError("entries is empty: name at least one login")
    for login in logins:
        _check(login)
    keys = [login.key.lower() for login in logins]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InputError(
            f"entries has a key twice, and Postfix does not tell upper case from lower: {', '.join(twice)}"
        )
    return logins


def _check(login: Login) -> None:
    key = login.key
    if not key or key[0] in '#"' or any(character in BLANKS or is_control(character) for character in key):
        raise InputError(f"{key!r} cannot be a key of the map: it must be one word, such as [smtp.example.com]:587")
    for name, text in (("username", login.username), ("password", login.password)):
        if not text:
            raise InputError(f"the {name} of {key} is empty")
        if any(is_control(character) for character in text):
            raise InputError(f"the {name} of {key} has a line break or a control character; no map can carry that")
    if ":" in login.username or login.username[0] in BLANKS:
        raise InputError(f"the username of {key} has a colon or begins with a blank; no map can carry that")
    if login.password[-1] in BLANKS:
        raise InputError(f"the password of {key} ends with a blank; no map can carry that")


def merge(*, text: str, logins: t.Sequence[Login]) -> str:
    """The text with these logins in it; all other lines are kept as they are.

    A login stays where its key was. If a key was there several times, of which Postfix uses the first, the others go.
    """
    for login in logins:
        text = _with_login(text, login)
    return text


def _with_login(text: str, login: Login) -> str:
    lines = physical_lines(text=text)
    own = [entry for entry in logical_lines(lines=lines) if _parts(entry.text)[0].lower() == login.key.lower()]
    if [_parts(entry.text)[1] for entry in own] == [login.value]:
        return text
    line = f"{login.key} {login.value}\n"
    if not own:
        return ended(text=text) + line
    gone = {number for entry in own for number in entry.lines}
    place = own[0].lines[0]
    return "".join(line if at == place else one for at, one in enumerate(lines) if at == place or at not in gone)


def _values(text: str, keys: t.Sequence[str]) -> dict[str, str]:
    """What Postfix finds for these keys: of several the first."""
    wanted = {key.lower(): key for key in keys}
    found: dict[str, str] = {}
    for entry in logical_lines(lines=physical_lines(text=text)):
        key, value = _parts(entry.text)
        if key.lower() in wanted:
            found.setdefault(wanted[key.lower()], value)
    return found


def _parts(text: str) -> tuple[str, str]:
    match = _ENTRY.fullmatch(text)
    return (match.group("key"), match.group("value")) if match else ("", "")


def shown(*, text: str, logins: t.Sequence[Login]) -> str:
    """What a diff shows of a text: keys and user names, and whether a password is the one that is asked for."""
    present = _values(text, [login.key for login in logins])
    lines = []
    for login in logins:
        value = present.get(login.key)
        if value is not None:
            password = "as asked for" if value == login.value else "another one"
            lines.append(f"{login.key} {value.partition(':')[0]}, password: {password}\n")
    return "".join(lines)
