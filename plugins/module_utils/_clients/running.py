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
    uid: int
    started: int
    wait: str


def now() -> int:
    """Return the time as C(Process.started) counts it."""
    with open("/proc/uptime", encoding="ascii") as file:
        return int(float(file.read().split()[0]) * os.sysconf("SC_CLK_TCK"))


def processes(name: str) -> list[Process]:
    """Return the processes of a program, without those of other roots, such as containers.

    :param name: the program's name, as far as the kernel keeps it: 15 characters
    """
    found = (_process(int(entry), name) for entry in os.listdir("/proc") if entry.isdigit())
    return [one for one in found if one is not None]


def _process(pid: int, name: str) -> Process | None:
    folder = f"/proc/{pid}"
    try:
        with open(f"{folder}/stat", encoding="utf-8", errors="replace") as file:
            before, _parenthesis, after = file.read().rpartition(")")
        fields = after.split()
        if before.partition("(")[2] != name or fields[0] in "ZX" or not _same_root(folder):
            return None
        with open(f"{folder}/wchan", encoding="ascii") as file:
            wait = file.read()
        return Process(pid, os.stat(folder).st_uid, int(fields[19]), wait)
    except OSError:
        # It has ended meanwhile.
        return None


def _same_root(folder: str) -> bool:
    try:
        return os.path.samestat(os.stat(f"{folder}/root"), os.stat("/"))
    except PermissionError:
        # Without the right to look, it is better to wait for one too many.
        return True
