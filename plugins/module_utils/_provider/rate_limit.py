# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits the rate of calls, for all threads together."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

# The windows in which providers usually count calls, in seconds.
WINDOWS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
# The share of a limit to use: the provider counts calls when they arrive, and some take longer than others.
SHARE = 0.98
# The lowest rate that is ever guessed, in calls per second: others may have used up most of the limit.
SLOWEST = 1.0
# In seconds: timers and clocks are not exact.
TOLERANCE = 0.002
NEARLY = 0.9


@dataclass
class Turn:
    """One call: when it began and when its response came, both by the pace's clock."""

    began: float
    ended: float | None = None


@dataclass
class _Guess:
    """What a limit was guessed from: C(passed) calls in C(window) seconds, and the rate and burst before the guess."""

    moment: float
    passed: int
    window: float
    rate: float | None
    burst: int


class Pace:
    """Spreads calls evenly, stops all of them if the provider asks for a pause, and learns its limit from that.

    :param rate: calls per second, None for no limit until the provider asks for a pause
    :param burst: how many calls may be made at once after an idle period
    :param recent: arrival times of the last second's calls that another pace made, by the same clock
    :param clock: a monotonic clock, in seconds
    :param sleep: waits a number of seconds
    """

    def __init__(
        self,
        rate: float | None,
        *,
        burst: int = 0,
        recent: Iterable[float] = (),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._since = clock()
        self._held_until = self._next = 0.0
        self._passed = 0
        self._shortest = math.inf
        self._guess: _Guess | None = None
        self._set(rate, burst)
        # A time in the future comes from another machine or from before a restart, so it counts as now.
        for moment in sorted(min(one, clock()) for one in recent):
            self._reserve(moment)
            self._turns.append(Turn(moment))

    def _set(self, rate: float | None, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._interval = 1.0 / rate if rate else 0.0
        # The calls of the last second, so that a late one is not followed too closely.
        self._turns: deque[Turn] = deque(maxlen=math.ceil(rate) if rate else 1)

    def handover(self, began: float) -> dict[str, Any]:
        """Return the arguments for the next batch's pace, and for how many seconds calls were made.

        :param began: when the first call was made, by the same clock
        """
        recent = [self._arrival(turn) for turn in self._turns] if self.rate else []
        return {"rate": self.rate, "burst": self.burst, "recent": recent, "seconds": self._clock() - began}

    def take(self) -> Turn:
        """Wait until the next call may be made, and return its turn."""
        with self._lock:
            start = self._reserve(self._clock())
        while True:
            with self._lock:
                # A pause may have begun meanwhile: reserve again, or all waiting calls would start when it ends.
                if start < self._held_until:
                    start = self._reserve(self._clock())
                left = max(start, self._earliest()) - self._clock()
                if left <= 0:
                    turn = Turn(self._clock())
                    self._turns.append(turn)
                    return turn
            self._sleep(left)

    def _reserve(self, now: float) -> float:
        """Return when the next call may begin: evenly spread, apart from bursts after an idle period."""
        start = max(self._next - self.burst * self._interval, now, self._held_until)
        self._next = max(self._next, start) + self._interval
        return start

    def _earliest(self) -> float:
        if not self.rate or self.rate < 1 or len(self._turns) < (self._turns.maxlen or 0):
            return 0.0
        return self._arrival(self._turns[0]) + 1 + TOLERANCE

    def _arrival(self, turn: Turn) -> float:
        """Return when a call arrived, at the latest; opening a connection delays it."""
        return turn.began if turn.ended is None else max(turn.began, turn.ended - self._shortest)

    def ended(self, turn: Turn, *, passed: bool) -> None:
        """Note a response.

        :param turn: the call's turn
        :param passed: whether the provider processed the call rather than throttling it
        """
        with self._lock:
            turn.ended = self._clock()
            self._shortest = min(self._shortest, turn.ended - turn.began)
            if passed and self._guess and turn.began < self._guess.moment:
                # It was in flight when another call was throttled, so it counts towards the calls that passed before.
                self._guess.passed += 1
                self._apply(self._guess)
            else:
                self._passed += passed

    def hold(self, seconds: float) -> None:
        """Make no calls for some time, and after that no more than passed before.

        :param seconds: the length of the pause
        """
        with self._lock:
            now = self._clock()
            if now >= self._held_until:
                self._learn(seconds, now)
            self._held_until = max(self._held_until, now + seconds)
            # No burst after the pause: the provider has just said that it was too much.
            self._next = max(self._next, self._held_until + self.burst * self._interval)
            self._since = self._held_until

    def _learn(self, seconds: float, now: float) -> None:
        """Guess the limit from the calls that passed in a window that ends with the pause, in whole seconds."""
        if self._passed:
            least = max(seconds, now - self._since + seconds - 1)
            # A provider may ask for a whole window instead of the rest of one; it then means no longer window.
            window = next((one for one in WINDOWS if one >= NEARLY * least), least)
            self._guess = _Guess(now, self._passed, window, self.rate, self.burst)
            self._apply(self._guess)
        self._passed = 0

    def _apply(self, guess: _Guess) -> None:
        rate = max(SLOWEST, SHARE * guess.passed / guess.window)
        # A burst that passed will pass again; if the provider throttles once more, the burst is halved.
        burst = guess.burst // 2 if guess.rate else max(0, min(guess.passed, int(rate)) - 1)
        self._set(min(rate, guess.rate or rate), burst)
