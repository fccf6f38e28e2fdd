# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at what surrounds a run: its environment, the processes that started it, the mounts."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.survival import (
    CONTAINER_FILES,
    FOLDERS,
    JOB_VARIABLES,
    MARKS,
    Mount,
    Situation,
)

PROC = "/proc"
# proc_pid_mountinfo(5): a blank and the like in a path is written as a backslash and its octal number.
ESCAPED = re.compile(r"\\([0-7]{3})")


def situation_of(store: str, variables: Mapping[str, Any], environment: Mapping[str, str]) -> Situation:
    """Return what surrounds this run.

    :param store: the store's real path
    :param variables: the task's variables
    :param environment: the controller's environment
    """
    folders = {name: os.path.realpath(environment[name]) for name in FOLDERS if environment.get(name)}
    return Situation(
        store=store,
        playbook=os.path.realpath(str(variables["playbook_dir"])) if variables.get("playbook_dir") else "",
        environment={**folders, **{name: environment[name] for name in MARKS if environment.get(name)}},
        variables=[name for name in JOB_VARIABLES if name in variables],
        callers=list(callers(os.getppid())),
        mounts=mounts(_read("self", "mountinfo")),
        files=[path for path in CONTAINER_FILES if os.path.exists(path)],
    )


def mounts(table: str) -> list[Mount]:
    """Return the mounts of a table as C(/proc/self/mountinfo) has it.

    :param table: its text
    """
    found = []
    for line in table.splitlines():
        where, _dash, what = line.partition(" - ")
        fields = where.split(" ")
        if len(fields) > 4 and what:
            found.append(Mount(point=_plain(fields[4]), root=_plain(fields[3]), kind=what.split(" ")[0]))
    return found


def callers(number: int) -> Iterator[list[str]]:
    """Yield the command line of a process, then that of the one that started it, and so on.

    :param number: the first process
    """
    while number > 0:
        yield _read(str(number), "cmdline").rstrip("\0").split("\0")
        # The name of a program may have blanks and parentheses in it.
        fields = _read(str(number), "stat").rpartition(")")[2].split()
        number = int(fields[1]) if len(fields) > 1 else 0


def _plain(path: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 8)), path)


def _read(*path: str) -> str:
    """Return a file of the kernel's, nothing where there is none."""
    with (
        contextlib.suppress(OSError),
        open(os.path.join(PROC, *path), encoding="utf-8", errors="surrogateescape") as file,
    ):
        return file.read()
    return ""
