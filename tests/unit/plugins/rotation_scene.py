# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation without a disk, cryptography or a provider, and what it did in which order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job, Made
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.answers import Answers
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.rotation import run
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Request, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import document as documents
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import edit as edits
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot, Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
SEALS = itertools.count(10)


def sealed(plain: str, *, identity: str = "") -> str:
    """Return a stand-in for a ciphertext, another one each time."""
    head = f"1.2;AES256;{identity}" if identity else "1.1;AES256"
    return f"$ANSIBLE_VAULT;{head}\n{next(SEALS):04}\n{plain.encode().hex()}"


def opened(ciphertext: str | None) -> str | None:
    return bytes.fromhex(ciphertext.split("\n")[2]).decode() if ciphertext else None


class FakeVault(Vault):
    """A vault without cryptography."""

    def __init__(self, log: list[str]) -> None:
        super().__init__([], None)
        self._log = log

    def check(self) -> None:
        self._log.append("check the secrets")

    def encrypt(self, plaintext: str, identity: str | None = None) -> str:
        return sealed(plaintext)

    def decrypt(self, ciphertext: str, what: str) -> str:
        if ciphertext.endswith(b"locked".hex()):
            raise StoreError(f"{what} cannot be decrypted")
        return opened(ciphertext) or ""


class FakeStore(Store):
    """A store in memory; the path is for the lock beside it."""

    def __init__(self, path: Path, log: list[str]) -> None:
        self.path = self.name = str(path)
        self.text: str | None = None
        self.log = log
        self.events: dict[str, list[Callable[[], None]]] = {"read": [], "write": []}

    def _happens(self, what: str) -> None:
        if self.events[what]:
            self.events[what].pop(0)()

    def read(self) -> Snapshot:
        self._happens("read")
        text = self.text
        return Snapshot(None if text is None else text.encode(), documents.parse(text or "", self.name))

    def write(
        self,
        snapshot: Snapshot,
        accounts: Mapping[str, Record | None],
        *,
        senders: Mapping[str, Sender | None] | None = None,
    ) -> None:
        self._happens("write")
        self.text = edits.edited(snapshot.document, accounts, self.name, senders=senders).text
        self.log.append(
            "write "
            + ", ".join(f"{name} {record.state_at(NOW) if record else 'gone'}" for name, record in accounts.items())
        )

    def remove(self, snapshot: Snapshot) -> None:
        if self.text == documents.HEADER + documents.EMPTY:
            self.log.append("remove")
            self.text = None

    def check_writable(self) -> None:
        self.log.append("check the file")

    def mode(self) -> int:
        return 0o600

    def edit(self, **changes: Record) -> None:
        """Change records as another run or a person would."""
        self.text = edits.edited(documents.parse(self.text or "", self.name), changes, self.name).text

    def record(self, account: str) -> Record:
        return documents.parse(self.text or "", self.name).record(account)


def came_to(kind: Kind, *, doubt: bool = False) -> Change:
    doubt = doubt or kind is Kind.UNKNOWN
    return Change(kind=kind, doubt=doubt, sent=True, message=f"the provider said {kind.value}")


@dataclass
class Scene:
    """A store, a provider, and what happened in which order."""

    store: FakeStore
    log: list[str] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)
    learnt: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    answers: dict[str, Change] = field(default_factory=dict)
    calling: float | None = None
    allowed: float | None = None
    during_the_call: Callable[[], None] = lambda: None
    check_survives: Callable[[], None] = lambda: None
    made: int = 0
    now: datetime = NOW
    jobs: list[dict[str, Job]] = field(default_factory=list)
    issues: dict[str, Made] = field(default_factory=dict)

    def issue(self, jobs: Mapping[str, Job]) -> Mapping[str, Change]:
        """Make what an account's jobs ask for, or return what is given for it."""
        self.log.append("issue " + ", ".join(jobs))
        self.jobs.append(dict(jobs))
        for account, job in jobs.items():
            open_requests = self.store.record(account).requests
            assert not job.label or job.label in open_requests, (
                "what is requested is in the store, or nobody knows of it"
            )
        self.during_the_call()
        return Answers({account: self.issues.get(account) or self._issued(job) for account, job in jobs.items()})

    def _issued(self, job: Job) -> Made:
        made = Made(Kind.ACCEPTED, doubt=False, sent=True, message="", idle=list(job.sweep), deleted=list(job.delete))
        if not job.label:
            return made
        self.made += 1
        return replace(made, secret=f"made {self.made}", username=f"u{self.made}", id=str(self.made))

    def generate(self) -> str:
        self.made += 1
        return f"made {self.made}"

    def send(self, passwords: Mapping[str, str]) -> Mapping[str, Change]:
        self.log.append("send " + ", ".join(passwords))
        self.sent.append(dict(passwords))
        document = documents.parse(self.store.text or "", self.store.name)
        staged = {name: opened(document.record(name).staged_password) for name in passwords}
        assert staged == passwords, "what is sent is in the store, or it could be lost"
        assert set(passwords.values()) <= set(self.learnt), "what is sent is known to be a secret"
        self.during_the_call()
        answers = Answers({name: self.answers.get(name, came_to(Kind.ACCEPTED)) for name in passwords})
        answers.calling, answers.allowed = self.calling, self.allowed
        return answers

    def run(self, *accounts: str, check_mode: bool = False, **options: Any) -> Done:
        usual: dict[str, Any] = {
            "rotate": "when_due",
            "max_age": 90 * DAY,
            "state": "present",
            "explicit": {},
            "lock_timeout": 0,
        }
        request = Request(accounts=list(accounts), propagation=WINDOW, **{**usual, **options})
        vault = FakeVault(self.log)
        tools = Tools(
            self.store,
            vault,
            self.generate,
            lambda: self.send,
            lambda: self.now,
            self.learnt.append,
            self.told.append,
            check_survives=self.check_survives,
            issuer=lambda: self.issue,
        )
        return run(request, tools, check_mode=check_mode)


def stored(plain: str = "old", *, age: timedelta = DAY) -> Record:
    changed_at = NOW - age
    return Record(
        password=sealed(plain),
        changed_at=changed_at,
        effective_at=changed_at + WINDOW,
        verified_at=changed_at + WINDOW,
    )


def values(record: Record) -> set[str | None]:
    secrets = (record.password, record.previous_password, record.staged_password, *record.doubtful_passwords)
    return {opened(secret) for secret in secrets} - {None}
