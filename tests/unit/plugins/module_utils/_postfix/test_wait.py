# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import cast

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.wait import (
    INTERVAL,
    RELOAD_SECONDS,
    reload_and_wait,
    wait_until,
)


class Time:
    """A clock that only sleep advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.now += seconds


class Host:
    """Plays Postfix: from a reload on, the processes of each service are replaced after some time."""

    def __init__(self, clock: Time, *, old: dict[str, set[int]], new: dict[str, set[int]], seconds: float) -> None:
        self.clock = clock
        self.old, self.new, self.seconds = old, new, seconds
        self.reloaded_at: float | None = None

    def reload(self) -> None:
        self.reloaded_at = self.clock.now

    def processes(self, service: str) -> set[int]:
        done = self.reloaded_at is not None and self.clock.now >= self.reloaded_at + self.seconds
        return (self.new if done else self.old).get(service, set())


@pytest.mark.parametrize(("holds_at", "slept"), [(0.0, 0.0), (INTERVAL / 2, INTERVAL), (1.0, 1.0)])
def test_wait_ends_with_the_condition(holds_at: float, slept: float) -> None:
    """Catches: a wait that sleeps although there is nothing to wait for, or goes on when it is over."""
    clock = Time()
    wait_until(lambda: clock.now >= holds_at - 1e-9, otherwise="no", clock=clock)
    assert clock.now == pytest.approx(slept)


def test_wait_ends_with_the_time() -> None:
    """Catches: a task that waits for ever, or fails without saying for what it waited."""
    clock = Time()
    with pytest.raises(PostfixError) as error:
        wait_until(lambda: False, otherwise="it does not come", clock=clock)
    assert str(error.value) == "it does not come: check the mail log, and run the task again"
    assert RELOAD_SECONDS <= clock.now < RELOAD_SECONDS + 2 * INTERVAL


@pytest.mark.parametrize(
    ("old", "new", "seconds", "slept"),
    [
        ({}, {}, 0.0, 0.0),
        ({"qmgr": {1}}, {"qmgr": {2}}, 0.5, 0.5),
        ({"scache": {1}, "qmgr": {2}}, {"qmgr": {3}}, 0.5, 0.5),
        ({"smtp": {1}, "qmgr": {2}}, {"smtp": {1}, "qmgr": {3}}, 0.5, 0.5),
    ],
)
def test_reload_is_over_when_the_old_helpers_are_gone(
    old: dict[str, set[int]], new: dict[str, set[int]], seconds: float, slept: float
) -> None:
    """Catches: a delivery that an old queue manager still hands out, or a wait for deliveries, which can be long."""
    clock = Time()
    host = Host(clock, old=old, new=new, seconds=seconds)
    reload_and_wait(cast(Postfix, host), clock)
    assert host.reloaded_at == 0.0
    assert clock.now == pytest.approx(slept)


def test_reload_that_changes_nothing() -> None:
    """Catches: a hold that is reported although the old queue manager goes on."""
    clock = Time()
    host = Host(clock, old={"qmgr": {1}}, new={"qmgr": {1}}, seconds=0.0)
    with pytest.raises(PostfixError, match="the queue manager ignores a reload"):
        reload_and_wait(cast(Postfix, host), clock)
