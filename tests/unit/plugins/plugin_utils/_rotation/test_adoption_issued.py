# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a record if a password is adopted that the provider made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.adoption import Given, Login, adoption
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.rotation_scene import Scene

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
DAY = timedelta(days=1)
LABEL = "20261123T120000Z-0123456789ab"
STORED = Record(password="A", changed_at=NOW - DAY, verified_at=NOW - DAY, username="u1", credential_id="1")
HELD = replace(STORED, previous_password="Z", previous_username="u0", previous_id="0")
OPEN = replace(STORED, requests=(LABEL,), staged_at=NOW - DAY)


def login(record: Record) -> tuple[str | None, ...]:
    return record.username, record.credential_id, record.previous_username, record.previous_id


def given(ciphertext: str, *of: str | None, beside: bool = True) -> Given:
    return Given(ciphertext, None, Login(*of) if of else None, beside=beside)


@pytest.mark.parametrize(
    ("record", "what", "after"),
    [
        # The first one, made by hand.
        (Record(), given("N", "u5", "5"), ("u5", "5", None, None)),
        (Record(), given("N"), (None, None, None, None)),
        (Record(), given("N", None, "5", beside=False), (None, "5", None, None)),
        # Another one, made by hand: the stored one is still there.
        (STORED, given("N", "u5", "5"), ("u5", "5", "u1", "1")),
        (STORED, given("N"), (None, None, "u1", "1")),
        (replace(STORED, credential_id=None), given("N", "u5", "5"), ("u5", "5", None, None)),
        # Changed in place, in the provider's panel.
        (STORED, given("N", beside=False), ("u1", "1", None, None)),
        (STORED, given("N", "u1", "1"), ("u1", "1", None, None)),
        # Back to the one before.
        (HELD, given("Z"), ("u0", "0", "u1", "1")),
        (HELD, given("Z", "u0", "0"), ("u0", "0", "u1", "1")),
        # Only what belongs to the stored one.
        (replace(STORED, username=None, credential_id=None), given("A", "u5", "5"), ("u5", "5", None, None)),
        (STORED, given("A"), ("u1", "1", None, None)),
    ],
)
def test_what_belongs_to_the_adopted_password(record: Record, what: Given, after: tuple[Any, ...]) -> None:
    """Catches: a password with the login of another one, and a credential that is never deleted or too soon."""
    found = adoption("a", record, what, NOW, DAY)
    assert login(found.record) == after and found.record.password == what.ciphertext
    assert found.nameless == (what.beside and after[1] is None)


def test_an_id_is_added_without_another_test() -> None:
    """Catches: a test, a window or a rotation for a password that has not changed; none for another user name."""
    bare = replace(STORED, credential_id=None)
    assert adoption("a", bare, given("A", "u1", "1"), NOW, DAY).record == STORED
    other = adoption("a", STORED, given("A", "u2", "1"), NOW, DAY)
    assert other.record == replace(STORED, username="u2", verified_at=None)
    assert other.reason == "the given password is the stored one, with another user name or ID"


def test_an_open_request() -> None:
    """Catches: a request whose credential nobody deletes any more, or that stays open although it is settled."""
    after = adoption("a", OPEN, given("N", "u5", "5"), NOW, DAY).record
    assert after.is_requested and after.requests == (LABEL,)
    for ciphertext in ("N", "A"):
        assert not adoption("a", OPEN, given(ciphertext, beside=False), NOW, DAY).record.is_begun
    with pytest.raises(InputError, match=r"^a: a credential was requested.* Nothing was adopted; set logins$"):
        adoption("a", OPEN, given("N", "u5"), NOW, DAY)


def test_a_third_credential_is_refused() -> None:
    """Catches: the credential before the stored one, which nobody knows of any more."""
    with pytest.raises(InputError, match=r"^a: the store has two credentials already, 1 and before it 0"):
        adoption("a", HELD, given("N", "u5", "5"), NOW, DAY)
    assert login(adoption("a", HELD, given("N", "u1", "1"), NOW, DAY).record) == ("u1", "1", "u0", "0")


def test_an_adopted_credential_is_retired_later(scene: Scene) -> None:
    """Catches: a credential made by hand that stays at the provider after it was replaced."""
    create: dict[str, Any] = {"issued": True, "beside": True, "keep_old": timedelta(0)}
    asked: dict[str, Any] = {"explicit": {"a": "by hand"}, "logins": {"a": Login("u5", "5")}}
    assert scene.run("a", state="adopted", **create, **asked).warnings == []
    assert login(scene.store.record("a")) == ("u5", "5", None, None)
    scene.run("a", rotate="always", **create)
    record = scene.store.record("a")
    assert login(record) == ("u1", "1", "u5", "5")
    scene.store.edit(a=replace(record, effective_at=NOW, verified_at=NOW, settled_at=NOW))
    scene.run("a", **create)
    assert scene.jobs[-1]["a"].delete == ["5"] and scene.store.record("a").previous_id is None


def test_a_credential_without_an_id_is_told_of(scene: Scene) -> None:
    """Catches: a credential that nobody knows will stay for ever."""
    done = scene.run("a", state="adopted", issued=True, beside=True, explicit={"a": "by hand"})
    assert done.warnings == [
        "a: the ID of the given password's credential is not known, so it stays at the provider after another one has "
        "replaced it; set logins"
    ]
