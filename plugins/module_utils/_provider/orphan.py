# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detects that the controller has gone. A module without its controller must not change anything any more.

The controller holds the account's lock, which ends with it. A module that outlives its controller, in a pause or
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
PROBE_INTERVAL = 1.0
_NO_READER = select.POLLERR | select.POLLHUP | select.POLLNVAL


class Abandoned(Exception):
    """The controller has gone."""


class Reader:
    """Whoever reads the output of this process.

    A pipe shows at once that its reader has died. A relay, such as sshd, only finds out when it has something to pass
    on, so an empty line is written now and then. Ansible skips empty lines before a module's result.

    :param descriptor: the pipe or socket for the output; anything else is assumed to have a reader for ever
    :param clock: a monotonic clock, in seconds
    """

    def __init__(self, descriptor: int = STANDARD_OUTPUT, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._descriptor = descriptor
        self._clock = clock
        self._relayed = _is_pipe_or_socket(descriptor)
        self._probed = clock()
        self._gone = False

    def is_gone(self) -> bool:
        """Return whether the reader has gone. Once it has, it stays gone."""
        self._gone = self._gone or self._probe_fails() or _has_no_reader(self._descriptor)
        return self._gone

    def _probe_fails(self) -> bool:
        if not self._relayed or self._clock() - self._probed < PROBE_INTERVAL:
            return False
        self._probed = self._clock()
        try:
            os.write(self._descriptor, b"\n")
        except BlockingIOError:
            # The pipe is full: the reader is slow or has gone; poll knows which.
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
    # These events are reported even if not asked for.
    poller.register(descriptor, 0)
    return any(event & _NO_READER for _descriptor, event in poller.poll(0))
