# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and changes the file in which Exim looks up its logins, lines such as C(host:login:password). Pure: no I/O.

A line that begins with a blank continues the one before it. Blanks at the end of a line do not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._text import is_control

_BLANKS = " \t"
# What Exim takes for a blank at the end of a line; Python would strip more.
_SPACE = _BLANKS + "\r\v\f"
_HEAD = re.compile(r'("(?:\\.|[^"\\])*"|[^\s:]+)[ \t]*:?[ \t]*')


@dataclass(frozen=True)
class Line:
    """One entry.

    :param key: what hosts are compared with
    :param username: the login
    :param password: empty if there is none
    :param head: what stands before the login
    :param numbers: of the lines that it is made of
    """

    key: str
    username: str
    password: str = field(repr=False)
    head: str
    numbers: tuple[int, ...]

    @property
    def value(self) -> str:
        """Return what Exim finds for the key."""
        return f"{self.username}:{self.password}"


def lines_of(text: str) -> list[Line]:
    """Return the entries of a file.

    :param text: of the file
    """
    found: list[tuple[str, tuple[int, ...]]] = []
    for number, raw in enumerate(text.split("\n")):
        line = raw.rstrip(_SPACE)
        if not line or line.startswith("#"):
            continue
        if line[0] not in _BLANKS:
            found.append((line, (number,)))
        elif found:
            before, numbers = found[-1]
            found[-1] = (f"{before} {line.strip(_SPACE)}", (*numbers, number))
    return [entry for entry in (_entry(*one) for one in found) if entry]


def _entry(line: str, numbers: tuple[int, ...]) -> Line | None:
    match = _HEAD.match(line)
    if match is None:
        return None
    key = match.group(1)
    if key.startswith('"'):
        key = re.sub(r"\\(.)", r"\1", key[1:-1])
    username, _colon, password = line[match.end() :].partition(":")
    return Line(key, username, password, match.group(0), numbers)


def matches(line: Line, host: str, kind: str) -> bool:
    """Tell whether an entry is for a host.

    :param line: the entry
    :param host: as Exim names it
    :param kind: of lookup
    """
    key, name = line.key.lower(), host.lower()
    if kind == "lsearch" or not key.startswith(("*", "^")):
        return key == name
    if key.startswith("*"):
        return name.endswith(key[1:])
    try:
        return re.search(line.key, host, re.IGNORECASE) is not None
    except re.error:
        return False


def used(lines: Sequence[Line], host: str, kind: str) -> Line | None:
    """Return the entry that Exim uses for a host: the first that matches.

    :param lines: the entries of the file
    :param host: as Exim names it
    :param kind: of lookup
    """
    return next((line for line in lines if matches(line, host, kind)), None)


def merged(text: str, changed: Mapping[int, str], added: Sequence[str]) -> str:
    """Return the text with other values; all else stays byte for byte.

    :param text: of the file
    :param changed: a new value by the number of the first line of an entry
    :param added: whole lines for its end
    """
    by_number = {line.numbers[0]: line for line in lines_of(text)}
    ours = {number: line for number, line in by_number.items() if number in changed}
    gone = {number for line in ours.values() for number in line.numbers[1:]}
    *whole, rest = text.split("\n")
    ends = [one + "\n" for one in whole] + ([rest] if rest else [])
    result = [
        f"{ours[number].head}{changed[number]}\n" if number in ours else one
        for number, one in enumerate(ends)
        if number not in gone
    ]
    if added and result and not result[-1].endswith("\n"):
        result[-1] += "\n"
    return "".join([*result, *(f"{one}\n" for one in added)])


def cannot_carry(username: str, password: str) -> str:
    """Return why the file cannot hold a login, an empty text if it can.

    :param username: the login
    :param password: the password
    """
    for what, text in (("username", username), (f"password of {username}", password)):
        bad = next((character for character in text if is_control(character)), None)
        if bad is not None:
            return (
                f"the {what} contains the control character U+{ord(bad):04X}, which Exim's file of logins cannot hold"
            )
        if text != text.rstrip(_SPACE):
            return f"the {what} ends with a blank, which Exim does not read from its file of logins"
    if not username or username != username.lstrip(_SPACE):
        return f"the username {username!r} is empty or begins with a blank, which Exim's file of logins cannot hold"
    if ":" in username:
        return (
            f"the username {username} contains a colon, which separates username and password in Exim's file of logins"
        )
    if username.startswith("^"):
        return f"the username {username} begins with ^, which Exim sends as the end of another part of the login"
    if password.startswith("^"):
        return (
            f"the password of {username} begins with ^, which Exim sends as the end of the username; "
            "leave ^ out of password_symbols"
        )
    return ""
