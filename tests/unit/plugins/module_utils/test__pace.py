# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import math
import threading
import typing as t

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._pace import SHARE, TOLERANCE, Pace


class Clock:
    """A clock that only sleep advances."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def pace(self, rate: float | None) -> Pace:
        return Pace(rate, clock=lambda: self.now, sleep=self.sleep)


@pytest.mark.parametrize(("rate", "pauses"), [(None, []), (5, [0.2] * 4), (0.5, [2.0] * 4)])
def test_rate(rate: float | None, pauses: list[float]) -> None:
    """Catches: calls faster than the provider allows, or a pause before the first."""
    clock = Clock()
    pace = clock.pace(rate)
    for _n in range(5):
        pace.take()
    assert clock.pauses == pytest.approx(pauses)


def test_idle_time_is_not_saved_up() -> None:
    """Catches: a burst of calls after a time without any."""
    clock = Clock()
    pace = clock.pace(1)
    pace.take()
    clock.now += 60
    for _n in range(3):
        pace.take()
    assert clock.pauses == [1, 1]


def test_hold_concerns_the_next_call() -> None:
    """Catches: a pause that the next account does not keep, or that a shorter one ends."""
    clock = Clock()
    pace = clock.pace(None)
    pace.take()
    pace.hold(30)
    pace.hold(5)
    pace.take()
    pace.take()
    assert clock.pauses == [30]


def test_hold_reaches_who_waits_already() -> None:
    """Catches: a thread that waits for its turn and then calls in the middle of a pause."""
    now, slept, held = [100.0], [0.0], threading.Event()

    def sleep(seconds: float) -> None:
        now[0] += seconds
        slept[0] += seconds
        if not held.is_set():
            held.set()
            pace.hold(30)

    pace = Pace(1, clock=lambda: now[0], sleep=sleep)
    pace.take()
    pace.take()
    assert slept[0] == 31


class Timeline:
    """A time that many threads share: it goes on, to the next one's waking, when all of them sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self._changed = threading.Condition()
        self._until: list[float] = []
        self._running = 0

    def sleep(self, seconds: float) -> None:
        with self._changed:
            until = self.now + seconds
            self._until.append(until)
            self._changed.notify_all()
            while self.now < until:
                assert self._changed.wait(10)
            self._until.remove(until)

    def run(self, *works: t.Callable[[], None]) -> None:
        """Run each in a thread of its own, until all have ended."""
        self._running = len(works)
        for work in works:
            threading.Thread(target=self._work, args=(work,), daemon=True).start()
        with self._changed:
            while self._running:
                asleep = [until for until in self._until if until > self.now]
                if len(asleep) == self._running:
                    self.now = min(asleep)
                    self._changed.notify_all()
                assert self._changed.wait_for(self._at_rest, 10)

    def _at_rest(self) -> bool:
        return len([until for until in self._until if until > self.now]) == self._running

    def _work(self, work: t.Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()


def begun(rate: float | None, threads: int, calls: int, *, hold: tuple[float, float] | None = None) -> list[float]:
    """Return when each call begins, in seconds; C(hold): after how long which pause is asked for."""
    timeline, times = Timeline(), []
    pace = Pace(rate, clock=lambda: timeline.now, sleep=timeline.sleep)

    def work() -> None:
        for _n in range(calls):
            pace.take()
            times.append(timeline.now - 100)

    def ask() -> None:
        if hold:
            timeline.sleep(hold[0])
            pace.hold(hold[1])

    timeline.run(*[work] * threads, ask)
    return sorted(times)


@pytest.mark.parametrize(("threads", "calls"), [(1, 12), (3, 4), (12, 1)])
def test_threads_share_one_pace(threads: int, calls: int) -> None:
    """Catches: each thread at the full rate, and all of them together faster than the provider allows."""
    assert begun(0.5, threads, calls) == [2 * number for number in range(12)]


@pytest.mark.parametrize(("threads", "calls"), [(1, 8), (4, 2), (8, 1)])
def test_hold_during_a_wait_concerns_all_threads(threads: int, calls: int) -> None:
    """Catches: a call in the middle of the pause, or all who waited calling at once when it ends."""
    times = begun(0.5, threads, calls, hold=(3, 30))
    assert times[:2] == [0, 2] and times[2] == 33
    assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(times))
    assert times[-1] <= 33 + 2 * 8


def test_hold_without_a_rate() -> None:
    """Catches: a pause that only a provider with a published rate gets."""
    assert begun(None, 3, 1) == [0, 0, 0]
    clock = Clock()
    pace = clock.pace(None)
    pace.hold(9)
    for _n in range(3):
        pace.take()
    assert clock.pauses == [9]


def test_longer_hold_wins() -> None:
    """Catches: a second pause, asked for during the first, that is not kept or that cuts the first one short."""
    timeline, times = Timeline(), []
    pace = Pace(1, clock=lambda: timeline.now, sleep=timeline.sleep)

    def ask() -> None:
        pace.hold(10)
        timeline.sleep(5)
        pace.hold(20)
        pace.hold(1)

    def work() -> None:
        timeline.sleep(1)
        pace.take()
        times.append(timeline.now - 100)

    timeline.run(ask, work, work)
    assert sorted(times) == [25, 26]


def limited(limit: int, window: float, calls: int) -> tuple[float, int, int]:
    """Return the seconds that calls take under a limit, and how many are put off: at first, and later."""
    timeline, threads, latency = Timeline(), 8, 0.05
    accepted: list[float] = []
    refused: list[float] = []
    pace = Pace(None, clock=lambda: timeline.now, sleep=timeline.sleep)

    def work() -> None:
        for _n in range(calls // threads):
            while not call():
                pass

    def call() -> bool:
        pace.take()
        timeline.sleep(latency)
        now = timeline.now
        if len(accepted) >= limit and accepted[-limit] > now - window:
            refused.append(now)
            pace.hold(math.ceil(window))
            return False
        accepted.append(now)
        pace.passed()
        return True

    timeline.run(*[work] * threads)
    later = [time for time in refused if time > refused[0] + 1.5 * latency]
    return accepted[-1] - accepted[0], len(refused) - len(later), len(later)


@pytest.mark.parametrize(("limit", "window", "calls"), [(20, 1, 800), (50, 1, 1000), (300, 60, 2400)])
def test_a_limit_is_learnt_from_the_first_answer(limit: int, window: int, calls: int) -> None:
    """Catches: a provider that has to say 429 again and again, or calls that are slower than they may be."""
    seconds, at_first, later = limited(limit, window, calls)
    assert later == 0 and 1 <= at_first <= 8
    assert calls / seconds >= 0.95 * limit / window


def test_a_learnt_limit_is_told() -> None:
    """Catches: the next batch that has to learn it again."""
    clock = Clock()
    pace = clock.pace(None)
    assert pace.rate is None
    for _n in range(20):
        pace.take()
        pace.passed()
    pace.hold(1)
    assert pace.rate == pytest.approx(20 * SHARE)
    pace.hold(1)
    assert pace.rate == pytest.approx(20 * SHARE)


def test_a_guess_is_never_slower_than_one_a_second() -> None:
    """Catches: hours for what takes minutes, because others had used up what was allowed."""
    clock = Clock()
    pace = clock.pace(None)
    pace.take()
    pace.passed()
    pace.hold(60)
    assert pace.rate == 1


def test_who_was_late_is_not_followed_too_closely() -> None:
    """Catches: more calls within a second than are allowed, because some threads woke up late."""
    clock = Clock()
    pace, late = clock.pace(10), [0.0] * 9 + [0.4] + [0.0] * 10
    begun = []
    for delay in late:
        pace.take()
        clock.now += delay
        begun.append(clock.now)
        pace._begun[-1] = clock.now
    assert all(begun[n + 10] - begun[n] >= 1 - 2 * TOLERANCE for n in range(len(begun) - 10))


def test_burst() -> None:
    """Catches: time that is lost at the start of each batch, or a burst in the middle of a pause."""
    clock = Clock()
    pace = Pace(10, burst=3, clock=lambda: clock.now, sleep=clock.sleep)
    begun = []
    for _n in range(5):
        pace.take()
        begun.append(round(clock.now, 3))
    assert begun == [100, 100, 100, 100, 100.1]
    held = Pace(10, burst=3, clock=lambda: clock.now, sleep=clock.sleep)
    held.hold(5)
    before = clock.now
    held.take()
    assert clock.now == before + 5
