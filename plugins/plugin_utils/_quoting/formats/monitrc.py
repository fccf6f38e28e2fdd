# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A string of a monitrc, such as the password of set mailserver. Pure: no I/O."""

from __future__ import annotations

import re

# Inside of quotes too, Monit strips quotes and blanks from the ends of a string, and takes one that begins with a slash
# for a path; written as numbers, they are only characters.
SPECIAL = re.compile(r"[!-/:-@[-`{-~ ]")


def quoted(value: str) -> str:
    """Return a password as it stands there.

    :param value: the password
    """
    return '"' + SPECIAL.sub(lambda match: f"\\0x{ord(match.group()):02x}", value) + '"'
