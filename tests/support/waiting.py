# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for something that another process does, for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable

# Seconds. What takes so long does not come, however busy the machine is; nothing that goes well waits for it.
PATIENCE = 60


def until(condition: Callable[[], object], *, seconds: float) -> None:
    """Return as soon as the condition holds.

    :raises AssertionError: if it does not within the time
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
