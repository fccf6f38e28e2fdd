# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.rotation_scene import (
    DAY,
    NOW,
    WINDOW,
    Scene,
    came_to,
    opened,
    sealed,
    stored,
    values,
)


def test_each_account_has_its_own_end(scene: Scene) -> None:
    """Catches: one account's failure that stops or spoils the others."""
    scene.answers = {"b": came_to(Kind.REFUSED_VALUE), "c": came_to(Kind.UNKNOWN), "d": came_to(Kind.THROTTLED)}
    scene.store.edit(b=stored("b old"))
    done = scene.run("a", "b", "c", "d", rotate="always")
    assert done.actions == {"a": "rotated", "b": "refused", "c": "unknown", "d": "unknown"}
    assert done.reasons["c"] == "the provider said unknown"
    states = {name: scene.store.record(name).state_at(NOW) for name in "abcd"}
    assert states == {"a": "waiting", "b": "verified", "c": "staged", "d": "staged"}
    assert values(scene.store.record("b")) == {"b old"}


def test_refused_in_doubt_is_kept(scene: Scene) -> None:
    """Catches: a password deleted that an earlier attempt had put in force."""
    scene.answers = {"a": came_to(Kind.REFUSED_VALUE, doubt=True), "b": came_to(Kind.REFUSED_VALUE)}
    done = scene.run("a", "b")
    assert values(scene.store.record("a")) == {"made 1"}
    assert done.kept == {"a"}


def test_refused_in_place_of_a_staged_one(scene: Scene) -> None:
    """Catches: the message that calls the refused password kept, when it is the staged one before it that is kept."""
    scene.store.edit(a=records.staged(stored(), sealed("from before"), NOW))
    scene.answers = {"a": came_to(Kind.REFUSED_VALUE)}
    done = scene.run("a", explicit={"a": "mine"})
    assert values(scene.store.record("a")) == {"old", "from before"} and scene.store.record("a").in_doubt
    assert done.kept == set()


def test_doubt_is_settled_by_the_next_run_and_its_test(scene: Scene) -> None:
    """Catches: a password in doubt that waits for max_age, or that a test send of the password before it deletes."""
    scene.store.edit(a=replace(stored(age=WINDOW), verified_at=None))
    scene.answers = {"a": came_to(Kind.REFUSED_VALUE, doubt=True)}
    scene.run("a", rotate="always")
    assert scene.run("a", state="verified").actions == {"a": "verified"}
    assert values(scene.store.record("a")) == {"old", "made 1"}
    assert scene.run("a", state="verified").actions == {"a": "unchanged"}
    scene.answers = {}
    assert scene.run("a", max_age=None).actions == {"a": "rotated"}
    scene.store.edit(a=replace(scene.store.record("a"), effective_at=NOW))
    scene.run("a", state="verified")
    assert values(scene.store.record("a")) == {"old", "made 2"}


def test_new_store_of_a_refused_password_is_taken_away(scene: Scene) -> None:
    """Catches: an empty file left by a first rotation that was refused."""
    scene.answers = {"a": came_to(Kind.REFUSED_VALUE)}
    assert not scene.run("a").changed
    assert scene.store.text is None and scene.log[-1] == "remove"
    scene.answers["b"] = came_to(Kind.UNKNOWN)
    scene.run("a", "b")
    assert values(scene.store.record("b")) == {"made 3"}, "something is in it: it stays"


def test_old_store_of_a_refused_password_stays(scene: Scene) -> None:
    """Catches: a store that was there before, deleted because it is empty."""
    scene.store.text = "smtp_accounts: {}\n"
    scene.answers = {"a": came_to(Kind.REFUSED_VALUE)}
    scene.run("a")
    assert scene.store.text == "smtp_accounts: {}\n"


def test_failed_commit(scene: Scene) -> None:
    """Catches: a full disk after the call, and a message that does not say what the provider has accepted."""

    def full() -> None:
        raise StoreError("smtp.yml cannot be written: No space left on device")

    scene.store.events["write"] = [lambda: None, full]
    scene.answers = {"c": came_to(Kind.UNKNOWN)}
    with pytest.raises(StoreError) as caught:
        scene.run("a", "b", "c")
    assert str(caught.value) == (
        "smtp.yml cannot be written: No space left on device. The provider has accepted new passwords for: a, b. "
        "Every password that was sent is staged in the store; the next run sends it again and completes the rotation"
    )
    assert values(scene.store.record("a")) == {"made 1"}
    assert scene.run("a", "b").actions == {"a": "recovered", "b": "recovered"}


def test_store_that_became_unreadable_during_the_call(scene: Scene) -> None:
    """Catches: a message that does not say that the provider has accepted a password."""

    def broken() -> None:
        scene.store.text = "smtp_accounts: [\n"

    scene.during_the_call = broken
    with pytest.raises(StoreError, match="The provider has accepted new passwords for: a"):
        scene.run("a")


def test_failed_staging_sends_nothing(scene: Scene) -> None:
    """Catches: a call although the new password could not be written."""

    def full() -> None:
        raise StoreError("smtp.yml cannot be written: No space left on device")

    scene.store.events["write"] = [full]
    with pytest.raises(StoreError, match=r"^smtp\.yml cannot be written: No space left on device$"):
        scene.run("a")
    assert scene.sent == [] and scene.store.text is None


def test_record_edited_during_the_call(scene: Scene) -> None:
    """Catches: an edit made during the call that is overwritten, or one that hides the accepted password."""
    scene.during_the_call = lambda: scene.store.edit(a=stored("by hand"), z=stored("new neighbour"))
    done = scene.run("a")
    assert values(scene.store.record("a")) == {"made 1", "by hand"}
    assert opened(scene.store.record("a").password) == "made 1"
    assert values(scene.store.record("z")) == {"new neighbour"}
    assert done.warnings == [
        "a: its record was edited while this run changed the password; the password that the provider accepted was "
        "stored, and the other edits were kept"
    ]


def test_record_removed_during_the_call(scene: Scene) -> None:
    """Catches: an accepted password that is lost because its account was taken out of the store."""
    scene.store.edit(a=stored(age=100 * DAY), z=stored())
    scene.during_the_call = lambda: scene.store.edit(a=Record())
    scene.run("a")
    assert values(scene.store.record("a")) == {"made 1"}


@pytest.mark.parametrize("answer", [came_to(Kind.UNKNOWN), came_to(Kind.REFUSED_VALUE, doubt=True)])
def test_record_reset_during_a_call_without_answer(scene: Scene, answer: Change) -> None:
    """Catches: git checkout during the call, and the password that landed is nowhere."""
    before = stored(age=100 * DAY)
    scene.store.edit(a=before)
    scene.answers = {"a": answer}
    scene.during_the_call = lambda: scene.store.edit(a=before)
    scene.run("a")
    assert "made 1" in values(scene.store.record("a"))


def test_edit_during_a_plain_run_gives_no_warning(scene: Scene) -> None:
    """Catches: a warning at every rotation."""
    scene.during_the_call = lambda: scene.store.edit(z=stored())
    assert scene.run("a").warnings == []
