# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._batches import SECONDS, Batches


def sizes(total: int, rate: float, *, concurrency: int = 8, start: float = 0.5) -> list[int]:
    """Return the sizes of all batches, with a provider of so many answers a second."""
    batches = Batches(total, concurrency)
    done: list[int] = []
    while sum(done) < total:
        done.append(batches.size())
        batches.took(done[-1], start + done[-1] / rate, done[-1] / rate)
    return done


@pytest.mark.parametrize("total", [1, 2, 8, 100, 192])
def test_few_accounts_are_one_batch(total: int) -> None:
    """Catches: a second start of the module where nobody would wait for a line."""
    assert sizes(total, 160) == [total]


@pytest.mark.parametrize("total", [193, 1000, 10_000])
@pytest.mark.parametrize("rate", [0.5, 5, 20, 160, 1200])
def test_batches_take_a_few_seconds(total: int, rate: float) -> None:
    """Catches: minutes without a line of progress, accounts that are left out, and a start for every few accounts."""
    found = sizes(total, rate)
    assert sum(found) == total
    assert all(size / rate <= SECONDS * 1.6 or size <= 12 for size in found[1:])
    assert all(size / rate >= SECONDS * 0.9 or size == 8 for size in found[1:-1])


def test_nothing_to_send() -> None:
    """Catches: a division by zero, or a batch out of nothing."""
    assert Batches(0, 8).size() == 0


def test_line() -> None:
    """Catches: a line without what one wants to know."""
    batches = Batches(1000, 8)
    batches.took(100, 1.0)
    batches.took(400, 2.0)
    assert batches.line() == ("mailops.smtp: 500 of 1000 accounts are done, 167 a second, about 3 seconds left")


def test_a_slow_start_is_not_made_often() -> None:
    """Catches: a busy machine, or one that is far away, that does nothing but start modules."""
    assert sizes(1000, 160, start=30)[1:] == [872]
    assert min(sizes(10_000, 20, start=30)[1:-1]) == 600


def limited(start: float, allowed: float, answers: float, *, burst: int = 18) -> list[int]:
    """Return the sizes of batches under a limit, with a provider of so many answers a second."""
    batches = Batches(100_000, 8)
    done: list[int] = []
    for _n in range(5):
        done.append(batches.size())
        batches.took(done[-1], start + done[-1] / answers, done[-1] / answers, allowed=allowed, burst=burst)
    return done[1:]


@pytest.mark.parametrize(("allowed", "answers", "step"), [(19.6, 18.9, 20), (20, 19, 20), (294.0, 280, 294)])
def test_a_limit_is_used_up_to_a_whole_second(allowed: float, answers: float, step: int) -> None:
    """Catches: a batch after which the rest of a second's calls is lost, as the next module starts later than that."""
    assert all(size % step == 0 and size / answers >= SECONDS for size in limited(0.5, allowed, answers))
    assert any(size % step for size in limited(0.5, allowed, answers=allowed / 2 + 0.3))


def test_a_start_that_a_limit_does_not_give_back_is_made_seldom() -> None:
    """Catches: a rate that falls with each slow start; and minutes without a line for a start that costs nothing."""
    assert limited(0.5, 19.6, 19.6) == [120] * 4
    assert set(limited(1.0, 19.6, 19.6)) <= {400, 420}
    assert limited(9.0, 19.6, 19.6) == [600] * 4
    assert set(limited(0.3, 19.6, 19.6, burst=0)) <= {400, 420}


@pytest.mark.parametrize("answers", [0.5, 1, 5, 20, 160])
def test_a_limit_far_above_what_the_provider_answers(answers: float) -> None:
    """Catches: minutes without a line, and a thousand accounts staged at once, because a thousand were allowed."""
    assert limited(0.5, 1000, answers) == limited(0.5, math.inf, answers)
    assert all(size <= max(8, answers * SECONDS * 1.1) for size in limited(0.5, 1000, answers))


def test_less_than_one_call_a_second() -> None:
    """Catches: longer batches for a limit of a call every two seconds, of which a start loses none."""
    assert limited(1.0, 0.5, 0.5) == [8] * 4
