# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet's rotation that is killed at any phase and started again: real mail hosts, and mail that flows meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from support.controller import Controller
from support.crash.harness import Crash
from support.crash.processes import kill_tree
from support.fleet.tally import broken
from support.fleet.world import ROTATE, Fleet, why_not
from support.waiting import until

# Long enough that a run killed before its wait is started again while the window is open.
WINDOW = 8
# A machine with much else to do: only what must not happen at all is asked for here, and not how long it takes.
PATIENCE = 300.0

# Each account is used by two hosts: one host can be further than the other.
MIXED = ("postfix", "exim", "opensmtpd", "nullmailer")
POSTFIX = ("postfix", "postfix")
IN_PLACE = {
    "check": "task Check the options and this host",
    "hold": "task Hold outgoing mail",
    "rotate": "task Change the passwords that are due",
    "deploy": "task Deploy the new passwords",
    "wait": "handler Wait for the SMTP passwords to take effect",
    "test": "task Send a test message with each new password",
    "release": "task Release the mail",
    "record": "task Record which passwords work",
}
ALTERNATE = {
    "rotate": "task Change the passwords of the idle accounts",
    "switch": "task Switch to the accounts that passed the test",
    "deploy": "task Deploy the new passwords",
    "settle": "task Retire the accounts that no host uses any more",
}

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@contextlib.contextmanager
def running(tmp_path: Path, programs: Sequence[str]) -> Iterator[Fleet]:
    """Run a fleet with these mail programs."""
    place = tmp_path / "fleet"
    place.mkdir()
    with Fleet(place, programs=programs, window=WINDOW) as fleet:
        yield fleet


def killed(crash: Crash, boundary: str) -> None:
    """Start a run and kill it, with all that it started, when it comes to the boundary for the first time."""
    process, _results = crash.start(ROTATE, crash.environment(f"{boundary} 1", tasks=True))
    try:
        until(lambda: crash.frozen or process.poll() is not None, seconds=PATIENCE)
        frozen = crash.frozen
    finally:
        kill_tree(process.pid)
        output, _nothing = process.communicate()
    assert frozen, f"the run never came to {boundary!r}:\n{output}"


def run(controller: Controller) -> None:
    """Run to the end, which is a good one."""
    process, _results = controller.start(ROTATE)
    try:
        output, _nothing = process.communicate(timeout=PATIENCE)
    except BaseException:
        kill_tree(process.pid)
        raise
    assert process.returncode == 0, output


def killed_and_started_again(fleet: Fleet, controller: Controller, strategy: str, boundary: str) -> None:
    """Kill a run there, start it again, and look at the mail, the logins and what is left behind on each machine."""
    inventory = fleet.write_inventory(controller.folder / "inventory.yml", strategy, {"store": str(controller.store)})
    controller.environment = {"ANSIBLE_INVENTORY": str(inventory), "ANSIBLE_PIPELINING": "true"}
    crash = Crash(controller, fleet.provider.standin.api_url)
    before = {host: member.configuration() for host, member in fleet.members.items()}
    flow = fleet.flow(interval=0.5)
    flow.start()
    try:
        killed(crash, boundary)
        run(controller)
    finally:
        flow.stop()
    tally = fleet.settled(flow, seconds=PATIENCE)
    assert flow.troubles + broken(tally, most_delay=2 * PATIENCE) == []
    assert crash.left() == []
    assert {host: member.configuration() for host, member in fleet.members.items()} == before


def check_hosts(fleet: Fleet, controller: Controller, used: Mapping[str, str]) -> None:
    """Check that each host uses the account that is named with the password that the store calls verified."""
    records = controller.decrypted()
    for host, member in fleet.members.items():
        record = records[used[host]]
        assert "verified_at" in record and "staged_password" not in record
        assert record["password"] != fleet.old_passwords[used[host]]
        assert member.login() == f"{used[host]}:{record['password']}"


@pytest.mark.parametrize("phase", IN_PLACE)
def test_in_place(phase: str, tmp_path: Path) -> None:
    """Catches: a host that stays on hold, keeps the old password or logs in inside the window after a kill."""
    controller = Controller(tmp_path / "user")
    with running(tmp_path, MIXED) as fleet:
        killed_and_started_again(fleet, controller, "in_place", IN_PLACE[phase])
        check_hosts(fleet, controller, {host: fleet.account_of(host) for host in fleet.hosts})


@pytest.mark.parametrize("phase", ALTERNATE)
def test_alternate(phase: str, tmp_path: Path) -> None:
    """Catches: a sender that is stuck between its two accounts, or hosts that use different ones, after a kill."""
    controller = Controller(tmp_path / "user")
    with running(tmp_path, POSTFIX) as fleet:
        killed_and_started_again(fleet, controller, "alternate", ALTERNATE[phase])
        check_hosts(fleet, controller, {host: fleet.senders[sender][1] for host, sender in fleet.hosts.items()})
