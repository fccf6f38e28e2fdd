# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.news import Account, Seen, news_of
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fleet

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
BORN = f"a {int(datetime(2026, 1, 2, 3, 0, 0, tzinfo=timezone.utc).timestamp()) * 10**9}"
PLAN = {"users": {"a": ["1"], "b": ["2"], "c": ["1", "2"]}, "next": "in_place"}
FINE: dict[str, Any] = {"born": BORN, "ended": {}, "consumes": True}
BAD: dict[str, Any] = {**FINE, "ended": {"failed": True, "msg": "it failed"}}
ROTATED = {"accounts": [{"account": "1", "action": "rotated"}, {"account": "2", "action": "unchanged"}]}
DUE = NOW + timedelta(days=3)


def led(**more: Any) -> dict[str, Any]:
    """Return what the leader remembers of a run that went well."""
    return {**FINE, "plan": PLAN, "outcome": ROTATED, "verdict": {}, "accounts": ["1"], **more}


def told(seen: Fleet, *accounts: Account, **over: Any) -> dict[str, Any]:
    hosts = [*seen.play.everyone]
    return news_of(seen, Seen("smtp.yml", NOW, **{"hosts": hosts, "accounts": accounts, **over}))


def three(**known: Any) -> Fleet:
    others = {host: {**FINE, "accounts": PLAN["users"][host]} for host in ("b", "c")}  # type: ignore[index]
    return fleet("a", {"a": led(), **others, **known})


STAYS, HOOKS = {**BAD, "trouble": "no"}, {"holds": [{"item": "b", "held": True, "skipped": True}]}
HELD = {"holds": [{"item": "b", "held": True}]}
AUDIT = {
    "entries": [
        {"account": "1", "result": "refused", "tester": "a", "server": "s:1", "msg": "535"},
        {"account": "2", "result": "could not be checked", "msg": "no answer"},
        {"account": "3", "result": "refused", "tester": "a", "server": "s:1"},
        {"account": "4", "result": "works"},
    ],
    "rotated": ["3"],
}


@pytest.mark.parametrize(
    ("seen", "accounts", "over", "kinds"),
    [
        (three(), [Account("1")], {}, {}),
        (three(a=led(**BAD)), [], {}, {"failed": [[], ["a"]]}),
        # A host in trouble whose account has another password now, and one whose account has not.
        (
            three(b={**BAD, "trouble": "no", "accounts": ["2"]}, c={**BAD, "trouble": "no", "accounts": ["1", "2"]}),
            [],
            {},
            {"failed": [[], ["b", "c"]], "left_behind": [["1"], ["c"]]},
        ),
        # One that uses passwords in nothing, such as localhost.
        (three(a=led(**{**BAD, "consumes": False}, trouble="no")), [], {}, {"failed": [[], ["a"]]}),
        # On hold: by a mail program, if it was not released, and stays.
        (three(a=led(**HELD), b=STAYS), [], {}, {"failed": [[], ["b"]], "on_hold": [["2"], ["b"]]}),
        (three(a=led(**HELD), b={**BAD, "trouble": "no", "released": True}), [], {}, {"failed": [[], ["b"]]}),
        (three(a=led(**HELD), b={**BAD, "unkept": "no"}), [], {}, {"failed": [[], ["b"]], "unsaved": [[], ["b"]]}),
        (three(b={**STAYS, "on_hold": ["postfix"]}), [], {}, {"failed": [[], ["b"]], "on_hold": [["2"], ["b"]]}),
        # Nothing is held where there is no mail program, unless tasks of the playbook do it.
        (three(a=led(**HOOKS), b=STAYS), [], {}, {"failed": [[], ["b"]]}),
        (
            three(a=led(**HOOKS), b=STAYS),
            [],
            {"hooks_hold": True},
            {"failed": [[], ["b"]], "on_hold": [["2"], ["b"]]},
        ),
        # What the store says.
        (three(), [Account("1", doubtful=True)], {}, {"doubtful": [["1"], ["a", "c"]]}),
        (three(), [Account("1", staged=True, unverified=True)], {}, {"staged": [["1"], ["a", "c"]]}),
        (three(), [Account("2", unverified=True)], {}, {"unverified": [["2"], ["b", "c"]]}),
        (three(), [Account("2", unverified=True)], {"tests": False}, {}),
        (three(), [Account("2", staged=True)], {"state": "staged"}, {}),
        (three(), [Account("2", due_at=DUE)], {}, {}),
        (three(), [Account("2", due_at=DUE)], {"due_days": 2}, {}),
        (three(), [Account("2", due_at=DUE)], {"due_days": 3}, {"due": [["2"], ["b", "c"]]}),
        (
            three(a=led(**BAD)),
            [Account("1")],
            {"unreadable": "it is broken"},
            {"store": [["1"], []], "failed": [[], ["a"]]},
        ),
        # An audit: what was put right is no news.
        (
            three(a=led(**BAD, audit=AUDIT)),
            [],
            {"state": "audited"},
            {"failed": [[], ["a"]], "drift": [["1"], ["a"]], "unchecked": [["2"], []]},
        ),
        # A later batch tells of its hosts only.
        (three(c=BAD), [Account("1", doubtful=True)], {"hosts": ["b", "c"]}, {"failed": [[], ["c"]]}),
    ],
)
def test_what_is_told(seen: Fleet, accounts: list[Account], over: dict[str, Any], kinds: dict[str, Any]) -> None:
    """Catches: something that nobody is told of, or that is told though it passed by itself."""
    entries = told(seen, *accounts, **over).get("entries", [])
    assert {entry["kind"]: [entry["accounts"], entry["hosts"]] for entry in entries} == kinds
    assert len(entries) == len(kinds)


def test_every_entry_says_since_when_and_what_to_do() -> None:
    """Catches: a date or advice that is missing; one of another kind; two hosts that failed alike told as two."""
    seen = three(a=led(**BAD, **HELD), b={**BAD, "trouble": "it could not be reached"})
    store = [
        Account("1", doubtful=True, staged_at="2026-01-01T00:00:00Z", due_at=DUE),
        Account("2", unverified=True, changed_at="2025-12-31T00:00:00Z", failure="auth_rejected"),
    ]
    news = told(seen, *store, due_days=9)
    since = {entry["kind"]: entry["since"] for entry in news["entries"]}
    assert since == {
        "failed": None,
        "doubtful": "2026-01-01T00:00:00Z",
        "on_hold": "2026-01-02T03:00:00Z",
        "unverified": "2025-12-31T00:00:00Z",
        "due": None,
    }
    assert news["kinds"] == list(since)
    assert (news["accounts"], news["hosts"]) == (["1", "2"], ["a", "b", "c"])
    assert (news["store"], news["time"]) == ("smtp.yml", "2026-01-02T03:04:05Z")
    assert news["entries"][-1]["due"] == "2026-01-05T03:04:05Z"
    assert all(entry["next"] for entry in news["entries"])


def test_leader_that_planned_nothing() -> None:
    """Catches: accounts that are forgotten because the checks failed; a run that no host has begun."""
    seen = fleet(
        "a",
        {"a": {"born": BORN, "failed": "the store is broken", "stopped": True, "accounts": ["1"]}},
        everyone="a",
        active="a",
    )
    news = told(seen, Account("1"), unreadable="it is broken")
    assert (news["kinds"], news["accounts"], news["hosts"]) == (["store", "failed"], ["1"], ["a"])
    assert news["entries"][1]["reason"] == "the store is broken"
