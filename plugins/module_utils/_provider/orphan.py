# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether anybody still waits for this process's answer. A module that nobody waits for must not change anything more.

The account's turn belongs to the controller, and ends with it. A module that outlives its controller, in a pause or
between two attempts, would send its password after a later run has set another one.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import time
from collections.abc import Callable

STANDARD_OUTPUT = 1
KNOCK_EVERY = 1.0
_NO_READER = select.POLLERR | select.POLLHUP | select.POLLNVAL


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


class Audience:
    """Whoever reads what this process writes.

    A pipe tells at once that its reader has died. A relay, such as sshd, finds out only when it has something to pass
    on: so an empty line is written now and then, which Ansible skips before a module's answer.

    :param descriptor: the pipe or socket that the answer goes to; anything else is taken to be read for ever
    :param clock: a clock that nobody sets, in seconds
    """

    def __init__(self, descriptor: int = STANDARD_OUTPUT, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._descriptor = descriptor
        self._clock = clock
        self._relayed = _is_pipe_or_socket(descriptor)
        self._knocked = clock()
        self._gone = False

    def is_gone(self) -> bool:
        """Tell whether nobody reads any more. Once it is so, it stays so."""
        self._gone = self._gone or self._knock_fails() or _has_no_reader(self._descriptor)
        return self._gone

    def _knock_fails(self) -> bool:
        if not self._relayed or self._clock() - self._knocked < KNOCK_EVERY:
            return False
        self._knocked = self._clock()
        try:
            os.write(self._descriptor, b"\n")
        except BlockingIOError:
            # Full: somebody reads slowly, or will not read; poll knows which.
            return False
        except OSError:
            return True
        return False


def _is_pipe_or_socket(descriptor: int) -> bool:
    with contextlib.suppress(OSError):
        mode = os.fstat(descriptor).st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    return False


def _has_no_reader(descriptor: int) -> bool:
    poller = select.poll()
    # These events are told unasked.
    poller.register(descriptor, 0)
    return any(event & _NO_READER for _descriptor, event in poller.poll(0))
