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

from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._clients.running import Process, now, processes

NAME = "dma"
_INTERVAL = 0.1


def sleeps(process: Process) -> bool:
    """Tell whether a process waits for its next attempt."""
    return "nanosleep" in process.wait


def _reads(process: Process) -> bool:
    """Tell whether a process waits for the rest of a message."""
    return "pipe_read" in process.wait


def settle(seconds: float) -> None:
    """Return when no process is left that started with the configuration of before.

    A process of that time can have started others, and they are not told apart from new ones, which end at once since
    they are to defer. So this waits for a moment without any, but for those that began to take a message since.

    :param seconds: how long that may take
    :raises ProgramError: if it takes longer
    """
    begin = now()
    deadline = time.monotonic() + seconds
    while True:
        left = [one for one in _without_sleepers() if one.started <= begin or not _reads(one)]
        if not left:
            return
        if time.monotonic() > deadline:
            raise ProgramError(_too_long(left, seconds))
        time.sleep(_INTERVAL)


def end_held(seconds: float) -> int:
    """End the processes that started on hold, and would stay so; return how many are still taking a message.

    :param seconds: how long that may take
    """
    begin = now()
    deadline = time.monotonic() + seconds
    calm = 0
    while calm < 2:
        left = [one for one in _without_sleepers() if one.started <= begin and not _reads(one)]
        if time.monotonic() > deadline:
            break
        calm = 0 if left else calm + 1
        time.sleep(_INTERVAL)
    return sum(one.started <= begin for one in processes(NAME))


def _without_sleepers() -> list[Process]:
    """End those that sleep, and return all."""
    found = processes(NAME)
    for one in found:
        if sleeps(one):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGTERM)
    return found


def _too_long(left: list[Process], seconds: float) -> str:
    pids = ", ".join(str(one.pid) for one in left)
    return (
        f"dma was still at work after {seconds:g} seconds (process {pids}); nothing is held. A delivery goes on, or a "
        "program such as a cron job has not yet handed over all of a message: run again when it has ended"
    )
