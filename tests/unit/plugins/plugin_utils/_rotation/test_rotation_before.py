# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rotation tells in check mode, and what it refuses before the first change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.result import diff_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.rotation_scene import (
    DAY,
    NOW,
    WINDOW,
    FakeVault,
    Scene,
    sealed,
    stored,
)

CHECKED: list[tuple[Record, dict[str, Any]]] = [
    (Record(), {}),
    (stored(age=100 * DAY), {}),
    (stored(), {}),
    (stored(), {"rotate": "always"}),
    (stored(), {"state": "staged", "rotate": "always"}),
    (stored(), {"explicit": {"a": "mine"}}),
    (records.staged(stored(), sealed("from before"), NOW), {}),
    (records.staged(stored(), sealed("from before"), NOW), {"explicit": {"a": "mine"}}),
    (records.staged(stored(), sealed("from before"), NOW), {"explicit": {"a": "mine"}, "state": "staged"}),
    (replace(stored(), doubtful_passwords=(sealed("refused"),), staged_at=NOW - DAY), {}),
    (replace(stored(age=WINDOW), verified_at=None), {"rotate": "always"}),
    (replace(stored(age=WINDOW), verified_at=None), {"state": "verified"}),
]


def shown(done: Done) -> dict[str, str]:
    return diff_of(done.before, done.after, "smtp.yml", NOW)


@pytest.mark.parametrize(("record", "options"), CHECKED)
def test_check_mode_shows_what_the_run_does(scene: Scene, record: Record, options: dict[str, Any]) -> None:
    """Catches: a check that changes something, or that promises something else than the run does."""
    scene.store.edit(a=record)
    before = scene.store.text
    pretended = scene.run("a", check_mode=True, **options)
    assert (scene.store.text, scene.sent, scene.made) == (before, [], 0)
    assert not [line for line in scene.log if line.startswith("write")]
    done = scene.run("a", **options)
    assert shown(pretended) == shown(done) and pretended.changed == done.changed
    assert pretended.reasons == done.reasons


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (stored("locked", age=100 * DAY), "password"),
        (records.staged(stored(), sealed("locked"), NOW), "staged_password"),
    ],
)
def test_unreadable_value_is_found_before_the_first_change(scene: Scene, record: Record, name: str) -> None:
    """Catches: a rotation that stops halfway, or a message that leaves a thousand accounts to search."""
    scene.store.edit(a=record)
    before = scene.store.text
    with pytest.raises(StoreError) as caught:
        scene.run("z", "a")
    assert str(caught.value) == f"{scene.store.name}: {name} of a cannot be decrypted"
    assert (scene.store.text, scene.sent) == (before, [])


@pytest.mark.parametrize("options", [{}, {"rotate": "never"}, {"state": "staged"}, {"state": "verified"}])
@pytest.mark.parametrize("check_mode", [True, False])
def test_unreadable_value_is_found_although_nothing_is_due(
    scene: Scene, options: dict[str, Any], *, check_mode: bool
) -> None:
    """Catches: a wrong Vault password that stays green until the night in which something is due."""
    scene.store.edit(a=stored("locked"))
    with pytest.raises(StoreError, match="password of a cannot be decrypted"):
        scene.run("a", check_mode=check_mode, **options)


def test_one_value_of_each_identity_is_tried(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a derivation for each of a thousand accounts; an account that nobody is about to change passed over."""
    tried: list[str] = []

    def decrypt(_vault: FakeVault, _ciphertext: str, what: str) -> str:
        tried.append(what)
        return ""

    monkeypatch.setattr(FakeVault, "decrypt", decrypt)
    names = [f"a{number}" for number in range(9)]
    scene.store.edit(**{name: stored() for name in names}, b=replace(stored(), password=sealed("b", identity="other")))
    scene.run(*names, "b")
    assert tried == [f"{scene.store.name}: password of a0", f"{scene.store.name}: password of b"]


def test_date_in_the_future(scene: Scene) -> None:
    """Catches: a wrong date or clock that puts every rotation off for years."""
    scene.store.edit(a=stored(age=-timedelta(minutes=16)))
    with pytest.raises(StoreError) as caught:
        scene.run("a")
    assert str(caught.value) == (
        f"{scene.store.name}: changed_at of a is 2026-11-23T13:16:00Z, which is in the future; correct the date, or "
        "this machine's clock"
    )


def test_clocks_that_differ_a_little(scene: Scene) -> None:
    """Catches: a second controller whose clock is a minute late, and that refuses to work."""
    scene.store.edit(a=stored(age=-timedelta(minutes=15)), b=stored(age=-timedelta(seconds=30)))
    done = scene.run("a", "b")
    assert (done.skew, done.changed) == (timedelta(minutes=15), False)


def refuse() -> None:
    raise InputError("the store does not last")


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("record", [Record(), stored(age=100 * DAY), records.staged(stored(), sealed("new"), NOW)])
def test_store_that_does_not_last_is_refused_first(scene: Scene, record: Record, check_mode: bool) -> None:
    """Catches: a password that is staged or sent and then lost; a check that promises what the run refuses."""
    scene.store.edit(a=record)
    scene.check_survives = refuse
    before = scene.store.text
    with pytest.raises(InputError):
        scene.run("z", "a", check_mode=check_mode)
    assert (scene.store.text, scene.sent, scene.made) == (before, [], 0)


@pytest.mark.parametrize(
    ("record", "options"),
    [
        (stored(), {}),
        (stored(age=100 * DAY), {"rotate": "never"}),
        (stored(age=100 * DAY), {"state": "staged"}),
        (replace(stored(), verified_at=None), {"state": "verified"}),
    ],
)
def test_store_that_does_not_last_is_no_matter(scene: Scene, record: Record, options: dict[str, Any]) -> None:
    """Catches: a run that is refused although it puts no password into force."""
    scene.store.edit(a=record)
    scene.check_survives = refuse
    scene.run("a", **options)
    assert scene.sent == []
