# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watches processes from outside, as any other user of the machine could: /proc/*/cmdline and /proc/*/environ."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from dataclasses import dataclass
from types import TracebackType

PAUSE = 0.002
# A process that is not ours by then will not become one of ours by exec.
SETTLED = 2.0


@dataclass(frozen=True)
class Process:
    """A process as it was seen: its arguments and its environment, NUL between the items."""

    pid: int
    arguments: bytes
    environment: bytes

    @property
    def command(self) -> str:
        """The command line, as C(ps) shows it."""
        return self.arguments.replace(b"\0", b" ").decode("utf-8", "replace").strip()


class Sampler:
    """Looks at all processes every few milliseconds and keeps those whose environment has a mark; a context manager.

    Children inherit the mark, however they are started and whatever session or parent they end up with.

    :param mark: a text that stands in the environment of the processes to watch, and of no others
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode()
        self._stop = threading.Event()
        self._first: dict[str, float] = {}
        self._foreign: set[str] = set()
        self._seen: dict[tuple[str, bytes], Process] = {}
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.rounds = 0

    @property
    def seen(self) -> list[Process]:
        """Every process with the mark, once for each command line that it had."""
        return list(self._seen.values())

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.wait(PAUSE):
            self.rounds += 1
            for pid in os.listdir("/proc"):
                if pid.isdigit() and pid not in self._foreign:
                    with contextlib.suppress(OSError):
                        self._look(pid)

    def _look(self, pid: str) -> None:
        # In this order: a process that becomes another one in between is seen with the later environment, never a
        # new command line with the environment of before.
        arguments = _read(pid, "cmdline")
        if (pid, arguments) in self._seen:
            return
        environment = _read(pid, "environ")
        if self._mark in environment:
            self._seen[pid, arguments] = Process(int(pid), arguments, environment)
        elif time.monotonic() - self._first.setdefault(pid, time.monotonic()) > SETTLED:
            self._foreign.add(pid)


def kill_all(mark: str) -> None:
    """Kill every process that has the mark in its environment, until there is none.

    :param mark: a text that stands in the environment of no others
    """
    while marked := [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_marked(pid, mark.encode())]:
        for pid in marked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(PAUSE)


def _is_marked(pid: str, mark: bytes) -> bool:
    # Of one that is dead, and whose parent has not asked yet, nothing can be read.
    with contextlib.suppress(OSError):
        return mark in _read(pid, "environ")
    return False


def _read(pid: str, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()
