# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the formats have in common. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable


class QuotingError(Exception):
    """A format has no way to write a password. The message names the character, never the password."""


def refuse(name: str, characters: Iterable[str], value: str, *, why: str) -> None:
    """Refuse what a format cannot hold.

    :param name: of the format
    :param characters: one or more characters each
    :param value: the password
    :param why: what its readers would make of it
    :raises QuotingError: if the password has one of them
    """
    for character in characters:
        if character in value:
            points = " ".join(f"U+{ord(one):04X}" for one in character)
            raise QuotingError(f"{name} cannot hold {character} ({points}) in this password: {why}")


def single_quoted(value: str) -> str:
    """Return a value in single quotes, in which nothing else is special: a quote ends them, stands alone, begins them.

    :param value: the value
    """
    return "'" + value.replace("'", "'\\''") + "'"


def backslashed(value: str, characters: str) -> str:
    """Return a value with a backslash before each of some characters, and before each backslash.

    :param value: the value
    :param characters: the other characters
    """
    return "".join(f"\\{one}" if one in characters or one == "\\" else one for one in value)
