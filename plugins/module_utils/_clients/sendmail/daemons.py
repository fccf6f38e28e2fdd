# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has the processes of sendmail read their configuration again, and waits for those that do not.

A daemon or queue runner reads sendmail.cf once. After SIGHUP it starts itself anew; what it has begun goes
on as it was.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import signal
import time

from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._clients.running import Process, processes
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

_NAMES = ("sendmail", "sendmail-mta")
# As whom it sends, if RunAsUser says so. What takes mail from users runs as other users, and sends to the daemon only.
_USERS = ("smmta", "sendmail")
_TITLE = re.compile(r"sendmail: (\S+ )?(accepting connections|rejecting|Queue runner@|Queue control)")
_INTERVAL = 0.1
# How long a daemon may take to start anew.
_SECONDS = 30.0


def check(pid_file: str) -> None:
    """Make sure that a daemon can start itself anew.

    :param pid_file: where the daemon writes its number and its command
    :raises InputError: if SIGHUP would end it
    """
    try:
        with open(pid_file, encoding="utf-8", errors="replace") as file:
            command = file.read().split("\n")[1]
    except (OSError, IndexError):
        return
    if _masters() and not command.startswith("/"):
        raise InputError(
            "sendmail was started without its full path, so that SIGHUP would end it: restart it with its full path"
        )


def reload(pid_file: str) -> None:
    """Return when every daemon and queue runner has read its configuration again.

    :param pid_file: where the daemon writes its number and its command
    :raises InputError: if SIGHUP would end it
    :raises ProgramError: if one does not
    """
    started = time.time()
    check(pid_file)
    before = _masters()
    for one in before:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGHUP)
    deadline = time.monotonic() + _SECONDS
    while before and not (_masters() and not _waiting_for(before, pid_file, started)):
        if time.monotonic() > deadline:
            raise ProgramError(
                f"sendmail did not start anew within {_SECONDS:g} seconds of SIGHUP: restart it, see its log, run again"
            )
        time.sleep(_INTERVAL)


def settle(seconds: float) -> int:
    """Wait until all processes have ended that may use the configuration of before; return how many have not.

    :param seconds: how long that may take
    """
    masters = {one.pid: one.started for one in _masters()}
    old = [one for one in _all() if one.pid not in masters and masters.get(_parent(one), one.started + 1) > one.started]
    deadline = time.monotonic() + seconds
    while old and time.monotonic() < deadline:
        time.sleep(_INTERVAL)
        left = _ids(_all())
        old = [one for one in old if (one.pid, one.started) in left]
    return len(old)


def _waiting_for(before: list[Process], pid_file: str, started: float) -> bool:
    left = _ids(_all())
    return any((one.pid, one.started) in left and not _is_new(one, pid_file, started) for one in before)


def _is_new(process: Process, pid_file: str, started: float) -> bool:
    """Tell whether a daemon that stays in the foreground, and so keeps its number, has started anew."""
    with contextlib.suppress(OSError), open(pid_file, encoding="utf-8", errors="replace") as file:
        return file.readline().strip() == str(process.pid) and os.fstat(file.fileno()).st_mtime > started
    return False


def _masters() -> list[Process]:
    return [one for one in _all() if _TITLE.match(_title(one))]


def _all() -> list[Process]:
    """Return the processes that can send to a relay."""
    users = {0}
    for name in _USERS:
        with contextlib.suppress(KeyError):
            users.add(pwd.getpwnam(name).pw_uid)
    return [one for name in _NAMES for one in processes(name) if one.uid in users]


def _ids(found: list[Process]) -> set[tuple[int, int]]:
    return {(one.pid, one.started) for one in found}


def _title(process: Process) -> str:
    try:
        with open(f"/proc/{process.pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _parent(process: Process) -> int:
    try:
        with open(f"/proc/{process.pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0
