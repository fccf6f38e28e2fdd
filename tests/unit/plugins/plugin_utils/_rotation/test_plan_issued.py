# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for a provider that makes the passwords."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.plan import Plan, Step, Wish, decide
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
DAY = timedelta(days=1)
STORED = Record(password="A", changed_at=NOW - 3 * DAY, verified_at=NOW - 3 * DAY, username="u1", credential_id="1")
LABEL = "20261123T120000Z-0123456789ab"
OPEN = replace(STORED, requests=(LABEL,), staged_at=NOW - timedelta(hours=1))
LATE = replace(STORED, requests=(LABEL,))
HELD = replace(STORED, previous_id="0")
SETTLED = replace(HELD, settled_at=NOW - 2 * DAY)
FAILED = replace(SETTLED, failed_at=NOW - DAY, failure="auth_rejected")
REGENERATE = Wish("when_due", 90 * DAY, issued=True, keep_old=DAY)
CREATE = replace(REGENERATE, beside=True)
NEVER, ALWAYS = replace(CREATE, rotate="never"), replace(CREATE, rotate="always")
LATER = "it is due at 2027-02-18T13:00:00Z"
ASKED = "a new password was requested at 2026-11-23T12:00:00Z, and the answer is not known"
STAGED = "a password has been staged and may be in force, but this provider takes none, so one is requested"
USED = (
    "a host may still use the credential before it, 0: give the stored one to every host, test it, and record that "
    "with state=settled"
)
KEPT = "the credential before it, 0, is kept until 2026-11-24T13:00:00Z"


@pytest.mark.parametrize(
    ("record", "wish", "step", "reason"),
    [
        (Record(), REGENERATE, Step.NEW, "no password was stored before"),
        (STORED, REGENERATE, Step.NOTHING, LATER),
        (STORED, replace(REGENERATE, max_age=DAY), Step.NEW, "it was due at 2026-11-21T13:00:00Z"),
        # An open request is finished, whatever was asked for.
        (OPEN, REGENERATE, Step.RESEND, f"{ASKED}, so another one is requested"),
        (OPEN, NEVER, Step.RESEND, f"{ASKED}, so another one is requested"),
        (
            OPEN,
            replace(CREATE, only_stage=True),
            Step.NOTHING,
            "a new password is to be requested since 2026-11-23T12:00:00Z; state=present requests it",
        ),
        # Of a request that was replaced, at most a credential appears, which is looked for with the next one.
        (LATE, CREATE, Step.NOTHING, LATER),
        (replace(STORED, staged_password="B", staged_at=NOW), REGENERATE, Step.NEW, STAGED),
        (replace(STORED, staged_password="B", staged_at=NOW), NEVER, Step.NEW, STAGED),
        (
            replace(STORED, doubtful_passwords=("B",), staged_at=NOW),
            CREATE,
            Step.NEW,
            "a refused password may still be in force, so a new one is set",
        ),
        # The credential before the stored one goes after every host has left it.
        (HELD, CREATE, Step.NOTHING, LATER),
        (HELD, ALWAYS, Step.NOTHING, f"rotate is always, but {USED}"),
        (SETTLED, CREATE, Step.RETIRE, "no host uses 0 any more, so it is deleted"),
        (SETTLED, NEVER, Step.RETIRE, "no host uses 0 any more, so it is deleted"),
        (SETTLED, ALWAYS, Step.NEW, "rotate is always"),
        (SETTLED, replace(CREATE, only_stage=True), Step.NOTHING, LATER),
        (SETTLED, replace(CREATE, keep_old=3 * DAY), Step.NOTHING, LATER),
        (SETTLED, replace(ALWAYS, keep_old=3 * DAY), Step.NOTHING, f"rotate is always, but {KEPT}"),
        (replace(SETTLED, settled_at=NOW), replace(CREATE, keep_old=timedelta(0)), Step.RETIRE, None),
        # It was settled before the last change.
        (replace(SETTLED, changed_at=NOW - DAY), ALWAYS, Step.NOTHING, f"rotate is always, but {USED}"),
        (
            FAILED,
            CREATE,
            Step.NOTHING,
            f"{LATER}; 0 is kept, because the last test of the stored one failed",
        ),
        (FAILED, ALWAYS, Step.NEW, "rotate is always"),
        # A third one would make the first one nobody's.
        (
            replace(HELD, requests=(LABEL,), staged_at=NOW - timedelta(hours=1)),
            CREATE,
            Step.NOTHING,
            f"{ASKED}, so another one is requested, but {USED}",
        ),
        # Nothing can be deleted where passwords are changed in place.
        (HELD, replace(REGENERATE, rotate="always"), Step.NEW, "rotate is always"),
        (SETTLED, REGENERATE, Step.NOTHING, LATER),
    ],
)
def test_decide(record: Record, wish: Wish, step: Step, reason: str | None) -> None:
    """Catches: a credential that is deleted in use or never, a request that is passed over, a wrong reason."""
    found = decide(record, wish, NOW)
    # A rotation that is due and does not happen is told.
    hindered = step is Step.NOTHING and any(text in found.reason for text in (f"but {USED}", f"but {KEPT}"))
    assert found == Plan(step, found.reason if reason is None else reason, hindered)


@pytest.mark.parametrize("rotate", ["when_due", "never", "always"])
def test_a_request_of_a_provider_that_made_passwords(rotate: str) -> None:
    """Catches: an account that stays begun for ever, after its provider's definition was changed to another flow."""
    wish = Wish(rotate, None)
    assert decide(OPEN, wish, NOW) == Plan(Step.NEW, f"{ASKED}, so a new one is set")
    given = replace(wish, explicit=True, is_current=True)
    assert decide(OPEN, given, NOW).step is Step.NEW and decide(STORED, given, NOW).step is Step.NOTHING
