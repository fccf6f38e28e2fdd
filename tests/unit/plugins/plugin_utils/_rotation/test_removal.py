# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.removal import given_up, reason_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
LATER = NOW + timedelta(minutes=15)
SENDERS = {"newsletter": Sender(in_use="2.acme.smtp", at_rest="3.acme.smtp", switched_at=NOW)}


@pytest.mark.parametrize(
    ("account", "record", "losses"),
    [
        ("1.acme.smtp", Record(), ""),
        ("1.acme.smtp", Record(password="A", previous_password="B", changed_at=NOW, effective_at=NOW), ""),
        ("1.acme.smtp", Record(staged_password="A"), "a staged password that may be in force"),
        (
            "1.acme.smtp",
            Record(password="A", staged_password="B", staged_at=NOW),
            "a staged password (since 2026-11-23T13:00:00Z) that may be in force",
        ),
        ("1.acme.smtp", Record(password="A", doubtful_passwords=("B",)), "a doubtful password that may be in force"),
        (
            "1.acme.smtp",
            Record(password="A", doubtful_passwords=("B", "C"), changed_at=NOW, effective_at=LATER),
            "2 doubtful passwords, one of which may be in force, a password that takes effect at 2026-11-23T13:15:00Z",
        ),
        ("2.acme.smtp", Record(password="A"), "its place in the sender 'newsletter'"),
        ("3.acme.smtp", Record(password="A"), "its place in the sender 'newsletter'"),
    ],
)
def test_what_is_given_up(account: str, record: Record, losses: str) -> None:
    """Catches: a password that may be in force and goes without a word, a settled account that needs force."""
    assert given_up(account, record, SENDERS, NOW) == losses
    assert reason_of(account, losses, force=True).endswith(losses or "with its stored passwords")
    if not losses:
        assert reason_of(account, losses, force=False) == "removed from the store, with its stored passwords"
        return
    with pytest.raises(InputError) as caught:
        reason_of(account, losses, force=False)
    assert str(caught.value) == (
        f"{account}: cannot be removed, because the store would give up {losses}. Nothing was removed; finish the "
        "rotation first, or set force to give that up"
    )
