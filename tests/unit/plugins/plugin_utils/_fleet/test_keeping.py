# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.keeping import (
    Seen,
    branch_of,
    is_meant,
    kept,
    remote_of,
    shown,
)

PUSHED = Seen(path="s.yml", remote="origin", branch="main", content="new", committed="new", pushed="new")
MAIN = "the branch main of origin"
ADDRESS = "https://user:token@git.acme.example/store"


@pytest.mark.parametrize(
    ("seen", "reason", "meant"),
    [
        (PUSHED, "", True),
        # Committed by another way than in this folder: only the remote counts.
        (replace(PUSHED, committed="old"), "", False),
        (replace(PUSHED, pushed="old", same=True), "", True),
        (
            replace(PUSHED, pushed="old"),
            f"s.yml was committed and not pushed: {MAIN} does not have what is on disk",
            True,
        ),
        (replace(PUSHED, pushed=""), f"s.yml was committed and not pushed: {MAIN} does not have what is on disk", True),
        (
            replace(PUSHED, pushed="old", committed="old"),
            f"s.yml was not committed, and {MAIN} does not have what is on disk",
            False,
        ),
        (
            replace(PUSHED, pushed="", committed=""),
            f"s.yml was not committed, and {MAIN} does not have what is on disk",
            False,
        ),
        (
            replace(PUSHED, pushed="", elsewhere=("a", "b")),
            f"s.yml was pushed to a, b, and {MAIN} does not have it",
            False,
        ),
        # Two things that are not there are not the same thing.
        (
            replace(PUSHED, content="", committed="", pushed=""),
            f"s.yml was committed and not pushed: {MAIN} does not have what is on disk",
            False,
        ),
        (replace(PUSHED, unknown="nobody knows"), "nobody knows", False),
    ],
)
def test_what_git_says(seen: Seen, reason: str, meant: bool) -> None:
    """Catches: a store that is taken for pushed; a playbook that saves it in another way and is stopped."""
    assert (kept(seen), is_meant(seen)) == (reason, meant)


def test_address_is_not_shown() -> None:
    """Catches: a token in the address of a remote that ends up in a job's log."""
    seen = replace(PUSHED, remote=ADDRESS, pushed="old")
    assert "token" not in kept(seen) and "the branch main of the remote" in kept(seen)
    assert [shown(name) for name in ("origin", "up-stream.1", ADDRESS)] == ["origin", "up-stream.1", "the remote"]


@pytest.mark.parametrize(
    ("asked", "upstream", "known", "remote"),
    [
        ("", "", [], ""),
        ("", "", ["origin"], "origin"),
        ("", "", ["backup", "origin"], "origin"),
        ("", "", ["backup"], "backup"),
        ("", "", ["backup", "other"], ""),
        ("", "other", ["other", "origin"], "other"),
        # A branch that follows another one of the same repository.
        ("", ".", ["origin"], "origin"),
        (ADDRESS, "origin", ["origin"], ADDRESS),
    ],
)
def test_remote(asked: str, upstream: str, known: list[str], remote: str) -> None:
    """Catches: a backup that is taken for what the next run reads."""
    assert remote_of(asked, upstream, known) == remote


@pytest.mark.parametrize(
    ("asked", "upstream", "checked_out", "environment", "branch"),
    [
        ("", "", "", {}, ""),
        ("mine", "main", "work", {"GITHUB_REF_NAME": "x"}, "mine"),
        ("", "main", "work", {"GITHUB_REF_NAME": "x"}, "main"),
        ("", "", "work", {"GITHUB_REF_NAME": "x"}, "work"),
        ("", "", "", {"GITHUB_REF_NAME": "x", "GITHUB_REF_TYPE": "branch"}, "x"),
        ("", "", "", {"GITHUB_REF_NAME": "1.0", "GITHUB_REF_TYPE": "tag"}, ""),
        ("", "", "", {"GITHUB_REF_NAME": "12/merge", "GITHUB_HEAD_REF": "topic"}, "topic"),
        ("", "", "", {"CI_COMMIT_REF_NAME": "x"}, "x"),
        ("", "", "", {"CI_COMMIT_REF_NAME": "1.0", "CI_COMMIT_TAG": "1.0"}, ""),
    ],
)
def test_branch(asked: str, upstream: str, checked_out: str, environment: dict[str, str], branch: str) -> None:
    """Catches: a detached HEAD, as in most jobs, whose branch is guessed; a tag that is taken for a branch."""
    assert branch_of(asked, upstream, checked_out, environment) == branch
