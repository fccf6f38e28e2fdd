# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast calls may follow each other, for all threads together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Spreads calls evenly, and holds all of them when the provider asks for a pause.

    :param rate: calls a second, None for as many as there are
    :param clock: a clock that nobody sets, in seconds
    :param sleep: waits a number of seconds
    """

    def __init__(
        self,
        rate: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1.0 / rate if rate else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = clock()
        self._held_until = self._next

    def take(self) -> None:
        """Wait until the next call may be made."""
        with self._lock:
            start = self._reserved()
        # Again and again, because a pause can be asked for while this thread waits.
        while (left := start - self._clock()) > 0:
            self._sleep(left)
            with self._lock:
                # A turn of its own after the pause, or all who waited would begin at once when it ends.
                if start < self._held_until:
                    start = self._reserved()

    def _reserved(self) -> float:
        start = max(self._next, self._clock())
        self._next = start + self._interval
        return start

    def hold(self, seconds: float) -> None:
        """Let no call begin for a time.

        :param seconds: from now
        """
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)
            self._next = max(self._next, self._held_until)
