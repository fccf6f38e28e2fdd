# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import heapq
import itertools
import math
import random
import threading
import typing as t

import pytest
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._provider.rate_limit import SHARE, TOLERANCE, Pace

NEAR = 2 * TOLERANCE


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
    assert clock.pauses == pytest.approx([1, 1], abs=NEAR)


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
    assert slept[0] == pytest.approx(31, abs=NEAR)


class Timeline:
    """A time that many threads share, of which one runs at a time, from one sleep to the next: who wakes first goes on.

    So the order is the same in each run, however busy the machine is.
    """

    def __init__(self) -> None:
        self.now = 100.0
        self._wakings: list[tuple[float, int, threading.Semaphore]] = []
        self._asked = itertools.count()
        self._rests = threading.Semaphore(0)
        self._errors: list[BaseException] = []

    def sleep(self, seconds: float) -> None:
        wakes = self._at(self.now + seconds)
        self._rests.release()
        wakes.acquire()

    def run(self, *works: t.Callable[[], None]) -> None:
        """Run each in a thread of its own, until all have ended."""
        for work in works:
            threading.Thread(target=self._work, args=(work, self._at(self.now)), daemon=True).start()
        while self._wakings:
            moment, _asked, wakes = heapq.heappop(self._wakings)
            self.now = max(self.now, moment)
            wakes.release()
            assert self._rests.acquire(timeout=PATIENCE)
        assert self._errors == []

    def _at(self, moment: float) -> threading.Semaphore:
        wakes = threading.Semaphore(0)
        heapq.heappush(self._wakings, (moment, next(self._asked), wakes))
        return wakes

    def _work(self, work: t.Callable[[], None], begins: threading.Semaphore) -> None:
        begins.acquire()
        try:
            work()
        except BaseException as error:  # noqa: BLE001  (told of by the thread that waits)
            self._errors.append(error)
        finally:
            self._rests.release()


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
    assert sorted(times) == pytest.approx([25, 26], abs=NEAR)


class Limited:
    """A provider that allows so many calls in a window; they take 50 milliseconds, and a new connection longer."""

    def __init__(self, limit: int, window: float, *, connecting: float = 0.0, seed: int = 1) -> None:
        self._timeline = Timeline()
        self._limit, self._window, self._connecting = limit, window, connecting
        self._random = random.Random(seed)  # noqa: S311  (delays)
        self.accepted: list[float] = []
        self.refused: list[float] = []

    def batch(self, calls: int, told: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Make calls in eight threads, with what the batch before has told, and return what this one tells."""
        known = told or {"rate": None, "burst": 0, "recent": []}
        pace = Pace(
            known["rate"],
            burst=known["burst"],
            recent=known["recent"],
            clock=lambda: self._timeline.now,
            sleep=self._timeline.sleep,
        )
        self._timeline.run(*[lambda: self._work(pace, calls // 8)] * 8)
        return pace.handover(0.0)

    def pause(self, seconds: float) -> None:
        """Make no call for a time, as between two batches."""
        self._timeline.now += seconds

    def _work(self, pace: Pace, calls: int) -> None:
        delay = self._connecting * self._random.uniform(0.5, 1.5)
        for _n in range(calls):
            while not self._call(pace, delay):
                delay = 0.0
            delay = 0.0

    def _call(self, pace: Pace, delay: float) -> bool:
        turn = pace.take()
        self._timeline.sleep(delay + self._random.uniform(0.001, 0.004))
        now = self._timeline.now
        passed = len(self.accepted) < self._limit or self.accepted[-self._limit] <= now - self._window
        (self.accepted if passed else self.refused).append(now)
        self._timeline.sleep(0.05)
        pace.ended(turn, passed=passed)
        if not passed:
            pace.hold(math.ceil(self._window))
        return passed

    @property
    def rate(self) -> float:
        """Calls a second that were accepted, from the first to the last."""
        return (len(self.accepted) - 1) / (self.accepted[-1] - self.accepted[0])

    @property
    def refused_later(self) -> int:
        """Calls that were refused although the limit was known."""
        return sum(time > self.refused[0] + 0.25 for time in self.refused)


@pytest.mark.parametrize(("limit", "window", "calls"), [(20, 1, 800), (50, 1, 1000), (300, 60, 2400)])
def test_a_limit_is_learnt_from_the_first_answer(limit: int, window: int, calls: int) -> None:
    """Catches: a provider that has to say 429 again and again, or calls that are slower than they may be."""
    provider = Limited(limit, window)
    provider.batch(calls)
    assert provider.refused_later == 0 and 1 <= len(provider.refused) <= 8
    assert provider.rate >= 0.95 * limit / window


@pytest.mark.parametrize("pause", [0.2, 0.6, 0.95])
@pytest.mark.parametrize(("connecting", "share"), [(0.0, 0.95), (0.1, 0.95), (0.3, 0.9)])
def test_time_between_batches_is_made_up_for(pause: float, connecting: float, share: float) -> None:
    """Catches: a rate that falls with every start of the module, and a limit that is exceeded to make up for it.

    Without the arrival of calls that open a connection, those after them are refused.
    """
    provider, told = Limited(20, 1, connecting=connecting), None
    for _n in range(8):
        told = provider.batch(160, told)
        provider.pause(pause)
    assert provider.refused_later == 0
    assert provider.rate >= share * 20


def test_a_limit_without_room_for_bursts() -> None:
    """Catches: a burst after each pause, though the provider has said no to the one before."""
    clock = Clock()
    pace = Pace(10, burst=7, clock=lambda: clock.now, sleep=clock.sleep)
    for burst in (3, 1, 0):
        pace.ended(pace.take(), passed=True)
        pace.hold(1)
        assert pace.burst == burst


def test_times_of_another_clock() -> None:
    """Catches: hours of waiting after a restart, or with calls that another machine made."""
    clock = Clock()
    pace = Pace(10, burst=5, recent=[1e9] * 3, clock=lambda: clock.now, sleep=clock.sleep)
    pace.take()
    assert sum(clock.pauses) <= 1


def test_a_learnt_limit_is_told() -> None:
    """Catches: the next batch that has to learn it again."""
    clock = Clock()
    pace = clock.pace(None)
    assert pace.rate is None
    for _n in range(20):
        pace.ended(pace.take(), passed=True)
    pace.hold(1)
    assert pace.rate == pytest.approx(20 * SHARE)
    pace.hold(1)
    assert pace.rate == pytest.approx(20 * SHARE)


def test_a_learnt_limit_counts_what_was_on_its_way() -> None:
    """Catches: a guess that is too low by the calls whose answers came after the first refusal, for a whole list."""
    clock = Clock()
    pace = clock.pace(None)
    turns = [pace.take() for _n in range(24)]
    clock.now += 0.1
    for turn in turns[:13]:
        pace.ended(turn, passed=True)
    pace.ended(turns[-1], passed=False)
    pace.hold(1)
    for turn in turns[13:20]:
        pace.ended(turn, passed=True)
    for turn in turns[20:-1]:
        pace.ended(turn, passed=False)
        pace.hold(1)
    assert pace.rate == pytest.approx(20 * SHARE) and pace.burst == 18
    later = pace.take()
    pace.ended(later, passed=True)
    assert pace.rate == pytest.approx(20 * SHARE)


def test_a_guess_is_never_slower_than_one_a_second() -> None:
    """Catches: hours for what takes minutes, because others had used up what was allowed."""
    clock = Clock()
    pace = clock.pace(None)
    pace.ended(pace.take(), passed=True)
    pace.hold(60)
    assert pace.rate == 1


def test_who_was_late_is_not_followed_too_closely() -> None:
    """Catches: more calls within a second than are allowed, because some threads woke up late."""
    clock = Clock()
    pace, late = clock.pace(10), [0.0] * 9 + [0.4] + [0.0] * 10
    begun = []
    for delay in late:
        turn = pace.take()
        clock.now += delay
        turn.began = clock.now
        begun.append(clock.now)
    assert all(begun[n + 10] - begun[n] >= 1 for n in range(len(begun) - 10))


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
