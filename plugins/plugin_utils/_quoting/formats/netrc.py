# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A password in a .netrc, as curl reads it. Pure: no I/O."""

from __future__ import annotations

import re

from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import backslashed

QUOTE = '"'
# Without quotes, which other readers of the file, and curl before 7.84, do not know.
PLAIN = re.compile(r"[A-Za-z0-9_.,:;/@%+=!?*&^~|<>()-]+")


def quoted(value: str) -> str:
    """Return a password as it stands there.

    :param value: the password
    """
    return value if PLAIN.fullmatch(value) else f'"{backslashed(value, QUOTE)}"'
