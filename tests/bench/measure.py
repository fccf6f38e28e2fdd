# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a command and measures it from outside: time, processor, memory, and what it counted itself."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

PAUSE = 0.1
# Looking costs processor time too: at most this part of one.
LARGEST_SHARE = 0.1
SECONDS = 7200
BANNER = re.compile(r"^(TASK|RUNNING HANDLER) \[", re.MULTILINE)


class BenchError(Exception):
    """Something did not do what is measured, so there is nothing to measure."""


@dataclass(frozen=True)
class Measured:
    """One run: seconds of wall and of processor, bytes of memory at the peak, and counts; children included."""

    wall: float
    cpu: float
    memory: int
    derivations: int = 0
    written: int = 0
    calls: int = 0
    tasks: int = 0


def run(command: Sequence[str], *, environment: Mapping[str, str], folder: Path, watched: Path) -> Measured:
    """Run a command to its end and return what it cost.

    :param command: the program and its arguments
    :param environment: its environment
    :param folder: where it runs, and where its output goes
    :param watched: the folder in which bytes that are written count
    :raises BenchError: if it fails
    """
    counts, output = folder / "counts", folder / "output.txt"
    counts.unlink(missing_ok=True)
    counting = {
        "PYTHONPATH": str(Path(__file__).parent / "counting"),
        "BENCH_COUNTS": str(counts),
        "BENCH_FOLDER": str(watched),
    }
    with output.open("wb") as file:
        began = time.monotonic()
        process = subprocess.Popen(
            list(command),
            env={**environment, **counting},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        with Memory(process.pid) as memory, _ended_with_us(process):
            _pid, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"{' '.join(command)} failed:\n{output.read_text()[-3000:]}")
    lines = counts.read_text().split("\n") if counts.exists() else []
    return Measured(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=memory.peak,
        derivations=lines.count("derivation"),
        written=sum(int(line.split()[1]) for line in lines if line.startswith("bytes ")),
        tasks=banners(output.read_text()),
    )


def banners(output: str) -> int:
    """Return how many tasks and handlers a playbook's output shows a banner for.

    :param output: what C(ansible-playbook) printed
    """
    return len(BANNER.findall(output))


@contextlib.contextmanager
def _ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    try:
        yield
    except BaseException:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        raise
    finally:
        timer.cancel()


class Memory:
    """Samples the memory of a process and its descendants; a context manager.

    What processes share counts once: it is the proportional set size, as the kernel tells it.

    :param pid: the process
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.peak = 0

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        pause = PAUSE
        while not self._stop.wait(pause):
            began = time.thread_time()
            self.peak = max(self.peak, sum(_proportional(pid) for pid in _tree(self._pid)))
            pause = max(PAUSE, (time.thread_time() - began) / LARGEST_SHARE)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                yield from _tree(int(child))


def _proportional(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
