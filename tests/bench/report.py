# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the measurements come to: table, ratios, exponents of growth, and what was promised of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.measure import Measured

MIB = 1024 * 1024
FIT_FROM = 100
HEADINGS = ("", "accounts", "wall s", "CPU s", "MiB", "calls", "derivations", "bytes", "tasks", "of (a)", "of (e)")
# One call for each account: the floor is the same.
OVER_THE_FLOOR = "bo"
# What the role's cases are told beside, at the same size and in the same run.
BESIDE = {"h": "bin", "j": ("start", "k"), "l": "m"}


@dataclass
class Results:
    """Everything that was measured: case and number of accounts to medians, and what the floor was then.

    C(rate): calls a second that were accepted under the limit, and C(after): answers 429 after the first ones.
    """

    machine: str
    costs: Mapping[str, float]
    concurrency: int
    capacity: Mapping[int, float]
    payload: tuple[int, int]
    medians: dict[str, dict[int, Measured]] = field(default_factory=dict)
    floors: dict[int, float] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)

    def wall(self, case: str, accounts: int) -> float | None:
        """Return the seconds of a case, None if it was not run."""
        found = self.medians.get(case, {}).get(accounts)
        return found.wall if found else None

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON takes it."""
        return {**asdict(self), "exponents": {key: exponent(sizes) for key, sizes in self.medians.items()}}


def exponent(sizes: Mapping[int, Measured]) -> float | None:
    """Return the k of the best fit of time = c * accounts^k, over the larger sizes; None if there are too few.

    Small sizes are the start of Ansible, and would flatter it.

    :param sizes: number of accounts to what it cost
    """
    points = [(math.log(n), math.log(cost.wall)) for n, cost in sizes.items() if n >= FIT_FROM]
    if len(points) < 2:
        return None
    middle_x, middle_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    over = math.fsum((x - middle_x) * (y - middle_y) for x, y in points)
    return over / math.fsum((x - middle_x) ** 2 for x, _y in points)


def pace(calls: Sequence[Mapping[str, Any]], concurrency: int) -> dict[str, float]:
    """Return how fast calls were accepted under a limit, and how many were refused, at first and later.

    The calls that are on their way when the first one is refused are refused with it.

    :param calls: the record of the API
    :param concurrency: calls at the same time
    """
    taken = [call["time"] for call in calls if call["status"] == 200]
    refused = [call["time"] for call in calls if call["status"] == 429]
    first = refused[0] if refused else 0.0
    later = [time for time in refused if time > first + 0.5]
    return {
        "accepted_per_second": (len(taken) - 1) / (taken[-1] - taken[0]),
        "refused_at_first": float(len(refused) - len(later)),
        "refused_later": float(len(later)),
        "concurrency": float(concurrency),
    }


def told_pace(rates: Mapping[str, float]) -> str:
    """Return in words how fast calls were accepted under a limit.

    :param rates: what C(pace) returned, and the limit as C(allowed_per_second)
    """
    return (
        f"(g) accepted {rates['accepted_per_second']:.2f} calls a second of {rates['allowed_per_second']:.0f}; "
        f"answered 429: {rates['refused_at_first']:.0f} at first, {rates['refused_later']:.0f} later"
    )


def table(results: Results, titles: Mapping[str, str]) -> str:
    """Return everything as one table of text.

    :param results: what was measured
    :param titles: case to its name in words
    """
    rows: list[tuple[str, ...]] = [HEADINGS]
    for key, sizes in results.medians.items():
        rows += [_row(results, titles[key] if first else "", key, n) for first, n in _firsts(sorted(sizes))]
    rows += [
        (f"(e) the floor of (b), concurrency {results.concurrency}" if first else "", str(n), f"{floor:.2f}", *[""] * 8)
        for (first, n), floor in zip(_firsts(sorted(results.floors)), _sorted(results.floors), strict=True)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(_line(row, widths) for row in rows)


def told_role(results: Results) -> list[str]:
    """Return in words how many times the role's seconds others take, and what it needs besides.

    :param results: what was measured
    """
    return [
        f"({key}) with {_accounts(n)}: {cost.wall:.2f} s{_others(results, key, n)}; "
        f"{cost.memory / MIB:.0f} MiB at the peak, {cost.tasks:.0f} tasks"
        for key in BESIDE
        for n, cost in sorted(results.medians.get(key, {}).items())
    ]


def _accounts(n: int) -> str:
    return f"{n:,} account{'s' if n != 1 else ''}"


def _others(results: Results, key: str, n: int) -> str:
    own = results.medians[key][n].wall
    found = {one: results.wall(one, 1 if one == "start" else n) for one in BESIDE[key]}
    return "".join(
        f", {'a trivial playbook' if one == 'start' else f'({one})'} {wall:.2f} s ({wall / own:.3g} times)"
        for one, wall in found.items()
        if wall
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    title, *figures = zip(row, widths, strict=True)
    return "  ".join([title[0].ljust(title[1]), *(figure.rjust(width) for figure, width in figures)]).rstrip()


def _firsts(sizes: Sequence[int]) -> list[tuple[bool, int]]:
    return [(index == 0, size) for index, size in enumerate(sizes)]


def _sorted(values: Mapping[int, float]) -> list[float]:
    return [values[key] for key in sorted(values)]


def _row(results: Results, title: str, key: str, n: int) -> tuple[str, ...]:
    cost = results.medians[key][n]
    by_hand, floor = results.wall("a", n), results.floors.get(n)
    faster = f"1/{by_hand / cost.wall:.0f}" if by_hand and key in "bcgo" else ""
    over = f"{cost.wall / floor:.2f}" if floor and key in ("a", *OVER_THE_FLOOR) else ""
    return (
        title,
        str(n),
        f"{cost.wall:.2f}",
        f"{cost.cpu:.2f}",
        f"{cost.memory / MIB:.0f}",
        f"{cost.calls:.0f}",
        f"{cost.derivations:.0f}",
        f"{cost.written:.0f}",
        f"{cost.tasks:.0f}",
        faster,
        over,
    )


@dataclass(frozen=True)
class Promise:
    """One figure that was promised, what it came to, and whether it holds."""

    what: str
    bound: float
    found: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Tell whether it holds."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    def __str__(self) -> str:
        sign = "at least" if self.at_least else "at most"
        return f"{'met ' if self.kept else 'MISS'}  {self.what}: {self.found:.3g} ({sign} {self.bound:g})"


def promises(results: Results) -> list[Promise]:
    """Return every promise that the sizes which were run allow to judge.

    :param results: what was measured
    """
    of_module = [*_of_rotation(results), *_of_nothing_due(results), *_of_hosts(results), *_of_limits(results)]
    return [*of_module, *_of_role(results), *_of_role_at_rest(results)]


def _of_rotation(results: Results) -> list[Promise]:
    found = []
    wall, by_hand = results.wall("b", 1000), results.wall("a", 1000)
    if wall and by_hand:
        found.append(Promise("(b) at 1,000 accounts, times faster than (a)", 50, by_hand / wall, at_least=True))
    if wall:
        found.append(Promise("(b) at 1,000 accounts over the floor (e)", 1.5, wall / results.floors[1000]))
    created = results.wall("o", 1000)
    if created:
        found.append(Promise("(o) at 1,000 accounts over the floor (e)", 1.3, created / results.floors[1000]))
    growth = exponent(results.medians.get("b", {}))
    if growth is not None:
        found.append(Promise(f"(b) exponent of growth from {FIT_FROM} accounts on", 1.1, growth))
    if 10_000 in results.medians.get("b", {}):
        memory = results.medians["b"][10_000].memory / MIB
        found.append(Promise("(b) at 10,000 accounts, MiB of memory at the peak", 300, memory))
    return found


def _of_nothing_due(results: Results) -> list[Promise]:
    found = []
    start = results.wall("start", 1)
    for n, seconds in ((1000, 0.5), (10_000, 3.0)):
        cost = results.medians.get("d", {}).get(n)
        if cost and start:
            found.append(Promise(f"(d) at {n:,} accounts, seconds over a trivial playbook", seconds, cost.wall - start))
            effects = cost.calls + cost.derivations + cost.written
            found.append(Promise(f"(d) at {n:,} accounts, calls and derivations and bytes written", 0, effects))
    return found


def _of_hosts(results: Results) -> list[Promise]:
    hosts = results.medians.get("c", {}).get(200)
    together = results.medians.get("b", {}).get(200)
    if not hosts or not together:
        return []
    return [Promise("(c) at 200 hosts, processor time over (b)", 3, hosts.cpu / together.cpu)]


def _of_limits(results: Results) -> list[Promise]:
    if not results.rates:
        return []
    share = results.rates["accepted_per_second"] / results.rates["allowed_per_second"]
    return [
        Promise("(g) share of the allowed rate", 0.95, share, at_least=True),
        Promise("(g) answers 429 after the first ones", 0, results.rates["refused_later"]),
    ]


def _of_role(results: Results) -> list[Promise]:
    found = []
    role, task = results.medians.get("h", {}), results.medians.get("b", {})
    before = results.wall("i", 100)
    if 1000 in role and 1000 in task:
        found.append(Promise("(h) at 1,000 accounts over (b)", 2, role[1000].wall / task[1000].wall))
    if 100 in role and before:
        faster = before / role[100].wall
        found.append(Promise("(h) at 100 accounts, times faster than (i)", 8, faster, at_least=True))
    if 1000 in role:
        found.append(Promise("(h) at 1,000 accounts, MiB of memory at the peak", 300, role[1000].memory / MIB))
    return found


def _of_role_at_rest(results: Results) -> list[Promise]:
    start = results.wall("start", 1)
    sizes = sorted(results.medians.get("j", {}).items()) if start else []
    over = [
        Promise(f"(j) with {_accounts(n)}, seconds over a trivial playbook", 1.0, cost.wall - (start or 0))
        for n, cost in sizes
    ]
    return over + [
        Promise(f"(j) with {_accounts(n)}, calls and bytes written", 0, cost.calls + cost.written) for n, cost in sizes
    ]
