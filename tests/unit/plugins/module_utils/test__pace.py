# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._pace import Pace


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
    pace = Pace(1, clock=lambda: now[0], sleep=lambda seconds: sleep(seconds))

    def sleep(seconds: float) -> None:
        now[0] += seconds
        slept[0] += seconds
        if not held.is_set():
            held.set()
            pace.hold(30)

    pace.take()
    pace.take()
    assert slept[0] == 31
