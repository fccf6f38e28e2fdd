# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.plugin_utils._overview import overview
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.plan import Step, Wish, decide
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
QUIET = settings(database=None, deadline=None, print_blob=True)
NOTHING_KNOWN = {
    "account": "a",
    "listed": None,
    "stored": None,
    "state": None,
    "age_seconds": None,
    "due": None,
    "staged_at": None,
    "failed_at": None,
    "failure": None,
    "doubtful_passwords": 0,
    "seconds_until_effective": 0,
    "changed_at": None,
    "effective_at": None,
    "verified_at": None,
    "next_due": None,
    "sender": None,
    "role": None,
}
STAGED = Record(
    password="$CIPHERTEXT",
    staged_password="$CIPHERTEXT",
    doubtful_passwords=("$CIPHERTEXT",),
    changed_at=NOW - timedelta(minutes=10),
    effective_at=NOW + timedelta(minutes=5),
    staged_at=NOW - timedelta(minutes=1),
    failed_at=NOW - timedelta(seconds=30),
    failure="auth_rejected",
)


def of(
    record: Record | None, *, listed: set[str] | None = None, max_age: timedelta | None = 90 * DAY
) -> dict[str, Any]:
    (entry,) = overview(["a"], None if record is None else {"a": record}, listed, max_age=max_age, now=NOW)
    return entry


def test_neither_store_nor_provider_asked() -> None:
    """Catches: 'not stored' or 'not listed' told of what nobody looked at."""
    assert of(None) == NOTHING_KNOWN


def test_everything_known() -> None:
    """Catches: a field of another meaning than the documented one."""
    assert of(STAGED, listed={"a"}) == {
        "account": "a",
        "listed": True,
        "stored": True,
        "state": "staged",
        "age_seconds": 600,
        "due": True,
        "staged_at": "2026-11-23T12:59:00Z",
        "failed_at": "2026-11-23T12:59:30Z",
        "failure": "auth_rejected",
        "doubtful_passwords": 1,
        "seconds_until_effective": 300,
        "changed_at": "2026-11-23T12:50:00Z",
        "effective_at": "2026-11-23T13:05:00Z",
        "verified_at": None,
        "next_due": "2027-02-21T12:50:00Z",
        "sender": None,
        "role": None,
    }


def test_account_that_the_store_does_not_know() -> None:
    """Catches: an account without a password passed over by who looks for what is due."""
    (entry,) = overview(["a"], {}, {"b"}, max_age=None, now=NOW)
    assert entry == {**NOTHING_KNOWN, "listed": False, "stored": False, "state": "none", "due": True}


@pytest.mark.parametrize("changed_at", [None, NOW + timedelta(minutes=5)])
def test_age_is_never_negative_or_made_up(changed_at: datetime | None) -> None:
    """Catches: a negative age from a clock that is ahead, or an age counted from nothing."""
    assert of(Record(password="$CIPHERTEXT", changed_at=changed_at))["age_seconds"] == (0 if changed_at else None)


def test_order_of_the_accounts() -> None:
    """Catches: entries in another order than the accounts, which hides one behind another's name."""
    entries = overview(["b", "a", "c"], {"a": STAGED}, None, max_age=None, now=NOW)
    assert [(entry["account"], entry["stored"]) for entry in entries] == [("b", False), ("a", True), ("c", False)]


def test_no_ciphertext() -> None:
    """Catches: a password in a listing, if only encrypted."""
    assert "CIPHERTEXT" not in repr(of(STAGED, listed=set()))


MOMENTS = st.none() | st.integers(-100, 100).map(lambda hours: NOW + timedelta(hours=hours))
RECORDS = st.builds(
    Record,
    password=st.sampled_from([None, "A"]),
    staged_password=st.sampled_from([None, None, "B"]),
    doubtful_passwords=st.sampled_from([(), ("C",)]),
    changed_at=MOMENTS,
    effective_at=MOMENTS,
    verified_at=MOMENTS,
)


@QUIET
@given(RECORDS, st.none() | st.integers(1, 100).map(lambda hours: timedelta(hours=hours)))
def test_due_is_what_a_run_would_do(record: Record, max_age: timedelta | None) -> None:
    """Catches: a listing that calls due what no run rotates, or the reverse."""
    planned = decide(record, Wish(rotate="when_due", max_age=max_age), NOW)
    assert of(record, max_age=max_age)["due"] is (planned.step is not Step.NOTHING)


def test_role_of_each_account() -> None:
    """Catches: a role told of the wrong account, or an account that no sender has told as one of a sender's."""
    senders = {"s": Sender("a", "b", None, NOW), "t": Sender("c", None, "d", NOW)}
    entries = overview("abcde", None, None, max_age=None, now=NOW, senders=senders)
    assert [(entry["sender"], entry["role"]) for entry in entries] == [
        ("s", "in_use"),
        ("s", "at_rest"),
        ("t", "in_use"),
        ("t", "leaving"),
        (None, None),
    ]
