# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The provider of the benchmark: the stand-in in a process of its own, and what that process can do."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.measure import BenchError
from standin.dialects import dialect_class

STANDIN = Path(__file__).resolve().parents[1] / "standin"
PATH = "/v2.1/email/smtpAccount/{}/password"
START_LIMIT = 60
LONGEST = 6 * 3600
CAPACITY_CALLS = 2000


@dataclass(frozen=True)
class Provider:
    """Where the stand-in listens, and the keys that it takes."""

    keys: dict[str, str]
    ready: dict[str, Any]

    @property
    def api_url(self) -> str:
        """The API's address."""
        return str(self.ready["api_url"])

    @property
    def ca_path(self) -> str:
        """The file with the authority to trust."""
        return str(self.ready["ca_path"])

    def set(self, **api: Any) -> None:
        """Set options of the API, such as its latency."""
        self._admin("options", {"api": api})

    def propagate(self, seconds: float) -> None:
        """Set how long a new password takes to be in force."""
        self._admin("propagation", {"seconds": seconds})

    def events(self, kind: str, after: int = 0) -> list[dict[str, Any]]:
        """Return the events of a kind that were recorded, but for so many first ones."""
        events: list[dict[str, Any]] = self._admin(f"record?kind={kind}")["events"]
        return events[after:]

    def _admin(self, what: str, sent: Any = None) -> Any:
        data = None if sent is None else json.dumps(sent).encode()
        with urllib.request.urlopen(f"{self.ready['admin_url']}/_standin/{what}", data, timeout=60) as answer:  # noqa: S310
            return json.load(answer)

    def connection(self) -> http.client.HTTPSConnection:
        """Return a connection to the API that stays open."""
        where = urlsplit(self.api_url)
        context = ssl.create_default_context(cafile=self.ca_path)
        return http.client.HTTPSConnection(str(where.hostname), where.port, context=context, timeout=30)

    def call(self, connection: http.client.HTTPSConnection, account: str, password: str) -> None:
        """Set a password with as little effort as Python's own client allows."""
        headers = {
            "Application-Key": self.keys["application_key"],
            "Authorization": self.keys["authorization_key"],
            "Content-Type": "application/json",
        }
        connection.request("PUT", PATH.format(account), json.dumps({"password": password}), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise BenchError(f"the stand-in answered {answer.status}")


@contextlib.contextmanager
def provider(folder: Path, accounts: Sequence[str], name: str = "emaillabs") -> Iterator[Provider]:
    """Run the stand-in with these accounts for as long as the block runs.

    :param folder: an empty folder of its own
    :param accounts: their names
    :param name: whose API it speaks
    """
    folder.mkdir()
    known = folder / "accounts.json"
    known.write_text(json.dumps(dict.fromkeys(accounts, secrets.token_urlsafe(24))))
    keys = {key: secrets.token_urlsafe(32) for key in dialect_class(name).credentials}
    environment = {**os.environ, **{f"STANDIN_{key.upper()}": value for key, value in keys.items()}}
    command = [sys.executable, str(STANDIN), "--directory", str(folder), "--accounts", str(known), "--provider", name]
    command += ["--propagation", "0", "--stop-with-parent", "--max-seconds", str(LONGEST)]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield Provider(keys, _ready(folder / "ready.json", process))
    finally:
        process.terminate()
        process.wait(30)


def _ready(path: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists():
            ready: dict[str, Any] = json.loads(path.read_text())
            return ready
        time.sleep(0.05)
    raise BenchError("the stand-in did not start")


def latency(at: Provider, account: str, calls: int = 10) -> float:
    """Return the seconds that one call takes on a connection that is open, in the median.

    :param at: the provider, which nobody else calls at this time
    :param account: one of its accounts
    :param calls: how many
    """
    connection = at.connection()
    times = []
    for _n in range(calls + 1):
        began = time.monotonic()
        at.call(connection, account, secrets.token_urlsafe(24))
        times.append(time.monotonic() - began)
    connection.close()
    return sorted(times[1:])[calls // 2]


def capacity(at: Provider, account: str, concurrency: int) -> float:
    """Return how many calls a second the stand-in answers without any latency, from a client in another process.

    :param at: the provider
    :param account: one of its accounts
    :param concurrency: connections at the same time
    """
    share = max(1, CAPACITY_CALLS // concurrency)

    def work() -> None:
        connection = at.connection()
        for _n in range(share):
            at.call(connection, account, secrets.token_urlsafe(24))
        connection.close()

    threads = [threading.Thread(target=work) for _n in range(concurrency)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return share * concurrency / (time.monotonic() - began)
