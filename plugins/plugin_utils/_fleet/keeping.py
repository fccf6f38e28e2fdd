# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether git has the store where the next run reads it. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NOTHING, AUTO, GIT = "", "auto", "git"
# A name, and not an address: that may have a secret in it.
NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Seen:
    """What git says of a store.

    C(path): the store in its repository. C(branch): where the next run reads it, in C(remote). C(content),
    C(committed), C(pushed): the hash of the store as it is on disk, in the commit that is checked out, and in that
    branch; empty where there is none. C(same): that branch has the same entries for the accounts of this run.
    C(elsewhere): other branches of the remote that end with the commit that is checked out. C(unknown): why the remote
    could not be looked at. C(concerned): git could have the store.
    """

    path: str = ""
    remote: str = ""
    branch: str = ""
    content: str = ""
    committed: str = ""
    pushed: str = ""
    same: bool = False
    elsewhere: tuple[str, ...] = ()
    unknown: str = ""
    concerned: bool = True


def kept(seen: Seen) -> str:
    """Return why the next run would not read what is on disk, an empty text if it would.

    :param seen: what git says
    """
    if seen.unknown:
        return seen.unknown
    if seen.same or (seen.content and seen.pushed == seen.content):
        return ""
    where = f"the branch {seen.branch} of {shown(seen.remote)}"
    if seen.committed != seen.content:
        reason = f"{seen.path} was not committed, and {where} does not have what is on disk"
    elif seen.elsewhere:
        reason = f"{seen.path} was pushed to {', '.join(seen.elsewhere)}, and {where} does not have it"
    else:
        reason = f"{seen.path} was committed and not pushed: {where} does not have what is on disk"
    return reason


def is_meant(seen: Seen) -> bool:
    """Return whether tasks that nobody described save the store with git: they committed it, and pushed it nowhere.

    Others can save it in any way, also in a repository's folder.

    :param seen: what git says
    """
    return bool(seen.content) and seen.committed == seen.content and not seen.unknown and not seen.elsewhere


def shown(remote: str) -> str:
    """Return how a remote is named in messages.

    :param remote: its name or its address
    """
    return remote if NAME.fullmatch(remote) else "the remote"


def remote_of(asked: str, upstream: str, known: Sequence[str]) -> str:
    """Return the remote that the next run reads, an empty text if that is not clear.

    :param asked: the one that the user names
    :param upstream: that of the branch that is checked out
    :param known: all that the repository has
    """
    if asked or upstream in known:
        return asked or upstream
    return "origin" if "origin" in known else known[0] if len(known) == 1 else ""


def branch_of(asked: str, upstream: str, checked_out: str, environment: Mapping[str, str]) -> str:
    """Return the branch that the next run reads, an empty text if that is not clear.

    :param asked: the one that the user names
    :param upstream: the one that the branch that is checked out follows
    :param checked_out: that branch, empty if there is none, as in most jobs
    :param environment: the controller's environment, where GitHub Actions and GitLab CI name it
    """
    if asked or upstream or checked_out:
        return asked or upstream or checked_out
    github = "" if environment.get("GITHUB_REF_TYPE") == "tag" else environment.get("GITHUB_REF_NAME", "")
    gitlab = "" if environment.get("CI_COMMIT_TAG") else environment.get("CI_COMMIT_REF_NAME", "")
    return environment.get("GITHUB_HEAD_REF") or github or gitlab
