# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock that nobody sets."""

from __future__ import annotations

from contextlib import suppress


def uptime() -> float:
    """Return the seconds since this machine started, 0 where that is not known."""
    with suppress(OSError, ValueError), open("/proc/uptime", encoding="ascii") as file:
        return float(file.read().split()[0])
    return 0.0
