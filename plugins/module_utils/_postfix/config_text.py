# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the text of Postfix's main.cf and lookup tables. Pure: no I/O.

A line that begins with a blank continues the one before it. Empty lines and lines that begin with # do not count, not
even between a line and its continuation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# What Postfix itself takes for a blank; Python would strip more.
BLANKS = " \t\n\r\v\f"


@dataclass(frozen=True)
class Entry:
    """A logical line: its text, and the numbers of the physical lines that it is made of."""

    text: str
    lines: tuple[int, ...]


def physical_lines(text: str) -> list[str]:
    """Return the lines with their ends; only the last one may be without."""
    *whole, rest = text.split("\n")
    return [line + "\n" for line in whole] + ([rest] if rest else [])


def logical_lines(lines: Sequence[str]) -> list[Entry]:
    """Return what Postfix reads in these lines.

    :param lines: physical lines
    """
    found: list[Entry] = []
    for number, line in enumerate(lines):
        content = line.strip(BLANKS)
        if not content or content.startswith("#"):
            continue
        text = line.rstrip("\n")
        if line[0] not in BLANKS:
            found.append(Entry(text, (number,)))
        elif found:
            found[-1] = Entry(found[-1].text + text, (*found[-1].lines, number))
    return found


def ended(text: str) -> str:
    """Return the text with an end to its last line, so that something can follow."""
    return text if not text or text.endswith("\n") else text + "\n"


def words_of(value: str) -> list[str]:
    """Return the parts of a list, separated as Postfix separates them: by commas and blanks, but not inside braces."""
    words, depth = [""], 0
    for character in value:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth <= 0 and character in "," + BLANKS:
            depth = 0
            words.append("")
        else:
            words[-1] += character
    return [word for word in words if word]
