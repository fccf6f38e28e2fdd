# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes of a mail program, as the kernel shows them."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """A process that has not ended.

    :param started: when, in clock ticks since the machine started
    :param wait: the kernel's function that it waits in, C(0) if it runs, or if that is not shown
    """

    pid: int
    parent: int
    uid: int
    started: int
    wait: str
    arguments: tuple[str, ...]


def now() -> int:
    """Return the time as C(Process.started) counts it."""
    with open("/proc/uptime", encoding="ascii") as file:
        return int(float(file.read().split()[0]) * os.sysconf("SC_CLK_TCK"))


def processes(path: str) -> list[Process]:
    """Return the processes of a program, by whatever name it was called, without those of containers.

    :param path: of the program
    """
    real = os.path.realpath(path)
    found = (_process(entry, real) for entry in os.listdir("/proc") if entry.isdigit())
    return [one for one in found if one is not None]


def _process(pid: str, real: str) -> Process | None:
    folder = f"/proc/{pid}"
    try:
        if not (_runs(f"{folder}/exe", real) and _same_root(folder)):
            return None
        fields = _text(f"{folder}/stat").rpartition(")")[2].split()
        arguments = tuple(_text(f"{folder}/cmdline").split("\0")[:-1])
        return Process(int(pid), int(fields[1]), os.stat(folder).st_uid, int(fields[19]), _wait(folder), arguments)
    except OSError:
        # It has ended meanwhile.
        return None


def _runs(link: str, real: str) -> bool:
    # One that was replaced by an upgrade goes on to run.
    return os.readlink(link) == f"{real} (deleted)" or os.path.samefile(link, real)


def _wait(folder: str) -> str:
    try:
        return _text(f"{folder}/wchan")
    except FileNotFoundError:
        # Not every kernel tells.
        return "0"


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def _same_root(folder: str) -> bool:
    try:
        return os.path.samestat(os.stat(f"{folder}/root"), os.stat("/"))
    except PermissionError:
        # Without the right to look, it is better to wait for one too many.
        return True
