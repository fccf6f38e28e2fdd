# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which characters may appear in text that other programs read line by line."""

from __future__ import annotations

import unicodedata


def is_control(character: str) -> bool:
    """Return whether a character could end a line or a command: control characters, surrogates, line separators."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def has_control(text: str) -> bool:
    """Return whether a text has a character that C(is_control) names; it then cannot be a line, a header or a login."""
    # No printable text has one, and Python knows that much sooner.
    return not text.isprintable() and any(is_control(character) for character in text)


def printable(*, text: str) -> str:
    """Return the text without control characters; a tab becomes a space."""
    return "".join(character for character in text.replace("\t", " ") if not is_control(character))
