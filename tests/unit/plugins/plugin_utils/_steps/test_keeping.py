# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.keeping import Seen
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import git
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.keeping import kept
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fleet
from ansible_collections.mailops.smtp.tests.unit.plugins.steps_scene import Stage, stage, store_of

PLAN = {"users": {"a": ["1"]}, "work": ["1"], "goes_on": True}
SEEN = Seen(path="s.yml", remote="origin", branch="main", content="new", committed="new", pushed="new")
NOT_PUSHED = Seen(path="s.yml", remote="origin", branch="main", content="new", committed="new", pushed="old")
NOT_COMMITTED = Seen(path="s.yml", remote="origin", branch="main", content="new", committed="old", pushed="old")
OUTSIDE = Seen(unknown="git does not see it", concerned=False)


def a_stage(folder: Path, **options: Any) -> Stage:
    leader = {"reached": 2, "accounts": ["1"], "plan": PLAN, "unkept": ""}
    return stage(fleet("a", {"a": leader}, everyone="a"), store=store_of(folder / "s.yml", {"1": "p"}), **options)


@pytest.mark.parametrize(
    ("seen", "how", "unkept", "warned"),
    [
        (SEEN, "git", "", 0),
        (SEEN, "auto", "", 0),
        (NOT_PUSHED, "git", "no error, but s.yml was committed and not pushed", 0),
        (NOT_PUSHED, "auto", "no error, but s.yml was committed and not pushed", 0),
        (NOT_COMMITTED, "git", "no error, but s.yml was not committed", 0),
        (NOT_COMMITTED, "auto", "", 1),
        (OUTSIDE, "git", "no error, but git does not see it", 0),
        (OUTSIDE, "auto", "", 0),
    ],
)
def test_what_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: Seen, how: str, unkept: str, warned: int
) -> None:
    """Catches: a call with a store that is saved nowhere; a playbook that saves it without git and is stopped."""
    monkeypatch.setattr(git, "look", lambda *_arguments: seen)
    one = a_stage(tmp_path, persist_check=how)
    record, _result = one.do(kept)
    assert unkept in record.unkept and bool(record.unkept) == bool(unkept)
    assert len(one.warned) == warned
    assert record.plan is not None


def test_store_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a store with somebody else's new account that is another one; one without ours that is the same."""
    one = a_stage(tmp_path, persist_remote="backup", persist_branch="b")
    text = (tmp_path / "s.yml").read_text()
    other = store_of(tmp_path / "other.yml", {"1": "p", "2": "q"})
    more = text + other.read().document.text[-1:]
    answers: list[bool] = []

    def look(
        store: str, asked: Mapping[str, str], _environment: Mapping[str, str], same: Callable[[str], bool]
    ) -> Seen:
        assert (store, asked) == (str(tmp_path / "s.yml"), {"remote": "backup", "branch": "b"})
        answers.extend(
            same(one) for one in (text, more, "# theirs\n" + text + "  2: {}\n", "smtp_accounts: {}\n", "x: {")
        )
        return SEEN

    monkeypatch.setattr(git, "look", look)
    one.do(kept)
    assert answers == [True, True, True, False, False]


def test_no_store_and_no_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a run in which nothing was written, and that is stopped because nothing was saved."""
    one = a_stage(tmp_path)
    (tmp_path / "s.yml").unlink()
    assert one.do(kept)[0].unkept == ""
