# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits for nullmailer-send, which reads its remotes once for each run of the queue, and makes it run.

A byte in the FIFO C(trigger) stays there until a run has ended, since the program looks at it between two runs only.
When a byte that was written after a change of the remotes has been taken, the old remotes are used no more.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import termios
import time
from collections.abc import Iterator

from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._clients.running import Process, processes

DAEMON = "nullmailer-send"
_INTERVAL = 0.1
# How long the program may take to open its FIFO again.
_SECONDS = 10.0


def pull(spool: str) -> bool:
    """Make nullmailer-send run the queue; tell whether it is running.

    :param spool: its folder
    """
    with _pulled(spool, time.monotonic() + _SECONDS) as trigger:
        return trigger is not None


def settle(spool: str, helper: str, seconds: float) -> None:
    """Return when no delivery uses the remotes of before.

    :param spool: its folder
    :param helper: the program that delivers for it
    :param seconds: how long that may take
    :raises ProgramError: if it takes longer
    """
    deadline = time.monotonic() + seconds
    with _pulled(spool, deadline) as trigger:
        while trigger is not None and _senders() and _is_waiting(trigger):
            _pause(deadline, seconds)
    # A helper whose nullmailer-send was ended is still delivering.
    user = os.stat(os.path.join(spool, "queue")).st_uid
    while any(one.uid == user for one in processes(helper)):
        _pause(deadline, seconds)


def _senders() -> list[Process]:
    return processes(path_of(DAEMON) or DAEMON)


def _is_waiting(trigger: int) -> bool:
    found = array.array("i", [0])
    fcntl.ioctl(trigger, termios.FIONREAD, found)
    return found[0] > 0


def _pause(deadline: float, seconds: float) -> None:
    if time.monotonic() > deadline:
        raise ProgramError(
            f"nullmailer was still delivering after {seconds:g} seconds; nothing is held. Raise the timeout, or see "
            "with mailq what it is sending"
        )
    time.sleep(_INTERVAL)


@contextlib.contextmanager
def _pulled(spool: str, deadline: float) -> Iterator[int | None]:
    """Write a byte into the FIFO and keep it open; None if nobody reads it."""
    descriptor = None
    # nullmailer-send closes it for a moment after each byte.
    while descriptor is None and _senders() and time.monotonic() < deadline:
        descriptor = _write(os.path.join(spool, "trigger"))
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _write(path: str) -> int | None:
    descriptor = None
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        os.write(descriptor, b"\0")
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        time.sleep(_INTERVAL)
        return None
    return descriptor
