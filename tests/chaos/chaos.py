# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills rotations at random, while the provider fails at random, and counts what is lost. Run it with C(make chaos)."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".cache" / "collections")]

from standin.faults import Fault  # noqa: E402
from support.crash.harness import until  # noqa: E402
from support.crash.processes import descendants, kill_tree, send, worker_of  # noqa: E402
from support.crash.world import World  # noqa: E402

SPARE = 10
HEALTHY_EVERY = 10
LOGINS = 5
# Boundaries of a run: those of the store, and those of one account's call.
OF_THE_STORE, OF_A_CALL = 18, 6
FAULTS: Sequence[Mapping[str, Any]] = (
    *({"kind": "status", "status": status} for status in (500, 502, 503, 408)),
    {"kind": "status", "status": 500, "when": "after"},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    {"kind": "status", "status": 401},
    *({"kind": "reset", "when": when} for when in ("unread", "before", "after")),
    *({"kind": "hang", "when": when, "seconds": 0.5} for when in ("before", "after")),
    {"kind": "hang", "then": "continue", "seconds": 1.5},
    {"kind": "truncated_json", "when": "after"},
    {"kind": "short_body", "when": "after"},
    {"kind": "partly_refused"},
    {"kind": "errors"},
    {"kind": "refused_value"},
)


@dataclass
class Tally:
    """What was done, and what came of it."""

    rounds: int = 0
    kills: int = 0
    faults: int = 0
    second_runs: int = 0
    recoveries: int = 0
    accounts: int = 0
    passwords: int = 0
    lost: int = 0
    unfinished: int = 0
    searched: int = 0
    found: int = 0
    troubles: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add another worker's tally."""
        for one in dataclasses.fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


class Worker:
    """Goes through rounds in one world."""

    def __init__(self, world: World, rng: random.Random, *, kills: int, largest: int, stop: threading.Event) -> None:
        self.tally = Tally()
        self._world = world
        self._rng = rng
        self._kills = kills
        self._largest = largest
        self._stop = stop
        self._touched: set[str] = set()
        self._usual = 1.0

    def work(self) -> Tally:
        """Kill until there were enough kills or the time is over, then let everything heal, and search."""
        began = time.monotonic()
        self._heal(self._world.names[: self._largest])
        self._usual = time.monotonic() - began
        # One at least, also on a machine so busy that the time is over by now.
        while self.tally.kills < self._kills and not (self._stop.is_set() and self.tally.kills):
            self._round()
            if self.tally.rounds % HEALTHY_EVERY == 0:
                self._heal(sorted(self._touched))
        self._heal(sorted(self._touched))
        search = self._world.leaks()
        self.tally.accounts = len(self._touched)
        self.tally.passwords = len(self._world.secrets())
        self.tally.searched = search.size
        self.tally.found = len(search.places)
        self.tally.troubles += [f"a secret is in {place}" for place in search.places]
        return self.tally

    def _round(self) -> None:
        self.tally.rounds += 1
        self._push_faults()
        second = self._start_second() if self._rng.random() < 0.25 else None
        way = self._rng.choices(list(WAYS), weights=[WEIGHTS[name] for name in WAYS])[0]
        killed = self._killed_run(way)
        self.tally.kills += killed
        self._check(f"round {self.tally.rounds}, {way}")
        if second:
            self._count(self._world.finish(*second))
            self._check(f"round {self.tally.rounds}, after the second run")

    def _batch(self) -> list[str]:
        accounts = self._rng.sample(self._world.names, self._rng.randint(1, self._largest))
        self._touched.update(accounts)
        return accounts

    def _play(self, accounts: Sequence[str]) -> Path:
        return self._world.play(
            accounts,
            rotate=self._rng.choice(["always", "always", "always", "when_due"]),
            retries=self._rng.randint(0, 1),
            concurrency=self._rng.choice([1, 4, 8]),
            lock_timeout=self._rng.choice([1, 30]),
        )

    def _push_faults(self) -> None:
        self._world.provider.faults.clear()
        for _n in range(self._rng.choice([0, 1, 2, 4])):
            how = self._rng.choice(FAULTS)
            times = self._rng.randint(1, 3)
            self._world.provider.faults.push(Fault(**how, times=times, skip=self._rng.randint(0, 10)))

    def _start_second(self) -> tuple[subprocess.Popen[str], Path]:
        self.tally.second_runs += 1
        return self._world.start(self._play(self._batch()))

    def _killed_run(self, way: str) -> bool:
        accounts = self._batch()
        crash = self._world.crash
        number = self._rng.randint(1, OF_THE_STORE + OF_A_CALL * len(accounts))
        delay = self._rng.uniform(0, self._usual)
        environment = crash.environment(number if way == "boundary" else None, tasks=False)
        environment["ANSIBLE_VERBOSITY"] = self._rng.choice(["0", "1", "3"])
        crash.forget()
        process, results = self._world.start(self._play(accounts), environment)
        if way == "boundary":
            crash.wait(process)
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(delay)
        killed = process.poll() is None and WAYS[way](process)
        self._count(self._world.finish(process, results))
        return killed

    def _count(self, result: Mapping[str, Any]) -> None:
        self.tally.recoveries += sum(one["action"] == "recovered" for one in result.get("accounts", []))
        record = self._world.provider.record
        faulty = [one for one in record.api_calls() if one["fault"]]
        self.tally.faults = len(faulty) + len(record.events("reset_unread"))

    def _check(self, when: str) -> None:
        lost = self._world.lost()
        self.tally.lost += len(lost)
        self.tally.troubles += [f"{when}: the password of {account} is lost" for account in lost]

    def _heal(self, accounts: Sequence[str]) -> None:
        """Let a plain run without faults finish everything, and look whether it did."""
        world = self._world
        world.provider.faults.clear()
        if not until(world.settled, 30):
            self.tally.troubles.append("processes of killed runs do not end")
        self._touched.update(accounts)
        self._count(world.finish(*world.start(world.play(accounts))))
        self._check(f"after the healthy run of round {self.tally.rounds}")
        left = world.unfinished(accounts)
        refused = world.refused_logins(self._rng.sample(list(accounts), min(LOGINS, len(accounts))))
        self.tally.unfinished += len(left) + len(refused) + len(world.crash.left())
        self.tally.troubles += [f"round {self.tally.rounds}: {account} is not finished" for account in left]
        self.tally.troubles += [f"round {self.tally.rounds}: {account} cannot log in" for account in refused]
        self.tally.troubles += [f"round {self.tally.rounds}: {file} is left" for file in world.crash.left()]
        print(f"{world.folder.name}: {self.tally.kills} kills, {self.tally.lost} passwords lost", flush=True)
        if self._rng.random() < 0.5:
            world.finish(*world.start(world.play(accounts, state="verified")))


def _all(process: subprocess.Popen[str]) -> bool:
    kill_tree(process.pid)
    return True


def _one(pid: int) -> bool:
    send(pid, signal.SIGKILL)
    return True


def _module(process: subprocess.Popen[str]) -> bool:
    """Kill the process that makes the calls, or whatever is the youngest."""
    return _one(next((pid for pid in descendants(process.pid) if not descendants(pid)), process.pid))


def _worker(process: subprocess.Popen[str]) -> bool:
    """Kill the process that executes the task; the module, if there is one, goes on without anybody who waits."""
    return _one(worker_of(process.pid) or process.pid)


def _terminate(process: subprocess.Popen[str]) -> bool:
    process.terminate()
    return True


WAYS: Mapping[str, Callable[[subprocess.Popen[str]], bool]] = {
    "boundary": _all,
    "moment": _all,
    "module": _module,
    "worker": _worker,
    "main": lambda process: _one(process.pid),
    "terminate": _terminate,
}
WEIGHTS = {"boundary": 35, "moment": 30, "module": 10, "worker": 10, "main": 5, "terminate": 10}


def _worked(folder: Path, seed: str, kills: int, largest: int, stop: threading.Event) -> Tally:
    folder.mkdir()
    with World(folder, largest + SPARE) as world:
        return Worker(world, random.Random(seed), kills=kills, largest=largest, stop=stop).work()  # noqa: S311


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="repeat the choices of another time")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60, help="begin no round after so many minutes")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=50, help="the most accounts of one run")
    return parser.parse_args()


def _table(tally: Tally, seconds: float) -> str:
    rows = {
        "rounds": tally.rounds,
        "kills": tally.kills,
        "faults of the API": tally.faults,
        "second runs at the same time": tally.second_runs,
        "recoveries": tally.recoveries,
        "accounts": tally.accounts,
        "secrets that were looked for": tally.passwords,
        "bytes that were searched": tally.searched,
        "accounts or files not finished": tally.unfinished,
        "passwords lost": tally.lost,
        "secrets found": tally.found,
        "seconds": round(seconds),
    }
    return "\n".join(f"{name:<31}{value:>12}" for name, value in rows.items())


def _all_worked(folder: Path, arguments: argparse.Namespace) -> Tally:
    total, stop = Tally(), threading.Event()
    share = -(-arguments.kills // arguments.workers)
    with ThreadPoolExecutor(arguments.workers) as pool:
        works = [
            pool.submit(_worked, folder / f"worker-{n}", f"{arguments.seed}-{n}", share, arguments.batch, stop)
            for n in range(arguments.workers)
        ]
        try:
            wait(works, timeout=arguments.minutes * 60, return_when=FIRST_EXCEPTION)
        finally:
            # Each worker ends its round, heals and searches: also after Ctrl-C, and after the time is over.
            stop.set()
    for work in works:
        total.add(work.result())
    return total


def main() -> int:
    """Run the workers and print what they counted."""
    arguments = _arguments()
    print(f"seed {arguments.seed}", flush=True)
    began, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="mailops-chaos-"))
    total = _all_worked(folder, arguments)
    print(*total.troubles, _table(total, time.monotonic() - began), sep="\n", flush=True)
    if total.troubles:
        print(f"Everything is left in {folder}", flush=True)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
