# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store, and a provider that makes the passwords: runs that are killed, and what must hold at every moment."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from standin.service import StandIn
from support.controller import COLLECTIONS
from support.crash.harness import HERE, until
from support.crash.processes import children, is_alive, send
from support.flows import AHASEND, AHASEND_ONCE, CLOUDFLARE, TENANT_OF_TESTS
from support.mail import try_login
from support.pipeline import SECRETS, QuickVault
from support.scene import API_KEY

from ansible_collections.mailops.smtp.plugins.module_utils._provider.labels import PREFIX
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender

FIRST = "the-first-password-of-"
DEFINITIONS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "create": (AHASEND, AHASEND, AHASEND_ONCE),
    "regenerate": (CLOUDFLARE,),
}
PROVIDERS = {"create": "ahasend", "regenerate": "cloudflare"}
# By the clock of the runs: each is later than the one before it.
STEP = timedelta(minutes=10)


class World:
    """A store and a provider that go through many runs; a context manager.

    :param folder: of the store
    :param flow: C(create) or C(regenerate)
    :param accounts: their names
    """

    def __init__(self, folder: Path, flow: str, accounts: Sequence[str]) -> None:
        self.flow = flow
        self.names = list(accounts)
        self.store = folder / "smtp.yml"
        self.counts: Counter[str] = Counter()
        self._story: list[str] = []
        self._told = 0
        self._crash = folder / "crash"
        self._crash.mkdir()
        self._result = folder / "result.json"
        self._now = datetime.now(timezone.utc)
        self._vault = QuickVault(SECRETS, None)
        first = {name: FIRST + name for name in accounts}
        self.provider = StandIn(first, provider=PROVIDERS[flow], api_key=API_KEY, tls=False)

    def __enter__(self) -> World:
        self.provider.start()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (HERE, HERE.parents[1], COLLECTIONS))),
            "CRASH_FOLDER": str(self._crash),
            "CRASH_STORE": str(self.store),
            "CRASH_PORT": self.provider.api_url.rpartition(":")[2],
        }
        command = [sys.executable, str(HERE / "engine.py"), str(self._result)]
        self._engine = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self._engine.kill()
        self._engine.communicate()
        self.provider.stop()

    # -- runs

    def options(self, accounts: Sequence[str], definition: Mapping[str, Any], **over: Any) -> dict[str, Any]:
        """Return the options of a task."""
        return {
            "accounts": list(accounts),
            "provider_definition": definition,
            "provider_settings": TENANT_OF_TESTS,
            "api_key": API_KEY,
            "vault_file": str(self.store),
            "api_url": self.provider.api_url,
            "propagation_seconds": 0,
            "keep_old": "0",
            "retries": 0,
            "retry_after_ceiling": 1,
            "timeout": 1,
            "lock_timeout": 5,
            **over,
        }

    def run(
        self,
        options: Mapping[str, Any],
        *,
        at: int | str | None = None,
        after: float | None = None,
        kill: Callable[[int], None] | None = None,
    ) -> dict[str, Any] | None:
        """Do what a task does, and return what came of it, None if it was killed before it ended.

        :param options: the task's options
        :param at: the boundary at which it is frozen, and then killed
        :param after: after how many seconds it is killed
        :param kill: kills some of its processes, given the controller's
        """
        for path in self._crash.iterdir():
            path.unlink()
        self._now += STEP
        assert self._engine.stdin and self._engine.stdout
        job = {"options": dict(options), "at": at, "now": self._now.isoformat()}
        self._engine.stdin.write(json.dumps(job).encode() + b"\n")
        pid = int(self._engine.stdout.readline())
        frozen = self._crash / "frozen"
        if at is not None:
            until(lambda: frozen.exists() or self._has_ended())
        elif after is not None:
            select.select([self._engine.stdout], [], [], after)
        if kill and not self._has_ended():
            kill(int(frozen.read_text().split()[0]) if kill is kill_frozen and frozen.exists() else pid)
            self.counts["kills"] += 1
        self._thaw(pid)
        assert self._engine.stdout.readline() == b"ended\n"
        # A module that nobody waits for ends by itself.
        assert until(lambda: not _of_group(pid), 30)
        self.counts["runs"] += 1
        text = self._result.read_text() if self._result.exists() else ""
        result = dict(json.loads(text)) if text else None
        self._tell(options, result, f"{kill.__name__} at {at} {self.boundaries()[-1:]} after {after}" if kill else "")
        return result

    def _has_ended(self) -> bool:
        assert self._engine.stdout
        return bool(select.select([self._engine.stdout], [], [], 0)[0])

    def _thaw(self, pid: int) -> None:
        """Let what is frozen and was not killed go on."""
        for one in _of_group(pid):
            send(one, signal.SIGCONT)

    def boundaries(self) -> list[str]:
        """Return the boundaries of the last run, in order."""
        path = self._crash / "boundaries"
        return path.read_text().splitlines() if path.exists() else []

    # -- what the store and the provider have

    def records(self) -> dict[str, Record]:
        """Return what the store keeps of each account."""
        return {name: entry.record for name, entry in self._document().entries.items()}

    def senders(self) -> Mapping[str, Sender]:
        """Return the senders in the store."""
        return self._document().senders

    def _document(self) -> Any:
        text = self.store.read_text() if self.store.exists() else ""
        return parse(text, "the store")

    def login(self, username: str, ciphertext: str | None) -> bool:
        """Log in at the provider's SMTP server with a stored password, and tell whether it is accepted."""
        at = self.provider
        password = self._vault.decrypt(ciphertext or "", "the store")
        self.counts["logins"] += 1
        return try_login(at.smtp_host, at.smtp_port, username, password, at.ca_path)[0] == 235

    def unusable(self, accounts: Sequence[str]) -> list[str]:
        """Return the accounts whose stored password does not log in."""
        known = self.records()
        used = {name: known[name] for name in accounts if name in known and known[name].password}
        return [name for name, record in used.items() if not self.login(record.login(name), record.password)]

    def orphans(self) -> dict[str, list[str]]:
        """Return the labels of credentials that this collection made and that no record has, by account."""
        records = self.records()
        kept = {one for record in records.values() for one in (record.credential_id, record.previous_id)}
        found: dict[str, list[str]] = {}
        for one in self.provider.accounts.credentials():
            if PREFIX in one.label and one.id not in kept:
                found.setdefault(one.owner, []).append(one.label.partition(PREFIX)[2])
        return found

    def story(self) -> str:
        """Return what the last runs were and what came of them, for a failed test."""
        return "\n".join(self._story[-15:])

    def _tell(self, options: Mapping[str, Any], result: Any, killed: str) -> None:
        asked = {
            name: options[name] for name in ("accounts", "senders", "state", "rotate", "keep_old") if name in options
        }
        calls = self.provider.record.api_calls()
        told = [
            f"    {c['operation']} {c['account']} {c['status']} {c['effect']} {c['credential']} {c['fault']}"
            for c in calls
        ]
        kept = [
            f"    {name}: {one.credential_id} after {one.previous_id}, settled {one.settled_at}, {list(one.requests)}"
            for name, one in self.records().items()
        ]
        self._story.append("\n".join([f"{asked} {killed}", *told[self._told :], f"  {result}", *kept]))
        self._told = len(calls)


def kill_all(pid: int) -> None:
    """Kill a run, its module with it, all at one moment, as a machine that loses power does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def kill_controller(pid: int) -> None:
    """Kill a run but not its module."""
    send(pid, signal.SIGKILL)


def kill_module(pid: int) -> None:
    """Kill the module, if there is one: the run goes on, and nobody knows the answer."""
    for one in children(pid):
        send(one, signal.SIGKILL)


def kill_frozen(pid: int) -> None:
    """Kill the process that has come to a boundary, and no other."""
    send(pid, signal.SIGKILL)


def _of_group(group: int) -> set[int]:
    return set(_alive_of(group))


def _alive_of(group: int) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            if int(path.read_text().rpartition(")")[2].split()[2]) == group and is_alive(int(path.parent.name)):
                yield int(path.parent.name)
