# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.adoption import Given, adoption
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, verified

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
WINDOW, DAY, HOUR = timedelta(minutes=15), timedelta(days=1), timedelta(hours=1)
STORED = Record(
    password="A", previous_password="Z", changed_at=NOW - DAY, effective_at=NOW - DAY + WINDOW, verified_at=NOW - HOUR
)
UNTESTED = replace(STORED, verified_at=None)
STAGED = replace(STORED, staged_password="B", staged_at=NOW - HOUR)
DOUBTFUL = replace(STORED, doubtful_passwords=("C", "D"), staged_at=NOW - HOUR)
SETTLED = replace(STORED, doubtful_passwords=("C", "D"))
FRESH: dict[str, Any] = {"changed_at": NOW, "effective_at": NOW + WINDOW, "verified_at": None}
DIFFERS = "the given password differs from the stored one, which is kept as previous_password"
SAME = "the given password is the stored one"
DATED = "the given password is the stored one, and settles when it was set"


@pytest.mark.parametrize(
    ("record", "given", "after", "reason"),
    [
        (Record(), Given("N", None), Record(password="N", **FRESH), "the given password is the first one stored"),
        (STORED, Given("A", None), STORED, SAME),
        (STORED, Given("A", NOW), STORED, SAME),
        (UNTESTED, Given("A", None), UNTESTED, SAME),
        (SETTLED, Given("A", None), SETTLED, SAME),
        (Record(password="A"), Given("A", None), Record(password="A"), SAME),
        (Record(password="A"), Given("A", NOW), Record(password="A", **FRESH), DATED),
        (STORED, Given("N", None), replace(STORED, password="N", previous_password="A", **FRESH), DIFFERS),
        (
            UNTESTED,
            Given("N", None),
            replace(UNTESTED, password="N", previous_password="A", doubtful_passwords=("Z",), **FRESH),
            DIFFERS,
        ),
        (
            STORED,
            Given("N", NOW - HOUR),
            Record(password="N", previous_password="A", changed_at=NOW - HOUR, effective_at=NOW - HOUR + WINDOW),
            DIFFERS,
        ),
        (
            STAGED,
            Given("B", None),
            replace(STORED, password="B", previous_password="A", **FRESH),
            "the given password is the staged one, which is settled by that",
        ),
        (DOUBTFUL, Given("A", None), replace(SETTLED, **FRESH), DATED),
        (
            DOUBTFUL,
            Given("C", None),
            replace(STORED, password="C", previous_password="A", doubtful_passwords=("D",), **FRESH),
            "the given password is one that was in doubt",
        ),
        (DOUBTFUL, Given("N", None), replace(SETTLED, password="N", previous_password="A", **FRESH), DIFFERS),
        (STORED, Given("Z", NOW), replace(STORED, password="Z", previous_password="A", **FRESH), DIFFERS),
    ],
)
def test_adoption(record: Record, given: Given, after: Record, reason: str) -> None:
    """Catches: a password that goes, a window that is not counted, a test that is believed of another password."""
    found = adoption("1.acme.smtp", record, given, NOW, WINDOW)
    assert (found.record, found.reason, found.caution) == (after, reason, None)


@pytest.mark.parametrize("ciphertext", ["A", "N", "Z"])
def test_another_staged_password_is_not_dropped(ciphertext: str) -> None:
    """Catches: a staged password that may be in force, and that nobody sends again."""
    with pytest.raises(InputError) as caught:
        adoption("1.acme.smtp", STAGED, Given(ciphertext, None), NOW, WINDOW)
    assert str(caught.value) == (
        "1.acme.smtp: another password is staged and may be in force. Nothing was adopted; run state=present first, "
        "which sends the staged one again and so settles it"
    )


@pytest.mark.parametrize(
    ("given", "caution"),
    [
        (Given("Z", None), "the given password is the one before the stored one"),
        (
            Given("N", NOW - 2 * DAY),
            "changed_at is 2026-11-21T13:00:00Z, but the stored password was set later, at 2026-11-22T13:00:00Z",
        ),
    ],
)
def test_task_that_was_left_over(given: Given, caution: str) -> None:
    """Catches: a nightly job that brings back the password of before every rotation, and says nothing."""
    found = adoption("1.acme.smtp", STORED, given, NOW, WINDOW)
    assert found.caution == caution
    assert found.record.previous_password == "A"


def test_doubt_that_began_after_the_given_password_was_set_stays() -> None:
    """Catches: a doubtful password that is deleted by a test which the password of before it passed."""
    found = adoption("1.acme.smtp", DOUBTFUL, Given("N", NOW - 2 * HOUR), NOW, WINDOW).record
    assert found.in_doubt and found.staged_at == DOUBTFUL.staged_at
    assert verified(found, NOW).doubtful_passwords == ("C", "D")
    settled = adoption("1.acme.smtp", DOUBTFUL, Given("N", None), NOW, WINDOW).record
    assert verified(settled, NOW).doubtful_passwords == ()


def test_again_changes_nothing_and_nothing_is_ever_lost() -> None:
    """Catches: a second run of the same task that changes something, a stored value that no field has any more."""
    records = (Record(), STORED, UNTESTED, SETTLED, DOUBTFUL, STAGED, Record(password="A"))
    moments = (None, NOW, NOW - HOUR, NOW - 2 * DAY)
    for record, ciphertext, at in itertools.product(records, "ABCDNZ", moments):
        if record.staged_password not in (None, ciphertext):
            continue
        once = adoption("x", record, Given(ciphertext, at), NOW, WINDOW).record
        assert adoption("x", once, Given(ciphertext, at), NOW, WINDOW).record == once
        assert once.password == ciphertext and once.staged_password is None
        kept = {once.password, once.previous_password, *once.doubtful_passwords}
        # Of a verified change, the password before the last one is of no use to anybody.
        unneeded = {record.previous_password} if record.is_verified else set()
        assert kept >= {record.password, *record.doubtful_passwords, record.staged_password} - {None} - unneeded
