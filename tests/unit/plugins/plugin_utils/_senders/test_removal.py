# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import Step
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.removal import removed
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
PAIR = Sender(in_use="1.acme.smtp", at_rest="2.acme.smtp", switched_at=NOW)
LEAVING = Sender(in_use="1.acme.smtp", leaving="2.acme.smtp", switched_at=NOW)
OLD = Record(password="A", changed_at=NOW - timedelta(days=1))
NEXT = "that 2.acme.smtp has a new password for the next switch"
DONE = "removed from the store; its two accounts stay"


@pytest.mark.parametrize(
    ("pair", "rest", "losses"),
    [
        (PAIR, OLD, ""),
        (PAIR, Record(), ""),
        (PAIR, Record(password="A", changed_at=NOW), NEXT),
        (PAIR, Record(staged_password="A"), NEXT),
        (LEAVING, OLD, "that a host may still use 2.acme.smtp"),
    ],
)
def test_removed(pair: Sender, rest: Record, losses: str) -> None:
    """Catches: an account that hosts still use and that is taken for one at rest, because nothing says so any more."""
    forced = removed("news", pair, rest, force=True)
    assert (forced.step, forced.reason) == (Step.NOTHING, f"{DONE}; given up: {losses}" if losses else DONE)
    if not losses:
        assert removed("news", pair, rest, force=False) == forced
        return
    with pytest.raises(InputError) as caught:
        removed("news", pair, rest, force=False)
    assert str(caught.value) == (
        f"'news' cannot be removed, because the store would give up {losses}. Nothing was removed; finish the rotation "
        "first, or set force to give that up"
    )


def test_sender_that_is_not_there() -> None:
    """Catches: a second run that fails."""
    assert removed("news", Sender(), Record(), force=False).reason == "it is not in the store"
