# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job of ansible-runner, laid out as AWX lays one out: what it is given, what it wrote, how it ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from support.controller import BIN, COLLECTIONS
from support.crash.processes import kill_tree

# How core asks for the secret of `--vault-id prod@prompt`, as a regular expression: AWX answers it like this.
PROMPT = r"Vault password \(prod\):\s*?$"
# Shown on purpose: where this is not found, no secret would be found either.
CANARY = "canary-Xj4Nd8Wq2Ls6"
SHOW = {"name": "Show the canary", "ansible.builtin.debug": {"msg": CANARY}}
PLAY = {"hosts": "localhost", "pre_tasks": [SHOW], "roles": ["mailops.smtp.smtp_rotation"]}


@dataclass
class Job:
    """One private data directory, in which several launches can follow each other.

    :param folder: of the test; C(private) below it is ansible-runner's
    :param vault_password: what the prompt is answered with
    """

    folder: Path
    vault_password: str
    variables: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    gather_facts: bool = False
    play: Mapping[str, Any] = field(default_factory=lambda: PLAY)
    seconds: float = 600
    _launches: int = 0

    @property
    def private(self) -> Path:
        """What AWX calls the private data directory."""
        return self.folder / "private"

    @property
    def artifacts(self) -> Path:
        """Everything that ansible-runner writes."""
        return self.private / "artifacts"

    def lay_out(self) -> None:
        """Write what the job is given: project, inventory, credentials, settings."""
        host = f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n"
        given = {
            "project/rotate.yml": yaml.safe_dump([{**self.play, "gather_facts": self.gather_facts}]),
            "inventory/hosts": host,
            "env/cmdline": "--vault-id prod@prompt -vvv --diff",
            "env/passwords": json.dumps({PROMPT: self.vault_password}),
            "env/extravars": json.dumps(dict(self.variables)),
            "env/envvars": json.dumps(dict(self.environment)),
            "env/settings": json.dumps({"pexpect_timeout": 1, "fact_cache_type": "jsonfile", **self.settings}),
        }
        for name, content in given.items():
            path = self.private / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(content)

    def launch(self, *options: str, cancel_when: Callable[[Path], object] | None = None) -> Launch:
        """Run the job, and cancel it as soon as the condition holds for its artifacts.

        :param options: of C(ansible-runner run)
        :param cancel_when: asked every second with the folder of this launch's artifacts
        """
        self.lay_out()
        self._launches += 1
        ident = str(self._launches)
        command = [
            str(BIN / "ansible-runner"),
            "run",
            str(self.private),
            "-p",
            "rotate.yml",
            "--ident",
            ident,
            *options,
        ]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            if cancel_when:
                _cancel(process, self.artifacts / ident, cancel_when)
            output, _nothing = process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return Launch(process.returncode, output, self.artifacts / ident)

    def send(self, *options: str) -> Sent:
        """Send the job to a worker on another node, as AWX does, and return without waiting for it.

        :param options: of C(ansible-runner worker)
        """
        self.lay_out()
        self._launches += 1
        ident = str(self._launches)
        node, received = self.folder / f"node-{ident}", self.folder / "received"
        node.mkdir()
        transmit = self._begin("transmit", str(self.private), "-p", "rotate.yml", "--ident", ident)
        worker = self._begin("worker", *options, given=transmit.stdout, TMPDIR=str(node))
        process = self._begin("process", str(received), "--ident", ident, given=worker.stdout)
        return Sent(worker, process, node, received / "artifacts" / ident, self.seconds)

    def _begin(self, *arguments: str, given: Any = subprocess.DEVNULL, **environment: str) -> subprocess.Popen[bytes]:
        begun = subprocess.Popen(
            [str(BIN / "ansible-runner"), *arguments],
            cwd=self.folder,
            env={**self._environment(), **environment},
            stdin=given,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        if given != subprocess.DEVNULL:
            # So that the one before it learns when this one has gone.
            given.close()
        return begun

    def _environment(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(home / ".ansible"),
            "ANSIBLE_LOCAL_TEMP": str(home / ".ansible" / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


@dataclass
class Sent:
    """A job that was sent to a node. C(node) is where the worker's temporary folder is, which is deleted with it."""

    worker: subprocess.Popen[bytes]
    process: subprocess.Popen[bytes]
    node: Path
    artifacts: Path
    seconds: float

    def ended(self) -> Launch:
        """Wait for the job's end and return how it ended."""
        try:
            output, _nothing = self.process.communicate(timeout=self.seconds)
            self.worker.wait(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            self.lose()
            raise
        return Launch(self.process.returncode, output.decode(), self.artifacts)

    def lose(self) -> None:
        """Take the node's power away, and its disk."""
        kill_tree(self.worker.pid)
        self.worker.wait()
        self.process.communicate(timeout=60)
        shutil.rmtree(self.node)


@dataclass
class Launch:
    """How one launch of a job ended."""

    code: int
    output: str
    artifacts: Path

    @property
    def status(self) -> str:
        """What ansible-runner says: C(successful), C(failed), C(timeout), C(canceled)."""
        return (self.artifacts / "status").read_text()

    def events(self) -> list[dict[str, Any]]:
        """Return the events in their order, as AWX shows them."""
        found = [json.loads(path.read_text()) for path in (self.artifacts / "job_events").glob("*-*.json")]
        return sorted(found, key=lambda event: event["counter"])

    def results(self, task: str) -> list[dict[str, Any]]:
        """Return what a task returned, each time that it ran."""
        data = [event.get("event_data", {}) for event in self.events() if event["event"] == "runner_on_ok"]
        return [one["res"] for one in data if one["task"] == task]


def _cancel(process: subprocess.Popen[str], artifacts: Path, condition: Callable[[Path], object]) -> None:
    while process.poll() is None and not condition(artifacts):
        try:
            process.wait(0.3)
        except subprocess.TimeoutExpired:
            continue
    process.send_signal(signal.SIGTERM)
