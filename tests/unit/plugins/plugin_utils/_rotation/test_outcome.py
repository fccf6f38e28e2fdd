# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.outcome import action_of, settled
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
STORED = Record(password="A", changed_at=NOW - DAY, effective_at=NOW - DAY + WINDOW, verified_at=NOW - DAY + WINDOW)
STAGED = replace(STORED, staged_password="B", staged_at=NOW - timedelta(minutes=5))


def came_to(kind: Kind, *, doubt: bool = False) -> Change:
    return Change(kind=kind, doubt=doubt or kind is Kind.UNKNOWN, sent=True, message="")


DROPPED = replace(STORED, staged_password=None)
IN_DOUBT = replace(STORED, doubtful_passwords=("B",), staged_at=STAGED.staged_at)
TAKEN = Record(password="B", previous_password="A", changed_at=NOW, effective_at=NOW + WINDOW)


@pytest.mark.parametrize(
    ("change", "before", "record", "action"),
    [
        (came_to(Kind.ACCEPTED), False, TAKEN, "rotated"),
        (came_to(Kind.ACCEPTED), True, TAKEN, "recovered"),
        (came_to(Kind.ACCEPTED, doubt=True), False, TAKEN, "rotated"),
        (came_to(Kind.REFUSED_VALUE), False, DROPPED, "refused"),
        (came_to(Kind.REFUSED_VALUE), True, IN_DOUBT, "refused"),
        (came_to(Kind.REFUSED_VALUE, doubt=True), False, IN_DOUBT, "refused"),
        (came_to(Kind.REFUSED_VALUE, doubt=True), True, IN_DOUBT, "refused"),
        (came_to(Kind.REFUSED_ACCESS), False, DROPPED, "refused"),
        (came_to(Kind.REFUSED_ACCESS), True, STAGED, "unknown"),
        (came_to(Kind.REFUSED_ACCESS, doubt=True), False, STAGED, "unknown"),
        (came_to(Kind.THROTTLED), False, STAGED, "unknown"),
        (came_to(Kind.THROTTLED), True, STAGED, "unknown"),
        (came_to(Kind.THROTTLED, doubt=True), False, STAGED, "unknown"),
        (came_to(Kind.UNKNOWN), False, STAGED, "unknown"),
        (came_to(Kind.UNKNOWN), True, STAGED, "unknown"),
    ],
)
def test_settled(change: Change, record: Record, action: str, *, before: bool) -> None:
    """Catches: a value that may have landed, deleted; a value that did not land, sent for ever; a wrong name for it."""
    assert settled(STAGED, "B", change, before=before, now=NOW, propagation=WINDOW) == record
    assert action_of(change, before=before) == action


@pytest.mark.parametrize("kind", [Kind.UNKNOWN, Kind.THROTTLED])
def test_unknown_outcome_keeps_a_value_that_an_editor_took_out(kind: Kind) -> None:
    """Catches: a record reset by hand or by git during the call, and the password that landed is nowhere."""
    after = settled(STORED, "B", came_to(kind), before=False, now=NOW, propagation=WINDOW)
    assert after == replace(STORED, staged_password="B", staged_at=NOW)


def test_refusal_in_doubt_keeps_a_value_that_an_editor_took_out() -> None:
    """Catches: the same, when the last attempt was refused and one before it may have landed."""
    change = came_to(Kind.REFUSED_VALUE, doubt=True)
    after = settled(STORED, "B", change, before=False, now=NOW, propagation=WINDOW)
    assert after == replace(STORED, doubtful_passwords=("B",), staged_at=NOW) and after.in_doubt


@pytest.mark.parametrize("kind", [Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS])
def test_refusal_brings_nothing_back_that_cannot_have_landed(kind: Kind) -> None:
    """Catches: a password that never landed and that an editor took out, staged again."""
    assert settled(STORED, "B", came_to(kind), before=False, now=NOW, propagation=WINDOW) == STORED
