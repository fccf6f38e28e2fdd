# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Process trees, as the kernel tells of them."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def children(pid: int) -> set[int]:
    """Return the processes that a process started and that still are its own."""
    found: set[int] = set()
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found |= set(map(int, path.read_text().split()))
    return found


def descendants(pid: int) -> set[int]:
    """Return the processes that a process started, and those that they started."""
    own = children(pid)
    return own.union(*map(descendants, own))


def worker_of(pid: int) -> int | None:
    """Return the process in which an ansible-playbook executes a task, None if none waits for a module.

    :param pid: ansible-playbook
    """
    return next((child for child in children(pid) if descendants(child)), None)


def kill_tree(pid: int) -> set[int]:
    """Kill a process and all that it started, as a machine that loses power does: all at one moment.

    Ansible's workers have sessions of their own, so a process group is not enough.

    :param pid: the process, a child of this one that was not waited for yet
    """
    stopped: set[int] = set()
    # What is stopped starts nothing more, so this ends.
    while new := ({pid} | descendants(pid)) - stopped:
        for one in new:
            send(one, signal.SIGSTOP)
        stopped |= new
    for one in stopped:
        send(one, signal.SIGKILL)
    return stopped


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal, to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be waited for does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def with_environment(text: str) -> set[int]:
    """Return the processes that were started with a text in their environment, whoever is their parent now."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if text.encode() in path.read_bytes() and is_alive(int(path.parent.name)):
                found.add(int(path.parent.name))
    return found
