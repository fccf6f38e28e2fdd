# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rotates the passwords of a fleet of real mail hosts while mail flows, and counts it. Run it with C(make fleet).

With the strategy in_place, the hosts have several mail programs; with alternate, Postfix.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".cache" / "collections")]

from support.controller import Controller  # noqa: E402
from support.crash.processes import kill_tree  # noqa: E402
from support.fleet.tally import Tally, broken, table  # noqa: E402
from support.fleet.world import PROGRAMS, ROTATE, Fleet, why_not  # noqa: E402

# The mail program of each host, for each strategy.
STRATEGIES = {
    "in_place": ("postfix", "postfix", "exim", "opensmtpd", "nullmailer"),
    "alternate": ("postfix",) * 5,
}
SIGNALS = (signal.SIGINT, signal.SIGTERM)
INSTALL = ROOT / "tests" / "support" / "install-mail"
# Seconds of plain traffic before and after a rotation, and the most that the queues may take then; the rest is lost.
BEFORE, AFTER, DRAIN = 3.0, 3.0, 120.0
# Seconds that a message may be under way where nothing is held.
SPARE_ALTERNATE = 5.0
LONGEST_RUN = 600.0
# How much of a playbook's output is shown if something went wrong.
LAST_LINES = 60


@dataclass(frozen=True)
class Run:
    """One rotation and what came of it."""

    tally: Tally
    code: int
    output: str
    seconds: float
    troubles: list[str]


def parse() -> argparse.Namespace:
    """Return the parameters of the proof."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--programs", nargs="+", choices=PROGRAMS, metavar="PROGRAM", help="of each host")
    which.add_argument("--relays", type=int, help="so many hosts with Postfix")
    parser.add_argument("--window", type=float, default=40.0, metavar="SECONDS")
    parser.add_argument(
        "--spare", type=float, default=10.0, metavar="SECONDS", help="more than the window that held mail may be late"
    )
    parser.add_argument("--interval", type=float, default=3.0, metavar="SECONDS", help="between a host's messages")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the moments of sending")
    parser.add_argument("--strategy", choices=STRATEGIES, action="append", help="both, if none is named")
    parser.add_argument("--playbook", type=Path, default=ROTATE, help="rotates the hosts of the group fleet")
    return parser.parse_args()


def programs(options: argparse.Namespace, strategy: str) -> Sequence[str]:
    """Return the mail program of each host."""
    return options.programs or ("postfix",) * (options.relays or 0) or STRATEGIES[strategy]


def install() -> str:
    """Install the mail servers where they are missing, and return why no proof can be made here, if so."""
    subprocess.run([INSTALL], stdin=subprocess.DEVNULL, check=True)
    return why_not()


def rotate(fleet: Fleet, controller: Controller, options: argparse.Namespace, strategy: str) -> tuple[int, str]:
    """Run the playbook to its end, and return its exit code and its output."""
    inventory = fleet.write_inventory(controller.folder / "inventory.yml", strategy, {"store": str(controller.store)})
    # All hosts are this machine: many more of them at once than it has processors would only wait for each other.
    forks = str((os.cpu_count() or 1) + 1)
    process, _results = controller.start(options.playbook, "-i", str(inventory), "--forks", forks)
    try:
        output, _nothing = process.communicate(timeout=LONGEST_RUN)
    except subprocess.TimeoutExpired:
        kill_tree(process.pid)
        return 124, f"It did not end in {LONGEST_RUN:g} seconds.\n{process.communicate()[0]}"
    except BaseException:
        kill_tree(process.pid)
        raise
    return process.returncode, output


def run(fleet: Fleet, controller: Controller, options: argparse.Namespace, strategy: str) -> Run:
    """Rotate while mail flows, wait until it has arrived, and count."""
    flow = fleet.flow(interval=options.interval, seed=options.seed)
    flow.start()
    try:
        time.sleep(BEFORE)
        began = time.monotonic()
        code, output = rotate(fleet, controller, options, strategy)
        seconds = time.monotonic() - began
        time.sleep(AFTER)
    finally:
        flow.stop()
    tally = fleet.settled(flow, seconds=DRAIN)
    most = options.window + options.spare if strategy == "in_place" else SPARE_ALTERNATE
    failed = [f"the playbook ended with code {code}"] if code else []
    return Run(tally, code, output, seconds, failed + flow.troubles + broken(tally, most_delay=most))


@contextlib.contextmanager
def logs_on_failure(fleet: Fleet, log: Path, kept: Path, good: Callable[[], bool]) -> Iterator[None]:
    """Keep the logs of a rotation that did not do what it promises, before everything is removed."""
    try:
        yield
    finally:
        if not good():
            fleet.keep_logs(kept)
            if log.exists():
                shutil.copy(log, kept)


def _is_good(runs: Mapping[str, Run], strategy: str) -> bool:
    return strategy in runs and not runs[strategy].troubles


def prove(options: argparse.Namespace, folder: Path, kept: Path) -> dict[str, Run]:
    """Go through the rotations, each with a fleet of its own."""
    runs: dict[str, Run] = {}
    for strategy in options.strategy or STRATEGIES:
        hosts = programs(options, strategy)
        print(f"== {strategy}, {', '.join(hosts)}: ", end="", flush=True)
        place = folder / strategy
        place.mkdir()
        controller = Controller(folder / f"{strategy}-controller")
        # With the time of each task, which tells where the seconds went.
        log = controller.folder / "ansible.log"
        controller.environment = {"ANSIBLE_PIPELINING": "true", "ANSIBLE_LOG_PATH": str(log)}
        with contextlib.ExitStack() as stack:
            fleet = stack.enter_context(Fleet(place, programs=hosts, window=options.window))
            is_good = partial(_is_good, runs, strategy)
            stack.enter_context(logs_on_failure(fleet, log, kept / strategy, is_good))
            runs[strategy] = run(fleet, controller, options, strategy)
        print(f"the playbook took {runs[strategy].seconds:.1f} seconds", flush=True)
    return runs


def report(runs: Mapping[str, Run]) -> list[str]:
    """Print the table, and return what was promised and does not hold."""
    print(table({strategy: done.tally for strategy, done in runs.items()}), flush=True)
    for done in runs.values():
        if done.troubles:
            print(*done.output.splitlines()[-LAST_LINES:], sep="\n", flush=True)
    return [f"{strategy}: {trouble}" for strategy, done in runs.items() for trouble in done.troubles]


def _interrupted(number: int, _frame: FrameType | None) -> None:
    # What cleans up is not interrupted by an impatient second one.
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def main() -> int:
    """Run the proof and clean up after it, however it ends."""
    for number in SIGNALS:
        signal.signal(number, _interrupted)
    options = parse()
    if reason := install():
        print(f"Skipped: {reason}.", flush=True)
        return 0
    parameters = {name: getattr(options, name) for name in ("window", "spare", "interval", "seed")}
    print(*(f"{name} {value:g}" for name, value in parameters.items()), sep=", ", flush=True)
    kept = Path(tempfile.mkdtemp(prefix="mailops-fleet-logs-"))
    try:
        with tempfile.TemporaryDirectory(prefix="mailops-fleet-") as folder:
            troubles = report(prove(options, Path(folder), kept))
    except KeyboardInterrupt:
        shutil.rmtree(kept)
        print("\nStopped; everything that was started has been stopped too.", file=sys.stderr)
        return 130
    if troubles:
        print(*troubles, f"The logs are in {kept}", sep="\n", flush=True)
        return 1
    kept.rmdir()
    return 0


if __name__ == "__main__":
    sys.exit(main())
