# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller all of whose traces are kept, and searched for every secret that it ever had."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultSecret
from standin.api import ApiHandler
from standin.record import Event, described
from standin.service import StandIn
from support.controller import SUPPORT, Controller, Ended
from support.processes import Process, Sampler, kill_all
from support.search import Hit, Search, Searched

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault

# Each has characters that every encoding writes in another way.
OLD = 'Old-0\\"<&%/+ Qm7vXrT2kLz9'
CHOSEN = "Chosen-1'\\\"</&%+ wB6nHyJ4sDf8"
OTHER = 'Other-2"\\>&+%/ pG3cKtR5vNx0'
KEYS: dict[str, Any] = {
    "application_key": 'app-"\\/+%<&>' + "Zq1Wx2Ec3Rv4Tb5Yn6Um7" * 2,
    "authorization_key": 'auth-"\\/+%<&>' + "Pl0Ok9Ij8Uh7Yg6Tf5Rd4" * 5,
}
API_KEY = 'api-"\\/+%<&>' + "Ws9Qa8Zx7Er6Df5Cv4Ty3" * 3
VAULT_PASSWORD = 'vault-"\\/+%<&> Gh5Jk6Lz7Xc8Vb9'
# What is shown on purpose: where it is not found, nothing else would be found either.
CANARY = "canary-Xj4Nd8Wq2Ls6"
VARIABLES = {f"the_{name}": value for name, value in {**KEYS, "api_key": API_KEY}.items()}
VARIABLES |= {"chosen": CHOSEN, "other": OTHER}
STOPS_WITHIN = 3
ENVIRONMENT_KEYS = {f"EMAILLABS_{name.upper()}": value for name, value in KEYS.items()}
# A module of ours gets its code through the standard input: its Python has no arguments. One of Ansible's has a file.
OURS = re.compile(r"(/bin/sh -c )?\S*python[0-9.]*( && sleep 0)?")


class Watch:
    """One user of one provider; everything below C(folder)/user is searched, and whatever is printed or logged.

    :param folder: the test's
    :param short: a folder with a short path, since what is below the temporary folder can be a socket
    :param keys: the names of the keys
    """

    def __init__(self, folder: Path, provider: StandIn, lines: list[str], short: Path, keys: Sequence[str]) -> None:
        self.folder = folder
        self.provider = provider
        self.controller = Controller(folder / "user", vault_ids={"default": VAULT_PASSWORD})
        self.temporary = self.controller.folder / "tmp"
        self.temporary.mkdir()
        self._short = short / "tmp"
        self._short.symlink_to(self.temporary)
        self.log = self.controller.folder / "ansible.log"
        self.syslog = self.controller.folder / "syslog"
        self.witness = folder / "witness.jsonl"
        self.secrets_file = folder / "secrets.yml"
        self.secrets_file.write_text(yaml.safe_dump({**VARIABLES, "canary": CANARY}))
        self.sent: list[str] = []
        self.processes: list[Process] = []
        self.samples = 0
        self._keys = keys
        self._lines = lines
        self._outputs: list[str] = []
        self._mark = uuid.uuid4().hex
        self._base()

    def _base(self) -> None:
        self.controller.environment = {
            "TMPDIR": str(self._short),
            "ANSIBLE_LOG_PATH": str(self.log),
            "ANSIBLE_REMOTE_TEMP": str(self.controller.folder / "remote"),
            "ANSIBLE_REMOTE_TMP": str(self.controller.folder / "remote"),
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
            "PYTHONPATH": str(SUPPORT / "leaky"),
            "LEAKY_SYSLOG": str(self.syslog),
            "LEAK_MARK": self._mark,
            "LEAK_CANARY": CANARY,
        }

    def options(self, **over: Any) -> dict[str, Any]:
        """Return the module's options, every secret in a variable."""
        return {
            "accounts": ["1.acme.smtp"],
            "vault_file": str(self.controller.store),
            "api_url": self.provider.api_url,
            "ca_path": self.provider.ca_path,
            "propagation_seconds": 0,
            "retries": 0,
            "timeout": 10,
            **{name: "{{ the_" + name + " }}" for name in self._keys},
            **over,
        }

    def send_options(self, **over: Any) -> dict[str, Any]:
        """Return the options of a test send with the chosen password."""
        return {
            "host": self.provider.smtp_host,
            "port": self.provider.smtp_port,
            "ca_path": self.provider.ca_path,
            "username": "1.acme.smtp",
            "password": "{{ chosen }}",
            "sender": "rotation@acme.example",
            "recipient": "postmaster@acme.example",
            "timeout": 10,
            **over,
        }

    def send_many_options(self, passwords: Mapping[str, str]) -> dict[str, Any]:
        """Return the options of test sends with some accounts' passwords."""
        accounts = [{"username": name, "password": password} for name, password in passwords.items()]
        options = {**self.send_options(), "accounts": accounts}
        return {name: value for name, value in options.items() if name not in ("username", "password")}

    def play(self, tasks: Sequence[Mapping[str, Any]] = (), **keywords: Any) -> Path:
        """Write a playbook that first shows the canary, and return its path."""
        show = {"name": "Show the canary", "ansible.builtin.debug": {"msg": "{{ canary }}"}}
        play = {"hosts": "localhost", "gather_facts": False, "vars_files": [str(self.secrets_file)]}
        play |= {"pre_tasks": [show], "tasks": list(tasks), **keywords}
        return self.controller.write_play([play])

    def run(self, play: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Ended:
        """Run a playbook to its end, under observation."""
        with self.running(play, *arguments, environment=environment) as (process, results):
            ended = self.controller.ended(process, results)
        self._outputs.append(ended.output)
        return ended

    def stopped(self, play: Path, when: Callable[[], Any], how: signal.Signals = signal.SIGKILL) -> str:
        """Run a playbook, stop all its processes after a condition has become true, and return its output.

        :param when: blocks until it is time
        """
        with self.running(play, "-vvvvv") as (process, _results):
            when()
            # As a terminal does it: the signal goes to the whole session.
            os.killpg(process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0 if how is signal.SIGKILL else STOPS_WITHIN)
            kill_all(self._mark)
            output, _nothing = process.communicate(timeout=60)
        self._outputs.append(output)
        return output

    @contextlib.contextmanager
    def running(
        self, play: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> Iterator[tuple[subprocess.Popen[str], Path]]:
        """Start a playbook and sample its processes as long as the block lasts."""
        self._base()
        self.controller.environment |= environment or {}
        with Sampler(self._mark) as sampler:
            process, results = self.controller.start(play, *arguments)
            try:
                yield process, results
            finally:
                kill_all(self._mark)
        self.processes += sampler.seen
        self.samples += sampler.rounds

    def secrets(self) -> dict[str, str]:
        """Return all secrets that there are: the user's, and every password that was ever sent or stored."""
        known = {**VARIABLES, "old": OLD, "vault password": VAULT_PASSWORD}
        values = [*self.sent, *self._stored()]
        for account in self.provider.accounts.names():
            values += [entry.password for entry in self.provider.accounts.history(account)]
        for value in dict.fromkeys(values):
            if value not in known.values():
                known[f"password {len(known)}"] = value
        return known

    def _vault(self) -> Vault:
        return Vault([("default", VaultSecret(VAULT_PASSWORD.encode()))], None)

    def make_store_encrypted_as_a_whole(self) -> None:
        """Make an empty store in which the passwords are no Vault values of their own."""
        self.controller.store.write_text(self._vault().encrypt("smtp_accounts: {}\n") + "\n")

    def _stored(self) -> list[str]:
        if not self.controller.store.exists():
            return []
        vault = self._vault()
        entries = Store(str(self.controller.store), vault).read().document.entries
        ciphertexts: list[str | None] = []
        for record in (entry.record for entry in entries.values()):
            ciphertexts += [record.password, record.previous_password, record.staged_password]
            ciphertexts += record.doubtful_passwords
        return [vault.decrypt(text, "the store") for text in ciphertexts if text]

    def _printed(self) -> dict[str, str]:
        return {
            **{f"output {number}": text for number, text in enumerate(self._outputs, 1)},
            "the stand-in's printed log": "\n".join(self._lines),
            "the stand-in's record": json.dumps(self.provider.record.events()),
        }

    def traces(self, search: Search) -> Searched:
        """Look through everything that was printed, logged, or left on the disk."""
        # The user's own input; the playbook is not skipped, it has no secret in it.
        skip = [self.controller.folder / "vault-password-default"]
        total = search.folder(self.controller.folder, skip=skip)
        for place, text in self._printed().items():
            one = search.text(text, place)
            total.hits += one.hits
            total.texts += 1
            total.size += one.size
        return total

    def in_processes(self, search: Search) -> tuple[list[Hit], list[tuple[Process, Hit]]]:
        """Return the secrets in command lines, and those in environments with their processes."""
        lines = [hit for one in self.processes for hit in search.text(one.arguments, one.command).hits]
        return lines, [(one, hit) for one in self.processes for hit in search.text(one.environment, "environ").hits]

    def witnessed(self) -> dict[str, str]:
        """Return the failures that were made to happen, and their words."""
        lines = self.witness.read_text().splitlines() if self.witness.exists() else []
        return {entry["point"]: entry["words"] for entry in map(json.loads, lines)}


def _is_ours(process: Process) -> bool:
    return OURS.fullmatch(process.command) is not None


def check(watch: Watch, *, keys_in_environment: bool = False) -> None:
    """Search everything for every secret; and for the canary, which proves that the search sees.

    :param keys_in_environment: whether the user gave the keys to ansible-playbook in its environment
    """
    secrets = watch.secrets()
    search = Search(secrets)
    traces = watch.traces(search)
    lines, environments = watch.in_processes(search)
    print(
        f"searched {traces.texts} texts, {traces.size} bytes, {len(watch.processes)} processes in {watch.samples} "
        f"rounds for {len(secrets)} secrets; found {len(traces.hits)}, {len(lines)}, {len(environments)}"
    )
    assert not traces.hits, "\n".join(map(str, traces.hits))
    assert not lines, "\n".join(map(str, lines))
    keys = {f"the_{name}" for name in KEYS} if keys_in_environment else set()
    # Our modules' arguments are in no file: their code comes through the standard input.
    assert [process.command for process in watch.processes if "AnsiballZ_smtp" in process.command] == []
    wrong = [f"{p.command}: {h}" for p, h in environments if h.secret not in keys or _is_ours(p)]
    assert not wrong, "\n".join(wrong)
    canary = Search({"canary": CANARY})
    seen = {hit.place.split()[0] for hit in watch.traces(canary).hits}
    assert {str(watch.log), "output"} <= seen
    modules = [process for process, _hit in watch.in_processes(canary)[1] if _is_ours(process)]
    assert (modules != []) >= (watch.sent != [])


@contextlib.contextmanager
def a_watch(folder: Path, accounts: Sequence[str], **keywords: Any) -> Iterator[Watch]:
    """Run a stand-in that prints, records in the searched folder, and whose every request is read along."""
    lines: list[str] = []
    keys = {"api_key": API_KEY} if "provider" in keywords else KEYS
    directory = folder / "user" / "standin"
    directory.mkdir(parents=True)

    def listen(event: Event) -> None:
        lines.append(described(event))

    with (
        tempfile.TemporaryDirectory(prefix="leaks-") as short,
        StandIn(dict.fromkeys(accounts, OLD), directory=directory, listener=listen, **keys, **keywords) as provider,
    ):
        watch = Watch(folder, provider, lines, Path(short), [*keys])
        respond = ApiHandler.respond

        def read_along(handler: ApiHandler, body: bytes) -> None:
            with contextlib.suppress(ValueError, KeyError):
                watch.sent.append(json.loads(body)["password"])
            respond(handler, body)

        ApiHandler.respond = read_along  # type: ignore[method-assign, assignment]
        try:
            yield watch
        finally:
            ApiHandler.respond = respond  # type: ignore[method-assign]
