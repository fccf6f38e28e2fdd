# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast calls may follow each other, for all threads together."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

# What providers count in, in seconds.
WINDOWS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
# Of a limit: the provider counts when calls arrive, and some are on their way for longer than others.
SHARE = 0.98
# Slower than this nobody is made by a guess: others may have used up most of what was allowed.
SLOWEST = 1.0
# Of a second: timers and clocks are not exact.
TOLERANCE = 0.002
NEARLY = 0.9


@dataclass
class Turn:
    """One call: when it began, and when its answer came, both by the pace's clock."""

    began: float
    ended: float | None = None


@dataclass
class _Guess:
    """What a limit was guessed from: C(passed) calls in C(window) seconds; and the rate and the burst of before."""

    moment: float
    passed: int
    window: float
    rate: float | None
    burst: int


class Pace:
    """Spreads calls evenly, holds all of them when the provider asks for a pause, and learns from that.

    :param rate: calls a second, None for as many as there are until the provider asks for a pause
    :param burst: how many calls may make up at once for time in which none was made
    :param recent: when the calls of the last second arrived that another pace let through, by the same clock
    :param clock: a clock that nobody sets, in seconds
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
        # A time to come is another machine's, or of before a restart: nothing is known of what was made up for.
        for moment in sorted(min(one, clock()) for one in recent):
            self._reserve(moment)
            self._turns.append(Turn(moment))

    def _set(self, rate: float | None, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._interval = 1.0 / rate if rate else 0.0
        # The calls of the last second: whoever was late must not be followed too closely.
        self._turns: deque[Turn] = deque(maxlen=math.ceil(rate) if rate else 1)

    def told(self, began: float) -> dict[str, Any]:
        """Return what the next one should know, as its arguments, and for how long calls were made.

        :param began: when the first one was, by the same clock
        """
        recent = [self._arrival(turn) for turn in self._turns] if self.rate else []
        return {"rate": self.rate, "burst": self.burst, "recent": recent, "seconds": self._clock() - began}

    def take(self) -> Turn:
        """Wait until the next call may be made, and return its turn."""
        with self._lock:
            start = self._reserve(self._clock())
        while True:
            with self._lock:
                # A turn of its own after a pause that began meanwhile, or all who waited would begin when it ends.
                if start < self._held_until:
                    start = self._reserve(self._clock())
                left = max(start, self._earliest()) - self._clock()
                if left <= 0:
                    turn = Turn(self._clock())
                    self._turns.append(turn)
                    return turn
            self._sleep(left)

    def _reserve(self, now: float) -> float:
        """Return when the next call may begin: evenly, but for what makes up for time in which none was made."""
        start = max(self._next - self.burst * self._interval, now, self._held_until)
        self._next = max(self._next, start) + self._interval
        return start

    def _earliest(self) -> float:
        if not self.rate or self.rate < 1 or len(self._turns) < (self._turns.maxlen or 0):
            return 0.0
        return self._arrival(self._turns[0]) + 1 + TOLERANCE

    def _arrival(self, turn: Turn) -> float:
        """Return when a call arrived, rather too late than too early: a connection that is opened delays it."""
        return turn.began if turn.ended is None else max(turn.began, turn.ended - self._shortest)

    def ended(self, turn: Turn, *, passed: bool) -> None:
        """Take note of an answer.

        :param turn: the call's
        :param passed: whether the provider did not put it off
        """
        with self._lock:
            turn.ended = self._clock()
            self._shortest = min(self._shortest, turn.ended - turn.began)
            if passed and self._guess and turn.began < self._guess.moment:
                # It was on its way when another one was put off: it counts among those that were let through before.
                self._guess.passed += 1
                self._apply(self._guess)
            else:
                self._passed += passed

    def hold(self, seconds: float) -> None:
        """Let no call begin for a time, and from then on no more of them than were let through before.

        :param seconds: from now
        """
        with self._lock:
            now = self._clock()
            if now >= self._held_until:
                self._learn(seconds, now)
            self._held_until = max(self._held_until, now + seconds)
            # Nothing is made up for after it: the provider has just said that it was too much.
            self._next = max(self._next, self._held_until + self.burst * self._interval)
            self._since = self._held_until

    def _learn(self, seconds: float, now: float) -> None:
        """Guess the limit: so many calls have passed in a window that ends with the pause, in whole seconds."""
        if self._passed:
            least = max(seconds, now - self._since + seconds - 1)
            # A provider that asks for a whole window, and not for the rest of one, means no longer window.
            window = next((one for one in WINDOWS if one >= NEARLY * least), least)
            self._guess = _Guess(now, self._passed, window, self.rate, self.burst)
            self._apply(self._guess)
        self._passed = 0

    def _apply(self, guess: _Guess) -> None:
        rate = max(SLOWEST, SHARE * guess.passed / guess.window)
        # What was let through at once will be again; a provider that says no once more is asked for less at once.
        burst = guess.burst // 2 if guess.rate else max(0, min(guess.passed, int(rate)) - 1)
        self._set(min(rate, guess.rate or rate), burst)
