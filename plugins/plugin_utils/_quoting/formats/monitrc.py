# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A string of a monitrc, such as the password of set mailserver. Pure: no I/O."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import backslashed, refuse


def quoted(value: str) -> str:
    """Return a password as it stands there.

    :param value: the password
    """
    quote = "'" if '"' in value else '"'
    refuse("monitrc", [quote], value, why="with both kinds of quotes in it, no string can be written")
    return f"{quote}{backslashed(value, '')}{quote}"
