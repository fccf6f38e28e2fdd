# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and writes the logins in the source of sendmail's map C(authinfo) or C(access). Pure: no I/O.

A line is C(AuthInfo:), the relay or nothing, blanks, and settings such as C("U:user" "P:password" "M:PLAIN"). A setting
with C(=) instead of C(:) is encoded with base64, which carries every byte.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

TAG = "AuthInfo:"
# A longer setting is no error: sendmail then sends without a login.
LIMIT = 189
_LINE = re.compile(r"(authinfo:)(\S*)([ \t]+)(.*)", re.IGNORECASE | re.DOTALL)
_SETTING = re.compile(r'"([A-Za-z])([:=])([^"]*)"')
# Without this setting sendmail tries its own list of mechanisms, usually without PLAIN and LOGIN.
_MECHANISMS = '"M:PLAIN LOGIN"'


@dataclass(frozen=True)
class Line:
    """A line with a login.

    :param index: its number, from 0
    :param key: the relay, in lower case, since sendmail does not tell cases apart
    :param settings: by their letters; the last one counts
    """

    index: int
    key: str
    settings: dict[str, str]

    @property
    def username(self) -> str:
        """Return who logs in, empty if that is not said."""
        return self.settings.get("I") or self.settings.get("U", "")


def lines_of(text: str) -> list[Line]:
    """Return the lines with a login.

    :param text: the file
    """
    found = []
    for index, line in enumerate(text.split("\n")):
        match = _LINE.fullmatch(line)
        if match:
            settings = {one[1].upper(): _decoded(one[2], one[3]) for one in _SETTING.finditer(match[4])}
            found.append(Line(index, match[2].lower(), settings))
    return found


def with_login(text: str, index: int, username: str, password: str) -> str:
    """Return the file with another login in one line. All else stays byte for byte.

    :param text: the file
    :param index: the line's number
    :param username: who logs in
    :param password: the password
    """
    line = next(one for one in lines_of(text) if one.index == index)
    wanted = {"P": password, "I" if line.settings.get("I") else "U": username}
    if line.settings.get("U") == line.username:
        wanted["U"] = username
    changed = {letter for letter, value in wanted.items() if line.settings.get(letter) != value}
    lines = text.split("\n")

    def replaced(match: re.Match[str]) -> str:
        letter = match[1].upper()
        return _setting(letter, wanted[letter]) if letter in changed else match[0]

    lines[index] = _SETTING.sub(replaced, lines[index])
    missing = [_setting(letter, wanted[letter]) for letter in sorted(changed - set(line.settings))]
    if missing:
        lines[index] = " ".join([lines[index].rstrip(), *missing])
    return "\n".join(lines)


def with_line(text: str, key: str, username: str, password: str) -> str:
    """Return the file with one more login at its end.

    :param text: the file
    :param key: the relay
    :param username: who logs in
    :param password: the password
    """
    before = text if not text or text.endswith("\n") else text + "\n"
    return f"{before}{TAG}{key}\t{_setting('U', username)} {_setting('P', password)} {_MECHANISMS}\n"


def cannot_carry(username: str, password: str) -> str:
    """Return why sendmail cannot log in with this, empty if it can.

    :param username: the SMTP login
    :param password: the password
    """
    if "\0" in username + password:
        return "sendmail ends a login at its first zero byte: it cannot contain one"
    if max(len(_bytes(username)), len(_bytes(password))) > LIMIT:
        return f"sendmail sends without a login if a username or a password has more than {LIMIT} bytes"
    return ""


def _setting(letter: str, value: str) -> str:
    return f'"{letter}={base64.b64encode(_bytes(value)).decode("ascii")}"'


def _decoded(kind: str, value: str) -> str:
    if kind == ":":
        return value
    try:
        return base64.b64decode(_bytes(value), validate=True).decode("utf-8", "surrogateescape")
    except binascii.Error:
        return ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
