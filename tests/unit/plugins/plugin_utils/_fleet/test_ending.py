# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.ending import (
    MOST_TOLD,
    failure,
    of_overlap,
    table,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fleet, works

HEADINGS = "ACCOUNT  RESULT   IN FORCE SINCE    TESTED  NEXT DUE"
SINCE, DUE = "2026-01-01T10:00:59Z", "2026-03-02T10:00:59Z"


def entry(account: str, action: str = "rotated", **more: Any) -> dict[str, Any]:
    return {"account": account, "action": action, "effective_at": SINCE, "next_due": DUE, **more}


def many(number: int, **more: Any) -> list[dict[str, Any]]:
    return [entry(f"{n}.smtp", **more) for n in range(number)]


def shown(leader: Any, *, everything: bool = False) -> list[str]:
    return table(fleet("a", {"a": leader}), everything=everything)


@pytest.mark.parametrize(
    ("leader", "lines"),
    [
        ({}, []),
        ({"outcome": {}}, []),
        (
            {"outcome": {"accounts": [entry("1.smtp")]}, "verdict": {"proved": ["1.smtp"]}},
            [HEADINGS, "1.smtp   rotated  2026-01-01 10:00  yes     2026-03-02 10:00"],
        ),
        # Adopted, and in check mode not looked at any more.
        (
            {"outcome": {"accounts": [entry("1.smtp", "unchanged")]}, "plan": {"adopted": ["1.smtp", "2.smtp"]}},
            [
                HEADINGS,
                "1.smtp   adopted  2026-01-01 10:00  no      2026-03-02 10:00",
                "2.smtp   adopted",
            ],
        ),
        # Nobody tested it now: a test before counts, and none is told as none.
        (
            {
                "outcome": {
                    "accounts": [entry("1.smtp", "unchanged", verified_at=SINCE), entry("22.smtp", next_due=None)]
                }
            },
            [
                "ACCOUNT  RESULT     IN FORCE SINCE    TESTED            NEXT DUE",
                "1.smtp   unchanged  2026-01-01 10:00  2026-01-01 10:00  2026-03-02 10:00",
                "22.smtp  rotated    2026-01-01 10:00  no",
            ],
        ),
        # Columns are as wide as what is in them.
        (
            {
                "outcome": {
                    "accounts": [entry("a-long-name.acme.smtp"), {"account": "2", "action": "refused"}],
                    "excluded": {"3": "b"},
                },
                "verdict": {"unproved": {"a-long-name.acme.smtp": {"reason": "rejected", "msg": "535"}}},
            },
            [
                "ACCOUNT                RESULT          IN FORCE SINCE    TESTED            NEXT DUE",
                "a-long-name.acme.smtp  rotated         2026-01-01 10:00  failed: rejected  2026-03-02 10:00",
                "2                      refused                           no",
                "3                      left unchanged",
            ],
        ),
        (
            {"outcome": {"accounts": [entry("1.smtp", "first_time", effective_at=None, next_due=None)]}},
            ["ACCOUNT  RESULT      IN FORCE SINCE  TESTED  NEXT DUE", "1.smtp   first time                  no"],
        ),
        # A user name that the provider chose.
        (
            {"outcome": {"accounts": [entry("1.smtp", username="user7"), entry("2.smtp", username="2.smtp")]}},
            [
                "ACCOUNT  RESULT   IN FORCE SINCE    TESTED  NEXT DUE          USER NAME",
                "1.smtp   rotated  2026-01-01 10:00  no      2026-03-02 10:00  user7",
                "2.smtp   rotated  2026-01-01 10:00  no      2026-03-02 10:00  2.smtp",
            ],
        ),
        # Senders: what is in use now, and else what was before.
        (
            {
                "plan": {
                    "advice": [
                        {"sender": "s", "in_use": "1", "reason": "it is time"},
                        {"sender": "t", "in_use": "3", "reason": "nothing is due"},
                    ]
                },
                "switch": {"senders": {"s": {"in_use": "2", "reason": "switched"}}},
            },
            ["sender s: 2 is in use (switched)", "sender t: 3 is in use (nothing is due)"],
        ),
    ],
)
def test_table(leader: Any, lines: list[str]) -> None:
    """Catches: a column under the heading of another one; a failed test that looks like one that nobody made."""
    assert shown(leader) == lines


@pytest.mark.parametrize(
    ("known", "used", "lines"),
    [
        (
            {},
            {"1": ["a", "b"]},
            ["1: every host uses the new credential now. A run 24h later or more deletes the old one."],
        ),
        (
            {"a": {"accounts": ["1"], "given": {"1": "noon"}}},
            {},
            ["1: the old credential is kept, because b and z may still use it."],
        ),
        (
            {"a": {"accounts": ["1"], "bare": True}, "b": {"accounts": ["1"], "bare": True}, "z": {"bare": True}},
            {},
            [
                "1: the old credential is kept, because no host of this play is given the new one. When all that sends "
                "has the new one, record that with smtp_account_password, state=settled."
            ],
        ),
    ],
)
def test_what_becomes_of_old_credentials(known: Any, used: Any, lines: list[str]) -> None:
    """Catches: an old credential that stays, and nobody is told what keeps it."""
    hosts = {"a": {"accounts": ["1"]}, "b": {"accounts": ["1"]}, "z": {"vars": {"accounts": ["1"]}}, **known}
    seen = fleet("a", hosts, everyone="a b")
    outside = ["z"] if "vars" in hosts["z"] else []
    assert list(of_overlap(seen, ["1"], used, outside, "24h")) == lines


def test_twenty_accounts_are_shown() -> None:
    """Catches: a fleet of which only a number is told, although its accounts have room."""
    lines = shown({"outcome": {"accounts": many(20)}})
    assert len(lines) == 21
    assert lines[0].startswith("ACCOUNT")


def test_of_more_accounts_those_that_need_attention_are_shown() -> None:
    """Catches: a failed account that nobody finds among a thousand."""
    accounts = [*many(18), entry("bad", "refused"), entry("doubt", "unknown"), entry("deaf")]
    verdict = {"proved": ["1.smtp", "2.smtp"], "unproved": {"deaf": {"reason": "timeout", "msg": ""}}}
    leader = {"outcome": {"accounts": accounts, "excluded": {"out": "b"}}, "verdict": verdict}
    lines = shown(leader)
    assert lines[0] == (
        "22 accounts: 19 rotated, 1 refused, 1 unknown, 1 left unchanged; 2 tested now. Run with -v to see all."
    )
    assert [line.split()[0] for line in lines[1:]] == ["ACCOUNT", "bad", "doubt", "deaf", "out"]
    assert len(shown(leader, everything=True)) == 23


@pytest.mark.parametrize(
    ("bad", "more"), [(20, []), (21, ["1 more need attention; run with -v to see them."]), (0, [])]
)
def test_many_that_need_attention(bad: int, more: list[str]) -> None:
    """Catches: a thousand lines, and lines that are left out in silence."""
    lines = shown({"outcome": {"accounts": [*many(30), *many(bad, action="refused")]}})
    assert lines[1 + min(bad, 20) + bool(bad) :] == more


def test_one_more_than_fits() -> None:
    """Catches: the 21st account that is shown, or all of them that are not."""
    assert shown({"outcome": {"accounts": many(21)}}) == [
        "21 accounts: 21 rotated; 0 tested now. Run with -v to see all."
    ]


LEADER = "The rotation failed on a, which rotates for all hosts of the play; see its error."
OVER: dict[str, Any] = {"plan": {"users": {}, "work": ["1"]}, "outcome": {}, "verdict": {}}
BAD = {"1": {"reason": "rejected", "msg": "535 no."}}


def told(
    here: str, known: Any, *, holds: bool = False, held: bool = False, releases: bool = False, stays: str = ""
) -> str:
    return failure(fleet(here, known), holds=holds, held=held, releases=releases, stays=stays)


@pytest.mark.parametrize(
    ("own", "text"),
    [
        (OVER, ""),
        ({**OVER, "outcome": {"told": "1 of 1 accounts failed."}}, "1 of 1 accounts failed."),
        (
            {**OVER, "outcome": {"excluded": {"1": "b, c"}}},
            "1 was left unchanged because of an error on b, c: its mail could not be held.",
        ),
        (
            {**OVER, "outcome": {"excluded": {"1": "z"}}},
            "1 was left unchanged because of an error on z: its mail could not be held, or the host failed earlier in "
            "the play.",
        ),
        (
            {**OVER, "unrecorded": "the store is locked"},
            "The results of the test messages could not be recorded: the store is locked. The next run tests again.",
        ),
        (
            {**OVER, "verdict": {"unproved": BAD}},
            "1: the test message failed (rejected): 535 no. The store keeps the new password as "
            "smtp_accounts['1'].password, and an old one as previous_password. The next run tests again.",
        ),
        # Its own error once, and not as the reason of what it brought about too.
        (
            {**OVER, "outcome": {"excluded": {"1": "a"}}, "trouble": "no such map."},
            "1 was left unchanged because of an error on a. no such map. The next run tries again.",
        ),
        (
            {**OVER, "outcome": {"told": "First.", "excluded": {"1": "b"}}, "unkept": "the push failed"},
            "First. 1 was left unchanged because of an error on b: its mail could not be held. The store was written "
            "but not saved elsewhere: the push failed. Fix that and run again: the next run saves it.",
        ),
    ],
)
def test_failure_on_the_leader(own: Any, text: str) -> None:
    """Catches: a failure that is told nowhere, and one that is told twice."""
    assert told("a", {"a": own, "b": {"trouble": "its mail could not be held."}}) == text


def test_many_failed_tests() -> None:
    """Catches: a message of a thousand accounts, and one that leaves out that there are more."""
    unproved = {f"{n}.smtp": {"reason": "rejected", "msg": "535."} for n in range(MOST_TOLD + 2)}
    text = told("a", {"a": {**OVER, "verdict": {"unproved": unproved}}})
    assert text.count("the test message failed") == MOST_TOLD
    assert text.endswith(" 2 more test messages failed; run with -v to see all accounts.")


@pytest.mark.parametrize(
    ("leader", "own", "options", "text"),
    [
        (OVER, {}, {}, ""),
        ({**OVER, "outcome": {"told": "of other accounts", "failed": ["9"]}}, {}, {}, ""),
        ({**OVER, "outcome": {"failed": ["1"]}}, {}, {}, LEADER),
        ({**OVER, "outcome": {"excluded": {"1": "c"}}}, {}, {}, "1 was left unchanged because of an error on c."),
        ({**OVER, "verdict": {"unproved": BAD}}, {}, {}, LEADER),
        ({**OVER, "outcome": {"broken": True}}, {}, {}, LEADER),
        ({**OVER, "plan": {"work": ["9"]}, "outcome": {"broken": True}}, {}, {}, ""),
        # Its mail is on hold in this run, and stays so.
        (
            {**OVER, "outcome": {"unknown": ["1"]}},
            {},
            {"holds": True, "releases": True, "stays": "nobody knows"},
            f"{LEADER} Mail stays on hold here: nobody knows.",
        ),
        # It was not held in this run: an earlier one may have.
        (
            {**OVER, "outcome": {"unknown": ["1"]}},
            {},
            {"releases": True, "stays": "nobody knows"},
            "If mail is on hold here, it stays on hold: nobody knows.",
        ),
        # A host without a mail program of its own has no mail to hold.
        ({**OVER, "outcome": {"unknown": ["1"]}}, {}, {"stays": "nobody knows"}, ""),
        ({**OVER, "outcome": {"failed": ["1"]}}, {}, {"releases": True, "stays": "it failed"}, LEADER),
        # Its own error is told, and the leader's is not.
        (
            {**OVER, "outcome": {"failed": ["1"]}},
            {"trouble": "no such map"},
            {"holds": True, "releases": True, "stays": "no such map"},
            "no such map. The next run tries again.",
        ),
        (
            OVER,
            {"trouble": "its mail could not be released."},
            {"holds": True, "held": True, "stays": "x"},
            "its mail could not be released. Its mail stays on hold and nothing is lost; the next run continues from "
            "here.",
        ),
        # What somebody else holds now is not what this run has held.
        (OVER, {"trouble": "no"}, {"held": True}, "no. The next run tries again."),
    ],
)
def test_failure_on_another_host(leader: Any, own: Any, options: Any, text: str) -> None:
    """Catches: a green host with the old password, and a red one that nothing is wrong with."""
    known = {"a": leader, "b": {"accounts": ["1"], **own}, "c": {"trouble": "no"}}
    assert told("b", known, **options) == text


def test_failure_before_the_leader_has_collected_the_tests() -> None:
    """Catches: a host under strategy free that is green although the test of its account failed."""
    leader = {"plan": {"testers": {"1": "b"}}, "outcome": {"untested": ["1"]}}
    known = {"a": leader, "b": {"accounts": ["1"], "tests": [{"tests": []}]}}
    assert told("b", known) == LEADER
    assert told("b", {**known, "b": {"accounts": ["1"], "tests": [works("1")]}}) == ""


@pytest.mark.parametrize("end", ["", "."])
def test_no_text_has_two_full_stops(end: str) -> None:
    """Catches: "failed..", where a reason is a sentence already."""
    own = {
        **OVER,
        "outcome": {"excluded": {"1": "b"}},
        "trouble": f"no such map{end}",
        "unkept": f"the push failed{end}",
    }
    text = told("a", {"a": own, "b": {"trouble": f"its mail could not be held{end}"}})
    assert ".." not in text
    assert text.count(".") == 5


def test_hosts_keep_what_still_works() -> None:
    """Catches: a value to try by hand, told where every host has a login that works."""
    known = {"plan": {"way": "overlap"}, "outcome": {}, "verdict": {"unproved": BAD}}
    assert told("a", {"a": known}) == (
        "1: the test message failed (rejected): 535 no. The hosts keep the login that they have, which still works. "
        "The next run tests again."
    )
