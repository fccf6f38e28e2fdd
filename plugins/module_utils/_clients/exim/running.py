# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits for the deliveries of Exim that are under way."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence

from ansible_collections.mailops.smtp.plugins.module_utils._clients.running import Process, processes

_INTERVAL = 0.1
# Arguments of processes that deliver, and of those that listen or start others at intervals. What receives a message
# starts a new process to deliver it.
_DELIVERS = re.compile(r"-(M|Mc|MC\w*|[qRS].*)")
_LISTENS = re.compile(r"-(bd\w*|q+[a-z]*\d[\dwdhms]*)")
# By this name, Exim runs its queue.
_RUNS_QUEUE = "runq"


def delivers(arguments: Sequence[str]) -> bool:
    """Tell by its arguments whether a process of Exim delivers. Pure: no I/O.

    :param arguments: of the process
    """
    if arguments and os.path.basename(arguments[0]) == _RUNS_QUEUE:
        return True
    given = arguments[1:]
    if any(_LISTENS.fullmatch(one) for one in given):
        return False
    return any(_DELIVERS.fullmatch(one) for one in given)


def await_end(path: str, seconds: float) -> int:
    """Wait until the deliveries that are under way have ended, and return how many have not.

    :param path: of Exim
    :param seconds: for how long at most
    """
    deadline = time.monotonic() + seconds
    old = _deliveries(path)
    while old:
        if time.monotonic() >= deadline:
            return len(old)
        time.sleep(_INTERVAL)
        # A process that was started since reads the new configuration, unless an old one made a copy of itself.
        old = {
            pid: one
            for pid, one in _deliveries(path).items()
            if (pid in old and old[pid].started == one.started)
            or (one.parent in old and old[one.parent].arguments == one.arguments)
        }
    return 0


def _deliveries(path: str) -> dict[int, Process]:
    return {one.pid: one for one in processes(path) if delivers(one.arguments)}
