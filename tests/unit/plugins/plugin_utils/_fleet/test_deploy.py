# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.deploy import (
    all_given,
    all_left,
    example,
    hosts_with,
    in_use,
    is_ready,
    is_to_reload,
    switched,
    to_switch,
    without_password,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Plan, Record, Switch
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fleet

ONE = Record(accounts=["1", "2"])
TWO = Record(accounts=["1", "2", "3", "4"], senders={"s": ["1", "2"], "t": ["3", "4"]})
STORED: dict[str, Any] = {"1": {"password": "p"}, "2": {"password": "p"}, "3": {"password": "p"}}


@pytest.mark.parametrize(
    ("own", "senders", "accounts"),
    [
        (ONE, {}, ["1", "2"]),
        (ONE, {"s": {"in_use": "9"}}, ["1", "2"]),
        (TWO, {"s": {"in_use": "2"}, "t": {"in_use": "3"}}, ["2", "3"]),
        # One that the store does not know yet begins with its first account.
        (TWO, {"s": {"in_use": "2"}}, ["2", "3"]),
        (TWO, {"x": {"in_use": "9"}}, ["1", "3"]),
    ],
)
def test_accounts_in_use(own: Record, senders: Any, accounts: list[str]) -> None:
    """Catches: an idle account that is deployed before its test."""
    assert in_use(own, senders) == accounts


@pytest.mark.parametrize(
    ("own", "stored", "senders", "missing", "ready"),
    [
        (ONE, STORED, {}, [], True),
        (ONE, {"1": {"password": "p"}}, {}, ["2"], False),
        (ONE, {"1": {"password": "p"}, "2": {"staged_at": "x"}}, {}, ["2"], False),
        (ONE, {"1": {"password": "p"}, "2": None}, {}, ["2"], False),
        (ONE, {}, {}, ["1", "2"], False),
        (Record(), STORED, {}, [], False),
        # An idle account needs none.
        (TWO, STORED, {"s": {"in_use": "2"}}, [], True),
        (TWO, STORED, {"t": {"in_use": "4"}}, ["4"], False),
    ],
)
def test_passwords_that_are_missing(own: Record, stored: Any, senders: Any, missing: list[str], ready: bool) -> None:
    """Catches: a file with an empty password; a host that is never served, because an idle account has none."""
    assert without_password(own, stored, senders) == missing
    assert is_ready(own, stored, senders) == ready


@pytest.mark.parametrize(
    ("accounts", "senders", "names", "in_use_of"),
    [
        (["1", "2"], {}, ["1", "2"], {}),
        ([], {"s": ["1", "2"]}, ["1", "2"], {"s": {"in_use": "1"}}),
        (["1"], {"s": ["3", "4"]}, ["1", "3", "4"], {"s": {"in_use": "3"}}),
        # Whatever is written there: that it is wrong is told in its place.
        (None, None, [], {}),
        ("1", ["s"], [], {}),
        ([], {"s": [], "t": None}, [], {}),
        ([7], {}, ["7"], {}),
    ],
)
def test_example_for_a_template(accounts: Any, senders: Any, names: list[str], in_use_of: Any) -> None:
    """Catches: a template that fails only when mail is on hold; a traceback in place of the message about the form."""
    told = example(accounts, senders, "+")
    assert told == {
        "smtp_accounts": {name: {"password": "+not-a-password+"} for name in names},
        "smtp_senders": in_use_of,
    }


ADVICE: list[dict[str, Any]] = [
    {"sender": "s", "step": "rotate", "account": "1"},
    {"sender": "t", "step": "switch", "account": "3"},
    {"sender": "u", "step": "settle", "account": "5"},
    {"sender": "v", "step": "nothing", "account": None},
]


@pytest.mark.parametrize(
    ("proved", "senders"), [([], ["t"]), (["1"], ["t", "s"]), (["3"], ["t"]), (["9"], ["t"]), (["1", "3"], ["t", "s"])]
)
def test_senders_that_switch(proved: list[str], senders: list[str]) -> None:
    """Catches: a sender switched to an account whose test failed; one that an earlier run tested and never switches."""
    assert to_switch(Plan(advice=ADVICE), proved) == senders


@pytest.mark.parametrize(
    ("told", "leaving"),
    [
        ([], ["u"]),
        ([{"sender": "s", "in_use": "1"}], ["u", "s"]),
        ([{"sender": "u", "in_use": "5"}, {"sender": "s", "in_use": "1"}], ["u", "s"]),
    ],
)
def test_switched(told: Any, leaving: list[str]) -> None:
    """Catches: an old account that stays for ever, because the run that switched was killed before it was retired."""
    assert switched(Plan(advice=ADVICE), told) == Switch({one["sender"]: one for one in told}, leaving)


S, S_AND_T = {"s": ["1", "2"]}, {"s": ["1", "2"], "t": ["3", "4"]}
DONE = {"senders": S, "left": ["s"]}


@pytest.mark.parametrize(
    ("known", "hosts", "outside", "left"),
    [
        ({"b": DONE}, {}, {}, ["s"]),
        # It could not log in with the new one, has not begun, or has been done with another store.
        ({"b": {"senders": S}}, {}, {}, []),
        ({"b": {"begun": False, "vars": {"senders": S}}}, {"batch": "a"}, {}, []),
        ({"b": {"begun": False}}, {}, {}, ["s"]),
        ({"b": {**DONE, "left": [], "vault_file": "other.yml"}}, {}, {}, ["s"]),
        # A host that does not use it does not matter.
        ({"b": {"senders": {"t": ["3", "4"]}}}, {}, {}, ["s"]),
        # It fell out: as far as anybody knows, it has what this host has.
        ({"b": {"begun": False}}, {"active": "a"}, {}, []),
        ({"b": DONE}, {"active": "a"}, {}, ["s"]),
        # Left out by --limit.
        ({"b": DONE}, {}, {"z": {"smtp_rotation_senders": S}}, []),
        ({"b": DONE}, {}, {"z": {"smtp_rotation_senders": {"t": ["3", "4"]}}}, ["s"]),
        ({"b": DONE}, {}, {"z": {"smtp_rotation_senders": None}, "y": {}}, ["s"]),
    ],
)
def test_old_account_that_nobody_uses(known: Any, hosts: Any, outside: Any, left: list[str]) -> None:
    """Catches: an account that is retired, and gets another password, while a host still sends with it."""
    seen = fleet("a", {"a": DONE, **known}, everyone="a b", **hosts)
    both = type(seen)(seen.play, {**seen.hostvars, **outside})
    assert all_left(both, ["s"], [*outside], S) == left


def test_only_those_that_leave_are_retired() -> None:
    """Catches: one sender that keeps the others from being retired."""
    seen = fleet("a", {"a": {"senders": S_AND_T, "left": ["t"]}}, everyone="a")
    assert all_left(seen, ["s", "t"], [], S_AND_T) == ["t"]
    assert all_left(seen, [], [], S_AND_T) == []


@pytest.mark.parametrize(
    ("own", "beside", "reloads"),
    [
        ({}, [], False),
        ({"outcome": {"untested": ["1"]}}, [], True),
        # Without test sends nothing is ever recorded as tested, and nothing is worked on for that.
        ({"outcome": {"untested": ["1"]}, "plan": {"users": {"a": ["1"]}}}, [], False),
        ({"outcome": {"untested": ["2"]}}, [], False),
        ({}, ["1"], True),
        ({"senders": {"s": ["1", "2"]}, "switch": {"senders": {"s": {"sender": "s"}}, "leaving": ["s"]}}, [], True),
        ({"senders": {"t": ["1", "2"]}, "switch": {"senders": {"s": {"sender": "s"}}, "leaving": ["s"]}}, [], False),
    ],
)
def test_file_that_is_reloaded_again(own: Any, beside: list[str], reloads: bool) -> None:
    """Catches: programs that a killed run has not reloaded, with a login that is dead; a reload in every night."""
    plan = {"users": {"a": ["1"], "b": ["2"]}, "work": ["1", "2"]}
    assert is_to_reload(fleet("a", {"a": {"plan": plan, **own}}, everyone="a b"), beside) is reloads


GIVEN: dict[str, Any] = {"accounts": ["1"], "given": {"1": "noon"}}


@pytest.mark.parametrize(
    ("known", "hosts", "outside", "given"),
    [
        ({"b": GIVEN}, {}, {}, ["a", "b"]),
        # It fell out before its programs reloaded.
        ({"b": {"accounts": ["1"], "handed": {"1": "noon"}}}, {"active": "a"}, {}, None),
        # It could not log in, was given what another run has replaced since, or has not begun.
        ({"b": {"accounts": ["1"]}}, {}, {}, None),
        ({"b": {"accounts": ["1"], "given": {"1": "ten"}}}, {}, {}, None),
        ({"b": {"begun": False, "vars": {"accounts": ["1"]}}}, {"batch": "a"}, {}, None),
        ({"b": {"begun": False}}, {}, {}, ["a"]),
        # It fell out: as far as anybody knows, it has what this host has.
        ({"b": {"begun": False}}, {"active": "a"}, {}, None),
        # Other accounts, or nothing that sends: its word does not count, neither for nor against.
        ({"b": {"accounts": ["2"]}}, {}, {}, ["a"]),
        ({"b": {"accounts": ["1"], "bare": True}}, {}, {}, ["a"]),
        ({"a": {"accounts": ["1"], "bare": True}, "b": {"accounts": ["1"], "bare": True}}, {}, {}, None),
        # Left out by --limit.
        ({"b": GIVEN}, {}, {"z": {"smtp_rotation_accounts": ["1"]}}, None),
        ({"b": GIVEN}, {}, {"z": {"smtp_rotation_accounts": ["2"]}, "y": {}}, ["a", "b"]),
    ],
)
def test_credential_that_every_host_has(known: Any, hosts: Any, outside: Any, given: list[str] | None) -> None:
    """Catches: an old credential that is deleted while a host still sends with it, or that stays for ever."""
    seen = fleet("a", {"a": GIVEN, **known}, everyone="a b", **hosts)
    both = type(seen)(seen.play, {**seen.hostvars, **outside})
    assert all_given(both, {"1": "noon"}, [*outside], ["1"]) == ({} if given is None else {"1": given})


def test_who_may_use_an_account() -> None:
    """Catches: a host outside of the run that nobody is told of."""
    seen = fleet("a", {"a": GIVEN, "b": {"accounts": ["1", "2"]}}, everyone="a b")
    both = type(seen)(seen.play, {**seen.hostvars, "z": {"smtp_rotation_accounts": ["2"]}})
    assert hosts_with(both, ["1", "2"], ["z"], ["1"]) == {"1": ["a", "b"], "2": ["b", "z"]}
