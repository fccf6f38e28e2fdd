# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the role that publish, at the stand-in provider."""

from __future__ import annotations

import contextlib
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


@contextlib.contextmanager
def a_publishing(folder: Path, environment: Mapping[str, str]) -> Iterator[Publishing]:
    """Run a stand-in for the provider beside a controller with these variables in its environment."""
    with a_scene("emaillabs", folder) as scene:
        scene.controller.environment.update(environment)
        yield Publishing(scene, [])
