# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the collection beside what one would write without it, and beside the floor. Run it with C(make bench)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Before this folder, whose files are not packages of their own.
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".cache" / "collections")]

from bench.cases import CASES, CREATED, Case, Runner, median  # noqa: E402
from bench.floor import Costs, derivation, payload  # noqa: E402
from bench.measure import BenchError, Measured  # noqa: E402
from bench.plot import draw, lines  # noqa: E402
from bench.provider import Provider, capacity, latency, provider  # noqa: E402
from bench.released import unpack  # noqa: E402
from bench.report import OVER_THE_FLOOR, Results, pace, promises, table, told_pace, told_role  # noqa: E402

MODULE = ROOT / "plugins" / "modules" / "smtp_account_password.py"
SPARE = "spare.acme.smtp"
HOSTS = 200
# Words for letters: the role beside what it is held against.
GROUPS = {"module": "abcdfgo", "role": "bhijklmn"}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench BENCH_ARGS=", description=__doc__)
    numbers = _numbers
    parser.add_argument("--sizes", type=numbers, default=[1, 10, 100, HOSTS, 1000, 10_000], metavar="1,10,100")
    parser.add_argument(
        "--cases", type=_cases, default="abcdfghijklmno", help="(a) to (o) by their letters, or role, or module"
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument(
        "--largest", type=_limits, default={}, metavar="a=100,c=200", help="the most accounts of a case"
    )
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--latency", type=float, default=0.05, metavar="SECONDS")
    parser.add_argument("--rate-accounts", type=int, default=1000, metavar="N", help="accounts of (g)")
    parser.add_argument("--role-hosts", type=int, default=50, metavar="N", help="hosts of (l) and (m)")
    parser.add_argument("--output", type=Path, default=ROOT / ".cache" / "bench", metavar="FOLDER")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return sorted({int(part) for part in text.split(",")})


def _cases(text: str) -> str:
    letters = GROUPS.get(text, text)
    if unknown := set(letters) - set(CASES):
        raise argparse.ArgumentTypeError(f"there is no case {', '.join(sorted(unknown))}")
    return letters


def _limits(text: str) -> dict[str, int]:
    return {key: int(value) for key, value in (part.split("=") for part in text.split(","))}


def _say(text: str) -> None:
    print(text, flush=True)


def _work(arguments: argparse.Namespace) -> list[tuple[Case, int]]:
    """Return every case with every size that it is run with, the cheap ones first."""
    apart = {"g": arguments.rate_accounts, "l": arguments.role_hosts, "m": arguments.role_hosts}
    chosen = [CASES["start"], *(CASES[key] for key in arguments.cases if key not in apart)]
    chosen += [CASES["ping"]] if "c" in arguments.cases else []
    work = [
        (case, n)
        for n in arguments.sizes
        for case in chosen
        if n <= _largest(arguments, case) and (n != HOSTS or case.key in ("b", "c", "ping"))
    ]
    # What a run that is stopped has to have, whatever the sizes.
    work[:0] = [] if (CASES["start"], 1) in work else [(CASES["start"], 1)]
    return work + [(CASES[key], n) for key, n in apart.items() if key in arguments.cases]


def _largest(arguments: argparse.Namespace, case: Case) -> int:
    # A ping on as many hosts is what (c) is held against.
    limit: int = arguments.largest.get("c" if case.key == "ping" else case.key, case.largest)
    return limit


@dataclass
class Rounds:
    """What was measured, round by round. C(whole): whether every run has ended well."""

    runs: dict[tuple[str, int], list[Measured]] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    derivations: list[float] = field(default_factory=list)
    rates: list[dict[str, float]] = field(default_factory=list)
    whole: bool = True

    def costs(self) -> Costs:
        """Return the costs of the floor's parts."""
        return Costs(_middle(self.latencies), _middle(self.derivations), median(self.runs["start", 1]).wall)

    def rate(self) -> dict[str, float]:
        """Return what was seen under a limit, nothing if no run had one."""
        return {name: _middle([one[name] for one in self.rates]) for name in (self.rates[0] if self.rates else {})}

    def add(self, runner: Runner, case: Case, n: int) -> str:
        """Run a case, and return in words what it came to."""
        try:
            cost = runner.measure(case, case.accounts(n))
        except BenchError as error:
            self.whole = False
            return str(error)
        self.runs.setdefault((case.key, n), []).append(cost)
        if case.rate_limit:
            found = pace(runner.last_calls, runner.concurrency)
            self.rates.append({**found, "allowed_per_second": case.rate_limit})
        return f"{cost.wall:8.2f} s, load {os.getloadavg()[0]:.1f}"


def _measured(arguments: argparse.Namespace, folder: Path, providers: Mapping[str, Provider]) -> Rounds:
    at = providers["emaillabs"]
    runner = Runner(
        folder, providers, concurrency=arguments.concurrency, seconds=arguments.latency, released=folder / "released"
    )
    rounds = Rounds()
    try:
        # Round by round, and not case by case: what else the machine does concerns all alike.
        for number in range(arguments.repeat):
            at.set(latency=arguments.latency, rate_limit=None)
            rounds.latencies.append(latency(at, SPARE))
            rounds.derivations.append(derivation())
            for case, n in _work(arguments):
                _say(f"round {number + 1}: ({case.key}) {n:>6}: {rounds.add(runner, case, n)}")
    except KeyboardInterrupt:
        if ("start", 1) not in rounds.runs:
            raise
        rounds.whole = False
        _say(f"\nStopped in round {number + 1} of {arguments.repeat}: what follows is of the runs that ended before")
    return rounds


def _without_released(letters: str, folder: Path) -> str:
    """Unpack the last release if a case needs it; without it, return the others and say so."""
    needed = [key for key in letters if CASES[key].released]
    if not needed or unpack(ROOT, folder):
        return letters
    _say(f"({', '.join(needed)}) left out: this copy of the repository has no commit of version 0.2.0")
    return "".join(key for key in letters if key not in needed)


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _results(arguments: argparse.Namespace, rounds: Rounds, able: Mapping[int, float]) -> Results:
    costs = rounds.costs()
    results = Results(
        machine=_machine(),
        costs={"latency": costs.latency, "derivation": costs.derivation, "start": costs.start},
        concurrency=arguments.concurrency,
        capacity=able,
        payload=payload(MODULE),
        rates=rounds.rate(),
    )
    for (key, n), found in rounds.runs.items():
        results.medians.setdefault(key, {})[n] = median(found)
        if key in OVER_THE_FLOOR:
            results.floors[n] = costs.floor(n, arguments.concurrency)
    return results


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), platform.machine())
    from ansible.release import __version__

    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}, ansible-core {__version__}"


def _tell(results: Results) -> None:
    titles = {key: f"({key}) {case.title}" if len(key) == 1 else case.title for key, case in CASES.items()}
    _say(f"\n{results.machine}")
    parts = results.costs
    _say(
        f"one call {parts['latency'] * 1000:.1f} ms, one derivation {parts['derivation'] * 1000:.2f} ms "
        f"(in {os.cpu_count()} threads), a trivial playbook {parts['start']:.2f} s"
    )
    able = ", ".join(f"{rate:.0f} with {n} connections" for n, rate in results.capacity.items())
    _say(f"the stand-in, in a process of its own, answers calls a second: {able}")
    size, files = results.payload
    _say(f"the module's payload: {size} bytes, {files} files\n")
    _say(table(results, titles))
    if results.rates:
        _say("\n" + told_pace(results.rates))
    _say("\n" + "\n".join(told_role(results)))
    _say("\n" + "\n".join(map(str, promises(results))))


def main() -> int:
    """Measure, and print what it came to; the exit code tells whether every promise that could be judged is kept.

    Ended by a signal, or after a run that failed, it tells what it has measured and writes nothing.
    """
    arguments = _arguments()
    # Whoever sends it wants all of it ended, with the playbook that is being measured.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments.output.mkdir(parents=True, exist_ok=True)
    most = max([*arguments.sizes, arguments.rate_accounts, arguments.role_hosts])
    names = [SPARE, *CASES["b"].accounts(most)]
    # Of a playbook that was stopped, a process may write there still.
    folder = tempfile.TemporaryDirectory(prefix="mailops-bench-", ignore_cleanup_errors=True)
    with (
        folder as place,
        provider(Path(place) / "provider", names) as at,
        provider(Path(place) / "creating", [], CREATED.provider) as creating,
    ):
        arguments.cases = _without_released(arguments.cases, Path(place) / "released")
        able = {n: capacity(at, SPARE, n) for n in (8, 64)}
        rounds = _measured(arguments, Path(place), {"emaillabs": at, CREATED.provider: creating})
    results = _results(arguments, rounds, able)
    # What a whole run has written is not replaced by a part of one.
    if rounds.whole:
        (arguments.output / "bench.json").write_text(json.dumps(results.as_dict(), indent=2) + "\n")
        if lines(results):
            draw(results, arguments.output / "bench.png")
    _tell(results)
    return 0 if rounds.whole and all(promise.kept for promise in promises(results)) else 1


if __name__ == "__main__":
    sys.exit(main())
