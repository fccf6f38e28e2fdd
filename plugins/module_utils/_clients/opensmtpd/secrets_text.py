# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and changes the logins in the text of a file table of OpenSMTPD. Pure: no I/O."""

from __future__ import annotations

import re

from ansible_collections.mailops.smtp.plugins.module_utils._text import is_control

# What C's isspace takes for a blank.
BLANKS = " \t\v\f\r\n"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# User name and password in base64 have to fit into a line of 2048 bytes.
_LONGEST = 1500


def cannot_carry(username: str, password: str) -> str:
    """Return why a table cannot hold a login, an empty text if it can.

    :param username: the SMTP login
    :param password: the password
    """
    for what, text in (("username", username), ("password", password)):
        if not text:
            return f"the {what} of {username or 'a login'} is empty"
        bad = next((character for character in text if is_control(character)), None)
        if bad is not None:
            return f"the {what} of {username!r} contains U+{ord(bad):04X}, which no table of OpenSMTPD can hold"
    if ":" in username:
        return f"the username {username} contains a colon, which ends it in the tables of OpenSMTPD"
    if username[0] in BLANKS:
        return f"the username {username!r} begins with a blank, which the tables of OpenSMTPD cannot hold"
    if password[-1] in BLANKS:
        return f"the password of {username} ends with a blank, which the tables of OpenSMTPD cannot hold"
    if len(f"{username}{password}".encode("utf-8", "surrogateescape")) > _LONGEST:
        return f"the login of {username} is longer than the {_LONGEST} bytes that OpenSMTPD can send"
    return ""


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends; only a line feed ends one.

    :param text: the text
    """
    return _LINE.findall(text)


def items_of(text: str) -> list[tuple[str, str]]:
    """Return keys and values; a list has no values.

    :param text: of the table
    """
    items = [_item(line) for line in lines_of(text)]
    return [item for item in items if item is not None]


def _item(line: str) -> tuple[str, str] | None:
    stripped = line.strip(BLANKS)
    if not stripped or stripped.startswith("#"):
        return None
    key, value = [*re.split(r"[ \t:]", stripped, maxsplit=1), ""][:2]
    # A colon before a blank belongs to what stands between key and value.
    return key, re.sub(r"^(?:[ \t\v\f\r]|:(?=[ \t\v\f\r]))+", "", value)


def list_of(text: str) -> list[tuple[str, str]]:
    """Return the lines of a table that is a list, each as a key without a value.

    :param text: of the table
    """
    lines = [line.strip(BLANKS) for line in lines_of(text)]
    return [(line, "") for line in lines if line and not line.startswith("#")]


def login_of(text: str, label: str) -> tuple[str, str] | None:
    """Return the login of a label, None if there is none; the last one counts.

    :param text: of the table
    :param label: in any case
    """
    found = [value for key, value in items_of(text) if key.lower() == label.lower()]
    if not found:
        return None
    username, colon, password = found[-1].partition(":")
    return (username, password) if colon else (label.lower(), username)


def merged(text: str, label: str, username: str, password: str) -> str:
    """Return the text with this login; all other lines are kept as they are.

    :param text: of the table
    :param label: what the login is found by
    :param username: the SMTP login
    :param password: the password
    """
    lines = lines_of(text)
    own = [number for number, line in enumerate(lines) if (_item(line) or ("", ""))[0].lower() == label.lower()]
    if own and login_of(text, label) == (username, password):
        return text
    written = f"{label} {username}:{password}"
    if not own:
        return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{written}\n"
    last = own[-1]
    lines[last] = written + (lines[last][len(lines[last].rstrip("\r\n")) :] or "")
    return "".join(lines)
