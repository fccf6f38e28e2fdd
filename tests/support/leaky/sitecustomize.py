# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For tests: what a process logs goes into a file, and it fails with secrets in its words where an account's name says.

Python loads this in the controller and in each module's process when PYTHONPATH names this folder.
LEAKY_SYSLOG names the file that gets what would be logged; with LEAKY_JOURNAL, systemd's journal seems to be there.
LEAKY_WITNESS switches the failures on and names the file that tells which ones happened.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import ssl
import sys
import syslog
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

OURS = "ansible_collections/mailops/smtp"
TIMES = 20
# Every secret of the tests has it.
SIGN = "%"
HOLDERS = (
    "password",
    "passwords",
    "plain",
    "plaintext",
    "params",
    "credentials",
    "request",
    "values",
    "data",
    "module",
)


def _append(variable: str, value: Any) -> None:
    with open(os.environ[variable], "a", encoding="utf-8") as file:
        file.write(json.dumps(value, default=repr) + "\n")


def _keep_logs() -> None:
    syslog.syslog = lambda *words: _append("LEAKY_SYSLOG", words)
    if os.environ.get("LEAKY_JOURNAL"):
        systemd: Any = types.ModuleType("systemd")
        systemd.journal, systemd.daemon = types.ModuleType("systemd.journal"), types.ModuleType("systemd.daemon")
        systemd.journal.send = lambda **fields: _append("LEAKY_SYSLOG", fields)
        systemd.journal.sendv = systemd.journal.send
        systemd.daemon.booted = lambda: True
        sys.modules.update({"systemd": systemd, "systemd.journal": systemd.journal, "systemd.daemon": systemd.daemon})


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, str):
        yield str(value)
    elif isinstance(value, (dict, types.MappingProxyType)) and depth < 4:
        for item in value.values():
            yield from _texts(item, depth + 1)
    elif isinstance(value, (list, tuple)) and depth < 4:
        for item in value:
            yield from _texts(item, depth + 1)
    elif hasattr(value, "__dict__") and depth < 2:
        yield from _texts(vars(value), depth + 1)


def _in_reach() -> list[str]:
    """Return the texts that the collection's functions have in hand at this moment."""
    found: dict[str, None] = {}
    frame = sys._getframe(1)
    while frame is not None:
        if OURS in frame.f_code.co_filename:
            for name in HOLDERS:
                found.update(dict.fromkeys(_texts(frame.f_locals.get(name))))
            found.update(dict.fromkeys(_texts(frame.f_locals.get("account"))))
        frame = frame.f_back  # type: ignore[assignment]
    return [text for text in found if len(text) >= 8]


def _failing(point: str, original: Callable[..., Any], make: Callable[[str], BaseException]) -> Callable[..., Any]:
    def call(*args: Any, **keywords: Any) -> Any:
        texts = _in_reach() + [text for arg in args for text in _texts(arg)]
        if any(f"inject-{point}" in text for text in texts):
            told = [text for text in texts if "\n" not in text and "inject-" not in text]
            # The longest secret often, so that whatever cuts the words cuts it.
            secret = max((text for text in told if SIGN in text), key=len)
            words = " ".join([*[secret] * TIMES, *told])
            _append("LEAKY_WITNESS", {"point": point, "words": words})
            raise make(words)
        return original(*args, **keywords)

    return call


def _failing_beside(point: str, submit: Callable[..., Any]) -> Callable[..., Any]:
    """Let work in a thread fail; which account it is for, only the one that asks for it has in reach."""

    def call(pool: Any, function: Callable[..., Any], *args: Any) -> Any:
        asked = _in_reach()
        check = _failing(point, lambda *_texts: None, RuntimeError)

        def work(*given: Any) -> Any:
            check(*asked, *given)
            return function(*given)

        return submit(pool, work, *args)

    return call


def _fail_in_controller() -> None:
    ThreadPoolExecutor.submit = _failing_beside("encrypt", ThreadPoolExecutor.submit)  # type: ignore[method-assign]
    os.fsync = _failing("fsync", os.fsync, RuntimeError)
    os.replace = _failing("replace", os.replace, lambda words: OSError(5, words))


def _fail_in_module() -> None:
    importlib.util.find_spec = _failing("main", importlib.util.find_spec, RuntimeError)
    ssl.create_default_context = _failing("tls", ssl.create_default_context, RuntimeError)
    ssl.SSLSocket.sendall = _failing("auth", ssl.SSLSocket.sendall, OSError)  # type: ignore[method-assign]
    socket.socket.connect = _failing("connect", socket.socket.connect, OSError)  # type: ignore[method-assign]
    from requests import exceptions
    from requests.adapters import HTTPAdapter

    HTTPAdapter.send = _failing(  # type: ignore[method-assign]
        "send", _failing("request", HTTPAdapter.send, RuntimeError), exceptions.ConnectionError
    )


if os.environ.get("LEAKY_SYSLOG"):
    _keep_logs()
if os.environ.get("LEAKY_WITNESS"):
    # A module's code comes through the standard input, so its process has no script.
    _fail_in_controller() if len(sys.orig_argv) > 1 else _fail_in_module()
