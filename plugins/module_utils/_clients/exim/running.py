# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits for the deliveries of Exim that are under way."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

_INTERVAL = 0.1
# Arguments of processes that deliver, and of those that listen or start others at intervals. What receives a message
# starts a new process to deliver it.
_DELIVERS = re.compile(r"-(M|Mc|MC\w*|q\w*|qG.*|R\w*|S\w*)")
_LISTENS = re.compile(r"-(bd\w*|q+[a-z]*\d[\dwdhms]*)")


@dataclass(frozen=True)
class Process:
    """A process of Exim."""

    pid: int
    parent: int
    started: str
    arguments: tuple[str, ...]


def delivers(arguments: Sequence[str]) -> bool:
    """Tell by its arguments whether a process of Exim delivers. Pure: no I/O.

    :param arguments: of the process
    """
    given = arguments[1:]
    if any(_LISTENS.fullmatch(one) for one in given):
        return False
    return any(_DELIVERS.fullmatch(one) for one in given)


def deliveries(path: str) -> dict[int, Process]:
    """Return the processes that deliver now, by their number.

    :param path: of Exim
    """
    real = os.path.realpath(path)
    found = {}
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if name.isdigit() and _is_exim(name, real):
                process = _process(int(name))
                if delivers(process.arguments):
                    found[process.pid] = process
    return found


def await_end(path: str, seconds: float) -> int:
    """Wait until the deliveries that are under way have ended, and return how many have not.

    :param path: of Exim
    :param seconds: for how long at most
    """
    deadline = time.monotonic() + seconds
    old = deliveries(path)
    while old:
        if time.monotonic() >= deadline:
            return len(old)
        time.sleep(_INTERVAL)
        now = deliveries(path)
        # A process that was started since reads the new configuration, unless an old one made a copy of itself.
        old = {
            pid: one
            for pid, one in now.items()
            if (pid in old and old[pid].started == one.started) or (one.parent in old and _copied(one, old[one.parent]))
        }
    return 0


def _copied(one: Process, other: Process) -> bool:
    return one.arguments == other.arguments


def _is_exim(pid: str, real: str) -> bool:
    link = f"/proc/{pid}/exe"
    # One that was replaced by an upgrade goes on to run. Those of containers are other files.
    return os.readlink(link) == f"{real} (deleted)" or os.path.samefile(link, real)


def _process(pid: int) -> Process:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        arguments = file.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="surrogateescape") as file:
        fields = file.read().rpartition(")")[2].split()
    return Process(pid, int(fields[1]), fields[19], tuple(arguments))
