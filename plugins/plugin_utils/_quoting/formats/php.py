# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A string of PHP, such as the second argument of define(). Pure: no I/O."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import backslashed

QUOTE = "'"


def quoted(value: str) -> str:
    """Return a password as it stands there.

    :param value: the password
    """
    return f"'{backslashed(value, QUOTE)}'"
