# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import waiting
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.waiting import (
    awaits,
    next_pause,
    seconds_left,
    untested_by,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import TOKEN, fleet, works

HELD: dict[str, Any] = {"reached": 1, "holds": [{"held": True}]}
TESTED: dict[str, Any] = {"reached": 5, "tests": [works()]}
OUTCOME: dict[str, Any] = {"wait": 10.0, "uptime": 100.0}


@pytest.mark.parametrize("until", [*waiting.ALL, *waiting.LEADER, "window", "reach", "tests", "tried", "judged"])
def test_host_alone_waits_for_nobody(until: str) -> None:
    """Catches: a run that waits for itself for ever."""
    known: Any = {"a": {"reached": 8, "accounts": ["1"], "outcome": OUTCOME, **TESTED, "plan": {"users": {"a": ["1"]}}}}
    known["a"]["reached"] = 8
    assert not awaits(fleet("a", known, everyone="a"), until, 100.0)


def test_audit_waits_for_the_logins_and_then_for_the_leader() -> None:
    """Catches: an account that is left out because its host was slow; a host that goes on before it is known how."""
    done: dict[str, Any] = {"reached": 2, "audits": [{"entries": []}]}
    short, far = {"a": done, "b": {"reached": 1}}, {"a": done, "b": done}
    assert awaits(fleet("a", short, everyone="a b"), "audited", 0.0)
    assert not awaits(fleet("a", far, everyone="a b"), "audited", 0.0)
    assert not awaits(fleet("b", short, everyone="a b"), "audited", 0.0)
    assert not awaits(fleet("a", short, everyone="a b", batch="a"), "audited", 0.0)
    judged = {**far, "a": {**done, "audit": {}}}
    assert awaits(fleet("b", far, everyone="a b"), "judged", 0.0)
    assert awaits(fleet("b", {**judged, "b": {**done, "served": TOKEN}}, everyone="a b"), "judged", 0.0)
    assert not awaits(fleet("b", judged, everyone="a b"), "judged", 0.0)
    # The leader is of an earlier batch, or has failed.
    assert not awaits(fleet("b", far, everyone="a b", batch="b"), "judged", 0.0)


@pytest.mark.parametrize(
    ("until", "short", "far"),
    [
        ("accounts", {"begun": False}, {"reached": 1}),
        ("held", {"reached": 2}, HELD),
        ("tested", {"reached": 5, "holds": [{"held": True}]}, TESTED),
    ],
)
def test_leader_waits_for_all_hosts(until: str, short: Any, far: Any) -> None:
    """Catches: a change while a host still sends; a host whose test is lost; others that wait for one another."""
    known = {"a": far, "b": far}
    assert awaits(fleet("a", {**known, "c": short}), until, 0.0)
    assert not awaits(fleet("a", {**known, "c": far}), until, 0.0)
    assert not awaits(fleet("b", {**known, "c": short}), until, 0.0)
    # One that has fallen out, or is of a later batch, is not waited for.
    assert not awaits(fleet("a", {**known, "c": short}, active="a b"), until, 0.0)
    assert not awaits(fleet("a", {**known, "c": short}, batch="a b"), until, 0.0)


@pytest.mark.parametrize(("until", "phase"), [("plan", 2), ("staged", 3), ("changed", 5), ("switched", 7), ("done", 9)])
def test_hosts_wait_for_the_leader(until: str, phase: int) -> None:
    """Catches: a host that goes on before the leader has done what it relies on; a leader that waits for itself."""
    short, far = {"a": {"reached": phase - 1}, "b": {}}, {"a": {"reached": phase}, "b": {}}
    assert awaits(fleet("b", short), until, 0.0)
    assert not awaits(fleet("b", far), until, 0.0)
    assert not awaits(fleet("b", {"a": {"reached": 0, "done": TOKEN}, "b": {}}), until, 0.0)
    assert not awaits(fleet("a", short), until, 0.0)
    # The leader has failed, or is of an earlier batch: it comes no further.
    assert not awaits(fleet("b", short, active="b c"), until, 0.0)
    assert not awaits(fleet("b", short, batch="b c"), until, 0.0)


@pytest.mark.parametrize(
    ("here", "known", "hosts", "waits"),
    [
        ("a", {"b": {"reached": 7}}, {}, True),
        ("a", {"b": {"reached": 8}, "c": {"reached": 8}}, {}, False),
        ("b", {"b": {"reached": 8}}, {}, False),
        # In a later batch its first host retires accounts, although it does not lead.
        ("b", {"b": {"reached": 8}, "c": {"reached": 7}}, {"batch": "b c"}, True),
    ],
)
def test_wait_until_all_have_tried(here: str, known: Any, hosts: Any, waits: bool) -> None:
    """Catches: an account that is retired while a host of the batch has not yet left it."""
    assert awaits(fleet(here, {"a": {"reached": 8}, **known}, **hosts), "tried", 0.0) == waits


PLAN = {"users": {"a": ["1"], "b": ["2", "3"]}, "testers": {"1": "a", "2": "b", "3": "c"}}


@pytest.mark.parametrize(
    ("accounts", "batch", "testers"),
    [
        (["1", "2", "3"], "", ["a", "b", "c"]),
        (["2", "2"], "", ["b"]),
        # For a host that is not at work the leader tests, and it tests what nobody is named for.
        (["2", "3"], "a b", ["b", "a"]),
        (["9"], "", ["a"]),
    ],
)
def test_who_tests_the_accounts_of_a_host(accounts: list[str], batch: str, testers: list[str]) -> None:
    """Catches: mail that stays on hold until hosts have tested that have nothing to do with it."""
    known: Any = {"a": {"plan": PLAN}, "b": {"accounts": accounts}}
    assert waiting.testers_here(fleet("b", known, batch=batch)) == testers
    assert waiting.testers_here(fleet("b", {"b": {"accounts": accounts}})) == ["a"]


@pytest.mark.parametrize(
    ("known", "batch", "waits"),
    [
        ({}, "", True),
        ({"b": {"looked": True}}, "", True),
        ({"b": {"looked": True}, "c": {"looked": True}}, "", False),
        # One without hold tasks looks while it holds.
        ({"b": {"looked": True}, "c": HELD}, "", False),
        # The leader looks for one that is not at work.
        ({"b": {"looked": True}}, "a b", True),
        ({"a": {"looked": True}, "b": {"looked": True}}, "a b", False),
        # In a later batch the leader is at work no more.
        ({"b": {"looked": True}}, "b", False),
    ],
)
def test_wait_until_testers_have_looked(known: Any, batch: str, waits: bool) -> None:
    """Catches: mail held for a change that cannot be tested; a host that waits for ever for one that never looks."""
    scene: Any = {"a": {}, "b": {}, "c": {}} | known
    scene["a"] = {**scene["a"], "plan": PLAN}
    scene["b"] = {**scene["b"], "accounts": ["2", "3"]}
    assert awaits(fleet("b", scene, batch=batch), "reach", 0.0) == waits


@pytest.mark.parametrize(
    ("known", "hosts", "missing", "waits"),
    [
        ({}, {}, ["b", "c"], True),
        ({"b": {"tests": [works("2")]}}, {}, ["c"], True),
        ({"b": {"tests": [works("2")]}, "c": {"tests": [works()]}}, {}, [], False),
        # The leader has collected them: those that are done have forgotten theirs.
        ({"a": {"verdict": {"proved": ["2"]}}}, {}, [], False),
        # In a later batch all is tested, or never will be.
        ({}, {"batch": "b"}, ["b", "a"], False),
        ({"b": {"tests": [{"token": "old"}]}}, {}, ["b", "c"], True),
    ],
)
def test_wait_for_the_tests_of_own_accounts(known: Any, hosts: Any, missing: list[str], waits: bool) -> None:
    """Catches: mail released before its account is tested; a host that waits for one that will not test."""
    scene: Any = {"a": {"plan": PLAN} | known.get("a", {}), "b": {"accounts": ["2", "3"]} | known.get("b", {})}
    seen = fleet("b", {**scene, "c": known.get("c", {})}, **hosts)
    assert untested_by(seen) == missing or hosts
    assert awaits(seen, "tests", 0.0) == waits


@pytest.mark.parametrize(
    ("here", "leader", "uptime", "hosts", "left"),
    [
        ("b", {"outcome": OUTCOME}, 100.0, {}, 10.0),
        ("b", {"outcome": OUTCOME}, 107.5, {}, 2.5),
        ("b", {"outcome": OUTCOME}, 110.0, {}, 0.0),
        ("b", {"outcome": OUTCOME}, 999.0, {}, 0.0),
        # The leader waits by itself, in a task of its own.
        ("a", {"outcome": OUTCOME}, 100.0, {}, 0.0),
        ("b", {}, 100.0, {}, 0.0),
        ("b", {"outcome": {"wait": 0.0, "uptime": 100.0}}, 100.0, {}, 0.0),
        # In a later batch nobody waits a second time, nor for a leader that has failed.
        ("b", {"outcome": OUTCOME}, 100.0, {"batch": "b"}, 0.0),
        ("b", {"outcome": OUTCOME}, 100.0, {"active": "b"}, 0.0),
        # Where the time since the start is not known, the leader's wait is waited for, and no longer.
        ("b", {"outcome": {"wait": 10.0, "uptime": 0.0}}, 0.0, {}, 10.0),
        ("b", {"outcome": {"wait": 10.0, "uptime": 0.0}, "tests": [works()]}, 0.0, {}, 0.0),
        # In check mode the leader does not wait.
        ("b", {"outcome": OUTCOME, "tests": [works()]}, 100.0, {}, 0.0),
    ],
)
def test_wait_for_the_window(here: str, leader: Any, uptime: float, hosts: Any, left: float) -> None:
    """Catches: a login inside the window under strategy free; a wait without an end where no clock is known."""
    seen = fleet(here, {"a": leader, "b": {}}, everyone="a b", **hosts)
    assert seconds_left(seen, uptime) == left
    assert awaits(seen, "window", uptime) == (left > 0)


@pytest.mark.parametrize(
    ("pause", "interval", "longer"),
    [(1, 60, 2), (2, 60, 4), (32, 60, 60), (60, 60, 60), (60, 600, 60), (8, 5, 5), (1, 1, 1), (1, 0, 1)],
)
def test_next_pause(pause: int, interval: int, longer: int) -> None:
    """Catches: a host that looks after the others all the time, and one that is silent for long."""
    assert next_pause(pause, interval) == longer


@pytest.mark.parametrize(
    ("other", "waits"),
    [({"reached": 7}, True), ({"reached": 8}, False), ({"served": TOKEN}, False), ({"served": "x"}, True)],
)
def test_host_that_has_come_to_the_end(other: Any, waits: bool) -> None:
    """Catches: a first host that waits for ever for one that tried, was done, and forgot it before it was looked at."""
    seen = fleet("a", {"a": {"reached": 8}, "b": other}, everyone="a b")
    assert awaits(seen, "tried", 0) == waits
