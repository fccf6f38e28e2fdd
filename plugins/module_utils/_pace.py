# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast calls may follow each other, for all threads together."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

# What providers count in, in seconds.
WINDOWS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
# Of a limit: the provider counts when calls arrive, and some are on their way for longer than others.
SHARE = 0.98
# Slower than this nobody is made by a guess: others may have used up most of what was allowed.
SLOWEST = 1.0
TOLERANCE = 0.001
NEARLY = 0.9


class Pace:
    """Spreads calls evenly, holds all of them when the provider asks for a pause, and learns from that.

    :param rate: calls a second, None for as many as there are until the provider asks for a pause
    :param burst: calls that are not spread, at the beginning
    :param clock: a clock that nobody sets, in seconds
    :param sleep: waits a number of seconds
    """

    def __init__(
        self,
        rate: float | None,
        *,
        burst: int = 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = self._held_until = self._since = clock()
        self._passed = 0
        self._burst = burst
        self._set(rate)

    def _set(self, rate: float | None) -> None:
        self.rate = rate
        self._interval = 1.0 / rate if rate else 0.0
        # When the calls of the last second began: whoever was late must not be followed too closely.
        self._begun: deque[float] = deque(maxlen=math.ceil(rate) if rate else 1)

    def told(self, began: float) -> dict[str, float | None]:
        """Return what the next one should know: the rate, and for how long calls were made.

        :param began: when the first one was, by the same clock
        """
        return {"rate": self.rate, "seconds": self._clock() - began}

    def take(self) -> None:
        """Wait until the next call may be made."""
        with self._lock:
            start = self._reserved()
        while True:
            with self._lock:
                # A turn of its own after a pause that began meanwhile, or all who waited would begin when it ends.
                if start < self._held_until:
                    start = self._reserved()
                left = max(start, self._earliest()) - self._clock()
                if left <= 0:
                    self._begun.append(self._clock())
                    return
            self._sleep(left)

    def _reserved(self) -> float:
        if self._burst > 0 and self._clock() >= self._held_until:
            self._burst -= 1
            return self._clock()
        start = max(self._next, self._clock())
        self._next = start + self._interval
        return start

    def _earliest(self) -> float:
        if not self.rate or self.rate < 1 or len(self._begun) < (self._begun.maxlen or 0):
            return 0.0
        return self._begun[0] + 1 - TOLERANCE

    def passed(self) -> None:
        """Count a call that the provider did not put off."""
        with self._lock:
            self._passed += 1

    def hold(self, seconds: float) -> None:
        """Let no call begin for a time, and from then on no more of them than were let through before.

        :param seconds: from now
        """
        with self._lock:
            now = self._clock()
            if now >= self._held_until:
                self._learn(seconds, now)
            self._held_until = max(self._held_until, now + seconds)
            self._next = max(self._next, self._held_until)
            self._since = self._held_until

    def _learn(self, seconds: float, now: float) -> None:
        """Guess the limit: so many calls have passed in a window that ends with the pause, in whole seconds."""
        if self._passed:
            least = max(seconds, now - self._since + seconds - 1)
            # A provider that asks for a whole window, and not for the rest of one, means no longer window.
            window = next((one for one in WINDOWS if one >= NEARLY * least), least)
            rate = max(SLOWEST, SHARE * self._passed / window)
            self._set(min(rate, self.rate or rate))
        self._passed = 0
