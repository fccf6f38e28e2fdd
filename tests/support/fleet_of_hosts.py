# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many hosts that are one machine, with tasks of their own that write down what they are asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from support.controller import Ended
from support.scene import Scene, variables

WINDOW = 3
# A host that does not answer.
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
HOOK = """
- name: Write down that it was asked for
  # Not a module: this is asked for very often, and is to be quick.
  ansible.builtin.raw: >-
    echo '{{"phase": "%s", "host": "{{{{ smtp_rotation_host | default(inventory_hostname) }}}}",
    "time": '"$(date +%%s.%%N)"'}}' >>{log}
  changed_when: true
"""


@dataclass
class Fleet:
    """Hosts that share a scene's controller and provider.

    :param scene: the controller and the provider
    :param hosts: each host's variables of the inventory
    """

    scene: Scene
    hosts: Mapping[str, Mapping[str, Any]]
    keywords: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Return the folder of the playbook."""
        return self.scene.controller.folder

    @property
    def _log(self) -> Path:
        return self.folder / "phases.jsonl"

    def hook(self, phase: str, more: str = "") -> str:
        """Write a task file that says that a phase was asked for, and return its name."""
        path = self.folder / f"{phase}.yml"
        path.write_text("---" + HOOK.format(log=self._log) % phase + more)
        return path.name

    def tasks(self, phase: str) -> list[dict[str, Any]]:
        """Return the tasks that say that a phase was asked for."""
        tasks: list[dict[str, Any]] = yaml.safe_load((self.folder / self.hook(phase)).read_text())
        return tasks

    def hooks(self, *phases: str) -> dict[str, str]:
        """Write the task files of these phases, and return the role's variables that name them."""
        return {f"{phase}_tasks": self.hook(phase) for phase in phases}

    def run(self, *arguments: str, **over: Any) -> Ended:
        """Run the role on the hosts."""
        process, results = self.start(*arguments, **over)
        return self.scene.controller.ended(process, results)

    def start(self, *arguments: str, **over: Any) -> tuple[subprocess.Popen[str], Path]:
        """Start a run of the role on the hosts."""
        inventory = self.inventory()
        self.scene.provider.accounts.propagation = over.get("propagation_seconds", WINDOW)
        role = {
            "role": "mailops.smtp.smtp_rotation",
            "vars": variables(self.scene, **{"accounts": None, "propagation_seconds": WINDOW, **over}),
        }
        play = {"hosts": "mail", "gather_facts": False, "roles": [role], **self.keywords}
        path = self.scene.controller.write_play([play])
        return self.scene.controller.start(path, "-i", str(inventory), *arguments)

    def inventory(self) -> Path:
        """Write the inventory, and return its path."""
        path = self.folder / "inventory.yml"
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        hosts = {name: {**local, **more} for name, more in self.hosts.items()}
        path.write_text(yaml.safe_dump({"mail": {"hosts": hosts}}))
        return path

    def asked(self, *phases: str) -> list[tuple[str, str]]:
        """Return which phase was asked for on which host, in order."""
        return [(one["phase"], one["host"]) for one in self._lines() if not phases or one["phase"] in phases]

    def times(self, phase: str) -> list[float]:
        """Return when a phase was asked for."""
        return [float(one["time"]) for one in self._lines() if one["phase"] == phase]

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    def forget(self) -> None:
        """Forget what was asked for."""
        self._log.unlink(missing_ok=True)
