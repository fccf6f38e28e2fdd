# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import fleet as fleets
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import (
    Play,
    leader_of,
    senders_of,
    unknown_of_later,
    users_of,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Phase, Record
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import PLAY, STORE, TOKEN, fleet, works

OVER: dict[str, Any] = {"token": TOKEN, "done": TOKEN, "reached": 0}
RUNNING: dict[str, Any] = {"token": TOKEN, "reached": 5}
ACCOUNTS, SENDERS = "smtp_rotation_accounts", "smtp_rotation_senders"


@pytest.mark.parametrize(
    ("active", "batch", "fallen", "later"),
    [
        (["a", "b", "c"], ["a", "b", "c"], [], []),
        (["a", "c"], ["a"], ["b"], ["c"]),
        (["b", "c"], ["c"], ["a"], ["b"]),
    ],
)
def test_play(active: list[str], batch: list[str], fallen: list[str], later: list[str]) -> None:
    """Catches: a host that failed and is taken for one of a later batch."""
    names = {"ansible_play_hosts_all": ["a", "b", "c"], "ansible_play_hosts": active, "ansible_play_batch": batch}
    play = Play.of({"inventory_hostname": batch[0], **names})
    assert (play.here, play.fallen, play.later) == (batch[0], fallen, later)


@pytest.mark.parametrize(
    ("here", "known", "hosts", "leader"),
    [
        # The first of the batch, whoever asks.
        ("a", {}, {}, "a"),
        ("b", {}, {}, "a"),
        # A later batch joins the one that has led the first one, with everything that it decided.
        ("b", {"a": OVER}, {"batch": "b c"}, "a"),
        ("c", {"a": OVER, "b": {"leader": "a"}}, {"batch": "c"}, "a"),
        # Also if that host has fallen out since.
        ("b", {"a": OVER}, {"active": "b c", "batch": "b c"}, "a"),
        # The role is applied a second time: what served this host is over.
        ("b", {"a": OVER, "b": {"served": TOKEN}}, {"batch": "b c"}, "b"),
        # Another store is another rotation.
        ("b", {"a": {**OVER, "vault_file": "other.yml"}}, {"batch": "b c"}, "b"),
        # A rotation of an earlier play is over, whoever led it.
        ("b", {"a": {**OVER, "play": "Another: a b c"}}, {"batch": "b c"}, "b"),
        # The one that led has failed before the end.
        ("b", {"a": RUNNING}, {"active": "b c"}, "b"),
        ("b", {"a": {"begun": False}}, {"active": "b c"}, "b"),
        # One that was led leads nobody.
        ("b", {"a": {"token": "", "done": ""}}, {"batch": "b c"}, "b"),
        # Only a host of an earlier batch can have led: one behind this batch can be of another application.
        ("a", {"c": {**OVER, "leader": "c"}}, {}, "a"),
    ],
)
def test_leader(here: str, known: Any, hosts: Any, leader: str) -> None:
    """Catches: two leaders, which call the provider twice; a batch that is served with another rotation's plan."""
    assert leader_of(fleet(here, known, **hosts), STORE, PLAY) == leader


@pytest.mark.parametrize(
    ("known", "reached"),
    [
        ({}, Phase.NONE),
        ({"b": {"reached": 2}}, Phase.PLANNED),
        ({"b": {"reached": 2, "holds": [{"held": True}]}}, Phase.HELD),
        ({"b": {"reached": 5, "holds": [{"held": True}]}}, Phase.CHANGED),
        ({"b": {"reached": 5, "tests": [works()]}}, Phase.TESTED),
        ({"b": {"reached": 9, "tests": [works()]}}, Phase.DONE),
        # What an earlier rotation of the play has left.
        ({"b": {"reached": 1, "holds": [{"token": "old"}], "tests": [{"token": "old"}]}}, Phase.CHECKED),
        # A task that failed, or was skipped, has no list.
        ({"b": {"reached": 1, "holds": []}}, Phase.CHECKED),
    ],
)
def test_reached(known: Any, reached: Phase) -> None:
    """Catches: a change before all hosts are on hold; a wait that lasts for one more task on every host."""
    assert fleet("a", {"a": {}} | known).reached("b") == reached


@pytest.mark.parametrize("registered", [None, "x", {"results": ["x"]}, {"skipped": True}])
def test_registered_is_no_list_of_results(registered: Any) -> None:
    """Catches: a traceback where a task was skipped."""
    seen = fleet("a", {"a": {}})
    assert seen.holds("a") == seen.tests("zero") == []
    hostvars = {"a": {"__smtp_rotation_holds": registered, "__smtp_rotation_tests": registered}}
    other = type(seen)(seen.play, hostvars)
    assert other.holds("a") == other.tests("a") == []


@pytest.mark.parametrize(
    ("leader", "served", "reached"),
    [
        ({"reached": 3}, "", Phase.STAGED),
        ({"reached": 3}, "another token", Phase.STAGED),
        # The leader is done, and has forgotten how far it was.
        (OVER, "", Phase.DONE),
        # It is done with the rotation before, and has not begun this one.
        (OVER, TOKEN, Phase.NONE),
        ({"reached": 1, "token": ""}, "", Phase.NONE),
        ({"begun": False}, "", Phase.NONE),
        ({"reached": 5, "tests": [works()]}, "", Phase.TESTED),
        ({"reached": 2, "done": "earlier"}, "", Phase.PLANNED),
    ],
)
def test_leader_reached(leader: Any, served: str, reached: Phase) -> None:
    """Catches: a host under strategy free that goes on with the plan of the rotation before."""
    assert fleet("b", {"a": leader, "b": {"served": served}}).leader_reached == reached


def test_who_leads() -> None:
    """Catches: a host that takes itself for the leader, or nobody that does."""
    known: Any = {"a": {}, "b": {}}
    assert [fleet(host, known).leads for host in "ab"] == [True, False]
    assert fleet("b", known).leader.token == TOKEN


@pytest.mark.parametrize(
    ("known", "programs"),
    [
        ({"begun": False}, ["postfix"]),
        ({"begun": False, "vars": {"consumer": ""}}, []),
        ({"begun": False, "vars": {"consumer": ["template", "exim", "dma"]}}, ["exim", "dma"]),
        # What it has found is what it has.
        ({"vars": {"consumer": "auto"}, "programs": ["exim"]}, ["exim"]),
        ({"vars": {"consumer": "postfix"}, "vault_file": "other.yml"}, ["postfix"]),
    ],
)
def test_programs(known: Any, programs: list[str]) -> None:
    """Catches: a host of a later batch that is not held; one that is held for a program that it does not have."""
    assert fleet("a", {"a": {}, "b": known}).programs("b", ["postfix"]) == programs


@pytest.mark.parametrize(
    ("other", "active", "accounts"),
    [
        # What a host shares, the inventory, nothing.
        ({"accounts": ["2"], "vars": {"accounts": ["9"]}}, "", ["2"]),
        ({"begun": False, "vars": {"accounts": ["3"]}}, "", ["3"]),
        ({"begun": False}, "", []),
        # One that fell out has what this one has, if nobody says otherwise.
        ({"begun": False}, "a c", ["1"]),
        ({"begun": False, "vars": {"accounts": ["3"]}}, "a c", ["3"]),
        ({"accounts": ["2"]}, "a c", ["2"]),
        # What it shared in the rotation of another store does not count.
        ({"accounts": ["2"], "vault_file": "other.yml", "vars": {"accounts": ["3"]}}, "", ["3"]),
        ({"begun": False, "vars": {"accounts": []}}, "", []),
    ],
)
def test_users(other: Any, active: str, accounts: list[str]) -> None:
    """Catches: an account of a host that is not held; a fallen host with the old password that counts as nobody's."""
    seen = fleet("a", {"a": {"accounts": ["1"]}, "b": other}, everyone="a b", active=active and "a")
    assert users_of(seen, ["1"], {}, pairs=False) == {"a": ["1"], "b": accounts}


def test_users_of_a_host_that_fell_out_without_a_word() -> None:
    """Catches: an account that changes under a host of which nobody knows that it uses it."""
    known: dict[str, Any] = {"a": {"accounts": ["1"]}, "b": {"begun": False}, "c": {"accounts": ["1", "2"]}}
    users = users_of(fleet("a", known, active="a c"), ["1"], {}, pairs=False)
    assert users == {"a": ["1"], "b": ["1", "2"], "c": ["1", "2"]}


@pytest.mark.parametrize(
    ("other", "active", "senders", "accounts"),
    [
        ({"senders": {"t": ["3", "4"]}}, "", {"t": ["3", "4"]}, ["3", "4"]),
        ({"begun": False, "vars": {"senders": {"t": ["3", "4"]}}}, "", {"t": ["3", "4"]}, ["3", "4"]),
        ({"begun": False}, "", {}, []),
        # Of a host that fell out only its use of the accounts is known, and no sender.
        ({"begun": False}, "a", {}, ["1", "2"]),
        ({"senders": {"t": ["3", "4"]}, "vault_file": "other.yml"}, "", {}, []),
    ],
)
def test_users_and_senders_of_pairs(other: Any, active: str, senders: Any, accounts: list[str]) -> None:
    """Catches: one of two accounts that is left out; a sender of a later batch that never gets its record."""
    own = {"s": ["1", "2"]}
    seen = fleet("a", {"a": {"senders": own}, "b": other}, everyone="a b", active=active)
    assert users_of(seen, [], own, pairs=True) == {"a": ["1", "2"], "b": accounts}
    assert senders_of(seen) == {**own, **senders}


@pytest.mark.parametrize(
    ("other", "batch", "found"),
    [
        ({"begun": False}, "a", ["b"]),
        ({"begun": False}, "", []),
        ({"begun": False, "vars": {"accounts": ["1"]}}, "a", []),
        # Empty is an answer too.
        ({"begun": False, "vars": {"accounts": []}}, "a", []),
        # It has been in an earlier application of the role.
        ({"accounts": ["1"]}, "a", []),
        # Of senders, accounts tell nothing.
        ({"begun": False, "vars": {"senders": {}}}, "a", ["b"]),
    ],
)
def test_unknown_of_later(other: Any, batch: str, found: list[str]) -> None:
    """Catches: a host of a later batch that sends inside the window, because nobody knew what it uses."""
    seen = fleet("a", {"a": {}, "b": other}, everyone="a b", batch=batch)
    assert unknown_of_later(seen, ACCOUNTS) == found


@pytest.mark.parametrize(
    ("troubled", "testers"),
    [
        ({}, {"1": "a", "2": "a", "3": "b"}),
        ({"a": False}, {"1": "b", "2": "a", "3": "b"}),
        ({"a": True, "b": False}, {"1": "c", "2": "a", "3": "b"}),
        ({"a": True, "b": False, "c": False}, {"1": "a", "2": "a", "3": "b"}),
    ],
)
def test_testers(troubled: dict[str, bool], testers: dict[str, str]) -> None:
    """Catches: a test from a host that cannot be reached, and an account that nobody tests."""
    users = {"a": ["1", "2"], "b": ["1", "3"], "c": ["1"]}
    assert fleets.testers_of(fleet(), users, troubled) == testers


@pytest.mark.parametrize(("known", "value"), [({}, "own"), ({"x": None}, "own"), ({"x": ""}, ""), ({"x": 5}, 5)])
def test_value_of_another_host(known: dict[str, Any], value: Any) -> None:
    """Catches: this host's transport held on another one that has its own."""
    assert fleet("a", {"b": {"vars": known}}).value("b", "smtp_rotation_x", "own") == value


def test_record_is_replaced_for_this_host_alone() -> None:
    """Catches: a step that decides by what this host remembered before it."""
    before = fleet("a", {"a": {"reached": 1}, "b": {"reached": 2}})
    after = before.with_record(Record(reached=Phase.CHANGED))
    assert [after.reached(host) for host in "ab"] == [Phase.CHANGED, Phase.PLANNED]
    assert before.own.reached == Phase.CHECKED
