# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record

NOW = datetime(2026, 11, 23, 13, 0, 0, 400000, tzinfo=timezone.utc)
SECOND = NOW.replace(microsecond=0)
WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
AGE = 90 * DAY
CURRENT = Record(password="A", previous_password="Z", changed_at=SECOND - DAY, effective_at=SECOND - DAY + WINDOW)
VERIFIED = replace(CURRENT, verified_at=SECOND - DAY + WINDOW)
QUIET = settings(database=None, deadline=None, print_blob=True)


@pytest.mark.parametrize(
    ("record", "effective_at"),
    [
        (Record(), None),
        (Record(changed_at=SECOND), None),
        (Record(password="A"), None),
        (Record(password="A", changed_at=SECOND), SECOND + WINDOW),
        (Record(password="A", effective_at=SECOND), SECOND),
        (CURRENT, CURRENT.effective_at),
        (Record(password="A", changed_at=datetime.max.replace(tzinfo=timezone.utc)), None),
    ],
)
def test_with_window(record: Record, effective_at: datetime | None) -> None:
    """Catches: a window that nobody counts since a hand wrote the record; another one put in the place of a known."""
    found = records.with_window(record, WINDOW)
    assert found == replace(record, effective_at=effective_at)


FAILED = records.failed(CURRENT, NOW, "auth_rejected")


@pytest.mark.parametrize(
    ("record", "has_failed"),
    [
        (CURRENT, False),
        (FAILED, True),
        (records.verified(FAILED, NOW), False),
        (records.staged(FAILED, "B", NOW), True),
        (records.accepted(records.staged(FAILED, "B", NOW), "B", NOW, WINDOW), False),
        (records.failed(VERIFIED, NOW, "connect"), True),
        # What a version left behind that does not know of failures.
        (replace(FAILED, verified_at=SECOND + WINDOW), False),
        (replace(FAILED, changed_at=SECOND + WINDOW, verified_at=None), False),
    ],
)
def test_has_failed(record: Record, has_failed: bool) -> None:
    """Catches: a failure that is told after it was put right, or forgotten before."""
    assert record.has_failed == has_failed


def test_failure_is_kept_and_cleared() -> None:
    """Catches: a password that changes with a note on it; a note that stays after the test worked."""
    assert replace(CURRENT, failed_at=SECOND, failure="auth_rejected") == FAILED
    assert records.verified(FAILED, NOW) == replace(CURRENT, verified_at=SECOND)


@pytest.mark.parametrize(
    ("record", "state"),
    [
        (Record(), "none"),
        (Record(previous_password="Z", changed_at=SECOND), "none"),
        (Record(staged_password="B"), "staged"),
        (replace(VERIFIED, staged_password="B"), "staged"),
        (replace(CURRENT, effective_at=NOW + timedelta(microseconds=1)), "waiting"),
        (replace(CURRENT, effective_at=NOW), "effective"),
        (CURRENT, "effective"),
        (Record(password="A"), "effective"),
        (VERIFIED, "verified"),
        (Record(password="A", verified_at=SECOND), "verified"),
        (replace(VERIFIED, verified_at=SECOND - DAY - DAY), "effective"),
    ],
)
def test_state_at(record: Record, state: str) -> None:
    """Catches: a window called over while it is open, or a test send of the password before taken for this one's."""
    assert record.state_at(NOW) == state


@pytest.mark.parametrize(
    ("record", "age", "due"),
    [
        (VERIFIED, AGE, SECOND - DAY + AGE),
        (VERIFIED, None, None),
        (Record(), AGE, None),
        (Record(password="A"), AGE, None),
        (Record(changed_at=SECOND), AGE, None),
        (replace(VERIFIED, staged_password="B", staged_at=SECOND), AGE, SECOND - DAY + AGE),
    ],
)
def test_next_due(record: Record, age: timedelta | None, due: datetime | None) -> None:
    """Catches: a due date counted from the test send, or made up for an account without a password."""
    assert records.next_due(record, age) == due


def test_next_due_beyond_the_calendar() -> None:
    """Catches: one mistyped year in the store that ends the listing of all accounts."""
    far = replace(VERIFIED, changed_at=datetime(9990, 1, 1, tzinfo=timezone.utc))
    assert records.next_due(far, AGE * 400) == datetime.max.replace(tzinfo=timezone.utc)


def test_dates() -> None:
    """Catches: a date of another field, or a due date without a greatest age."""
    tested = replace(VERIFIED, verified_at=SECOND - DAY + WINDOW + timedelta(seconds=9))
    assert records.dates(tested, AGE) == {
        "changed_at": "2026-11-22T13:00:00Z",
        "effective_at": "2026-11-22T13:15:00Z",
        "verified_at": "2026-11-22T13:15:09Z",
        "next_due": "2027-02-20T13:00:00Z",
    }
    assert set(records.dates(Record(), AGE).values()) == {None}
    assert records.dates(tested, None)["next_due"] is None


@pytest.mark.parametrize(
    ("record", "verified", "unverified"),
    [
        (Record(), False, False),
        (Record(password="A"), False, False),
        (CURRENT, False, True),
        (VERIFIED, True, False),
        (replace(VERIFIED, verified_at=VERIFIED.changed_at), True, False),
        (replace(VERIFIED, verified_at=SECOND - DAY - DAY), False, True),
        (Record(changed_at=SECOND), False, False),
    ],
)
def test_verified_and_unverified(record: Record, *, verified: bool, unverified: bool) -> None:
    """Catches: a change that is never tested, or an imported password for which every run asks for a test."""
    assert (record.is_verified, record.is_unverified) == (verified, unverified)


def test_staged_leaves_the_password_alone() -> None:
    """Catches: a rotation that moves the stored password before the provider has taken the new one."""
    after = records.staged(VERIFIED, "B", NOW)
    assert after == replace(VERIFIED, staged_password="B", staged_at=SECOND)


def test_staged_keeps_what_was_on_its_way() -> None:
    """Catches: an explicit password that overwrites a staged one which may have landed."""
    before = replace(VERIFIED, staged_password="B", staged_at=SECOND - DAY, doubtful_passwords=("C",))
    after = records.staged(before, "D", NOW)
    assert after == replace(before, staged_password="D", staged_at=SECOND, doubtful_passwords=("C", "B"))


def test_accepted_moves_the_ciphertext() -> None:
    """Catches: a new encryption at the commit, or a staged value left behind that the next run sends again."""
    after = records.accepted(records.staged(VERIFIED, "B", NOW), "B", NOW, WINDOW)
    assert after.password == "B" and after.previous_password == "A"
    assert (after.staged_password, after.staged_at, after.verified_at) == (None, None, None)
    assert after.changed_at == SECOND and after.doubtful_passwords == ()


def test_accepted_without_a_password_before() -> None:
    """Catches: a first rotation that fails for want of a previous password."""
    after = records.accepted(Record(staged_password="B", staged_at=SECOND), "B", SECOND, WINDOW)
    assert after == Record(password="B", changed_at=SECOND, effective_at=SECOND + WINDOW)


def test_accepted_on_an_untested_change_keeps_all_three() -> None:
    """Catches: two rotations within one window that drop the password which is still in force."""
    after = records.accepted(records.staged(CURRENT, "B", NOW), "B", NOW, WINDOW)
    assert (after.password, after.previous_password, after.doubtful_passwords) == ("B", "A", ("Z",))


def test_accepted_keeps_doubtful_ones() -> None:
    """Catches: doubtful passwords dropped before the rotation that follows them is proved."""
    before = replace(VERIFIED, doubtful_passwords=("C",), staged_password="B", staged_at=SECOND)
    assert records.accepted(before, "B", NOW, WINDOW).doubtful_passwords == ("C",)


def test_accepted_keeps_another_staged_value() -> None:
    """Catches: a password that somebody staged during the call, dropped by its commit."""
    before = replace(VERIFIED, staged_password="X", staged_at=SECOND)
    after = records.accepted(before, "B", NOW, WINDOW)
    assert (after.password, after.staged_password, after.staged_at) == ("B", "X", SECOND)


def test_accepted_twice_keeps_the_previous_password() -> None:
    """Catches: the password moved onto its own previous one when a commit is repeated."""
    once = records.accepted(VERIFIED, "B", NOW, WINDOW)
    assert records.accepted(once, "B", NOW, WINDOW).previous_password == "A"


def test_the_window_is_counted_from_what_the_store_says() -> None:
    """Catches: dates in the store that do not add up: who waits for the whole window adds the second that is cut."""
    after = records.accepted(VERIFIED, "B", NOW, WINDOW)
    assert (after.changed_at, after.effective_at) == (SECOND, SECOND + WINDOW)
    assert after.waits_at(SECOND + WINDOW - timedelta(microseconds=1)) and not after.waits_at(SECOND + WINDOW)


def test_accepted_without_a_date_keeps_all_three() -> None:
    """Catches: changed_at deleted by hand to force a rotation, and with it the only trace of the password in force."""
    before = replace(CURRENT, changed_at=None, staged_password="B", staged_at=SECOND)
    after = records.accepted(before, "B", NOW, WINDOW)
    assert {after.password, after.previous_password, *after.doubtful_passwords} >= {"A", "B", "Z"}


def test_accepted_without_a_password_keeps_the_previous() -> None:
    """Catches: the password line deleted by hand to force a rotation, and the one before lost with it."""
    before = Record(previous_password="Z", changed_at=SECOND - DAY, staged_password="B", staged_at=SECOND)
    after = records.accepted(before, "B", NOW, WINDOW)
    assert "Z" in {after.previous_password, *after.doubtful_passwords}


def test_refused_drops_what_cannot_have_landed() -> None:
    """Catches: a refused password that every later run sends again."""
    assert records.refused(records.staged(VERIFIED, "B", NOW), "B", doubt=False) == VERIFIED


def test_refused_in_doubt_keeps_the_value() -> None:
    """Catches: a password deleted that an earlier attempt, cut off, had put in force."""
    after = records.refused(records.staged(VERIFIED, "B", NOW), "B", doubt=True)
    assert after == replace(VERIFIED, doubtful_passwords=("B",), staged_at=SECOND) and after.in_doubt


def test_refused_leaves_another_staged_value() -> None:
    """Catches: a password that somebody staged during the call, dropped by its refusal."""
    record = records.staged(VERIFIED, "X", NOW)
    assert records.refused(record, "B", doubt=False) == record


def test_refused_without_doubt_leaves_earlier_doubt() -> None:
    """Catches: a definite refusal of the explicit password that settles the doubt about the one it replaced."""
    before = replace(VERIFIED, staged_password="B", staged_at=SECOND - DAY)
    after = records.refused(records.staged(before, "D", NOW), "D", doubt=False)
    assert after == replace(VERIFIED, doubtful_passwords=("B",), staged_at=SECOND) and after.in_doubt


@pytest.mark.parametrize(
    ("record", "in_doubt"),
    [
        (VERIFIED, False),
        (replace(VERIFIED, doubtful_passwords=("C",)), False),
        (replace(VERIFIED, staged_at=SECOND), False),
        (replace(VERIFIED, doubtful_passwords=("C",), staged_at=SECOND), True),
        (replace(VERIFIED, doubtful_passwords=("C",), staged_at=SECOND, staged_password="B"), False),
    ],
)
def test_in_doubt(record: Record, *, in_doubt: bool) -> None:
    """Catches: doubt older than the stored password, which a test settles, taken for doubt that it cannot settle."""
    assert record.in_doubt is in_doubt


def test_restored() -> None:
    """Catches: a sent password that an editor took out staged over another one, or put in twice."""
    assert records.restored(VERIFIED, "B", NOW) == replace(VERIFIED, staged_password="B", staged_at=SECOND)
    other = replace(VERIFIED, staged_password="X", staged_at=SECOND - DAY, doubtful_passwords=("C",))
    assert records.restored(other, "B", NOW) == replace(other, doubtful_passwords=("C", "B"))
    for known in ("A", "Z", "X", "C"):
        assert records.restored(other, known, NOW) == other


def test_verified_settles_all_doubt() -> None:
    """Catches: doubtful passwords that stay in the store for ever."""
    record = replace(CURRENT, doubtful_passwords=("C", "D"))
    assert records.verified(record, NOW) == replace(CURRENT, verified_at=SECOND)


def test_verified_does_not_settle_younger_doubt() -> None:
    """Catches: a test send before a doubtful change takes effect, and the password in force deleted by it."""
    record = replace(CURRENT, doubtful_passwords=("C",), staged_at=SECOND)
    assert records.verified(record, NOW) == replace(record, verified_at=SECOND)


def test_acceptance_makes_doubt_older_than_the_password() -> None:
    """Catches: doubt that no rotation ever settles, so that every run rotates."""
    before = replace(VERIFIED, doubtful_passwords=("C",), staged_at=SECOND - DAY)
    after = records.accepted(records.staged(before, "B", NOW), "B", NOW, WINDOW)
    assert after.doubtful_passwords == ("C",) and not after.in_doubt
    assert records.verified(after, NOW + WINDOW).doubtful_passwords == ()


MOMENTS = st.none() | st.integers(0, 365 * 86400).map(lambda seconds: SECOND - timedelta(seconds=seconds))
NAMES = st.none() | st.sampled_from("ABCDEF")
RECORDS = st.builds(
    Record,
    password=NAMES,
    previous_password=NAMES,
    staged_password=NAMES,
    doubtful_passwords=st.lists(st.sampled_from("ABCDEF"), max_size=3).map(tuple),
    changed_at=MOMENTS,
    effective_at=MOMENTS,
    verified_at=MOMENTS,
    staged_at=MOMENTS,
)


@QUIET
@given(RECORDS, st.sampled_from("ABCDEFG"))
def test_staging_and_refusal_in_doubt_lose_nothing(record: Record, new: str) -> None:
    """Catches: a value that any order of staging and doubtful refusal makes disappear."""

    def values(of: Record) -> set[str | None]:
        return {of.password, of.previous_password, of.staged_password, *of.doubtful_passwords} - {None}

    staged = records.staged(record, new, NOW)
    assert values(staged) == values(record) | {new}
    assert values(records.refused(staged, new, doubt=True)) == values(staged)


@QUIET
@given(RECORDS, st.sampled_from("ABCDEFG"))
def test_acceptance_loses_at_most_the_previous_password(record: Record, new: str) -> None:
    """Catches: a value other than the one that two proved rotations have replaced, deleted by a commit."""
    after = records.accepted(record, new, NOW, WINDOW)
    kept = {after.password, after.previous_password, after.staged_password, *after.doubtful_passwords}
    assert kept >= {record.password, record.staged_password, *record.doubtful_passwords, new} - {None}


MADE = Record(
    password="B",
    previous_password="A",
    changed_at=NOW - WINDOW,
    username="user2",
    credential_id="2",
    previous_username="user1",
    previous_id="1",
    settled_at=NOW,
)


def test_credential_before_is_used_again() -> None:
    """Catches: an old password that works beside the user name and the ID of another credential."""
    after = records.adopted(MADE, "A", NOW, WINDOW)
    assert (after.password, after.username, after.credential_id) == ("A", "user1", "1")
    assert (after.previous_password, after.previous_username, after.previous_id) == ("B", "user2", "2")
    assert not after.is_settled
    other = records.adopted(MADE, "C", NOW, WINDOW)
    assert (other.username, other.credential_id, other.previous_id) == ("user2", "2", "1")
    assert records.adopted(replace(MADE, previous_id=None), "A", NOW, WINDOW).username == "user2"


@pytest.mark.parametrize(
    ("record", "names"),
    [
        (Record(), ["a"]),
        (Record(username="a"), ["a"]),
        (Record(username="u2"), ["u2", "a"]),
        (Record(username="u2", previous_username="u1"), ["u2", "u1", "a"]),
        (Record(previous_username="u1"), ["a", "u1"]),
    ],
)
def test_names_that_a_host_may_know(record: Record, names: list[str]) -> None:
    """Catches: an entry by an earlier user name that is not found, and stays."""
    assert record.logins("a") == names


@pytest.mark.parametrize(("before", "now", "kept"), [("u1", "u2", "u1"), ("u1", "u1", None), (None, "u1", None)])
def test_user_name_that_changes_in_place(before: str | None, now: str | None, kept: str | None) -> None:
    """Catches: a user name that the provider has replaced, and by which no host finds its entry any more."""
    after = records.issued(
        Record(password="A", username=before), records.Credential("B", now), NOW, WINDOW, beside=False
    )
    assert (after.username, after.previous_username, after.previous_id) == (now, kept, None)
