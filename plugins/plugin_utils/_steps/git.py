# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks git, and through it the remote itself, what has become of the store. Changes no branch and no file."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.keeping import Seen, branch_of, remote_of, shown

# For each question; those to the remote take longest.
SECONDS = 60
HEADS = "refs/heads/"
# What a hook of git's sets for its own repository.
OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
# Nobody answers questions here.
SETTINGS = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


class Git:
    """The repository that a folder is in.

    :param folder: the folder
    :param environment: the controller's environment
    """

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {name: text for name, text in environment.items() if name not in OF_HOOKS} | SETTINGS

    def ask(self, *arguments: str) -> str | None:
        """Return what git prints, None if it fails or takes too long. What it says of that can have a secret in it.

        :param arguments: the command
        """
        try:
            process = subprocess.Popen(  # noqa: S603  (no shell, and what comes from the user is after --)
                ["git", "-C", self._folder, "-c", "gc.auto=0", "-c", "maintenance.auto=false", *arguments],  # noqa: S607
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Without a terminal, ssh cannot ask either; and what git starts ends with it.
                start_new_session=True,
            )
        except OSError:
            return None
        try:
            output, _none = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None
        return output.decode("utf-8", "replace").removesuffix("\n") if process.returncode == 0 else None

    def text(self, *arguments: str) -> str:
        """Return what git prints, nothing if it fails.

        :param arguments: the command
        """
        return self.ask(*arguments) or ""


def look(store: str, asked: Mapping[str, str], environment: Mapping[str, str], same: Callable[[str], bool]) -> Seen:
    """Return what git says of a store.

    :param store: its real path
    :param asked: the C(remote) and the C(branch) that the user names, empty if none
    :param environment: the controller's environment
    :param same: tells whether another store has the same entries for the accounts of this run
    """
    top = Git(os.path.dirname(store), environment).ask("rev-parse", "--show-toplevel")
    if not top:
        reason = f"git does not see {store} in a repository"
        return Seen(concerned=False, unknown=reason)
    git, path = Git(top, environment), os.path.relpath(store, os.path.realpath(top))
    checked_out = git.text("symbolic-ref", "--quiet", "--short", "HEAD")
    followed = git.text("config", f"branch.{checked_out}.merge").removeprefix(HEADS) if checked_out else ""
    of_branch = git.text("config", f"branch.{checked_out}.remote") if checked_out else ""
    known = git.text("remote").split()
    remote = remote_of(asked["remote"], of_branch, known)
    branch = branch_of(asked["branch"], followed if of_branch in known else "", checked_out, environment)
    seen = Seen(
        path=path,
        remote=remote,
        branch=branch,
        content=git.text("hash-object", f"--path={path}", "--", store),
        committed=git.text("rev-parse", "--quiet", "--verify", f"HEAD:{path}"),
        concerned=bool(known or asked["remote"]) and git.ask("check-ignore", "--quiet", "--", path) is None,
    )
    return _looked_at_remote(git, seen, same) if seen.concerned else _not_concerned(seen)


def _not_concerned(seen: Seen) -> Seen:
    reason = f"{seen.path} is ignored by git, or its repository has no remote"
    return replace(seen, unknown=reason)


def _looked_at_remote(git: Git, seen: Seen, same: Callable[[str], bool]) -> Seen:
    """Return what the remote says. Only it knows: what is noted here of it may be old."""
    if not seen.remote or not seen.branch:
        reason = (
            "it is not clear which branch of which remote the next run reads: set smtp_rotation_persist_branch and "
            "smtp_rotation_persist_remote"
        )
        return replace(seen, unknown=reason)
    answer = git.ask("ls-remote", "--quiet", "--", seen.remote, f"{HEADS}*")
    if answer is None:
        reason = f"{shown(seen.remote)} could not be asked what it has; try git ls-remote as the user of this run"
        return replace(seen, unknown=reason)
    tips = {name.removeprefix(HEADS): tip for tip, _tab, name in (line.partition("\t") for line in answer.splitlines())}
    head = git.text("rev-parse", "--quiet", "--verify", "HEAD")
    elsewhere = tuple(name for name, tip in tips.items() if tip == head and name != seen.branch)
    tip = tips.get(seen.branch, "")
    if tip and git.ask("cat-file", "-e", f"{tip}^{{commit}}") is None:
        # Somebody has pushed since. Nothing that is noted here of the remote changes.
        refspec = f"{HEADS}{seen.branch}"
        git.ask("fetch", "--quiet", "--no-tags", "--refmap=", "--no-recurse-submodules", "--", seen.remote, refspec)
    pushed = git.text("rev-parse", "--quiet", "--verify", f"{tip}:{seen.path}") if tip else ""
    alike = bool(pushed) and pushed != seen.content and same(git.text("cat-file", "blob", pushed) + "\n")
    return replace(seen, elsewhere=elsewhere, pushed=pushed, same=alike)
