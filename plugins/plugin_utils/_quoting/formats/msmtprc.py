# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A value in an msmtprc, where only the outer quotes count. Pure: no I/O."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._clients.msmtp.text import LONGEST
from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import QuotingError


def quoted(value: str) -> str:
    """Return a password as it stands there.

    :param value: the password
    """
    if len(value.encode("utf-8")) > LONGEST:
        raise QuotingError(f"msmtprc cannot hold more than {LONGEST} bytes in a line")
    return f'"{value}"'
