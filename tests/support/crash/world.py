# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One long-lived store and provider, and the questions that must have the same answer at every moment."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret
from standin.service import StandIn
from support.controller import Controller
from support.crash.harness import Crash, gone
from support.crash.mass_search import MassSearch
from support.crash.processes import kill_tree
from support.mail import try_login

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record

TASK = "Set the passwords"


class World:
    """A controller and a provider that go through many runs; a context manager.

    :param folder: everything below it is searched for secrets
    :param accounts: how many accounts the provider has
    """

    def __init__(self, folder: Path, accounts: int) -> None:
        self.folder = folder
        self.names = [f"{number}.acme.smtp" for number in range(1, accounts + 1)]
        self._first = {name: secrets.token_urlsafe(24) for name in self.names}
        self._keys = {"application_key": secrets.token_urlsafe(48), "authorization_key": secrets.token_urlsafe(96)}
        self._vault_password = secrets.token_urlsafe(24)
        self.provider = StandIn(self._first, **dict[str, Any](self._keys))
        self.controller = Controller(folder, vault_ids={"default": self._vault_password})
        (folder / "tmp").mkdir()
        self.controller.environment = {
            **{f"EMAILLABS_{name.upper()}": value for name, value in self._keys.items()},
            "TMPDIR": str(folder / "tmp"),
        }
        self._vault = VaultLib([("default", VaultSecret(self._vault_password.encode()))])
        self._opened: dict[str, str] = {}
        self._outputs: list[str] = []
        self._plays = 0

    def __enter__(self) -> World:
        self.provider.start()
        self.crash = Crash(self.controller, self.provider.api_url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_all()
        self.provider.stop()

    def end_all(self) -> None:
        """Kill what still runs, whoever is its parent."""
        for pid in self.crash.processes():
            kill_tree(pid)

    def play(self, accounts: Sequence[str], **over: Any) -> Path:
        """Write a play with one task of the module, in a file of its own."""
        options = {
            "accounts": list(accounts),
            "vault_file": str(self.controller.store),
            "api_url": self.provider.api_url,
            "ca_path": self.provider.ca_path,
            "propagation_seconds": 0,
            "timeout": 5,
            "retry_after_ceiling": 2,
            **over,
        }
        self._plays += 1
        task = {"name": TASK, "mailops.smtp.smtp_account_password": options}
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
        return self.controller.write_play([play], f"play-{self._plays}.yml")

    def start(self, play: Path, environment: Mapping[str, str] | None = None) -> tuple[subprocess.Popen[str], Path]:
        """Start a run, with more environment; only runs write the log, and no question of this file does."""
        usual = self.controller.environment
        self.controller.environment = {
            **usual,
            "ANSIBLE_LOG_PATH": str(self.folder / "ansible.log"),
            **(environment or {}),
        }
        try:
            return self.controller.start(play)
        finally:
            self.controller.environment = usual

    def finish(self, process: subprocess.Popen[str], results: Path) -> Mapping[str, Any]:
        """Wait for a run, keep its output, and return the task's result, nothing if it came to none."""
        ended = self.controller.ended(process, results)
        self._outputs.append(ended.output)
        found = [event["result"] for event in ended.events if event.get("task") == TASK]
        return found[-1] if found else {}

    # -- what the store keeps

    def _records(self) -> dict[str, Record]:
        if not self.controller.store.exists():
            return {}
        entries = parse(self.controller.store.read_text(), "the store").entries
        return {name: entry.record for name, entry in entries.items()}

    def _plain(self, ciphertext: str) -> str:
        if ciphertext not in self._opened:
            self._opened[ciphertext] = self._vault.decrypt(ciphertext).decode()
        return self._opened[ciphertext]

    def _values(self, record: Record) -> Iterator[str]:
        named = [record.password, record.previous_password, record.staged_password]
        yield from (self._plain(text) for text in [*named, *record.doubtful_passwords] if text)

    def newest(self, account: str) -> str:
        """Return the password that the provider was given last."""
        return self.provider.accounts.history(account)[-1].password

    def lost(self) -> list[str]:
        """Return the accounts whose password in force cannot be decrypted from the store."""
        # The provider first: what it is given later is in the store by then.
        in_force = {name: self.newest(name) for name in self.names}
        records = self._records()
        return [
            name
            for name, password in in_force.items()
            if password != self._first[name] and password not in self._values(records.get(name, Record()))
        ]

    def unfinished(self, accounts: Sequence[str]) -> list[str]:
        """Return the accounts of which store and provider do not agree; the store is read by Ansible itself."""
        records = self.controller.seen_by_ansible()
        return [
            name
            for name in accounts
            if records.get(name, {}).get("password") != self.newest(name) or "staged_password" in records[name]
        ]

    def refused_logins(self, accounts: Sequence[str]) -> list[str]:
        """Return the accounts that the provider's SMTP server refuses, asked with the stored password."""
        at = self.provider
        records = self._records()
        return [
            name
            for name in accounts
            if try_login(at.smtp_host, at.smtp_port, name, self._plain(records[name].password or ""), at.ca_path)[0]
            != 235
        ]

    def settled(self) -> bool:
        """Wait until no process of earlier runs is left, and tell whether it came to be."""
        return gone(self.crash.processes())

    # -- what nobody may see

    def secrets(self) -> set[str]:
        """Return every secret that there ever was."""
        history = {one.password for name in self.names for one in self.provider.accounts.history(name)}
        return history | set(self._opened.values()) | set(self._keys.values()) | {self._vault_password}

    def leaks(self) -> MassSearch:
        """Look for every secret in all output and in all files but the file with the Vault password."""
        search = MassSearch(self.secrets())
        search.text(f"a text with {self._vault_password} in it".encode(), "control")
        if search.places.pop() != "control" or search.places:
            raise AssertionError("the search does not find what is there")
        for number, output in enumerate(self._outputs, 1):
            search.text(output.encode(), f"output {number}")
        search.folder(self.folder, skip=[self.folder / "vault-password-default"])
        return search
