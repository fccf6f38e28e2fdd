# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Background threads. Deriving a Vault key takes milliseconds, during which Python can run other threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class WorkerThreads:
    """A few background threads; a context manager, which ends them.

    :param most: the maximum number of calls that will be submitted
    """

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(max(1, min(most, len(os.sched_getaffinity(0)))))

    def submit(self, function: Callable[[T], R], argument: T) -> Future[R]:
        """Start a call in the background and return its future.

        :param function: a thread-safe function
        :param argument: its argument
        """
        return self._pool.submit(function, argument)

    def __enter__(self) -> WorkerThreads:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def map_in_threads(function: Callable[[T], R], arguments: Sequence[T]) -> list[R]:
    """Return the results of a function for each argument, in order; the calls run in parallel.

    :param function: a thread-safe function
    :param arguments: its arguments
    :raises Exception: the exception of the first argument that fails
    """
    if len(arguments) < 2:
        return [function(argument) for argument in arguments]
    with WorkerThreads(len(arguments)) as threads:
        return [future.result() for future in [threads.submit(function, argument) for argument in arguments]]
