# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import REASONS, STATES, Account
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import mark, with_failure, with_note
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import (
    ACCOUNTS,
    DAY,
    NOW,
    SENDERS,
    changed,
    reported,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NEW, OLD


def one(record: Record) -> Account:
    (account,) = reported({"1.acme.smtp": record}).accounts
    return account


@pytest.mark.parametrize(
    ("kind", "state", "attention"),
    [
        ("verified", "verified", []),
        ("waiting", "waiting", []),
        ("unverified", "effective", ["unverified"]),
        ("overdue", "verified", ["overdue"]),
        ("undated", "effective", ["undated"]),
        ("none", "none", ["none"]),
        ("staged", "staged", ["staged"]),
        ("doubtful", "verified", ["doubtful"]),
        ("failed", "effective", ["failed"]),
    ],
)
def test_state_and_attention(kind: str, state: str, attention: list[str]) -> None:
    """Catches: an account in trouble that is shown as in order, or one that is named twice for one trouble."""
    facts = one(ACCOUNTS[kind]).facts
    assert (facts["state"], facts["attention"]) == (state, attention)
    assert state in STATES and set(attention) <= set(REASONS)


def test_several_reasons_come_in_the_order_of_their_urgency() -> None:
    """Catches: an account whose password fails, filed under a trouble that can wait."""
    old = replace(changed(95 * DAY), failed_at=NOW - DAY, failure="auth_rejected", staged_password=NEW, staged_at=NOW)
    assert one(old).attention == ("failed", "overdue", "staged")


def test_window_is_counted_where_the_store_does_not_name_it() -> None:
    """Catches: a password called untested in the minutes in which nobody may test it."""
    record = replace(changed(timedelta(minutes=5), tested=False), effective_at=None)
    facts = one(record).facts
    assert (facts["window_open"], facts["state"], facts["attention"]) == (True, "waiting", [])


def test_nothing_is_due_without_a_maximum_age() -> None:
    """Catches: accounts called overdue by a rule that nobody gave."""
    (account,) = reported({"1.acme.smtp": changed(4000 * DAY)}, max_age=None).accounts
    assert (account.attention, account.due_at) == ((), None)


def test_account_that_only_a_sender_names_is_shown() -> None:
    """Catches: a sender with an account that the store lost, in a report that says all is in order."""
    pair = {"news": Sender(in_use="1.acme.smtp", at_rest="2.acme.smtp", switched_at=NOW)}
    report = reported({"1.acme.smtp": changed(DAY)}, pair)
    assert [(account.name, account.attention) for account in report.accounts] == [
        ("1.acme.smtp", ()),
        ("2.acme.smtp", ("none",)),
    ]


def test_totals_count_accounts_states_and_reasons() -> None:
    """Catches: a total that leaves an account out, or counts one twice."""
    totals = reported(ACCOUNTS, SENDERS).totals()
    assert (totals["accounts"], totals["senders"], totals["attention"]) == (9, 1, 7)
    assert totals["states"] == {"none": 1, "staged": 1, "waiting": 1, "effective": 3, "verified": 3}
    assert totals["reasons"] == {**dict.fromkeys(REASONS, 1), "unpublished": 0}


def test_fingerprint_stays_while_only_time_passes() -> None:
    """Catches: a task that reports a change each night, and one that does not when a password became due."""
    accounts = {"1.acme.smtp": changed(10 * DAY)}
    before = reported(accounts).fingerprint()
    assert reported(accounts, now=NOW + DAY).fingerprint() == before
    assert reported(accounts, now=NOW + 81 * DAY).fingerprint() != before
    assert reported(accounts, name="other").fingerprint() != before


GIVEN = with_note((), "prod", mark(OLD, "here"), NOW)


@pytest.mark.parametrize(
    ("over", "sender", "late"),
    [
        ({}, None, []),
        ({"password": NEW}, None, ["prod"]),
        ({"published": with_failure(GIVEN, "other")}, None, ["other"]),
        # Not settled yet: the run that is to come publishes it.
        ({"password": NEW, "effective_at": NOW + DAY}, None, []),
        ({"password": NEW, "staged_password": OLD}, None, []),
        ({"password": None}, None, []),
        # The note is of the time when it was in use.
        ({"password": NEW}, Sender(in_use="b", at_rest="a", switched_at=NOW), []),
        ({"password": NEW}, Sender(in_use="a", at_rest="b", switched_at=NOW), ["prod"]),
    ],
)
def test_targets_that_are_behind(over: dict[str, Any], sender: Sender | None, late: list[str]) -> None:
    """Catches: a target with an old password that no report names; one that is named although nothing is to be done."""
    record = replace(changed(DAY), **{"published": GIVEN, **over})
    found = reported({"a": record}, {"s": sender} if sender else {})
    facts = next(account.facts for account in found.accounts if account.name == "a")
    assert [one["target"] for one in facts["published"] if one["behind"]] == late
    assert ("unpublished" in facts["attention"]) == bool(late)
