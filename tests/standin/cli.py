# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the stand-in."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from .dialects import dialect_class, names
from .record import Event, described
from .service import StandIn

KEYS = {
    "application_key": "STANDIN_APPLICATION_KEY",
    "authorization_key": "STANDIN_AUTHORIZATION_KEY",
    "api_key": "STANDIN_API_KEY",
}
POLL_SECONDS = 0.2
READY = "ready.json"
EPILOG = """\
The keys that API calls must carry are read from the environment or from --keys: STANDIN_APPLICATION_KEY and
STANDIN_AUTHORIZATION_KEY for emaillabs, messageflow and redlink, STANDIN_API_KEY for every other provider.
DIRECTORY/ready.json appears when every port listens:
{"api_url", "smtp_host", "smtp_port", "smtps_port", "ca_path", "admin_url", "pid"}.
At admin_url: GET /_standin/record, GET /_standin/accounts, POST and GET and DELETE /_standin/faults,
POST /_standin/propagation {"seconds": 20}, POST /_standin/options {"api": {...}, "submission": {...}},
POST /_standin/stop. SIGTERM and SIGINT end it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stand-in until it is told to stop, and return the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        keys = _keys(options)
        accounts = _read_texts(options.accounts) if options.accounts else {}
    except (OSError, ValueError) as error:
        parser.error(str(error))
    with _directory(options.directory) as directory:
        standin = StandIn(
            accounts,
            directory=directory,
            provider=options.provider,
            propagation=options.propagation,
            old_works=options.old_password_works,
            admin=True,
            listener=_print if options.print else None,
            application_key=keys.get("application_key", ""),
            authorization_key=keys.get("authorization_key", ""),
            api_key=keys.get("api_key", ""),
        )
        # One of an earlier run would be taken for this one's.
        (directory / READY).unlink(missing_ok=True)
        with _signals(standin), standin:
            _run(standin, directory, options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="standin",
        description="A stand-in for an SMTP provider, on this machine only: its HTTP API and a submission server.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--directory", type=Path, metavar="DIR", help="certificates, record.jsonl and ready.json (a temporary one)")
    add("--provider", choices=names(), default="emaillabs", help="whose API it speaks (emaillabs)")
    add("--accounts", type=Path, metavar="FILE", help='JSON: {"1.acme.smtp": "its password", ...}')
    add("--keys", type=Path, metavar="FILE", help='JSON: {"application_key": "...", ...}, {"api_key": "..."}')
    add("--propagation", type=_seconds, default=20.0, metavar="SECONDS", help="until a new password works (20)")
    add("--old-password-works", action="store_true", help="the old password is accepted until then")
    add("--print", action="store_true", help="print each event as one line")
    add("--stop-with-parent", action="store_true", help="end when the process that started it has ended")
    add("--max-seconds", type=_seconds, default=3600.0, metavar="SECONDS", help="end after that time (3600)")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of seconds, not negative")
    return seconds


def _keys(options: argparse.Namespace) -> dict[str, str]:
    found = {name: os.environ[variable] for name, variable in KEYS.items() if os.environ.get(variable)}
    if options.keys:
        found.update(_read_texts(options.keys))
    if unknown := set(found) - set(KEYS):
        raise ValueError(f"{options.keys}: unknown keys: {', '.join(sorted(unknown))}")
    missing = [name for name in dialect_class(options.provider).credentials if name not in found]
    if missing:
        raise ValueError(f"no key: set {' and '.join(KEYS[name] for name in missing)}, or use --keys")
    return found


def _read_texts(path: Path) -> dict[str, str]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not all(isinstance(one, str) for one in content.values()):
        raise ValueError(f"{path}: not a JSON object of texts")
    return content


@contextlib.contextmanager
def _directory(wanted: Path | None) -> Iterator[Path]:
    if wanted is None:
        with tempfile.TemporaryDirectory(prefix="standin-") as folder:
            yield Path(folder)
    else:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.resolve()


@contextlib.contextmanager
def _signals(standin: StandIn) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        standin.stop_requested.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(standin: StandIn, directory: Path, options: argparse.Namespace) -> None:
    parent = os.getppid()
    deadline = time.monotonic() + options.max_seconds
    ready = directory / READY
    addresses = _addresses(standin)
    _write_ready(ready, addresses)
    if options.print or options.directory is None:
        print(json.dumps(addresses), flush=True)
    try:
        while not standin.stop_requested.wait(POLL_SECONDS):
            if time.monotonic() > deadline or (options.stop_with_parent and os.getppid() != parent):
                break
    finally:
        ready.unlink(missing_ok=True)


def _addresses(standin: StandIn) -> dict[str, Any]:
    names = ("api_url", "smtp_host", "smtp_port", "smtps_port", "ca_path", "admin_url")
    return {**{name: getattr(standin, name) for name in names}, "pid": os.getpid()}


def _write_ready(path: Path, addresses: Mapping[str, Any]) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(addresses, indent=2) + "\n", encoding="utf-8")
    beside.replace(path)


def _print(event: Event) -> None:
    # Nobody may be listening any more; that is no reason to fail a call.
    with contextlib.suppress(OSError, ValueError):
        print(described(event), flush=True)
