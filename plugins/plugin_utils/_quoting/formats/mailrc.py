# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A value in a mailx.rc of s-nail, after set password=. Pure: no I/O."""

from __future__ import annotations

import re

# Without the modifier wysh, set takes a backslash before the closing quote for an escape, so it stands outside.
SPECIAL = re.compile(r"['\\]")


def quoted(value: str) -> str:
    """Return a password as it stands there.

    :param value: the password
    """
    return "'" + SPECIAL.sub(lambda match: f"'\\{match.group()}'", value) + "'"
