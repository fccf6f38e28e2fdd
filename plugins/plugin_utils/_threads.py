# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work in threads: deriving a key takes milliseconds, in which Python lets others run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Beside:
    """A few threads that work beside the one that asks; a context manager, which ends them.

    :param most: how many pieces of work there will be at most
    """

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(max(1, min(most, len(os.sched_getaffinity(0)))))

    def begin(self, function: Callable[[T], R], argument: T) -> Future[R]:
        """Begin a piece of work, and return what its result will be asked of.

        :param function: the work; it must be safe in threads
        :param argument: what it is done with
        """
        return self._pool.submit(function, argument)

    def __enter__(self) -> Beside:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def each(function: Callable[[T], R], arguments: Sequence[T]) -> list[R]:
    """Return what a function returns for each argument, in order; they are worked on beside each other.

    :param function: the work; it must be safe in threads
    :param arguments: what it is done with
    :raises Exception: what the work on the first argument that fails raises
    """
    if len(arguments) < 2:
        return [function(argument) for argument in arguments]
    with Beside(len(arguments)) as beside:
        return [work.result() for work in [beside.begin(function, argument) for argument in arguments]]
