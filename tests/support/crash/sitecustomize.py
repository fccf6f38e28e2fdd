# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Freezes a process at a boundary between two effects that outlive it. Python imports it from PYTHONPATH, by its name.

A boundary is C(before) or C(after) an effect on the store, its lock file, or the provider's API. All processes of a run
count together, in a file of C(CRASH_FOLDER). The process that reaches the one that C(CRASH_AT) names, or the one with
that number, says so in the file C(frozen) and stops, with all its threads; it never goes on by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

BOUNDARIES, FROZEN = "boundaries", "frozen"


def reached(boundary: str) -> None:
    """Count a boundary, and freeze if it is the one to freeze at.

    :param boundary: what has just happened, or is about to
    """
    import fcntl
    import signal

    folder, wanted = os.environ["CRASH_FOLDER"], os.environ.get("CRASH_AT")
    with open(os.path.join(folder, BOUNDARIES), "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        names = file.read().splitlines()
        name = f"{boundary} {1 + sum(one.rpartition(' ')[0] == boundary for one in names)}"
        file.write(name + "\n")
    if wanted in (name, str(len(names) + 1)):
        with open(os.path.join(folder, FROZEN + ".new"), "w", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {name}")
        os.rename(os.path.join(folder, FROZEN + ".new"), os.path.join(folder, FROZEN))
        os.kill(os.getpid(), signal.SIGSTOP)


def _around(owner: Any, function: str, effect: Callable[..., str | None]) -> None:
    """Make a function's calls boundaries, those of which C(effect) returns a name."""
    original = getattr(owner, function)

    def wrapped(*args: Any, **keywords: Any) -> Any:
        name = effect(*args, **keywords)
        if name is None:
            return original(*args, **keywords)
        reached(f"before {name}")
        result = original(*args, **keywords)
        reached(f"after {name}")
        return result

    setattr(owner, function, wrapped)


def _watch(store: str, port: int) -> None:
    import http.client
    import tempfile

    folder, base = os.path.split(store)
    lock, temporary = os.path.join(folder, f".{base}.lock"), os.path.join(folder, f".{base}.")

    def described(path: Any) -> str | None:
        path = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else os.fspath(path)
        if isinstance(path, bytes):
            return None
        known = {lock: "lock file", folder: "folder", store: "store"}
        return known.get(path) or ("new store" if path.startswith(temporary) and path.endswith(".tmp") else None)

    def effect(verb: str, *, only: tuple[str, ...]) -> Callable[..., str | None]:
        def name(path: Any, *_args: Any, **_keywords: Any) -> str | None:
            what = described(path)
            return f"{verb} {what}" if what in only else None

        return name

    def making(*_args: Any, **keywords: Any) -> str | None:
        return "make new store" if keywords.get("dir") == folder else None

    def calling(verb: str) -> Callable[..., str | None]:
        return lambda connection, *_args, **_keywords: verb if connection.port == port else None

    _around(os, "open", effect("open", only=("lock file",)))
    _around(os, "fsync", effect("sync", only=("new store", "folder")))
    _around(os, "replace", effect("rename", only=("new store",)))
    _around(os, "unlink", effect("remove", only=("new store", "store", "lock file")))
    _around(tempfile, "mkstemp", making)
    _around(http.client.HTTPConnection, "send", calling("send"))
    _around(http.client.HTTPConnection, "getresponse", calling("answer"))


if os.environ.get("CRASH_FOLDER"):
    _watch(os.environ["CRASH_STORE"], int(os.environ["CRASH_PORT"]))
