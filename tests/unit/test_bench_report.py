# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark says of its measurements: ratios, exponents, and whether a promise is kept."""

from __future__ import annotations

from typing import Any

import pytest
from bench.measure import Measured, banners
from bench.plot import lines
from bench.report import Promise, Results, exponent, pace, promises, table, told_role

MIB = 1024 * 1024


def cost(wall: float, cpu: float = 1.0, memory: int = 100 * MIB, **counts: int) -> Measured:
    return Measured(wall=wall, cpu=cpu, memory=memory, **counts)


def results(**over: Any) -> Results:
    values: dict[str, Any] = {
        "machine": "of the tests",
        "costs": {},
        "concurrency": 8,
        "capacity": {},
        "payload": (1, 1),
        "medians": {
            "start": {1: cost(0.5)},
            "a": {1000: cost(800)},
            "b": {200: cost(4, cpu=5), 1000: cost(10, derivations=1000), 10_000: cost(100, memory=200 * MIB)},
            "c": {200: cost(40, cpu=20)},
            "d": {1000: cost(0.9), 10_000: cost(2.5)},
            "h": {1: cost(2), 100: cost(5), 1000: cost(18, memory=150 * MIB, tasks=9)},
            "i": {100: cost(60)},
            "j": {1: cost(1.2), 1000: cost(1.4)},
            "n": {100: cost(200)},
        },
        "floors": {1000: 8.0},
        "rates": {"accepted_per_second": 19.4, "allowed_per_second": 20, "refused_at_first": 8, "refused_later": 0},
    }
    return Results(**{**values, **over})


def judged(found: Results) -> dict[str, bool]:
    return {promise.what: promise.kept for promise in promises(found)}


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_exponent_is_the_one_of_the_curve(power: float) -> None:
    """Catches: a growth that is told flatter or steeper than it is."""
    sizes = {n: cost(3 * n**power) for n in (100, 1000, 10_000)}
    assert exponent(sizes) == pytest.approx(power)


def test_small_sizes_do_not_flatter_the_exponent() -> None:
    """Catches: the start of Ansible counted as growth, and a fit through one point."""
    assert exponent({1: cost(1), 10: cost(1), 100: cost(1), 1000: cost(10)}) == pytest.approx(1)
    assert exponent({1: cost(1), 10: cost(1), 100: cost(1)}) is None


def test_every_promise_is_judged() -> None:
    """Catches: a figure that was promised and is left out of the verdict, and one that is missed and told as met."""
    verdict = judged(results())
    assert len(verdict) == 18
    assert [what for what, kept in verdict.items() if not kept] == ["(c) at 200 hosts, processor time over (b)"]


@pytest.mark.parametrize(
    ("case", "n", "worse", "what"),
    [
        ("b", 1000, cost(17), "times faster than (a)"),
        ("b", 1000, cost(13), "over the floor"),
        ("b", 10_000, cost(400), "exponent of growth"),
        ("b", 10_000, cost(100, memory=301 * MIB), "(b) at 10,000 accounts, MiB of memory"),
        ("d", 1000, cost(1.1), "(d) at 1,000 accounts, seconds over"),
        ("d", 10_000, cost(3.6), "(d) at 10,000 accounts, seconds over"),
        ("d", 1000, cost(0.9, written=1), "(d) at 1,000 accounts, calls"),
        ("h", 1000, cost(20.1), "(h) at 1,000 accounts over (b)"),
        ("h", 1000, cost(18, memory=301 * MIB), "(h) at 1,000 accounts, MiB"),
        ("i", 100, cost(39), "(h) at 100 accounts, times faster"),
        ("j", 1, cost(1.6), "(j) with 1 account, seconds over"),
        ("j", 1000, cost(1.6), "(j) with 1,000 accounts, seconds over"),
        ("j", 1000, cost(1.4, calls=1), "(j) with 1,000 accounts, calls"),
    ],
)
def test_promise_that_is_broken_is_told(case: str, n: int, worse: Measured, what: str) -> None:
    """Catches: a comparison the wrong way round."""
    found = results()
    found.medians[case] = {**found.medians[case], n: worse}
    assert [kept for name, kept in judged(found).items() if what in name] == [False]


def test_what_was_not_run_is_not_judged() -> None:
    """Catches: a short benchmark that fails, or tells as met what nobody measured."""
    assert promises(results(medians={"start": {1: cost(0.5)}}, floors={}, rates={})) == []


def test_promise_in_words() -> None:
    """Catches: a bound that is told as its opposite."""
    assert str(Promise("speed", 50, 60, at_least=True)) == "met   speed: 60 (at least 50)"
    assert str(Promise("memory", 300, 301)) == "MISS  memory: 301 (at most 300)"


def test_pace_counts_the_refusals_of_the_beginning_apart() -> None:
    """Catches: calls that were on their way with the first refusal, counted as not having learnt from it."""
    calls = [{"time": n / 10, "status": 200} for n in range(11)]
    calls += [{"time": 0.2, "status": 429}, {"time": 0.3, "status": 429}, {"time": 0.9, "status": 429}]
    found = pace(calls, 8)
    assert (found["refused_at_first"], found["refused_later"]) == (2, 1)
    assert found["accepted_per_second"] == pytest.approx(10)


def test_table_has_the_ratios() -> None:
    """Catches: a ratio to another size, or of another case."""
    told = table(results(), {key: f"({key})" for key in results().medians}).splitlines()
    (row,) = [line.split() for line in told if line.split()[:2] == ["1000", "10.00"]]
    assert row[-3:] == ["0", "1/80", "1.25"]


def test_role_is_told_beside_the_others_of_its_size() -> None:
    """Catches: a ratio to another size, one the wrong way round, and a peak of memory that is not told."""
    told = told_role(results())
    assert "(h) with 100 accounts: 5.00 s, (i) 60.00 s (12 times), (n) 200.00 s (40 times); 100 MiB" in told[1]
    assert told[2].endswith("(b) 10.00 s (0.556 times); 150 MiB at the peak, 9 tasks")
    assert told[3].startswith("(j) with 1 account: 1.20 s, a trivial playbook 0.50 s (0.417 times)")


def test_plot_has_the_cases_that_were_run() -> None:
    """Catches: seconds drawn over the sizes of another case, and a case in the legend that nobody ran."""
    drawn = {line.label: (line.sizes, line.seconds) for line in lines(results(floors={}))}
    assert list(drawn.values()) == [
        ([100], [200]),
        ([100], [60]),
        ([1, 100, 1000], [2, 5, 18]),
        ([200, 1000, 10_000], [4, 10, 100]),
    ]
    assert lines(results(medians={}, floors={})) == []


def test_banners_are_counted() -> None:
    """Catches: a handler that is not counted, and the text of a result that is."""
    output = "PLAY [all] ***\n\nTASK [one : two] ***\nok: [a] => TASK [no]\n\nRUNNING HANDLER [three] ***\n"
    assert banners(output) == 2


@pytest.mark.parametrize(("wall", "kept"), [(10.3, True), (10.5, False)])
def test_credentials_that_the_provider_creates_are_held_against_the_floor(wall: float, kept: bool) -> None:
    """Catches: a flow that waits where it could call, and that nobody measures."""
    medians = {"o": {1000: cost(wall)}}
    (promise,) = promises(results(medians=medians, rates={}))
    assert promise.what.startswith("(o) at 1,000 accounts over the floor") and promise.kept == kept
