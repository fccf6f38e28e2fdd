# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import proof
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.proof import (
    REOPENED,
    failures_of,
    seen_here,
    stays,
    told_of_test,
    told_reopened,
    verdict_of,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Verdict
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fails, fleet, works

PLAN: dict[str, Any] = {"users": {}, "testers": {"1": "a", "2": "b", "3": "c"}}
LED: dict[str, Any] = {"plan": PLAN, "outcome": {"untested": ["1", "2", "3"]}}
LOST = {"reason": "no answer", "msg": "the host that should send it can no longer be reached."}


@pytest.mark.parametrize(
    ("here", "tester", "leader", "hosts", "accounts"),
    [
        ("a", "a", LED, {}, ["1"]),
        ("b", "b", LED, {}, ["2"]),
        # An account of which nobody is said to test it is the leader's.
        ("a", "a", {**LED, "plan": {"testers": {"2": "b"}}}, {}, ["1", "3"]),
        # The leader tests from those that are not at work now, and no other host does.
        ("a", "c", LED, {"batch": "a b"}, ["3"]),
        ("b", "c", LED, {"batch": "a b"}, []),
        ("a", "c", LED, {}, []),
        # What is tested already, or need not be.
        ("a", "a", {**LED, "outcome": {"untested": ["2"]}}, {}, []),
        # In a later batch: a second login would be one too many.
        ("c", "c", LED, {"batch": "c"}, []),
        ("a", "a", {"plan": PLAN}, {}, []),
        ("a", "a", {"outcome": LED["outcome"]}, {}, []),
    ],
)
def test_accounts_to_test(here: str, tester: str, leader: Any, hosts: Any, accounts: list[str]) -> None:
    """Catches: an account that is tested twice, from two hosts, or by nobody."""
    seen = fleet(here, {here: {}, "a": leader}, **hosts)
    assert proof.tested_from(seen, tester) == accounts


@pytest.mark.parametrize(
    ("here", "leader", "hosts", "testing"),
    [
        ("a", LED, {}, ["a"]),
        ("b", LED, {}, ["b"]),
        ("a", LED, {"batch": "a"}, ["a", "b", "c"]),
        ("a", {**LED, "outcome": {"untested": ["1", "3"]}}, {"batch": "a"}, ["a", "c"]),
        # Two accounts of a host are tested from it at once.
        ("a", {**LED, "plan": {"testers": {"1": "c", "2": "c"}}}, {"batch": "a b"}, ["a", "c"]),
        ("c", LED, {"batch": "c"}, ["c"]),
        # Always itself: so it is known to have tested.
        ("a", {}, {}, ["a"]),
    ],
)
def test_hosts_to_test_from(here: str, leader: Any, hosts: Any, testing: list[str]) -> None:
    """Catches: a host that never says that it has tested, for which all others wait."""
    assert proof.testing_hosts(fleet(here, {here: {}, "a": leader}, **hosts)) == testing


@pytest.mark.parametrize(
    ("known", "hosts", "verdict"),
    [
        ({"a": [works("1")], "b": [works("2")], "c": [works("3")]}, "a b c", Verdict(["1", "2", "3"])),
        (
            {"a": [works("1"), {**works("3"), "item": "c"}], "b": [fails("2")]},
            "a b",
            Verdict(["1", "3"], {"2": {"reason": "rejected", "msg": "535 no."}}),
        ),
        # Without test sends, and in check mode.
        ({"a": [{"spared": ["1"]}], "b": [{"spared": ["2", "3"], "tests": []}]}, "a b", Verdict()),
        # The host that was to test it has gone.
        ({"a": [works("1")], "b": [works("2")]}, "a b", Verdict(["1", "2"], {"3": LOST})),
        ({"a": [works("1")]}, "a b", Verdict(["1"], {"2": LOST, "3": LOST})),
        # Of another host, of another rotation, of an account that this rotation did not change.
        ({"c": [works("1", "2", "3")]}, "a", Verdict([], {"1": LOST, "2": LOST, "3": LOST})),
        (
            {"a": [{**works("1"), "token": "old"}, works("2", "3", "9")]},
            "a",
            Verdict(["2", "3"], {"1": LOST}),
        ),
        # Another run has changed it meanwhile.
        (
            {"a": [{"tests": [told_reopened("1")]}, works("2", "3")]},
            "a",
            Verdict(
                ["2", "3"],
                {
                    "1": {
                        "reason": REOPENED,
                        "msg": "another run has changed it in the meantime, and logging in is not allowed yet.",
                    }
                },
            ),
        ),
    ],
)
def test_verdict(known: Any, hosts: str, verdict: Verdict) -> None:
    """Catches: an account that counts as tested and was not; one that was not tested and that nobody is told of."""
    scene: Any = {"a": LED, **{host: {"tests": items} for host, items in known.items() if host != "a"}}
    scene["a"] = {**LED, **({"tests": known["a"]} if "a" in known else {})}
    assert verdict_of(fleet("a", scene), hosts.split()) == verdict


def test_verdict_without_a_change() -> None:
    """Catches: a traceback where the leader has failed before the change."""
    assert verdict_of(fleet("b", {"b": {}}), ["a", "b"]) == Verdict()


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        ({"a": {**LED, "verdict": {"proved": ["9"]}}}, Verdict(["9"])),
        # The leader has not collected them yet: the host looks itself, because mail is waiting.
        ({"a": LED, "b": {"accounts": ["2"], "tests": [works("2")]}}, Verdict(["2"], {"1": LOST, "3": LOST})),
        ({"a": LED, "b": {"accounts": ["2", "3"], "tests": [works("2")]}}, None),
        # In a later batch, and the leader ended before it had collected them.
        ({"a": {}, "b": {"accounts": ["2"]}}, None),
    ],
)
def test_what_a_host_sees(known: Any, verdict: Verdict | None) -> None:
    """Catches: mail that waits for accounts of other hosts, and mail released without any test."""
    assert seen_here(fleet("b", {"b": {}, **known})) == verdict


@pytest.mark.parametrize(
    ("unproved", "failures"),
    [
        ({}, {}),
        ({"1": LOST, "2": {"reason": "rejected", "msg": "x"}}, {"1": "no_answer", "2": "rejected"}),
        # Nothing was tested of it.
        ({"1": {"reason": REOPENED, "msg": "x"}, "2": LOST}, {"2": "no_answer"}),
        ({"1": {"reason": "not_tried", "msg": "x"}, "2": LOST}, {"2": "no_answer"}),
    ],
)
def test_failures(unproved: Any, failures: dict[str, str]) -> None:
    """Catches: a failure recorded of an account that another run is changing; a reason that the module refuses."""
    assert failures_of(Verdict(["9"], unproved)) == failures


@pytest.mark.parametrize(
    ("result", "test"),
    [
        ({"authenticated": True}, {"works": True}),
        # It may log in, and its message is refused.
        (
            {"authenticated": True, "reason": "sender_refused", "msg": "550"},
            {"works": False, "reason": "sender_refused", "msg": "550"},
        ),
        (
            {"authenticated": False, "reason": "rejected", "msg": "535"},
            {"works": False, "reason": "rejected", "msg": "535"},
        ),
        ({}, {"works": False, "reason": "no answer", "msg": ""}),
        ({"msg": "unreachable"}, {"works": False, "reason": "no answer", "msg": "unreachable"}),
    ],
)
def test_one_test(result: Any, test: Any) -> None:
    """Catches: an account that may log in and not send, taken for one that works."""
    assert told_of_test("1", result) == {"account": "1", **test}


OVER: dict[str, Any] = {"plan": PLAN, "outcome": {}}
AGAIN = {"reason": REOPENED, "msg": "x"}
BAD = {"reason": "rejected", "msg": "x"}


@pytest.mark.parametrize(
    ("leader", "own", "reason", "anyway"),
    [
        ({**OVER, "verdict": {"proved": ["1"]}}, {}, "", ""),
        ({**OVER, "verdict": {}}, {}, "", ""),
        # Its own trouble, before all else.
        ({**OVER, "verdict": {"unproved": {"1": BAD}}}, {"trouble": "no such map"}, "no such map", "no such map"),
        ({}, {"trouble": "no such map"}, "no such map", "no such map"),
        # The leader has failed.
        ({}, {}, "the rotation was not completed", "the rotation was not completed"),
        ({"plan": PLAN}, {}, "the rotation was not completed", "the rotation was not completed"),
        (OVER, {}, "the rotation was not completed", "the rotation was not completed"),
        # Nobody may log in: whatever the option says.
        (
            {**OVER, "verdict": {"unproved": {"1": AGAIN, "2": BAD}}},
            {},
            "another run has changed 1 in the meantime",
            "another run has changed 1 in the meantime",
        ),
        ({**OVER, "verdict": {"unproved": {"1": BAD, "2": BAD}}}, {}, "the test message for 1, 2 failed", ""),
        # An account of other hosts is none of its business.
        ({**OVER, "verdict": {"unproved": {"9": AGAIN, "8": BAD}}, "outcome": {"unknown": ["9"]}}, {}, "", ""),
        (
            {**OVER, "verdict": {}, "outcome": {"unknown": ["2", "9"]}},
            {},
            "it is unknown whether the provider changed 2",
            "",
        ),
        # A failed test tells more than an unknown outcome.
        (
            {**OVER, "verdict": {"unproved": {"1": BAD}}, "outcome": {"unknown": ["2"]}},
            {},
            "the test message for 1 failed",
            "",
        ),
    ],
)
def test_why_a_host_stays_on_hold(leader: Any, own: Any, reason: str, anyway: str) -> None:
    """Catches: mail that bounces with a password that does not work, and mail held that nothing is wrong with."""
    seen = fleet("b", {"a": leader, "b": {"accounts": ["1", "2"], **own}})
    assert stays(seen, release_on_failure=False) == reason
    assert stays(seen, release_on_failure=True) == anyway
