# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import audit
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.ending import MOST_SHOWN, MOST_TOLD
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Audit
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fleet

PLAN: dict[str, Any] = {"users": {"a": ["1"], "b": ["2"], "c": ["3"]}, "testers": {"1": "a", "2": "b", "3": "c"}}
OK = {"authenticated": True}
NO = {"authenticated": False, "reason": "auth_rejected", "msg": "535 no."}
LATER = {"authenticated": False, "reason": "auth_unavailable", "msg": "454 later."}


def entry(account: str, result: str = "refused", server: str = "s:587", **more: Any) -> dict[str, Any]:
    said = {"reason": "auth_rejected", "msg": "535 no."} if result == "refused" else {}
    return {"account": account, "result": result, "server": server, **said, **more}


# -- who logs in where


@pytest.mark.parametrize(
    ("here", "hosts", "tester", "accounts"),
    [
        ("a", {}, "a", ["1"]),
        ("b", {}, "b", ["2"]),
        ("a", {}, "b", []),
        # Later batches: the leader does it for them, and they do nothing themselves.
        ("a", {"batch": "a b"}, "c", ["3"]),
        ("b", {"batch": "a b"}, "c", []),
        ("c", {"batch": "c"}, "c", []),
    ],
)
def test_each_account_is_checked_once(here: str, hosts: Any, tester: str, accounts: list[str]) -> None:
    """Catches: two wrong logins where one was promised; an account that nobody checks."""
    known: dict[str, Any] = {host: {"accounts": PLAN["users"][host]} for host in "abc"}
    known["a"] |= {"plan": PLAN}
    seen = fleet(here, known, **hosts)
    assert audit.audited_from(seen, tester) == accounts


def test_hosts_to_log_in_from() -> None:
    """Catches: a later batch whose accounts are not checked; a host that is not known to be done."""
    known: dict[str, Any] = {host: {} for host in "abc"}
    known["a"] = {"plan": PLAN}
    assert audit.auditing_hosts(fleet("a", known)) == ["a"]
    assert audit.auditing_hosts(fleet("a", known, batch="a")) == ["a", "b", "c"]
    assert audit.auditing_hosts(fleet("b", known, batch="a b")) == ["b"]
    assert audit.auditing_hosts(fleet("a", {"a": {}})) == ["a"]


def test_collected_from_all_hosts() -> None:
    """Catches: an account that is left out of the table because its host went away."""
    known: Any = {
        "a": {"plan": PLAN, "audits": [{"entries": [entry("1", "works")]}, {"entries": [entry("3", "works")]}]},
        "b": {"audits": [{"entries": [], "token": "another run"}]},
    }
    found = audit.collected(fleet("a", known, active="a"))
    assert [(one["account"], one["result"]) for one in found] == [
        ("1", "works"),
        ("2", "could not be checked"),
        ("3", "works"),
    ]
    assert found[1]["msg"] == "the host that should log in can no longer be reached."


# -- what a login shows


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (OK, "works"),
        (NO, "refused"),
        (LATER, "could not be checked"),
        ({"reason": "connect"}, "could not be checked"),
        ({"reason": "not_tried"}, "could not be checked"),
        ({"authenticated": True, "reason": "protocol"}, "could not be checked"),
        ({"msg": "unreachable"}, "could not be checked"),
    ],
)
def test_only_one_reason_judges_a_password(result: dict[str, Any], expected: str) -> None:
    """Catches: an outage called drift; drift that passes for an outage."""
    assert audit.entry_of(result)["result"] == expected


def test_other_values_one_after_another() -> None:
    """Catches: a further wrong login after an answer that settles it, or that says nothing."""
    first = audit.entry_of(NO)
    assert audit.goes_on(first) and not audit.goes_on(audit.entry_of(OK)) and not audit.goes_on(audit.entry_of(LATER))
    second = audit.tried(first, "staged_password", NO)
    assert second["tried"] == ["staged_password"] and audit.goes_on(second)
    third = audit.tried(second, "previous_password", OK)
    assert third["found"] == "previous_password" and third["result"] == "refused" and not audit.goes_on(third)
    unclear = audit.tried(second, "previous_password", LATER)
    assert unclear["stopped"] == "auth_unavailable" and not audit.goes_on(unclear)


@pytest.mark.parametrize(
    ("entries", "servers"),
    [
        ([], []),
        ([entry("1"), entry("2")], []),
        ([entry("1"), entry("2"), entry("3")], ["s:587"]),
        ([entry("1"), entry("2"), entry("3", "could not be checked")], ["s:587"]),
        ([entry(str(n), "could not be checked") for n in range(5)], []),
        ([entry("1"), entry("2"), entry("3"), entry("4", "works")], []),
        # It judges: another value was accepted.
        ([entry("1"), entry("2"), entry("3", found="previous_password")], []),
        ([entry("1"), entry("2"), entry("3", server="t:25"), entry("4", "works", server="t:25")], []),
        ([*[entry(str(n)) for n in range(3)], entry("4", "works", server="t:25")], ["s:587"]),
        ([entry("1"), entry("2"), {"account": "3", "result": "skipped", "msg": "later"}], []),
    ],
)
def test_server_that_refuses_everything(entries: list[dict[str, Any]], servers: list[str]) -> None:
    """Catches: a thousand accounts rotated in an outage; two changed passwords taken for one."""
    assert audit.silent(entries) == servers


@pytest.mark.parametrize(
    ("one", "adopt", "rotate"),
    [
        (entry("1", "works"), {}, []),
        (entry("1", "could not be checked", reason="connect"), {}, []),
        (entry("1"), {}, ["1"]),
        (entry("1", found="previous_password"), {"1": "previous_password"}, []),
        (entry("1", found="staged_password", staged=True), {"1": "staged_password"}, []),
        # Settled by sending what is staged again: it may be on its way.
        (entry("1", found="previous_password", staged=True), {}, ["1"]),
        (entry("1", staged=True, tried=["staged_password"]), {}, ["1"]),
        (entry("1", server="silent:25"), {}, []),
        ({"account": "1", "result": "skipped", "msg": "later"}, {}, []),
    ],
)
def test_what_puts_it_right(one: dict[str, Any], adopt: dict[str, str], rotate: list[str]) -> None:
    """Catches: a staged password that is passed over while it may be in force; an outage that is put right."""
    assert audit.to_put_right(Audit(entries=[one], silent=["silent:25"])) == (adopt, rotate)


# -- what is told


def test_table() -> None:
    """Catches: an account without a word of what to do."""
    entries = [
        entry("1", "works"),
        entry("2", found="previous_password"),
        entry("3"),
        entry("4"),
        entry("5", found="staged_password"),
        entry("6", "could not be checked", reason="connect"),
        {"account": "7", "result": "skipped", "msg": "logging in is not allowed until later"},
        entry("8", server="t:25"),
    ]
    seen = Audit(entries=entries, silent=["t:25"], adopted=["2"], rotated=["3"])
    assert audit.table(seen, everything=False) == [
        "ACCOUNT  RESULT                WHAT TO DO",
        "1        works",
        "2        refused               previous_password works; it is the stored password now",
        "3        refused               rotated in this run",
        "4        refused               set smtp_rotation_reconcile to true",
        "5        refused               staged_password works; set smtp_rotation_reconcile to true",
        "6        could not be checked  connect: says nothing about the password; run again later",
        "7        skipped               logging in is not allowed until later",
        "8        refused               may be a fault of the server: run again in a few minutes",
    ]


def test_table_of_many() -> None:
    """Catches: a thousand lines of what works; one that does not work among them."""
    good = [entry(f"{n}.good", "works") for n in range(30)]
    seen = Audit(entries=[*good, entry("bad")])
    counts, _headings, row = audit.table(seen, everything=False)
    assert counts == "31 accounts: 30 works, 1 refused. Run with -v to see all." and row.startswith("bad")
    assert len(audit.table(seen, everything=True)) == 32
    many = Audit(entries=[entry(f"{n}.bad") for n in range(MOST_SHOWN + 5)])
    assert audit.table(many, everything=False)[-1] == "5 more need attention; run with -v to see them."


DRIFT = (
    "1: the server refuses the stored password (auth_rejected), so it may have been changed outside of the collection; "
)
HINT = "Nothing was changed. Run with smtp_rotation_reconcile true to put it right."


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (entry("1"), "no other value of the store was tried."),
        (entry("1", found="previous_password"), "it accepts the store's previous_password."),
        (
            entry("1", tried=["staged_password", "previous_password"]),
            "staged_password and previous_password refused too.",
        ),
        (
            entry("1", tried=["previous_password"], stopped="connect"),
            "previous_password tried too, the last one without a clear answer (connect).",
        ),
    ],
)
def test_drift_is_told(one: dict[str, Any], words: str) -> None:
    """Catches: a refusal without what the other values showed; advice that was taken already."""
    assert [*audit.failures(Audit(entries=[one]), reconciles=False)] == [DRIFT + words, HINT]
    assert [*audit.failures(Audit(entries=[one], trouble="no key"), reconciles=True)] == [
        DRIFT + words,
        "This could not be put right: no key.",
    ]
    for done in (Audit(entries=[one], adopted=["1"]), Audit(entries=[one], rotated=["1"])):
        assert [*audit.failures(done, reconciles=True)] == []


def test_what_is_no_drift_is_told_as_something_else() -> None:
    """Catches: a fault of the server that makes somebody rotate; an audit that was not done and looks fine."""
    seen = Audit(entries=[entry("1", "works"), entry("2", "could not be checked", reason="connect", msg="No route.")])
    assert [*audit.failures(seen, reconciles=False)] == [
        "2 could not be checked (connect): No route. That does not say that its password was changed."
    ]
    many = [entry(str(n), "could not be checked", reason="connect", msg="") for n in range(MOST_TOLD + 2)]
    told = [*audit.failures(Audit(entries=many), reconciles=False)]
    assert told[-1] == "2 more accounts could not be checked; run with -v to see all accounts."
    (one,) = audit.failures(Audit(entries=[entry(str(n)) for n in range(3)], silent=["s:587"]), reconciles=True)
    assert one.startswith(
        "s:587 accepted none of the passwords that it was asked about, and refused those of 0, 1 and 2."
    )
    many = [entry(str(n)) for n in range(MOST_TOLD + 2)]
    told = [*audit.failures(Audit(entries=many), reconciles=True)]
    assert told[-1] == "2 more stored passwords are refused; run with -v to see all accounts."
    assert [*audit.failures(Audit(entries=[{"account": "1", "result": "skipped", "msg": ""}]), reconciles=True)] == []
