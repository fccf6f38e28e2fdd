# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller for tests: a HOME of its own, a Vault password, a store, and real ansible-playbook processes."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret, is_encrypted
from support.crash.processes import kill_tree

BIN = Path(sys.executable).parent
SUPPORT = Path(__file__).parent
COLLECTIONS = SUPPORT.parents[1] / ".cache" / "collections"
VAULT_PASSWORD = "the vault password of the tests"
# Any, since both a stand-in and a connection take them by name.
KEYS: dict[str, Any] = {
    "application_key": "application-key-of-the-tests",
    "authorization_key": "authorization-key-of-the-tests",
}
# The most that one run may take, on a machine that has much else to do.
SECONDS = 300


@dataclass
class Ended:
    """How a process ended, and what its tasks returned."""

    code: int
    output: str
    events: list[dict[str, Any]] = field(default_factory=list)

    def result(self, task: str, host: str | None = None) -> dict[str, Any]:
        """Return the result of the last task of this name."""
        for event in reversed(self.events):
            named = event["kind"] != "item" and event.get("task", "").split(" : ")[-1] == task
            if named and host in (None, event["host"]):
                found: dict[str, Any] = event["result"]
                return found
        raise AssertionError(f"no task {task!r} in:\n{self.output}")

    def recap(self, host: str = "localhost") -> dict[str, int]:
        """Return the play recap of a host."""
        recap: dict[str, int] = self.events[-1]["stats"][host]
        return recap

    def ran(self, task: str) -> bool:
        """Tell whether a task of this name ran and was not skipped."""
        return any(e.get("task", "").split(" : ")[-1] == task and e["kind"] in ("ok", "failed") for e in self.events)


class Controller:
    """One user on one machine, under a folder of the test's."""

    def __init__(self, folder: Path, *, vault_ids: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.store = folder / "smtp.yml"
        self.vault_ids = dict(vault_ids if vault_ids is not None else {"default": VAULT_PASSWORD})
        self.environment: dict[str, str] = {}
        self._runs = 0

    def _environment(self, results: Path) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return {
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            **kept,
            "HOME": str(self.home),
            "ANSIBLE_HOME": str(self.home / ".ansible"),
            "ANSIBLE_LOCAL_TEMP": str(self.home / ".ansible" / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_CALLBACK_PLUGINS": str(SUPPORT / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "keep_results",
            "KEEP_RESULTS": str(results),
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.environment,
        }

    def vault_arguments(self) -> list[str]:
        """Return the options that load this controller's Vault secrets."""
        arguments = []
        for name, password in self.vault_ids.items():
            path = self.folder / f"vault-password-{name}"
            path.write_text(password + "\n")
            if name == "default":
                arguments += ["--vault-password-file", str(path)]
            else:
                arguments += ["--vault-id", f"{name}@{path}"]
        return arguments

    def command(self, play: Path, arguments: Sequence[str]) -> tuple[list[str], dict[str, str], Path]:
        """Return a command line, its environment, and the file that its results go to."""
        self._runs += 1
        results = self.folder / f"results-{self._runs}.jsonl"
        command = [str(BIN / "ansible-playbook"), str(play), *self.vault_arguments(), *arguments]
        return command, self._environment(results), results

    def start(self, play: Path, *arguments: str) -> tuple[subprocess.Popen[str], Path]:
        """Start a playbook and return the process, in a session of its own, and its results file."""
        command, environment, results = self.command(play, arguments)
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return process, results

    def play_file(self, play: Path, *arguments: str) -> Ended:
        """Run a playbook to its end."""
        process, results = self.start(play, *arguments)
        return self.ended(process, results)

    def ended(self, process: subprocess.Popen[str], results: Path, seconds: float = SECONDS) -> Ended:
        """Wait for a process, for so many seconds at most, and return how it ended. One that is late is killed."""
        try:
            output, _nothing = process.communicate(timeout=seconds)
        except BaseException:
            kill_tree(process.pid)
            raise
        lines = results.read_text().splitlines() if results.exists() else []
        return Ended(process.returncode, output, [json.loads(line) for line in lines])

    def write_play(self, plays: Sequence[Mapping[str, Any]], name: str = "play.yml") -> Path:
        """Write a playbook and return its path."""
        path = self.folder / name
        path.write_text(yaml.safe_dump(list(plays), sort_keys=False))
        return path

    def tasks(self, tasks: Sequence[Mapping[str, Any]], *arguments: str, name: str = "play.yml") -> Ended:
        """Run tasks on localhost."""
        play = {"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}
        return self.play_file(self.write_play([play], name), *arguments)

    def decrypted(self) -> dict[str, dict[str, Any]]:
        """Return the store's records, decrypted by Ansible's own library."""
        records: dict[str, dict[str, Any]] = self.document()["smtp_accounts"]
        return records

    def document(self) -> dict[str, Any]:
        """Return the whole store, decrypted by Ansible's own library."""
        vault = VaultLib([(name, VaultSecret(password.encode())) for name, password in self.vault_ids.items()])
        text = self.store.read_bytes()
        plain = vault.decrypt(text) if is_encrypted(text) else text
        document: dict[str, Any] = yaml.load(plain, _loader(vault))  # noqa: S506
        return document

    def seen_by_ansible(self) -> dict[str, dict[str, Any]]:
        """Return the store's records as a play sees them; slower, since it is a process of Ansible's."""
        command = [str(BIN / "ansible"), "localhost", "-m", "ansible.builtin.debug", "-e", f"@{self.store}"]
        command += ["-a", "msg={{ smtp_accounts | to_json | b64encode }}", *self.vault_arguments()]
        environment = self._environment(self.folder / "ignored.jsonl")
        shown = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS, cwd=self.folder, check=False
        )
        assert shown.returncode == 0, shown.stdout + shown.stderr
        text = json.loads(shown.stdout[shown.stdout.index("{") :])["msg"]
        records: dict[str, dict[str, Any]] = json.loads(base64.b64decode(text))
        return records


def _loader(vault: VaultLib) -> type[yaml.SafeLoader]:
    """Return a loader of YAML that decrypts."""

    class Loader(yaml.SafeLoader):
        """One vault's."""

    def decrypted(_loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
        plain: bytes = vault.decrypt(node.value)
        return plain.decode()

    Loader.add_constructor("!vault", decrypted)
    return Loader
