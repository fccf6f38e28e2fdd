# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the role that publish, at the stand-in provider."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.controller import Ended
from support.scene import Scene, a_scene, variables
from support.settings import in_force, passwords_of

# Of the provider, in seconds.
WINDOW = 2


@dataclass
class Ran:
    """A run that has ended."""

    ended: Ended

    @property
    def code(self) -> int:
        """Return the exit code."""
        return self.ended.code

    @property
    def output(self) -> str:
        """Return all that was printed."""
        return self.ended.output

    @property
    def said(self) -> str:
        """Return the same in one line."""
        return " ".join(self.output.split())

    @property
    def recap(self) -> dict[str, int]:
        """Return the play recap."""
        return self.ended.recap()

    @property
    def rows(self) -> list[list[str]]:
        """Return the words of each line of the tables."""
        return [line.split() for line in self.output.splitlines()]


@dataclass
class Publishing:
    """A controller whose role publishes. C(kept): all outputs."""

    scene: Scene
    outputs: list[str]

    @property
    def one(self) -> str:
        """Return the account."""
        return self.scene.one

    def in_force(self) -> str:
        """Return the password that the provider was told last."""
        return in_force(self.scene.provider, self.one)

    def passwords(self) -> dict[str, str]:
        """Return every password that there was."""
        return passwords_of(self.scene.provider)

    def play(self, targets: Sequence[Mapping[str, Any]], **over: Any) -> Path:
        """Return a playbook that publishes to these targets."""
        self.scene.provider.accounts.propagation = over.get("propagation_seconds", WINDOW)
        values = variables(self.scene, **{"propagation_seconds": WINDOW, "publish": list(targets), **over})
        role = {"role": "mailops.smtp.smtp_rotation", "vars": values}
        play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
        return self.scene.controller.write_play([play])

    def run(self, targets: Sequence[Mapping[str, Any]], *arguments: str, **over: Any) -> Ran:
        """Run the role to its end."""
        ran = Ran(self.scene.controller.play_file(self.play(targets, **over), *arguments))
        self.outputs.append(ran.output)
        return ran

    def stored(self) -> str:
        """Return the store as it is on disk, nothing if there is none."""
        store = self.scene.controller.store
        return store.read_text() if store.exists() else ""

    def report(self) -> dict[str, Any]:
        """Return what smtp_report says of the account."""
        options = {"vault_file": str(self.scene.controller.store)}
        task = {"name": "Report", "mailops.smtp.smtp_report": options}
        (account,) = self.scene.controller.tasks([task]).result("Report")["accounts"]
        found: dict[str, Any] = account
        return found


@contextlib.contextmanager
def a_publishing(folder: Path, environment: Mapping[str, str]) -> Iterator[Publishing]:
    """Run a stand-in for the provider beside a controller with these variables in its environment."""
    with a_scene("emaillabs", folder) as scene:
        scene.controller.environment.update(environment)
        yield Publishing(scene, [])


class SopsFiles:
    """A folder of files that SOPS encrypts for a key of age. C(recipient): the public half of the key."""

    def __init__(self, folder: Path, program: str) -> None:
        folder.mkdir()
        self.folder = folder
        self._program = program
        self._key = folder.parent / "age.key"
        subprocess.run(["age-keygen", "-o", str(self._key)], check=True, capture_output=True)
        self.recipient = self._key.read_text().split("public key: ")[1].split()[0]

    def target(self, form: str = "yaml") -> dict[str, Any]:
        """Return a target in this folder."""
        path = f"{self.folder}/{{account}}.{form}"
        return {"name": "sops", "kind": "sops", "path": path, "options": {"age": [self.recipient]}}

    def decrypted(self, name: str) -> str:
        """Return what sops itself reads in a file."""
        environment = {"SOPS_AGE_KEY_FILE": str(self._key), "PATH": "/usr/bin"}
        command = [self._program, "--decrypt", str(self.folder / name)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


class PassStore:
    """A store of pass in a folder. C(environment): that of pass and gpg."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "store"
        home = folder / "gnupg"
        home.mkdir(parents=True, mode=0o700)
        own = {"GNUPGHOME": str(home), "PASSWORD_STORE_DIR": str(self.folder)}
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **own}
        batch = ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
        self._run(*batch, "--quick-gen-key", "tests", "future-default")
        self._run("pass", "init", "tests")

    def _run(self, *command: str) -> str:
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def target(self) -> dict[str, Any]:
        """Return a target of this store."""
        return {"name": "pass", "kind": "pass", "path": "mail/{account}", "options": {"directory": str(self.folder)}}

    def shown(self, name: str) -> list[str]:
        """Return the lines that pass shows of an entry."""
        return self._run("pass", "show", name).splitlines()
