# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.change import BEGUN
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.plan import (
    Plan,
    Step,
    Wish,
    decide,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
AGE = 90 * DAY
STORED = Record(password="A", changed_at=NOW - DAY, effective_at=NOW - DAY + WINDOW, verified_at=NOW - DAY + WINDOW)
UNTESTED = replace(STORED, verified_at=None)
STAGED = replace(STORED, staged_password="B", staged_at=NOW - timedelta(minutes=5))
DOUBTFUL = replace(STORED, doubtful_passwords=("C",), staged_at=NOW - timedelta(minutes=5))
DUE, ALWAYS, NEVER = Wish("when_due", AGE), Wish("always", None), Wish("never", AGE)
GIVEN = Wish("when_due", AGE, explicit=True)
SAME = "the given password is the stored one, but another one may be in force, so it is sent again"
AGAIN = "a password has been staged since 2026-11-23T12:55:00Z and may have reached the provider, so it is sent again"
WAITS = "a password has been staged since 2026-11-23T12:55:00Z; state=present sends it"


@pytest.mark.parametrize(
    ("record", "wish", "step", "reason"),
    [
        (Record(), DUE, Step.NEW, "no password was stored before"),
        (Record(), ALWAYS, Step.NEW, "no password was stored before"),
        (Record(), NEVER, Step.NOTHING, "rotate is never"),
        (Record(), GIVEN, Step.NEW, "first password, given explicitly"),
        (Record(previous_password="Z", changed_at=NOW), DUE, Step.NEW, "no password was stored before"),
        (STORED, DUE, Step.NOTHING, "it is due at 2027-02-20T13:00:00Z"),
        (STORED, Wish("when_due", None), Step.NOTHING, "a password is stored, and max_age is not set"),
        (STORED, Wish("when_due", DAY), Step.NEW, "it was due at 2026-11-23T13:00:00Z"),
        (STORED, Wish("when_due", DAY + timedelta(seconds=1)), Step.NOTHING, "it is due at 2026-11-23T13:00:01Z"),
        (
            replace(STORED, changed_at=None),
            DUE,
            Step.NEW,
            "the stored password has no changed_at, so its age is unknown",
        ),
        (Record(password="A"), Wish("when_due", None), Step.NOTHING, "a password is stored, and max_age is not set"),
        (UNTESTED, DUE, Step.NOTHING, "it is due at 2027-02-20T13:00:00Z"),
        (UNTESTED, ALWAYS, Step.NEW, "rotate is always"),
        (STORED, ALWAYS, Step.NEW, "rotate is always"),
        (STORED, replace(ALWAYS, seen=STORED), Step.NEW, "rotate is always"),
        (STORED, replace(ALWAYS, seen=DOUBTFUL), Step.NEW, "rotate is always"),
        (
            STORED,
            replace(ALWAYS, seen=replace(STORED, password="Z")),
            Step.NOTHING,
            "another run changed it while this one was waiting",
        ),
        (
            STORED,
            replace(ALWAYS, seen=Record()),
            Step.NOTHING,
            "another run changed it while this one was waiting",
        ),
        (STORED, NEVER, Step.NOTHING, "rotate is never"),
        (STORED, replace(GIVEN, is_current=True), Step.NOTHING, "the password given is the stored one"),
        (STORED, GIVEN, Step.NEW, "the given password differs from the stored one"),
        (STORED, replace(GIVEN, only_stage=True), Step.NEW, "the given password differs from the stored one"),
        (STAGED, DUE, Step.RESEND, AGAIN),
        (STAGED, Wish("when_due", None), Step.RESEND, AGAIN),
        (STAGED, ALWAYS, Step.RESEND, AGAIN),
        (STAGED, replace(ALWAYS, seen=STORED), Step.RESEND, AGAIN),
        (STAGED, NEVER, Step.RESEND, AGAIN),
        (STAGED, replace(GIVEN, is_staged=True), Step.RESEND, AGAIN),
        (STAGED, replace(GIVEN, is_staged=True, is_current=True), Step.RESEND, AGAIN),
        (STAGED, GIVEN, Step.NEW, "the given password differs from the stored one"),
        (STAGED, replace(GIVEN, is_current=True), Step.NEW, SAME),
        (STAGED, replace(DUE, only_stage=True), Step.NOTHING, WAITS),
        (STAGED, replace(ALWAYS, only_stage=True), Step.NOTHING, WAITS),
        (STAGED, replace(GIVEN, is_staged=True, only_stage=True), Step.NOTHING, WAITS),
        (replace(STAGED, password=None), NEVER, Step.RESEND, AGAIN),
        (replace(STAGED, staged_at=None), DUE, Step.RESEND, AGAIN.replace(" since 2026-11-23T12:55:00Z", "")),
        (DOUBTFUL, DUE, Step.NEW, "a refused password may still be in force, so a new one is set"),
        (DOUBTFUL, Wish("when_due", None), Step.NEW, "a refused password may still be in force, so a new one is set"),
        (replace(UNTESTED, doubtful_passwords=("Z",)), DUE, Step.NOTHING, "it is due at 2027-02-20T13:00:00Z"),
        (DOUBTFUL, NEVER, Step.NOTHING, "rotate is never"),
        (DOUBTFUL, replace(GIVEN, is_current=True), Step.NEW, SAME),
        (
            Record(password="A", doubtful_passwords=("C",), staged_at=NOW),
            Wish("when_due", None),
            Step.NEW,
            "a refused password may still be in force, so a new one is set",
        ),
        (replace(STORED, doubtful_passwords=("Z",)), DUE, Step.NOTHING, "it is due at 2027-02-20T13:00:00Z"),
        (replace(STORED, staged_at=NOW), DUE, Step.NOTHING, "it is due at 2027-02-20T13:00:00Z"),
    ],
)
def test_decide(record: Record, wish: Wish, step: Step, reason: str) -> None:
    """Catches: a rotation too early, too late or twice, a staged password that is passed over, a wrong reason."""
    assert decide(record, wish, NOW) == Plan(step, reason)


def test_due_beyond_the_calendar() -> None:
    """Catches: one mistyped year in the store that ends the rotation of all accounts."""
    far = replace(STORED, changed_at=datetime(9990, 1, 1, tzinfo=timezone.utc))
    assert decide(far, Wish("when_due", AGE * 400), NOW) == Plan(Step.NOTHING, "it is due at 9999-12-31T23:59:59Z")


def test_role_recognises_what_an_earlier_run_has_begun() -> None:
    """Catches: a reason that is worded anew, and a role that takes an account for untouched that may have changed."""
    reasons = [decide(STAGED, wish, NOW).reason for wish in (DUE, ALWAYS, NEVER, replace(DUE, only_stage=True))]
    assert [reason for reason in reasons if not reason.startswith(BEGUN)] == []
    assert not decide(STORED, DUE, NOW).reason.startswith(BEGUN)
