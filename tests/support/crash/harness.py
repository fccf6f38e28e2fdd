# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Crashes a controller at a boundary, and looks at what is left."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from support.controller import SUPPORT, Controller, Ended
from support.crash.processes import is_alive, kill_tree, with_environment

HERE = Path(__file__).parent
# Only bounds: a machine can be busy.
SECONDS, GONE_WITHIN = 300, 60


class Crash:
    """A controller whose runs can be frozen and killed.

    :param controller: the controller; its environment is changed only for the runs that are watched
    :param api_url: the API's address: calls of it are boundaries
    """

    def __init__(self, controller: Controller, api_url: str) -> None:
        self.controller = controller
        self._folder = controller.folder / "crash"
        self._folder.mkdir(exist_ok=True)
        self._api_url = api_url

    def environment(self, at: str | int | None, *, tasks: bool) -> dict[str, str]:
        """Return what a run needs to be watched.

        :param at: the boundary to freeze at, its name or its number; None to count only
        :param tasks: whether the starts of tasks are boundaries too
        """
        callbacks = [SUPPORT / "callbacks", HERE / "callbacks"]
        return {
            "PYTHONPATH": str(HERE),
            "CRASH_FOLDER": str(self._folder),
            "CRASH_STORE": str(self.controller.store),
            "CRASH_PORT": str(urlsplit(self._api_url).port),
            "ANSIBLE_CALLBACK_PLUGINS": ":".join(map(str, callbacks if tasks else callbacks[:1])),
            "ANSIBLE_CALLBACKS_ENABLED": "keep_results,freeze_at_task" if tasks else "keep_results",
            **({} if at is None else {"CRASH_AT": str(at)}),
        }

    def boundaries(self) -> list[str]:
        """Return the boundaries of the last watched run, in order."""
        path = self._folder / "boundaries"
        return path.read_text().splitlines() if path.exists() else []

    def watched(self, play: Path, *, at: str | int | None = None, tasks: bool = False) -> Ended:
        """Run a playbook, and kill it with all its processes when it is frozen.

        :param play: the playbook
        :param at: see C(environment)
        :param tasks: see C(environment)
        """
        process, results = self.start(play, self.environment(at, tasks=tasks))
        frozen = self.wait(process) if at is not None else False
        killed = kill_tree(process.pid) if frozen else set()
        ended = self.controller.ended(process, results)
        assert gone(killed)
        assert frozen == (at is not None), f"the run never came to {at!r}:\n{ended.output}"
        return ended

    def start(self, play: Path, environment: Mapping[str, str]) -> tuple[subprocess.Popen[str], Path]:
        """Start a playbook with more environment, of which later runs know nothing."""
        self.forget()
        usual = self.controller.environment
        self.controller.environment = {**usual, **environment}
        try:
            return self.controller.start(play)
        finally:
            self.controller.environment = usual

    def forget(self) -> None:
        """Begin to count anew."""
        for path in self._folder.iterdir():
            path.unlink()

    def wait(self, process: subprocess.Popen[str]) -> bool:
        """Wait until the run is frozen, and tell whether it is; it is not if it came to its end."""
        return until(lambda: self.frozen is not None or process.poll() is not None) and self.frozen is not None

    @property
    def frozen(self) -> tuple[int, str] | None:
        """Return the process that is frozen and the boundary at which it is, None if there is none."""
        path = self._folder / "frozen"
        if not path.exists():
            return None
        pid, _space, name = path.read_text().partition(" ")
        return int(pid), name

    def left(self) -> list[str]:
        """Return what a run left behind: files beside the store, and processes."""
        store = self.controller.store
        files = [path.name for path in store.parent.glob(f".{store.name}*")]
        return sorted(files) + [f"process {pid}" for pid in self.processes()]

    def processes(self) -> set[int]:
        """Return the processes of this controller's runs, whoever is their parent now."""
        return with_environment(f"HOME={self.controller.home}\0")


def until(condition: Callable[[], bool], seconds: float = SECONDS) -> bool:
    """Wait until something is the case, and tell whether it came to be."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def gone(pids: set[int]) -> bool:
    """Wait until none of these processes runs, and tell whether it came to be."""
    return until(lambda: not any(is_alive(pid) for pid in pids), GONE_WITHIN)
