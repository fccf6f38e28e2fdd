# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation without Ansible's processes: real store and real HTTP, in milliseconds and with a clock of its own."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible.parsing.vault import VaultSecret
from standin.service import StandIn
from support.controller import KEYS, VAULT_PASSWORD

from ansible_collections.mailops.smtp.plugins.module_utils._provider import calls as provider_calls
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change, Patience
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.password import generate
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.rotation import run
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Request, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault


@dataclass
class Clock:
    """A time of day that tests set; the calls' pauses advance it and are kept."""

    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    pauses: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """Return the time in seconds."""
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        """Advance by some seconds."""
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)


SECRETS = [("default", VaultSecret(VAULT_PASSWORD.encode()))]


class QuickVault(Vault):
    """A vault that derives no key, for tests of thousands of rotations that are not about encryption."""

    def encrypt(self, plaintext: str, identity: str | None = None) -> str:
        """Return something of a ciphertext's shape."""
        del identity
        lines = textwrap.wrap((os.urandom(8) + plaintext.encode()).hex(), 80)
        return "\n".join(["$ANSIBLE_VAULT;1.1;AES256", *lines])

    def decrypt(self, ciphertext: str, what: str) -> str:
        """Return the plaintext."""
        del what
        return bytes.fromhex("".join(ciphertext.split("\n")[1:]))[8:].decode()


class Pipeline:
    """Everything that the module does, driven directly."""

    def __init__(self, store: Path, provider: StandIn, *, vault: Vault | None = None) -> None:
        self.path = store
        self.clock = Clock()
        self.propagation = timedelta(0)
        self.vault = vault or Vault(SECRETS, None)
        self.store = Store(str(store), self.vault)
        self.provider = provider
        self.api_url = provider.api_url

    def run(
        self,
        accounts: list[str],
        *,
        rotate: str = "always",
        retries: int = 0,
        ceiling: float = 2,
        timeout: float = 5,
        concurrency: int = 1,
        state: str = "present",
    ) -> Done:
        """Rotate accounts and return what was done."""
        request = Request(accounts, rotate, None, state, {}, self.propagation, 5)
        definition = definition_from({"provider": "emaillabs", "api_url": self.api_url})
        connection = Connection(definition, KEYS, timeout, self.provider.ca_path)

        def send(passwords: Mapping[str, str]) -> dict[str, Change]:
            patience = Patience(retries, ceiling)
            return provider_calls.set_passwords(
                connection,
                passwords,
                patience=patience,
                concurrency=concurrency,
                sleep=self.clock.sleep,
                clock=self.clock.monotonic,
            )

        tools = Tools(
            store=self.store,
            vault=self.vault,
            generate=lambda: generate(32, ""),
            caller=lambda: send,
            now=lambda: self.clock.now,
            learn=lambda secret: None,
        )
        return run(request, tools, check_mode=False)

    def values(self, account: str) -> dict[str, list[str]]:
        """Return every value that the store keeps of an account, decrypted, by the field that it is in."""
        record = self.store.read().document.record(account)
        kept: dict[str, list[str | None]] = {
            "password": [record.password],
            "previous_password": [record.previous_password],
            "staged_password": [record.staged_password],
            "doubtful_passwords": list(record.doubtful_passwords),
        }
        return {name: [self.vault.decrypt(text, name) for text in texts if text] for name, texts in kept.items()}

    def newest(self, account: str) -> str:
        """Return the password that the provider was given last."""
        return self.provider.accounts.history(account)[-1].password

    def keeps_what_is_in_force(self, account: str, before: str) -> bool:
        """Tell whether the store has the provider's newest password, or the provider still has the one of before."""
        newest = self.newest(account)
        return newest == before or any(newest in values for values in self.values(account).values())
