# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.keeping import Seen, kept
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import git

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "HOME": "/nonexistent",
    **{f"GIT_{who}_{what}": "a@acme.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def run(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose only commit, with a store, is pushed."""
    run(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "remote.git")
    run(tmp_path, "clone", "-q", f"file://{tmp_path}/remote.git", "one")
    commit(tmp_path / "one", "first")
    run(tmp_path / "one", "push", "-q", "origin", "HEAD:main")
    return tmp_path / "one"


def commit(folder: Path, text: str, name: str = "smtp.yml") -> None:
    (folder / name).write_text(f"{text}\n")
    run(folder, "add", "--all")
    run(folder, "commit", "-q", "-m", text)


def seen(clone: Path, remote: str = "", branch: str = "", same: str = "", **environment: str) -> Seen:
    asked = {"remote": remote, "branch": branch}
    return git.look(str(clone / "smtp.yml"), asked, {**ENVIRONMENT, **environment}, lambda text: text == f"{same}\n")


def test_what_is_pushed_and_what_is_not(clone: Path) -> None:
    """Catches: a commit that is nowhere else, and is taken for pushed; a push that is not believed."""
    assert kept(seen(clone)) == ""
    (clone / "smtp.yml").write_text("second\n")
    assert "was not committed" in kept(seen(clone))
    commit(clone, "second")
    run(clone, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert "was committed and not pushed" in kept(seen(clone))
    run(clone, "push", "-q", "origin", "HEAD:other")
    assert "was pushed to other" in kept(seen(clone))
    run(clone, "push", "-q", f"file://{clone.parent}/remote.git", "HEAD:main")
    assert kept(seen(clone)) == ""


def test_others_have_pushed_since(clone: Path) -> None:
    """Catches: a store that counts as lost because somebody else pushed; a change of theirs that goes unseen."""
    run(clone.parent, "clone", "-q", f"file://{clone.parent}/remote.git", "two")
    commit(clone.parent / "two", "something else", "other.txt")
    run(clone.parent / "two", "push", "-q", "origin", "HEAD:main")
    noted = run(clone, "rev-parse", "refs/remotes/origin/main")
    assert kept(seen(clone)) == ""
    assert run(clone, "rev-parse", "refs/remotes/origin/main") == noted
    commit(clone.parent / "two", "theirs")
    run(clone.parent / "two", "push", "-q", "origin", "HEAD:main")
    assert "does not have what is on disk" in kept(seen(clone))
    assert kept(seen(clone, same="theirs")) == ""


def test_what_a_filter_makes_of_it(clone: Path) -> None:
    """Catches: a store that is encrypted or has other line ends in the repository, and is taken for another one."""
    run(clone, "config", "filter.rot.clean", "tr a-z b-za")
    commit(clone, "smtp.yml filter=rot", ".gitattributes")
    (clone / "smtp.yml").write_text("filtered\n")
    commit(clone, "filtered")
    run(clone, "push", "-q", "origin", "HEAD:main")
    assert run(clone, "show", "HEAD:smtp.yml") != "filtered\n"
    assert kept(seen(clone)) == ""


def test_no_branch_is_checked_out(clone: Path) -> None:
    """Catches: a detached HEAD, as in most jobs; a hook's variables that name another repository."""
    run(clone, "checkout", "-q", "--detach")
    assert "not clear which branch" in kept(seen(clone))
    assert kept(seen(clone, GITHUB_REF_NAME="main")) == ""
    assert kept(seen(clone, branch="main", GIT_DIR="/nonexistent")) == ""
    assert kept(seen(clone, branch="main", remote=f"file://{clone.parent}/remote.git")) == ""
    assert "the branch gone of origin" in kept(seen(clone, branch="gone"))


def test_git_has_nothing_to_do_with_it(clone: Path, tmp_path: Path) -> None:
    """Catches: a store outside of git, or that git ignores, that fails the run of somebody who saves it elsewhere."""
    (tmp_path / "smtp.yml").write_text("x\n")
    outside = seen(tmp_path)
    assert not outside.concerned and "git does not see" in kept(outside)
    run(clone, "rm", "-q", "--cached", "smtp.yml")
    commit(clone, "smtp.yml", ".gitignore")
    assert not seen(clone).concerned
    run(clone, "remote", "remove", "origin")
    assert not seen(clone).concerned and "has no remote" in kept(seen(clone))
    assert not seen(clone, PATH="/nonexistent").concerned


def test_remote_that_does_not_answer(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a run that hangs with its mail on hold; a token in an address that ends up in a log."""
    hangs = "ext::sh -c 'sleep 60' secret-token"
    monkeypatch.setattr(git, "SECONDS", 0.5)
    start = time.monotonic()
    told = kept(seen(clone, remote=hangs, GIT_ALLOW_PROTOCOL="ext"))
    assert time.monotonic() - start < 30
    assert told == "the remote could not be asked what it has; try git ls-remote as the user of this run"
    assert "could not be asked" in kept(seen(clone, remote="file:///nonexistent"))
