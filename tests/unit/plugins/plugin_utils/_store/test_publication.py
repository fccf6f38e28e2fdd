# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import (
    behind,
    has,
    mark,
    published_at,
    rekeyed,
    with_failure,
    with_note,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NEW, OLD

NOW = datetime(2026, 11, 23, 13, 15, 10, tzinfo=timezone.utc)


def test_what_a_target_was_given() -> None:
    """Catches: a target that counts as up to date with an older password, or in another place or form."""
    notes = with_note((), "prod", mark(OLD, "here"), NOW)
    assert has(notes, "prod", mark(OLD, "here"))
    assert not any(has(notes, "prod", one) for one in (mark(NEW, "here"), mark(OLD, "there")))
    assert not has(notes, "other", mark(OLD, "here"))
    assert (behind(notes, OLD), behind(notes, NEW)) == ([], ["prod"])
    assert published_at(notes) == {"prod": "2026-11-23T13:15:10Z"}


def test_failure_is_noted_once() -> None:
    """Catches: a target that is told to have nothing although it has the value before; one that is not told of."""
    notes = with_failure(with_note((), "b", mark(OLD, ""), NOW), "b")
    assert has(notes, "b", mark(OLD, ""))
    notes = with_failure(notes, "a")
    assert [name for name, _note in notes] == ["a", "b"]
    assert behind(notes, OLD) == ["a"] and published_at(notes)["a"] is None


def test_other_vault_password() -> None:
    """Catches: everything published again because the store was encrypted anew, with the same passwords in it."""
    notes = with_failure(with_note((), "prod", mark(OLD, "here"), NOW), "late")
    assert has(rekeyed(notes, {OLD: NEW}), "prod", mark(NEW, "here"))
    assert rekeyed(notes, {NEW: OLD}) == notes


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("published: x", "published must map each target to what it was given last"),
        ("published: {prod: soon}", "'prod' has no note as the role writes it; remove the line"),
        ("published: {'a b': never}", "'a b' has no note as the role writes it; remove the line"),
        ("published: {prod: [never]}", "published must be a single value"),
    ],
)
def test_notes_that_somebody_has_edited(field: str, message: str) -> None:
    """Catches: a note that is taken for another one; a message that does not say what to do."""
    with pytest.raises(StoreError) as caught:
        parse(f"smtp_accounts:\n  a:\n    {field}\n", "S")
    assert str(caught.value).endswith(message)
