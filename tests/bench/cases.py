# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured: each way to rotate, or to look, prepared anew for each run and checked after it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from bench.measure import BenchError, Measured, run
from bench.provider import Provider
from standin.dialects import TENANT
from support.mail import try_login

BIN = Path(sys.executable).parent
PLAYBOOKS = Path(__file__).parent / "playbooks"
COLLECTIONS = Path(__file__).resolve().parents[2] / ".cache" / "collections"
LOGINS = 5
# Seconds until a new password is in force, where it is tested; they are taken off the time.
# A run that is busy for longer before its tests is told slower than it is with a real window, never faster.
WINDOW = 2
KINDS = ("api", "login", "message")
SENDER, RECIPIENT = "bench@acme.example", "postmaster@acme.example"
OVERDUE, FRESH = timedelta(days=100), timedelta(days=1)
RECORD = """\
  {account}:
    password: !vault |
{ciphertext}
    previous_password: !vault |
{ciphertext}
    changed_at: "{moment}"
    effective_at: "{moment}"
    verified_at: "{moment}"
"""


@dataclass(frozen=True)
class Case:
    """One thing that is measured.

    :param key: its letter in the table
    :param title: what it is, in words
    :param playbook: which of the playbooks runs
    :param age: of the passwords in the store before the run, None for no store
    :param rotates: whether every account has a new password after it
    :param hosts: whether each account is a host of its own, C(forks) 50
    :param tests: whether each account logs in and sends one message, after a window that is taken off the time
    :param released: whether the collection is that of the last release, and not this one
    :param provider: whose API the stand-in speaks
    :param names: what follows the number in an account's name
    :param rate_limit: calls a second, beyond which the stand-in answers 429
    :param largest: the most accounts that it is run with unless the command line says otherwise
    """

    key: str
    title: str
    playbook: str
    age: timedelta | None = None
    rotates: bool = False
    hosts: bool = False
    tests: bool = False
    released: bool = False
    provider: str = "emaillabs"
    names: str = ".acme.smtp"
    rate_limit: int | None = None
    largest: int = 10_000

    def accounts(self, n: int) -> list[str]:
        """Return the names of so many accounts."""
        return [f"{index}{self.names}" for index in range(1, n + 1)]

    @property
    def role(self) -> bool:
        """Tell whether it is the role that runs."""
        return self.playbook.startswith("role")


ROLE = Case("h", "the role, without its window", "role.yml", OVERDUE, rotates=True, tests=True, largest=1000)
ROLE_AT_REST = Case("j", "the role, nothing is due", "role.yml", FRESH, largest=1000)
ROLE_ON_HOSTS = Case(
    "l", "the role, one account a host", "role_hosts.yml", OVERDUE, rotates=True, hosts=True, tests=True, largest=0
)
CREATED = Case(
    "o",
    "as (b), the provider creates them",
    "created.yml",
    OVERDUE,
    rotates=True,
    provider="ahasend",
    names="@acme.example",
    largest=1000,
)
CASES = {
    case.key: case
    for case in (
        Case("start", "a playbook that does nothing", "trivial.yml", largest=1),
        Case("a", "do it yourself: a loop of copy and uri", "do_it_yourself.yml", largest=1000),
        Case("b", "one task with all accounts", "one_task.yml", age=OVERDUE, rotates=True),
        Case("c", "one account a host, forks 50", "many_hosts.yml", OVERDUE, rotates=True, hosts=True, largest=1000),
        Case("ping", "ansible.builtin.ping a host, forks 50", "many_hosts_ping.yml", hosts=True, largest=1000),
        Case("d", "nothing is due", "one_task.yml", age=FRESH),
        Case("f", "smtp_account_info, the store alone", "info.yml", age=FRESH),
        Case("g", "as (b), 20 calls a second allowed", "one_task.yml", OVERDUE, rotates=True, rate_limit=20, largest=0),
        ROLE,
        replace(ROLE, key="i", title="as (h), version 0.2.0", released=True, largest=100),
        ROLE_AT_REST,
        replace(ROLE_AT_REST, key="k", title="as (j), version 0.2.0", released=True),
        ROLE_ON_HOSTS,
        replace(ROLE_ON_HOSTS, key="m", title="as (l), version 0.2.0", released=True),
        Case("n", "as (a), with a test send", "do_it_yourself_tested.yml", tests=True, largest=100),
        CREATED,
    )
}


class Runner:
    """Runs cases against their providers.

    :param folder: for stores, outputs, and whatever Ansible writes
    :param providers: the stand-ins, by the names of the providers
    :param concurrency: calls at the same time of the collection's task
    :param seconds: the stand-in's latency
    :param released: the folder that has the collections of the last release
    """

    def __init__(
        self,
        folder: Path,
        providers: Mapping[str, Provider],
        *,
        concurrency: int,
        seconds: float,
        released: Path,
    ) -> None:
        self._folder = folder
        self._providers = providers
        self.concurrency = concurrency
        self._latency = seconds
        self._released = released
        password = secrets.token_urlsafe(24)
        self._vault = VaultLib([("default", VaultSecret(password.encode()))])
        self._password_file = folder / "vault-password"
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(password + "\n")
        self.last_calls: list[dict[str, object]] = []

    def measure(self, case: Case, accounts: Sequence[str]) -> Measured:
        """Prepare a case, run it once, check what it did, and return what it cost.

        :param case: what to run
        :param accounts: with which accounts
        :raises BenchError: if it did not do what it is for
        """
        self._provider = self._providers[case.provider]
        window = WINDOW if case.tests else 0
        scene = Path(tempfile.mkdtemp(prefix=f"{case.key}-{len(accounts)}-", dir=self._folder))
        kept = scene / "kept"
        kept.mkdir()
        store = kept / "smtp.yml"
        if case.age is not None:
            self._write_store(store, accounts, case.age, all_real=case.hosts or case.role)
        before = _listing(kept)
        self._provider.set(latency=self._latency, rate_limit=case.rate_limit)
        self._provider.propagate(window)
        earlier = {kind: len(self._provider.events(kind)) for kind in KINDS}
        cost = run(
            self._command(case, accounts, scene), environment=self._environment(case, scene), folder=scene, watched=kept
        )
        seen = {kind: self._provider.events(kind, after) for kind, after in earlier.items()}
        self.last_calls = seen["api"]
        self._check(case, accounts, store)
        if wrong := wrongly_tested(accounts if case.tests else [], seen["login"], seen["message"]):
            raise BenchError(f"({case.key}) {wrong}")
        if case.role and case.hosts:
            self._check_deployed(case, accounts, scene)
        if case.age is not None and not case.rotates and _listing(kept) != before:
            raise BenchError(f"({case.key}) touched a file")
        shutil.rmtree(scene)
        return replace(cost, calls=len(self.last_calls), wall=cost.wall - window)

    def _write_store(self, path: Path, accounts: Sequence[str], age: timedelta, *, all_real: bool) -> None:
        """Write a store as earlier runs leave it."""
        moment = f"{datetime.now(timezone.utc) - age:%Y-%m-%dT%H:%M:%SZ}"
        ciphertexts = (self._sealed(real=all_real or number == 0) for number in range(len(accounts)))
        records = (
            RECORD.format(account=one, ciphertext=ciphertext, moment=moment)
            for one, ciphertext in zip(accounts, ciphertexts, strict=True)
        )
        path.write_text("# Managed by mailops.smtp.\nsmtp_accounts:\n" + "".join(records))
        path.chmod(0o600)

    def _sealed(self, *, real: bool) -> str:
        """Return a ciphertext, or what looks like one and took no derivation: a task decrypts only its first."""
        if real:
            text = self._vault.encrypt("a-password-of-before").decode()
        else:
            body = "\n".join(secrets.token_hex(32) for _part in ("salt", "mac", "text")).encode().hex()
            text = "\n".join(["$ANSIBLE_VAULT;1.1;AES256", *textwrap.wrap(body, 80)])
        return textwrap.indent(text.strip(), " " * 6)

    def _command(self, case: Case, accounts: Sequence[str], scene: Path) -> list[str]:
        variables = {
            "bench_accounts": list(accounts),
            "bench_store": str(scene / "kept" / "smtp.yml"),
            "bench_folder": str(scene / "kept"),
            "bench_vault_password_file": str(self._password_file),
            "bench_api_url": self._provider.api_url,
            "bench_ca_path": self._provider.ca_path,
            "bench_concurrency": self.concurrency,
            "bench_window": WINDOW,
            "bench_smtp_host": self._provider.ready["smtp_host"],
            "bench_smtp_port": self._provider.ready["smtp_port"],
            "bench_sender": SENDER,
            "bench_recipient": RECIPIENT,
            "bench_deployed": str(scene / "deployed"),
            "bench_tenant": TENANT,
        }
        (scene / "variables.json").write_text(json.dumps(variables))
        command = [str(BIN / "ansible-playbook"), str(PLAYBOOKS / case.playbook)]
        command += ["--vault-password-file", str(self._password_file), "-e", f"@{scene / 'variables.json'}"]
        if case.hosts:
            local = f" ansible_connection=local ansible_python_interpreter={sys.executable}" if case.role else ""
            (scene / "deployed").mkdir()
            (scene / "hosts").write_text("".join(f"{account}{local}\n" for account in accounts))
            command += ["-i", str(scene / "hosts"), "--forks", "50"]
        return command

    def _environment(self, case: Case, scene: Path) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "HOME": str(scene),
            "TMPDIR": str(scene),
            "ANSIBLE_HOME": str(scene / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(self._released if case.released else COLLECTIONS),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            # For all alike: it is what makes modules faster, and the collection's own switch it on by themselves.
            "ANSIBLE_PIPELINING": "true",
            **{f"{case.provider.upper()}_{name.upper()}": key for name, key in self._provider.keys.items()},
        }

    def _check(self, case: Case, accounts: Sequence[str], store: Path) -> None:
        """Hold the provider's record against the store: every account changed once, and no update lost."""
        changed = [call["account"] for call in self.last_calls if call["effect"] in ("changed", "created")]
        wanted = sorted(accounts) if case.rotates or case.key in ("a", "n") else []
        if sorted(map(str, changed)) != wanted:
            raise BenchError(f"({case.key}) changed {len(changed)} passwords and not {len(wanted)}")
        if not case.rotates:
            return
        records = _records(store)
        # Before the run, both were alike.
        lost = [one for one in accounts if records[one]["password"] == records[one]["previous_password"]]
        if lost or len(records) != len(accounts):
            raise BenchError(f"({case.key}) {len(lost)} updates are lost, of {len(records)} records")
        if case.tests and (unsure := unverified(records)):
            raise BenchError(f"({case.key}) {len(unsure)} passwords are stored as not tested")
        at = self._provider.ready
        for account in accounts[:: max(1, len(accounts) // LOGINS)]:
            password = self._decrypted(records[account])
            username = records[account].get("username", account)
            code = try_login(at["smtp_host"], at["smtp_port"], username, password, at["ca_path"], 30)[0]
            if code != 235:
                raise BenchError(f"({case.key}) the stored password of {account} is not in force")

    def _check_deployed(self, case: Case, accounts: Sequence[str], scene: Path) -> None:
        """Hold the file of each host against the store."""
        records = _records(scene / "kept" / "smtp.yml")
        for account in accounts:
            if (scene / "deployed" / account).read_text().strip() != self._decrypted(records[account]):
                raise BenchError(f"({case.key}) {account} does not have its password")

    def _decrypted(self, record: Mapping[str, str]) -> str:
        password: str = self._vault.decrypt(record["password"].encode()).decode()
        return password


def wrongly_tested(
    accounts: Sequence[str], logins: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
) -> str:
    """Return what is wrong with the test sends, nothing if each account logged in and sent once, after its window.

    :param accounts: those that had to be tested
    :param logins: the provider's record of logins, accepted or not
    :param messages: its record of messages
    """
    early = [one["account"] for one in logins if one["in_window"]]
    refused = [one["account"] for one in logins if not one["accepted"]]
    if early or refused:
        return f"{len(early)} logins inside the window, {len(refused)} refused"
    counts = [sorted(one["account"] for one in events) for events in (logins, messages)]
    if counts == [sorted(accounts)] * 2:
        return ""
    return f"{len(logins)} logins and {len(messages)} messages, and not one of each for {len(accounts)} accounts"


def unverified(records: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the accounts whose password is not stored as tested after it took effect.

    :param records: the store's
    """
    return [name for name, one in records.items() if (one.get("verified_at") or "") < one["effective_at"]]


def _records(store: Path) -> dict[str, dict[str, str]]:
    records: dict[str, dict[str, str]] = yaml.load(store.read_text(), _Loader)["smtp_accounts"]  # noqa: S506  (a safe loader)
    return records


def _listing(folder: Path) -> list[tuple[str, int, int, int]]:
    facts = [(path.name, path.stat()) for path in sorted(folder.iterdir())]
    return [(name, one.st_ino, one.st_size, one.st_mtime_ns) for name, one in facts]


def median(runs: Sequence[Measured]) -> Measured:
    """Return the median of each measure.

    :param runs: what the same case cost, several times
    """
    names = ("wall", "cpu", "memory", "derivations", "written", "calls", "tasks")
    return Measured(**{name: statistics.median(getattr(one, name) for one in runs) for name in names})


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads a store and leaves its values encrypted."""


_Loader.add_constructor("!vault", lambda loader, node: loader.construct_scalar(node))
