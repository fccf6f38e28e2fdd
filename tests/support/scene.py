# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller and a provider that know each other."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from standin.dialects._issuing import LIST as LIST_CREDENTIALS
from standin.dialects._rest import LIST
from standin.faults import Fault
from standin.service import StandIn
from support.controller import BIN, KEYS, Controller, Ended
from support.flows import TENANT_OF_TESTS
from support.mail import try_login

ONE, TWO = "1.acme.smtp", "2.acme.smtp"
API_KEY = "api-key-of-the-tests"
OLD = "the-password-of-before-0"
# Seconds until a change is in force, where a test does not say otherwise.
WINDOW = 4
# Calls that change nothing.
LOOKS = (LIST, LIST_CREDENTIALS)
MOMENT = re.compile(r'(changed_at|effective_at|verified_at|settled_at): "([^"]+)"')


@dataclass(frozen=True)
class Profile:
    """How a provider differs for its users: its name, how its accounts are called, which options have its keys.

    C(flow): who makes the passwords, and how. C(options): what a task needs beside the keys. C(old_login): the user
    name of the credential that an account begins with, if it is not the account's name.
    """

    provider: str
    one: str
    two: str
    missing: str
    keys: Mapping[str, Any]
    flow: str = "set"
    options: Mapping[str, Any] = field(default_factory=dict)
    old_login: str | None = None

    def selected(self) -> dict[str, Any]:
        """Return the options that select the provider."""
        return {"provider": self.provider, **self.options}


PROFILES = {
    profile.provider: profile
    for profile in (
        Profile("emaillabs", ONE, TWO, "9.missing.smtp", KEYS),
        Profile("mailgun", "one@acme.example", "two@acme.example", "missing@acme.example", {"api_key": API_KEY}),
        Profile("mailcow", "one@acme.example", "two@acme.example", "missing@acme.example", {"api_key": API_KEY}),
        Profile(
            "cloudflare",
            "one",
            "two",
            "missing",
            {"api_key": API_KEY},
            flow="regenerate",
            options={"provider_settings": TENANT_OF_TESTS},
            old_login="api_token",
        ),
        Profile(
            "ahasend",
            "one@acme.example",
            "two@acme.example",
            "missing@acme.example",
            {"api_key": API_KEY},
            flow="create",
            options={"provider_settings": TENANT_OF_TESTS},
        ),
    )
}


@dataclass
class Scene:
    """What a test acts on."""

    controller: Controller
    provider: StandIn
    profile: Profile = PROFILES["emaillabs"]

    @property
    def one(self) -> str:
        """The account that most tests rotate."""
        return self.profile.one

    @property
    def two(self) -> str:
        """Another account."""
        return self.profile.two

    def options(self, **over: Any) -> dict[str, Any]:
        """Return the module's options for this provider and this store; None takes an option out."""
        options = {
            "accounts": [self.one],
            "vault_file": str(self.controller.store),
            "api_url": self.provider.api_url,
            "ca_path": self.provider.ca_path,
            "propagation_seconds": 0,
            "retries": 1,
            **self.profile.selected(),
            **self.profile.keys,
            **over,
        }
        return {name: value for name, value in options.items() if value is not None}

    def task(self, options: Mapping[str, Any], *arguments: str) -> Ended:
        """Run one task of the module with these options."""
        task = {"name": "Set the passwords", "mailops.smtp.smtp_account_password": dict(options)}
        return self.controller.tasks([task], *arguments)

    def rotate(self, *arguments: str, **over: Any) -> Ended:
        """Run one task of the module."""
        return self.task(self.options(**over), *arguments)

    def login(self, username: str, password: str) -> int:
        """Log in at the provider's SMTP server once, and return its answer's code."""
        host, port, authority = self.provider.smtp_host, self.provider.smtp_port, self.provider.ca_path
        return try_login(host, port, username, password, authority)[0]

    def stored_login(self, account: str) -> int:
        """Log in once with what the store has of an account, and return the answer's code."""
        record = self.controller.decrypted()[account]
        return self.login(record.get("username", account), record["password"])

    def first_login(self, account: str) -> int:
        """Log in once with what an account had in the beginning, and return the answer's code."""
        return self.login(self.profile.old_login or account, OLD)

    def newest(self, account: str) -> str:
        """Return the password that the provider was given, or has made, last."""
        return self.provider.accounts.history(account)[-1].password

    def changes(self) -> list[dict[str, Any]]:
        """Return the calls that were to change a password or make one, whatever came of them."""
        return [one for one in self.provider.record.api_calls() if one["operation"] not in LOOKS]

    def settle(self, account: str) -> None:
        """Let every host use the stored credential, where another one may be beside it, and the task say so."""
        if self.profile.flow == "create":
            for state in ("verified", "settled"):
                ended = self.rotate(accounts=[account], state=state)
                assert ended.code == 0, ended.output

    def refuse(self, account: str) -> None:
        """Let the next call for an account be refused; most providers do that with one that they do not know."""
        if self.profile.flow == "create":
            self.provider.faults.push(Fault(kind="status", status=400, account=account))

    def backdate(self, **ago: float) -> None:
        """Move all dates of the store into the past, as if the time had passed."""

        def earlier(match: re.Match[str]) -> str:
            moment = datetime.fromisoformat(match.group(2).replace("Z", "+00:00")) - timedelta(**ago)
            return f'{match.group(1)}: "{moment:%Y-%m-%dT%H:%M:%SZ}"'

        self.controller.store.write_text(MOMENT.sub(earlier, self.controller.store.read_text()))

    def encrypt_store(self) -> None:
        """Encrypt the store as a whole, with Ansible's own command."""
        command = [str(BIN / "ansible-vault"), "encrypt", str(self.controller.store)]
        subprocess.run([*command, *self.controller.vault_arguments()], check=True, capture_output=True)


@contextlib.contextmanager
def a_scene(provider: str, folder: Path, passwords: Mapping[str, str] | None = None) -> Iterator[Scene]:
    """Run a stand-in for a provider, with two accounts, beside a controller without a store."""
    profile = PROFILES[provider]
    # Where all have one user name, the password tells whose login it is.
    two = OLD if profile.old_login is None else f"{OLD}-of-two"
    with StandIn(passwords or {profile.one: OLD, profile.two: two}, provider=provider, **profile.keys) as running:
        yield Scene(Controller(folder), running, profile)


def variables(scene: Scene, **over: Any) -> dict[str, Any]:
    """Return the role's variables for this provider and this store; None takes one out."""
    values = {
        "accounts": [scene.one],
        "vault_file": str(scene.controller.store),
        "api_url": scene.provider.api_url,
        "ca_path": scene.provider.ca_path,
        "smtp_host": scene.provider.smtp_host,
        "smtp_port": scene.provider.smtp_port,
        "test_sender": "rotation@acme.example",
        "test_recipient": "postmaster@acme.example",
        "propagation_seconds": WINDOW,
        "progress_interval": 2,
        "retries": 1,
        "timeout": 10,
        **scene.profile.selected(),
        **scene.profile.keys,
        **over,
    }
    return {f"smtp_rotation_{name}": value for name, value in values.items() if value is not None}
