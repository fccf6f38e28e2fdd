# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the processes of smtpd, and starts it again."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import call, path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import ProgramError

_SYSTEMD = "/run/systemd/system"
_UNIT = re.compile(r"/([\w@.:-]*smtpd[\w@.:-]*\.service)(?:/|$)", re.MULTILINE)
_SECONDS = 20.0
INTERVAL = 0.1


@dataclass(frozen=True)
class Process:
    """One of smtpd's processes.

    :param words: its command line
    """

    pid: int
    parent: int
    uid: int
    gid: int
    words: tuple[str, ...]


def processes(smtpd: str) -> list[Process]:
    """Return all that run this program.

    :param smtpd: its path
    """
    found = (_process(int(name), smtpd) for name in os.listdir("/proc") if name.isdigit())
    return [one for one in found if one is not None]


def _process(pid: int, smtpd: str) -> Process | None:
    with contextlib.suppress(OSError, IndexError, ValueError):
        # Not by name: in a container or a chroot the path is another one, and titles are changed.
        if not os.path.samefile(f"/proc/{pid}/exe", smtpd):
            return None
        status = _read(f"/proc/{pid}/status")
        numbers = {key: int(value.split()[0]) for key, value in re.findall(r"(?m)^(PPid|Uid|Gid):\s*(.*)$", status)}
        words = tuple(word for word in _read(f"/proc/{pid}/cmdline").split("\0") if word)
        return Process(pid, numbers["PPid"], numbers["Uid"], numbers["Gid"], words)
    return None


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def main_process(smtpd: str) -> Process | None:
    """Return the process that started the others, None if smtpd does not run.

    :param smtpd: its path
    """
    found = processes(smtpd)
    pids = {one.pid for one in found}
    return next((one for one in found if one.parent not in pids), None)


def looks_up(smtpd: str) -> tuple[int, int] | None:
    """Return the user and group that read a table while smtpd runs, None if it does not.

    :param smtpd: its path
    """
    found = next((one for one in processes(smtpd) if any("lookup" in word for word in one.words)), None)
    return (found.uid, found.gid) if found else None


def restart(smtpd: str, answers: Callable[[], bool]) -> None:
    """Start smtpd again as it was started.

    :param smtpd: its path
    :param answers: tells whether it is ready
    :raises ProgramError: if it does not come back
    """
    before = main_process(smtpd)
    if before is None:
        raise ProgramError("smtpd ended meanwhile; see its log for why, start it, and run again")
    unit = _UNIT.search(_read(f"/proc/{before.pid}/cgroup")) if os.path.isdir(_SYSTEMD) else None
    systemctl = path_of("systemctl")
    if unit and systemctl:
        # Otherwise, systemd refuses the fifth start within ten seconds.
        call(systemctl, "reset-failed", unit.group(1))
        call(systemctl, "restart", unit.group(1))
    else:
        _restart_by_hand(smtpd, before)
    if not _wait(lambda: main_process(smtpd) != before and answers()):
        raise ProgramError("smtpd does not come back after a restart; see its log for why, start it, and run again")


def _restart_by_hand(smtpd: str, before: Process) -> None:
    old = {one.pid for one in processes(smtpd)}
    with contextlib.suppress(ProcessLookupError):
        os.kill(before.pid, signal.SIGTERM)
    # Its children end a little later than it does.
    _wait(lambda: not any(one.pid in old for one in processes(smtpd)))
    options = "".join(word for word in before.words[1:] if word.startswith("-"))
    # In the foreground it has a supervisor, which starts it again.
    if "d" not in options and "F" not in options and main_process(smtpd) is None:
        # pylint: disable-next=ansible-bad-function
        subprocess.run(  # noqa: S603  (its own command line)
            [smtpd, *before.words[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )


def _wait(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(INTERVAL)
    return True
