# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which characters a text may have that others read line by line."""

from __future__ import annotations

import unicodedata


def is_control(character: str) -> bool:
    """Whether a character must not stand in a command, a header or a message: control, surrogate, line separator."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def printable(*, text: str) -> str:
    """The text without control characters; a tab becomes a space."""
    return "".join(character for character in text.replace("\t", " ") if not is_control(character))
