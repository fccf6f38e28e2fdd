# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a provider, and hosts from which mail flows through it, until it is told to stop: for Molecule's scenarios.

DIRECTORY/ready.json appears when everything runs. It says where the provider listens and what each host has. When
DIRECTORY/quiet appears, the mail stops flowing, and DIRECTORY/tally.json says what became of it. POST to
admin_url/_standin/stop, SIGTERM and SIGINT end it all.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".cache" / "collections")]

from standin.service import StandIn  # noqa: E402
from support.controller import KEYS  # noqa: E402
from support.fleet.applications import applications, write_login  # noqa: E402
from support.fleet.flow import Flow  # noqa: E402
from support.fleet.members import PostfixHost  # noqa: E402
from support.fleet.tally import Tally, count  # noqa: E402
from support.fleet.world import Fleet  # noqa: E402

POLL_SECONDS = 0.2
DRAIN = 20.0
OLD_PASSWORD = "the-password-of-before"


@dataclasses.dataclass(frozen=True)
class Service:
    """What runs.

    :param facts: what C(ready.json) says
    :param tally: counts, once the mail has stopped flowing
    """

    standin: StandIn
    flow: Flow
    facts: dict[str, Any]
    tally: Callable[[], Tally]


@contextlib.contextmanager
def relays(options: argparse.Namespace) -> Iterator[Service]:
    """Run real mail hosts, and a real mail server beside the stand-in's API."""
    with Fleet(options.directory, programs=["postfix"] * options.hosts, window=options.window) as fleet:
        flow = fleet.flow(interval=options.interval)
        members = {host: one for host, one in fleet.members.items() if isinstance(one, PostfixHost)}
        hosts = {
            host: {
                "account": fleet.account_of(host),
                "old_password": fleet.old_passwords[fleet.account_of(host)],
                "config": str(member.postfix.config),
                "main_cf": member.configuration(),
            }
            for host, member in members.items()
        }
        facts = {**fleet.provider.addresses, **KEYS, "hosts": hosts, "key": members["relay-1"].key}
        flow.start()
        try:
            yield Service(fleet.provider.standin, flow, facts, lambda: fleet.settled(flow, seconds=DRAIN))
        finally:
            flow.stop()


@contextlib.contextmanager
def senders(options: argparse.Namespace) -> Iterator[Service]:
    """Run applications that log in at the stand-in themselves, each host with two accounts."""
    names = [f"app-{number}" for number in range(1, options.hosts + 1)]
    keys: dict[str, Any] = dict(KEYS)
    pairs = {name: [f"{side}.{name}.smtp" for side in (1, 2)] for name in names}
    accounts = {one: OLD_PASSWORD for pair in pairs.values() for one in pair}
    files = {name: options.directory / f"{name}.env" for name in names}
    for name, path in files.items():
        write_login(path, pairs[name][0], OLD_PASSWORD)
    with contextlib.ExitStack() as stack:
        standin = StandIn(accounts, directory=options.directory, propagation=options.window, admin=True, **keys)
        stack.enter_context(standin)
        flow = stack.enter_context(applications(standin, files, interval=options.interval))
        hosts = {name: {"accounts": pairs[name], "file": str(path)} for name, path in files.items()}
        where = {name: getattr(standin, name) for name in ("api_url", "smtp_host", "smtp_port", "ca_path", "admin_url")}
        facts = {**where, **KEYS, "hosts": hosts, "old_password": OLD_PASSWORD}
        yield Service(standin, flow, facts, lambda: count(flow.sent, standin.record.events(), set()))


KINDS = {"relays": relays, "senders": senders}


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS, help="mail hosts with real servers, or applications and the stand-in")
    parser.add_argument("--directory", type=Path, required=True, help="an existing folder")
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--window", type=float, default=12.0, metavar="SECONDS")
    parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="between a host's messages")
    parser.add_argument("--max-seconds", type=float, default=600.0, metavar="SECONDS", help="end after that time")
    return parser.parse_args()


def write(path: Path, value: Any) -> None:
    """Write a file as a whole, for the owner only: it says passwords."""
    beside = path.with_suffix(".tmp")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(value, indent=2) + "\n")
    beside.replace(path)


def serve(service: Service, options: argparse.Namespace) -> None:
    """Wait for the end, and count when the mail is to stop."""
    write(options.directory / "ready.json", {**service.facts, "pid": os.getpid()})
    deadline = time.monotonic() + options.max_seconds
    counted = False
    while not service.standin.stop_requested.wait(POLL_SECONDS) and time.monotonic() < deadline:
        if not counted and (options.directory / "quiet").exists():
            service.flow.stop()
            told = {**dataclasses.asdict(service.tally()), "troubles": service.flow.troubles}
            write(options.directory / "tally.json", told)
            counted = True


def main() -> int:
    """Run everything until the end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    options = parse()
    with KINDS[options.kind](options) as service:
        serve(service, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
