# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategy alternate: two accounts for each sender, and mail that never waits."""

from __future__ import annotations

import time
from typing import Any

import pytest
from standin.faults import Fault
from support.controller import Ended
from support.crash.processes import kill_tree
from support.fleet_of_hosts import AWAY, Fleet
from support.long import LONG
from support.scene import ONE, TWO, Scene
from support.waiting import until

SENDERS = {"newsletter": [ONE, TWO]}
TEMPLATE = "{{ smtp_senders['newsletter'].in_use }} {{ smtp_accounts[smtp_senders['newsletter'].in_use].password }}\n"


@pytest.fixture
def fleet(scene: Scene) -> Fleet:
    """Two hosts of one sender, each with a file that says how it logs in."""
    made = Fleet(scene, {name: {"smtp_rotation_senders": SENDERS} for name in ("mail1", "mail2")})
    (made.folder / "login.j2").write_text(TEMPLATE)
    return made


def run(fleet: Fleet, *arguments: str, **over: Any) -> Ended:
    """Run the role with the template consumer."""
    return fleet.run(*arguments, **options(fleet, **over))


def options(fleet: Fleet, **over: Any) -> dict[str, Any]:
    """Return the role's variables."""
    return {
        "strategy": "alternate",
        "consumer": "template",
        "template_src": "login.j2",
        "template_dest": str(fleet.folder / "{{ inventory_hostname }}.login"),
        **over,
    }


def logins_of_hosts(fleet: Fleet) -> set[str]:
    """Return what the hosts' files say."""
    return {path.read_text().strip() for path in fleet.folder.glob("*.login")}


def senders(fleet: Fleet) -> dict[str, Any]:
    """Return what the store says of the sender, without the date."""
    found = dict(fleet.scene.controller.document()["smtp_senders"]["newsletter"])
    found.pop("switched_at", None)
    return found


def no_login_inside_a_window(scene: Scene) -> bool:
    return not [login for login in scene.provider.record.logins() if login["in_window"] or not login["accepted"]]


def test_account_at_rest_is_rotated_tested_and_then_used(fleet: Fleet) -> None:
    """Catches: mail that is held, an account in use that changes, hosts that switch before the test."""
    scene = fleet.scene
    hooks = fleet.hooks("hold", "release")
    ended = run(fleet, **hooks)
    assert ended.code == 0, ended.output
    assert fleet.asked() == []
    assert scene.provider.record.changes(ONE) == []
    assert len(scene.provider.record.changes(TWO)) == 1
    assert no_login_inside_a_window(scene)
    assert senders(fleet) == {"in_use": TWO, "at_rest": ONE}
    password = scene.controller.decrypted()[TWO]["password"]
    assert logins_of_hosts(fleet) == {f"{TWO} {password}"}
    # One test send before the hosts switch, and one login from each of them after it.
    assert [message["account"] for message in scene.provider.record.messages()] == [TWO]
    assert len(scene.provider.record.logins()) == 3
    events = len(scene.provider.record.events())
    again = run(fleet, **hooks)
    assert again.code == 0, again.output
    assert len(scene.provider.record.events()) == events
    assert [again.recap(name)["changed"] for name in fleet.hosts] == [0, 0]


@LONG
def test_the_other_account_is_next(fleet: Fleet) -> None:
    """Catches: the same account rotated every time; both of a pair rotated in one run."""
    scene = fleet.scene
    assert run(fleet).code == 0
    ended = run(fleet, rotate="always")
    assert ended.code == 0, ended.output
    assert [len(scene.provider.record.changes(name)) for name in (ONE, TWO)] == [1, 1]
    assert senders(fleet) == {"in_use": ONE, "at_rest": TWO}
    assert no_login_inside_a_window(scene)
    password = scene.controller.decrypted()[ONE]["password"]
    assert logins_of_hosts(fleet) == {f"{ONE} {password}"}


@LONG
def test_host_that_was_missed_keeps_the_old_account_valid(fleet: Fleet) -> None:
    """Catches: the old account put at rest, and rotated, while a host still uses it."""
    scene = fleet.scene
    assert run(fleet).code == 0
    (before,) = logins_of_hosts(fleet)
    everywhere = fleet.hosts
    fleet.hosts = {**everywhere, "mail2": {**everywhere["mail2"], **AWAY}}
    for _time in range(2):
        ended = run(fleet, rotate="always")
        assert ended.code != 0
        assert senders(fleet) == {"in_use": ONE, "leaving": TWO}
        assert (fleet.folder / "mail2.login").read_text().strip() == before
        assert scene.login(*before.split()) == 235
        assert [len(scene.provider.record.changes(name)) for name in (ONE, TWO)] == [1, 1]
    fleet.hosts = everywhere
    ended = run(fleet)
    assert ended.code == 0, ended.output
    assert senders(fleet) == {"in_use": ONE, "at_rest": TWO}
    assert len(logins_of_hosts(fleet)) == 1


@LONG
def test_refused_test_send_switches_nothing(fleet: Fleet) -> None:
    """Catches: hosts that switch to an account that was seen to fail."""
    scene = fleet.scene
    scene.provider.submission.refuse_sender = True
    failed = run(fleet)
    assert failed.code != 0
    assert senders(fleet) == {"in_use": ONE, "at_rest": TWO}
    assert logins_of_hosts(fleet) == set()
    scene.provider.submission.refuse_sender = False
    again = run(fleet)
    assert again.code == 0, again.output
    assert len(scene.provider.record.changes(TWO)) == 1
    assert senders(fleet) == {"in_use": TWO, "at_rest": ONE}


@LONG
def test_unknown_outcome_is_finished_by_the_next_run(fleet: Fleet) -> None:
    """Catches: a staged password of an account at rest that is never sent again, or sent with another value."""
    scene = fleet.scene
    scene.provider.faults.push(Fault(kind="reset", when="after", times=9))
    assert run(fleet).code != 0
    scene.provider.faults.clear()
    ended = run(fleet)
    assert ended.code == 0, ended.output
    assert len({one.password for one in scene.provider.accounts.history(TWO)}) == 2
    assert senders(fleet) == {"in_use": TWO, "at_rest": ONE}
    assert no_login_inside_a_window(scene)


@LONG
def test_killed_in_the_wait(fleet: Fleet) -> None:
    """Catches: a second new password, a wait that begins anew, a switch without a test."""
    scene = fleet.scene
    process, _results = fleet.start(**options(fleet, propagation_seconds=40))
    try:
        until(
            lambda: scene.controller.store.exists() and "effective_at" in scene.controller.store.read_text(), seconds=90
        )
        time.sleep(1)
    finally:
        kill_tree(process.pid)
        process.communicate()
    ended = run(fleet, propagation_seconds=40)
    assert ended.code == 0, ended.output
    assert len(scene.provider.record.changes(TWO)) == 1
    assert no_login_inside_a_window(scene)
    assert senders(fleet) == {"in_use": TWO, "at_rest": ONE}


@LONG
def test_serial_and_free(scene: Scene) -> None:
    """Catches: an old account put at rest after the first batch; a host that is never switched."""
    for keywords in ({"serial": 1}, {"strategy": "free"}):
        fleet = Fleet(scene, {name: {"smtp_rotation_senders": SENDERS} for name in ("mail1", "mail2")}, keywords)
        (fleet.folder / "login.j2").write_text(TEMPLATE)
        ended = run(fleet, rotate="always")
        assert ended.code == 0, ended.output
        assert senders(fleet)["at_rest"]
        assert len(logins_of_hosts(fleet)) == 1
    assert [len(scene.provider.record.changes(name)) for name in (ONE, TWO)] == [1, 1]
    assert no_login_inside_a_window(scene)


def test_check_mode_writes_nothing(fleet: Fleet) -> None:
    """Catches: a check that adopts a sender, calls, or switches."""
    ended = run(fleet, "--check", "--diff")
    assert ended.code == 0, ended.output
    assert fleet.scene.provider.record.events() == []
    assert not fleet.scene.controller.store.exists()
    assert logins_of_hosts(fleet) == set()
