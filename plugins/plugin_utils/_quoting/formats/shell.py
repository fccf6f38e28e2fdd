# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A word of a shell script. Pure: no I/O."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import single_quoted


def quoted(value: str) -> str:
    """Return a password as it stands there.

    :param value: the password
    """
    return single_quoted(value)
