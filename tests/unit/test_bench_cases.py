# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark accepts as a run of the role: seen by the provider, and in the store."""

from __future__ import annotations

from typing import Any

import pytest
from bench.cases import CASES, unverified, wrongly_tested

ACCOUNTS = ["2.acme.smtp", "1.acme.smtp"]


def logins(**over: Any) -> list[dict[str, Any]]:
    """Return one good login of each account, the last one with other facts."""
    found = [{"account": one, "accepted": True, "in_window": False} for one in sorted(ACCOUNTS)]
    return [*found[:-1], {**found[-1], **over}]


MESSAGES = [{"account": one} for one in ACCOUNTS]


def test_one_login_and_one_message_each_is_what_is_wanted() -> None:
    """Catches: a good run that is refused because of the order of its accounts."""
    assert wrongly_tested(ACCOUNTS, logins(), MESSAGES) == ""
    assert wrongly_tested([], [], []) == ""


@pytest.mark.parametrize(
    ("tried", "sent", "told"),
    [
        (logins(in_window=True), MESSAGES, "1 logins inside the window, 0 refused"),
        (logins(accepted=False), MESSAGES, "0 logins inside the window, 1 refused"),
        (logins()[:1], MESSAGES, "1 logins and 2 messages"),
        (logins() * 2, MESSAGES, "4 logins and 2 messages"),
        (logins(account="1.acme.smtp"), MESSAGES, "2 logins and 2 messages"),
        (logins(), MESSAGES[:1], "2 logins and 1 messages"),
        (logins(), MESSAGES * 2, "2 logins and 4 messages"),
    ],
)
def test_any_other_test_send_is_told(tried: list[dict[str, Any]], sent: list[dict[str, Any]], told: str) -> None:
    """Catches: a run that is fast because it leaves tests out, or does not wait for its window."""
    assert wrongly_tested(ACCOUNTS, tried, sent).startswith(told)


def test_tests_where_nothing_is_due_are_told() -> None:
    """Catches: a role that logs in although nothing has changed."""
    assert wrongly_tested([], logins(), [])


def test_password_that_is_not_recorded_as_tested_is_told() -> None:
    """Catches: the time of an earlier test taken for that of this password, and a test that was never recorded."""
    at = {"effective_at": "2026-11-23T13:15:00Z"}
    records = {
        "tested": {**at, "verified_at": "2026-11-23T13:15:00Z"},
        "before": {**at, "verified_at": "2026-11-23T13:14:59Z"},
        "never": at,
    }
    assert unverified(records) == ["before", "never"]


def test_both_versions_of_the_role_do_the_same() -> None:
    """Catches: a comparison with 0.2.0 of which the two sides are not the same play."""
    for ours, theirs in ("hi", "jk", "lm"):
        one, other = CASES[ours], CASES[theirs]
        assert (one.released, other.released) == (False, True)
        for name in ("playbook", "age", "rotates", "hosts", "tests"):
            assert getattr(one, name) == getattr(other, name)
