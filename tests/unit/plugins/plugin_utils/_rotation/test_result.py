# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.result import diff_of, failure, result_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, dates

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
VERIFIED = Record(
    password="$CIPHERTEXT-A",
    previous_password="$CIPHERTEXT-Z",
    changed_at=NOW - DAY,
    effective_at=NOW - DAY + WINDOW,
    verified_at=NOW - DAY + WINDOW + timedelta(seconds=9),
)
WAITING = Record(password="$CIPHERTEXT-A", changed_at=NOW, effective_at=NOW + WINDOW)
STAGED = replace(VERIFIED, staged_password="$CIPHERTEXT-B", staged_at=NOW)
IN_DOUBT = replace(VERIFIED, doubtful_passwords=("$CIPHERTEXT-B",), staged_at=NOW)
DROPPED = "The new password was discarded; the stored one is still in force."
DROPPED_ALONE = "The new password was discarded."
STAYS = "The new password stays staged, and the next run sends the same one again."
DOUBTED = (
    "An earlier attempt may have landed, so the refused password is kept in doubtful_passwords; the next run that is "
    "due makes a new one."
)


def done(**ends: tuple[str, str, Record, Record]) -> Done:
    """Return what became of accounts: action, reason, record before, record after."""
    return Done(
        before={name: end[2] for name, end in ends.items()},
        after={name: end[3] for name, end in ends.items()},
        actions={name: end[0] for name, end in ends.items()},
        reasons={name: end[1] for name, end in ends.items()},
    )


def test_result_of_a_rotation() -> None:
    """Catches: a field that the documentation promises and that is missing or wrong."""
    told = done(
        a=("rotated", "it was due", VERIFIED, WAITING),
        b=("unchanged", "it is due later", VERIFIED, VERIFIED),
        c=("unchanged", "rotate is never", Record(), Record()),
    )
    assert result_of(told, max_age=None, now=NOW + timedelta(seconds=1.5)) == {
        "changed": True,
        "accounts": [
            {
                "account": "a",
                "action": "rotated",
                "reason": "it was due",
                "username": "a",
                "in_doubt": False,
                **dates(WAITING, None),
            },
            {
                "account": "b",
                "action": "unchanged",
                "reason": "it is due later",
                "username": "b",
                "in_doubt": False,
                **dates(VERIFIED, None),
            },
            {
                "account": "c",
                "action": "unchanged",
                "reason": "rotate is never",
                "username": "c",
                "in_doubt": False,
                **dates(Record(), None),
            },
        ],
        "effective_at": "2026-11-23T13:15:00Z",
        "seconds_until_effective": 899,
        "seconds_to_wait": 899.5,
        "unverified": ["a"],
        "failed_accounts": [],
    }


@pytest.mark.parametrize(("now", "seconds"), [(NOW, 900), (NOW + WINDOW, 0), (NOW + DAY, 0)])
def test_seconds_until_effective(now: datetime, seconds: int) -> None:
    """Catches: a wait for a window that is over, or a negative one."""
    told = done(a=("unchanged", "", WAITING, WAITING), b=("unchanged", "", VERIFIED, VERIFIED))
    result = result_of(told, max_age=None, now=now)
    assert (result["seconds_until_effective"], result["changed"]) == (seconds, False)
    assert result["unverified"] == ["a"], "the test send is owed also when nothing changed in this run"


@pytest.mark.parametrize(
    ("taken", "window", "seconds"),
    [
        (None, WINDOW, 900.5),
        (timedelta(microseconds=250100), WINDOW, 899.751),
        (timedelta(microseconds=999999), WINDOW, 900.5),
        (timedelta(0), WINDOW, 899.5),
        (None, timedelta(0), 0),
        (timedelta(microseconds=250000), timedelta(0), 0),
        (None, timedelta(milliseconds=-500), 0),
    ],
)
def test_seconds_to_wait(taken: timedelta | None, window: timedelta, seconds: float) -> None:
    """Catches: a wait that ends inside the window, or that is a second longer than the change of this run needs."""
    record = replace(WAITING, effective_at=NOW + window)
    told = done(a=("rotated", "", VERIFIED, record), b=("unchanged", "", VERIFIED, VERIFIED))
    if taken is not None:
        told.taken["a"] = NOW + taken
    result = result_of(told, max_age=None, now=NOW + timedelta(seconds=0.5))
    assert result["seconds_to_wait"] == seconds


def test_seconds_to_wait_for_a_store_that_tells_only_the_end() -> None:
    """Catches: no wait at all where somebody took changed_at out of the store."""
    told = done(a=("unchanged", "", WAITING, replace(WAITING, changed_at=None)))
    assert result_of(told, max_age=None, now=NOW)["seconds_to_wait"] == 901


def test_result_without_any_date() -> None:
    """Catches: a crash for an account that has no password."""
    result = result_of(done(a=("unchanged", "", Record(), Record())), max_age=DAY, now=NOW)
    assert (result["effective_at"], result["seconds_until_effective"]) == (None, 0)
    assert "warnings" not in result and "failed" not in result


def test_warnings() -> None:
    """Catches: clocks that differ, and nobody is told why the wait is longer."""
    told = done(a=("unchanged", "", WAITING, WAITING))
    told.warnings.append("edited")
    told.skew = timedelta(seconds=61)
    assert result_of(told, max_age=None, now=NOW)["warnings"] == [
        "edited",
        "the store's dates are up to 61 seconds ahead of this machine's clock; the wait is longer by that much",
    ]
    assert told.warnings == ["edited"]


def test_failed_result() -> None:
    """Catches: a failed account that leaves the task green, or a failure that hides what was done."""
    told = done(a=("rotated", "due", VERIFIED, WAITING), b=("unknown", "no answer", VERIFIED, STAGED))
    result = result_of(told, max_age=None, now=NOW)
    assert (result["failed"], result["changed"], result["failed_accounts"]) == (True, True, ["b"])
    assert result["msg"] == f"1 of 2 accounts failed. b: no answer. {STAYS}"
    assert result["seconds_until_effective"] == 900


def test_refused_password_that_may_be_in_force() -> None:
    """Catches: mail that is released with the old password although the refused one may be in force."""
    told = done(a=("refused", "no", STAGED, IN_DOUBT), b=("refused", "no", STAGED, VERIFIED))
    entries = result_of(told, max_age=None, now=NOW)["accounts"]
    assert [entry["in_doubt"] for entry in entries] == [True, False]


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (("refused", "it said no.", VERIFIED, VERIFIED), f"a: it said no. {DROPPED}"),
        (("refused", "it said no.", Record(), Record()), f"a: it said no. {DROPPED_ALONE}"),
        (("refused", "it said no.", IN_DOUBT, IN_DOUBT), f"a: it said no. {DROPPED_ALONE}"),
        (("unknown", "time-out", STAGED, STAGED), f"a: time-out. {STAYS}"),
    ],
)
def test_failure_says_what_comes_next(end: tuple[str, str, Record, Record], text: str) -> None:
    """Catches: a message that calls a kept password dropped, or the reverse."""
    assert failure(done(a=end), ["a"]) == f"1 of 1 accounts failed. {text}"


def test_failure_says_whose_refused_password_is_kept() -> None:
    """Catches: a dropped password called kept, because the one before it is kept, or the reverse."""
    end = ("refused", "no", STAGED, replace(VERIFIED, doubtful_passwords=("$CIPHERTEXT-B",)))
    told = done(a=end, b=end)
    told.kept.add("b")
    assert failure(told, ["a", "b"]) == f"2 of 2 accounts failed. a: no. {DROPPED} b: no. {DOUBTED}"


def test_unknown_outcome_is_not_called_a_refusal() -> None:
    """Catches: a value kept as doubtful because an editor took it out during the call, called a refused one."""
    told = done(a=("unknown", "time-out", STAGED, STAGED))
    told.kept.add("a")
    assert failure(told, ["a"]) == f"1 of 1 accounts failed. a: time-out. {STAYS}"


def test_failures_that_are_alike_are_told_once() -> None:
    """Catches: a message of a thousand lines for one wrong key."""
    told = done(**{f"a{n:02}": ("refused", "keys", VERIFIED, VERIFIED) for n in range(25)})
    told.actions["ok"] = "rotated"
    named = ", ".join(f"a{n:02}" for n in range(10))
    failed = [f"a{n:02}" for n in range(25)]
    assert failure(told, failed) == f"25 of 26 accounts failed. {named} and 15 more: keys. {DROPPED}"


def test_failures_that_differ_are_bounded() -> None:
    """Catches: a message without end when every account has a reason of its own."""
    told = done(**{f"a{n:02}": ("refused", f"id {n}", VERIFIED, VERIFIED) for n in range(12)})
    text = failure(told, list(told.after))
    assert text.startswith(f"12 of 12 accounts failed. a00: id 0. {DROPPED} a01: id 1.")
    assert text.endswith(f"a09: id 9. {DROPPED} 2 more reasons, see accounts") and "id 10" not in text


def test_diff() -> None:
    """Catches: a diff that shows accounts without a change, or none of what changed."""
    doubtful = replace(STAGED, doubtful_passwords=("$CIPHERTEXT-C", "$CIPHERTEXT-D"))
    before = {"a": Record(), "b": VERIFIED, "c": VERIFIED, "d": WAITING}
    after = {"a": WAITING, "b": VERIFIED, "c": doubtful, "d": Record()}
    old = "  changed_at: 2026-11-22T13:00:00Z\n  effective_at: 2026-11-22T13:15:00Z\n"
    old += "  verified_at: 2026-11-22T13:15:09Z\n"
    new = "  state: waiting\n  changed_at: 2026-11-23T13:00:00Z\n  effective_at: 2026-11-23T13:15:00Z\n"
    assert diff_of(before, after, "smtp.yml", NOW) == {
        "before_header": "smtp.yml",
        "after_header": "smtp.yml",
        "before": f"c:\n  state: verified\n{old}d:\n{new}",
        "after": f"a:\n{new}c:\n  state: staged\n{old}  staged_at: 2026-11-23T13:00:00Z\n  doubtful_passwords: 2\n",
    }


def test_no_ciphertext_in_any_output() -> None:
    """Catches: a password in a log, if only encrypted."""
    doubtful = replace(STAGED, doubtful_passwords=("$CIPHERTEXT-C",))
    told = done(a=("unknown", "no", VERIFIED, doubtful), b=("refused", "no", VERIFIED, VERIFIED))
    shown = json.dumps([result_of(told, max_age=DAY, now=NOW), diff_of(told.before, told.after, "smtp.yml", NOW)])
    assert "CIPHERTEXT" not in shown


def test_password_that_may_have_changed_just_now_is_not_tested() -> None:
    """Catches: a login with the stored password inside the window of a staged one that may have landed."""
    done = Done()
    untested = replace(WAITING, effective_at=WAITING.changed_at)
    done.note("a", "unknown", "no answer", replace(untested, staged_password="S", staged_at=NOW))
    done.note("b", "unchanged", "it is due later", untested)
    assert result_of(done, max_age=None, now=NOW)["unverified"] == ["b"]


def test_account_that_was_not_tried_lost_no_password() -> None:
    """Catches: "the new password was discarded" for an account for which none was made."""
    done = Done(untried={"a"})
    done.note("a", "refused", "not tried", Record())
    assert failure(done, ["a"]) == "1 of 1 accounts failed. a: not tried. No new password was made for it."
