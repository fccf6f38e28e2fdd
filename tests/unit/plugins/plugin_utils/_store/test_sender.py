# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import (
    Sender,
    adopted,
    is_under_way,
    settled,
    switched,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW

SECOND = timedelta(seconds=1)
NEWS = Sender(in_use="a", at_rest="b", switched_at=NOW)


def test_life_of_a_sender() -> None:
    """Catches: a role that is lost, or an account that is at rest while hosts may use it."""
    assert adopted("a", "b", Record(), NOW + timedelta(milliseconds=900)) == NEWS
    after = switched(NEWS, Record(), NOW + SECOND)
    assert after == Sender(in_use="b", leaving="a", switched_at=NOW + SECOND)
    assert settled(after) == Sender(in_use="b", at_rest="a", switched_at=NOW + SECOND)
    assert settled(settled(after)) == settled(after)


@pytest.mark.parametrize("ahead", [0, 1, 600])
def test_date_parts_what_was_changed_before_from_what_is_changed_after(ahead: int) -> None:
    """Catches: a change of before taken for the next one, in the same second or by a clock that is ahead."""
    before = Record(changed_at=NOW + ahead * SECOND)
    assert not is_under_way(adopted("a", "b", before, NOW), before)
    assert not is_under_way(settled(switched(NEWS, before, NOW)), before)


def test_change_in_the_second_of_the_switch_belongs_to_the_next() -> None:
    """Catches: a rotation that is not noticed because the sender was adopted or switched in the same second."""
    assert is_under_way(adopted("a", "b", Record(), NOW), Record(changed_at=NOW))
    assert is_under_way(NEWS, Record(staged_password="x")) and not is_under_way(NEWS, Record())
    assert not is_under_way(NEWS, Record(changed_at=NOW - SECOND))


@pytest.mark.parametrize(
    ("pair", "whole"),
    [
        (NEWS, True),
        (Sender("a", None, "b", NOW), True),
        (Sender(), False),
        (Sender("a", "b"), False),
        (Sender("a", "a", None, NOW), False),
        (Sender("a", "b", "c", NOW), False),
        (Sender("a", "b", "a", NOW), False),
        (Sender("a", None, None, NOW), False),
        (Sender(None, "a", "b", NOW), False),
    ],
)
def test_pair_is_whole(pair: Sender, whole: bool) -> None:
    """Catches: a sender of which nobody can say which account mail flows over."""
    assert pair.is_whole is whole


def test_roles() -> None:
    """Catches: a leaving account told as one at rest."""
    leaving = Sender("a", None, "b", NOW)
    assert [NEWS.role_of(name) for name in "abc"] == ["in_use", "at_rest", None]
    assert [leaving.role_of(name) for name in "abc"] == ["in_use", "leaving", None]
    assert (NEWS.other, leaving.other, NEWS.accounts, leaving.accounts) == ("b", "b", ("a", "b"), ("a", "b"))
