# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.change import (
    excluded,
    is_held,
    must_be_held,
    outcome_of,
    pause,
    planned,
    to_hold,
    to_try,
    to_visit,
    troubled,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import (
    ALTERNATE,
    IN_PLACE,
    OVERLAP,
    RETIRE,
    Outcome,
    Plan,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fleet

USERS = {"a": ["1"], "b": ["2"], "c": ["1", "3"]}
PLAN: dict[str, Any] = {"users": USERS, "work": ["1", "2"], "changing": ["1"]}
ADVICE: list[dict[str, Any]] = [
    {"sender": "s", "step": "rotate", "account": "1"},
    {"sender": "t", "step": "finish", "account": "2"},
    {"sender": "u", "step": "nothing", "account": None},
]
HELD = {"held": True}


def entry(account: str, action: str = "rotated", reason: str = "it is due", **more: Any) -> dict[str, Any]:
    return {"account": account, "action": action, "reason": reason, **more}


@pytest.mark.parametrize(("pairs", "tried"), [(False, (["1", "2", "3"], [])), (True, (["1"], ["2"]))])
def test_what_is_tried(pairs: bool, tried: Any) -> None:
    """Catches: with two accounts of each sender, the one in use that gets another password."""
    assert to_try(USERS, ADVICE, pairs=pairs) == tried


@pytest.mark.parametrize(
    ("preview", "tests", "work", "changing", "begun"),
    [
        ({}, True, [], [], []),
        ({"accounts": [entry("1"), entry("2", "unchanged")]}, True, ["1"], ["1"], []),
        # What is still to be tested is worked on, and does not change.
        ({"accounts": [entry("1"), entry("2", "unchanged")], "unverified": ["2", "1"]}, True, ["1", "2"], ["1"], []),
        # Without test sends only as long as the window is open: nothing is ever recorded as tested.
        ({"accounts": [entry("2", "unchanged")], "unverified": ["2"], "seconds_to_wait": 0}, False, [], [], []),
        ({"accounts": [entry("2", "unchanged")], "unverified": ["2"], "seconds_to_wait": 0.5}, False, ["2"], [], []),
        ({"accounts": [entry("1", reason="a password has been staged, and is sent")]}, True, ["1"], ["1"], ["1"]),
        ({"accounts": [entry("1", reason="a new password was requested at noon")]}, True, ["1"], ["1"], ["1"]),
    ],
)
def test_plan_in_place(preview: Any, tests: bool, work: list[str], changing: list[str], begun: list[str]) -> None:
    """Catches: a window that nobody waits for; mail held for an account that is tested and unchanged."""
    made = planned(fleet(), Plan(users=USERS), {"vault_file": "/smtp.yml", **preview}, tests=tests)
    assert (made.work, made.changing, made.begun) == (work, changing, begun)
    assert made.goes_on == bool(work)
    assert made.testers == {"1": "a", "2": "b", "3": "c"}
    assert made.vault_file == "/smtp.yml"


@pytest.mark.parametrize(
    ("advice", "due", "finishing", "goes_on"),
    [
        (ADVICE, ["1"], ["2"], True),
        ([{"sender": "s", "step": "switch", "account": "1"}], [], [], True),
        ([{"sender": "s", "step": "settle", "account": "1"}], [], [], True),
        ([{"sender": "s", "step": "nothing", "account": None}], [], [], False),
    ],
)
def test_plan_of_pairs(advice: Any, due: list[str], finishing: list[str], goes_on: bool) -> None:
    """Catches: the look at an account that is not due, taken for a change; a sender that is never switched."""
    pairs = {"s": ["1", "4"]}
    known = Plan(users=USERS, pairs=pairs, ids={"1": 7}, advice=advice, due=due, finishing=finishing, way=ALTERNATE)
    preview = {"vault_file": "/smtp.yml", "accounts": [entry("3", "unchanged")]}
    made = planned(fleet(), known, preview, tests=True)
    assert made.work == made.changing == [*due, *finishing]
    assert (made.pairs, made.ids, made.advice, made.goes_on) == (known.pairs, known.ids, advice, goes_on)


@pytest.mark.parametrize(
    ("actions", "consumes", "way", "work", "goes_on"),
    [
        (["would_rotate", "unchanged"], False, OVERLAP, ["1"], True),
        (["would_rotate", "would_retire"], False, OVERLAP, ["1"], True),
        (["unchanged", "unchanged"], False, OVERLAP, [], False),
        (["unchanged", "would_retire"], False, RETIRE, [], True),
        # Where hosts get their logins in every run, the old credential goes beside that.
        (["unchanged", "would_retire"], True, OVERLAP, [], True),
    ],
)
def test_plan_beside_the_old_credential(
    actions: list[str], consumes: bool, way: str, work: list[str], goes_on: bool
) -> None:
    """Catches: a message through hosts whose login stays; every phase run for a credential that is only deleted."""
    preview = {"vault_file": "x", "accounts": [entry(*pair) for pair in zip("12", actions, strict=True)]}
    seen = fleet("a", {"a": {"consumes": consumes}})
    made = planned(seen, Plan(users=USERS, way=OVERLAP), preview, tests=True)
    assert (made.way, made.work, made.changing, made.goes_on) == (way, work, work, goes_on)


@pytest.mark.parametrize(
    ("known", "goes_on"),
    [
        ({}, False),
        ({"a": {"consumes": True}}, True),
        ({"c": {"begun": False, "vars": {"consumer": "postfix"}}}, True),
        ({"c": {"begun": False, "vars": {"consumer": ""}}}, False),
    ],
)
def test_passwords_are_deployed_in_every_run(known: Any, goes_on: bool) -> None:
    """Catches: a host that could not be reached the last time, and never gets its password since nothing is due."""
    assert planned(fleet("a", known), Plan(), {"vault_file": "x"}, tests=True).goes_on == goes_on


@pytest.mark.parametrize(
    ("programs", "hold_tasks", "way", "active", "hosts"),
    [
        (["postfix"], "", IN_PLACE, "a b c d", ["a", "b", "c"]),
        ([], "", IN_PLACE, "a b c d", ["b"]),
        ([], "hold.yml", IN_PLACE, "a b c d", ["a", "b", "c"]),
        (["postfix"], "", ALTERNATE, "a b c d", []),
        (["postfix"], "hold.yml", OVERLAP, "a b c d", []),
        # One that has fallen out is pinged, not held. As long as it may be up, its accounts do not change for others.
        (["postfix"], "", IN_PLACE, "a d", []),
        (["postfix"], "", IN_PLACE, "a b d", ["b"]),
    ],
)
def test_holders(programs: list[str], hold_tasks: str, way: str, active: str, hosts: list[str]) -> None:
    """Catches: an account that changes while a host sends with it; one left alone since a host has nothing to hold."""
    known: Any = {
        "a": {"plan": {**PLAN, "users": {**USERS, "d": ["3"]}, "way": way}, "programs": programs},
        "b": {"begun": False, "vars": {"consumer": ["postfix", "template"]}},
    }
    seen = fleet("a", known, everyone="a b c d", active=active)
    assert must_be_held(seen, programs, hold_tasks) == hosts


def test_must_be_held_beside_a_host_that_is_away() -> None:
    """Catches: an account that changes while a host sends with it, because another host of it is down."""
    away = {"a": {"plan": PLAN, "programs": ["exim"], "holds": [{"item": "c", "away": True}]}}
    assert must_be_held(fleet("a", away, active="a b"), ["exim"], "") == ["a", "b"]


def test_nobody_holds_without_a_plan() -> None:
    """Catches: mail held by a host whose leader has failed."""
    seen = fleet("a", {"a": {}, "b": {}})
    assert must_be_held(seen, ["postfix"], "") == to_hold(seen) == []
    assert to_visit(seen) == ["a"]


EVERYONE = "a b c d e f"
ALL = {key: ["1"] for key in EVERYONE.split()}
ALL_CHANGE: dict[str, Any] = {"plan": {"users": ALL, "work": ["1"], "changing": ["1"]}}


@pytest.mark.parametrize(
    ("here", "known", "hosts", "mine"),
    [
        ("a", {}, {}, ["a"]),
        ("b", {}, {}, ["b"]),
        # Of later batches each holds a share, and every host has one that holds it.
        ("a", {}, {"batch": "a b"}, ["a", "c", "e"]),
        ("b", {}, {"batch": "a b"}, ["b", "d", "f"]),
        ("a", {}, {"batch": "a"}, ["a", "b", "c", "d", "e", "f"]),
        ("b", {}, {"batch": "a b", "active": "a b d f"}, ["b", "f"]),
        # Those are held when their turn comes.
        ("c", {}, {"batch": "c d"}, []),
        # What it cannot hold it does not.
        ("b", {"b": {"trouble": "no such transport"}}, {"batch": "a b"}, ["d", "f"]),
        ("a", {"a": {"plan": {"users": {**ALL, "a": ["2"], "c": ["2"]}, "work": ["1"]}}}, {"batch": "a b"}, ["e"]),
        # One that is up and in trouble keeps the account as it is for all; one that is away does not, nor a window.
        ("a", {"a": ALL_CHANGE, "b": {"trouble": "no"}}, {}, []),
        ("a", {"a": ALL_CHANGE, "b": {"trouble": "no"}}, {"active": "a c", "batch": "a"}, []),
        ("a", {"a": ALL_CHANGE, "b": {"trouble": "no", "away": True}}, {}, ["a"]),
        ("a", {"b": {"trouble": "no"}}, {}, ["a"]),
    ],
)
def test_who_holds_whom(here: str, known: Any, hosts: Any, mine: list[str]) -> None:
    """Catches: a host of a later batch that nobody holds, or that two hold at the same time."""
    scene = {here: {}, "a": {"plan": {"users": ALL, "work": ["1"]}}} | known
    assert to_hold(fleet(here, scene, everyone=EVERYONE, **hosts)) == mine


@pytest.mark.parametrize(
    ("here", "plan", "visited"),
    [
        ("a", PLAN, ["a", "d", "c"]),
        ("b", PLAN, ["b"]),
        # Nothing to do: then it does not matter who is up.
        ("a", {**PLAN, "work": []}, ["a"]),
    ],
)
def test_where_the_hold_goes(here: str, plan: Any, visited: list[str]) -> None:
    """Catches: a host that fell out and is up, whose account changes while it sends."""
    known = {"a": {"plan": {**plan, "users": {**USERS, "d": ["1"]}}}, "b": {}}
    seen = fleet(here, known, everyone="a b c d", active="a b d", batch="a b")
    assert to_visit(seen) == visited


@pytest.mark.parametrize(
    ("known", "hosts", "held", "trouble"),
    [
        ({"a": {"holds": [HELD]}, "b": {"holds": [HELD]}}, {}, "a b", {}),
        # It could not be held: it is up, or away.
        ({"a": {"holds": [{"trouble": "no"}]}}, {}, "a", {"a": False}),
        ({"a": {"holds": [{"trouble": "no", "away": True}]}}, {}, "a", {"a": True}),
        ({"a": {"trouble": "no"}}, {}, "", {"a": False}),
        ({"a": {"trouble": "no", "away": True}}, {}, "", {"a": True}),
        # One that was away before its trouble was known stays so.
        ({"a": {"trouble": "no", "away": True, "holds": [{"trouble": "no"}]}}, {}, "a", {"a": True}),
        # It fell out; the leader has looked whether it is up.
        ({}, {"active": "a b"}, "", {"c": False}),
        ({"a": {"holds": [HELD, {"item": "c", "away": False}]}}, {"active": "a b"}, "a", {"c": False}),
        ({"a": {"holds": [HELD, {"item": "c", "away": True}]}}, {"active": "a b"}, "a", {"c": True}),
        # Nobody held it, whatever became of the host that should have.
        ({"a": {"holds": [HELD]}}, {}, "a b", {"b": False}),
        ({"a": {"holds": [HELD, {"item": "b", "skipped": True}]}}, {}, "a b", {"b": False}),
        # Held by another host, in a batch before its own.
        ({"a": {"holds": [HELD, {"item": "c", **HELD}]}}, {"batch": "a b"}, "a c", {}),
        # The playbook's own tasks could not hold it, and the mail program says that nothing is to be done.
        ({"a": {"unheld": {"c": False}, "holds": [{"item": "c", **HELD}]}}, {"batch": "a b"}, "c", {"c": False}),
        ({"a": {"unheld": {"c": True}}}, {"batch": "a b"}, "c", {"c": True}),
        ({"b": {"unheld": {"b": False}, "trouble": "no"}}, {}, "b", {"b": False}),
        # A hold of an earlier rotation holds nothing now.
        ({"a": {"holds": [{**HELD, "token": "old"}]}}, {}, "a", {"a": False}),
    ],
)
def test_troubled(known: Any, hosts: Any, held: str, trouble: dict[str, bool]) -> None:
    """Catches: an account that changes while a host sends with it, and one left alone since a host is down."""
    assert troubled(fleet("a", {"a": {}, **known}, **hosts), held.split()) == trouble


@pytest.mark.parametrize(
    ("known", "held"),
    [
        ({}, False),
        ({"b": {"holds": [HELD]}}, True),
        ({"a": {"holds": [{"item": "b", **HELD}]}}, True),
        ({"b": {"holds": [{"trouble": "no"}]}}, False),
        ({"b": {"holds": [{**HELD, "token": "old"}]}}, False),
        ({"b": {"holds": [HELD], "unheld": {"b": False}}}, False),
        ({"a": {"holds": [HELD]}}, False),
    ],
)
def test_is_held(known: Any, held: bool) -> None:
    """Catches: a host that is said to be on hold and sends, and one whose held mail nobody is told of."""
    assert is_held(fleet("b", {"a": {}, "b": {}} | known)) == held


@pytest.mark.parametrize(
    ("trouble", "in_place", "others"),
    [
        ({}, {}, {}),
        # Up: it would send inside the window. Where mail flows all the time it does no harm.
        ({"a": False}, {"1": "a"}, {}),
        # Away: it sends nothing, and the others go on.
        ({"a": True}, {}, {}),
        # Both have it, and the one that is up is the reason.
        ({"a": True, "c": False}, {"1": "c", "3": "c"}, {"1": "c", "3": "c"}),
        # For nobody a password is changed that nobody can get.
        ({"b": True}, {"2": "b"}, {"2": "b"}),
        ({"a": True, "c": True}, {"1": "a, c", "3": "c"}, {"1": "a, c", "3": "c"}),
        ({"a": False, "c": False}, {"1": "a, c", "3": "c"}, {"1": "a, c", "3": "c"}),
        ({"z": False}, {}, {}),
    ],
)
def test_excluded(trouble: Any, in_place: Any, others: Any) -> None:
    """Catches: a login inside the window; one host that is down and keeps all others from their new password."""
    plan = Plan(users=USERS, changing=["1", "2", "3"])
    assert excluded(plan, trouble) == in_place
    for way in (ALTERNATE, OVERLAP):
        assert excluded(replace(plan, way=way), trouble) == others


def test_only_what_changes_is_excluded() -> None:
    """Catches: an account that is only to be tested, told as left unchanged."""
    assert excluded(Plan(users=USERS, work=["1", "2"], changing=["2"]), {"a": False}) == {}


WHOLE: dict[str, Any] = {"changed": True, "accounts": [entry("1")], "failed_accounts": [], "unverified": ["1"]}


def test_outcome_of_two_tasks() -> None:
    """Catches: a window that is taken for over since the second task opened none; accounts of one task alone."""
    first = {**WHOLE, "effective_at": "2026-01-01T00:00:09Z", "seconds_to_wait": 9.5}
    second = {**WHOLE, "accounts": [entry("2")], "unverified": ["2"], "effective_at": None, "seconds_to_wait": 0}
    outcome = outcome_of([first, second], Plan(), {"3": "c"}, 55.0)
    assert outcome == Outcome(
        accounts=[entry("1"), entry("2")],
        untested=["1", "2"],
        effective_at="2026-01-01T00:00:09Z",
        wait=9.5,
        uptime=55.0,
        excluded={"3": "c"},
    )


def test_outcome_of_nothing() -> None:
    """Catches: a run that ends with a traceback since every account is excluded."""
    assert outcome_of([], Plan(), {}, 5.0) == Outcome(uptime=5.0)


@pytest.mark.parametrize(
    ("results", "failed", "unknown", "told", "broken"),
    [
        ([WHOLE], [], [], "", False),
        (
            [{**WHOLE, "accounts": [entry("1", "refused")], "failed_accounts": ["1"], "msg": "1 of 1 failed."}],
            ["1"],
            [],
            "1 of 1 failed.",
            False,
        ),
        (
            [{**WHOLE, "accounts": [entry("1", "unknown")], "failed_accounts": ["1"], "msg": "No answer."}],
            ["1"],
            ["1"],
            "No answer.",
            False,
        ),
        # It says that nothing was changed, and an earlier attempt may have landed.
        ([{**WHOLE, "accounts": [entry("1", "refused", in_doubt=True)]}], [], ["1"], "", False),
        ([{**WHOLE, "accounts": [entry("1", "unknown", in_doubt=True)]}], [], ["1"], "", False),
        # It ended before it could tell of any account: each of them may have another password now.
        ([{"failed": True, "msg": "The module was killed."}], [], ["1", "2"], "The module was killed.", True),
        ([{"failed": True}], [], ["1", "2"], "no reason given", True),
        (
            [{**WHOLE, "failed_accounts": ["1"], "msg": "First."}, {"failed": True, "msg": "Second."}],
            ["1"],
            ["1", "2"],
            "First. Second.",
            True,
        ),
    ],
)
def test_what_failed(results: Any, failed: list[str], unknown: list[str], told: str, broken: bool) -> None:
    """Catches: mail that is released although the provider may have changed its password."""
    outcome = outcome_of(results, Plan(work=["1", "2"]), {}, 0.0)
    assert (outcome.failed, outcome.unknown, outcome.told, outcome.broken) == (failed, unknown, told, broken)


@pytest.mark.parametrize(
    ("begun", "left_alone", "unknown"),
    [(["1"], {"1": "a"}, ["1"]), (["1"], {}, []), ([], {"1": "a"}, []), (["1"], {"2": "b"}, [])],
)
def test_excluded_and_begun(begun: list[str], left_alone: dict[str, str], unknown: list[str]) -> None:
    """Catches: mail released with the stored password, where an earlier run may have changed it at the provider."""
    assert outcome_of([], Plan(begun=begun), left_alone, 0.0).unknown == unknown


@pytest.mark.parametrize(
    ("wait", "began", "slept", "interval", "uptime", "seconds"),
    [
        (150.0, 1000.0, 0, 60.0, 1000.0, 60.0),
        (150.0, 1000.0, 60, 60.0, 1060.0, 60.0),
        (150.0, 1000.0, 120, 60.0, 1120.0, 30.0),
        # What the hosts needed to get their passwords counts, and what was slept too.
        (150.0, 1000.0, 0, 60.0, 1140.0, 10.0),
        (150.0, 1000.0, 120, 60.0, 1000.0, 30.0),
        (150.0, 1000.0, 0, 60.0, 1151.0, 0.0),
        # The tenth that is begun is waited for: a second that is cut off is one inside the window.
        (1.01, 1000.0, 0, 60.0, 1000.0, 1.1),
        (0.001, 1000.0, 0, 60.0, 1000.0, 0.1),
        (0.0, 1000.0, 0, 60.0, 1000.0, 0.0),
        # No clock is known: only what was slept counts.
        (150.0, 0.0, 0, 60.0, 0.0, 60.0),
        (150.0, 0.0, 120, 60.0, 5000.0, 30.0),
        # The machine was started again, or is another one.
        (150.0, 1000.0, 60, 60.0, 3.0, 60.0),
    ],
)
def test_pause(wait: float, began: float, slept: float, interval: float, uptime: float, seconds: float) -> None:
    """Catches: a login inside the window; a wait for time that has passed already."""
    assert pause(Outcome(wait=wait, uptime=began), slept, interval, uptime) == seconds
