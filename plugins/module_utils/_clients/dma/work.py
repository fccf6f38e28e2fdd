# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes of dma, each of which keeps the configuration and the password that it started with.

One that could not deliver sleeps in the kernel's timer, for hours, and tries again with them. To end it loses nothing:
its message is in the queue, and C(dma -q) starts another one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._clients.running import Process, now, processes

_INTERVAL = 0.1
# The process that takes a message starts one in the background, and that one another for each further recipient, whose
# bounce can be for several.
_GENERATIONS = 4


def sleeps(process: Process) -> bool:
    """Tell whether a process waits for its next attempt."""
    return "nanosleep" in process.wait


def _reads(process: Process) -> bool:
    """Tell whether a process waits for the rest of a message."""
    return "pipe_read" in process.wait


def settle(dma: str, seconds: float) -> None:
    """Return when no process is left that has the configuration of before.

    :param dma: the program
    :param seconds: how long that may take
    :raises ProgramError: if it takes longer
    """
    first = now()
    # What reads a message and began after the change has the new configuration.
    left = _drain(dma, seconds, lambda one: _reads(one) and one.started > first)
    if left:
        pids = ", ".join(str(one.pid) for one in left)
        raise ProgramError(
            f"dma was still at work after {seconds:g} seconds (process {pids}); nothing is held. A delivery is under "
            "way, or a program such as a cron job has not handed over all of a message yet: run again when it has ended"
        )


def end_held(dma: str, seconds: float) -> int:
    """End the processes that started on hold, and would stay so; return how many are still taking a message.

    :param dma: the program
    :param seconds: how long that may take
    """
    first = now()
    _drain(dma, seconds, _reads)
    return sum(one.started <= first for one in processes(dma))


def _drain(dma: str, seconds: float, stays: Callable[[Process], bool]) -> list[Process]:
    """Wait until all processes of now, and all that descend from them, are gone; return those that are left.

    New ones are not told apart from descendants, but after each round there are descendants of a later generation only.
    """
    deadline = time.monotonic() + seconds
    for _generation in range(_GENERATIONS):
        begin = now()
        while left := [one for one in _without_sleepers(dma) if one.started <= begin and not stays(one)]:
            if time.monotonic() > deadline:
                return left
            time.sleep(_INTERVAL)
    return []


def _without_sleepers(dma: str) -> list[Process]:
    """End those that sleep, and return all."""
    found = processes(dma)
    for one in found:
        if sleeps(one):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGTERM)
    return found
