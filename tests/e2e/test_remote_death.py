# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller dies, and the module is on another host: there nobody kills it."""

from __future__ import annotations

import itertools
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from standin.faults import Fault
from support.crash.harness import until
from support.crash.processes import kill_tree, send, worker_of
from support.long import cases
from support.scene import Scene
from support.sshd import SERVER, Sshd, a_host

SET = "Set the passwords"
WAYS_TO_CONNECT = {"shared": "-o ControlMaster=auto -o ControlPersist=5s", "own": "-o ControlMaster=no"}


def kill_all(process: subprocess.Popen[str]) -> None:
    """Kill the controller with all its processes."""
    kill_tree(process.pid)


def kill_worker(process: subprocess.Popen[str]) -> None:
    """Kill the process that executes the task; its ssh client goes on."""
    worker = worker_of(process.pid)
    assert worker is not None
    send(worker, signal.SIGKILL)


def inventory(scene: Scene, host: Sshd) -> Path:
    path = scene.controller.folder / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": {"bastion": host.variables}}}))
    return path


@pytest.mark.skipif(SERVER is None, reason="there is no sshd on this machine")
@pytest.mark.parametrize(
    ("kill", "connection"),
    cases(itertools.product([kill_all, kill_worker], WAYS_TO_CONNECT), short=[(kill_worker, "own")]),
)
def test_module_on_another_host_sends_nothing_after_the_death_of_its_controller(
    scene: Scene, tmp_path: Path, kill: Callable[[subprocess.Popen[str]], None], connection: str
) -> None:
    """Catches: an old password that is set on another host after later runs, here, have rotated again."""
    scene.controller.environment["ANSIBLE_SSH_ARGS"] = WAYS_TO_CONNECT[connection]
    scene.controller.environment["ANSIBLE_SSH_CONTROL_PATH_DIR"] = str(tmp_path / "cp")
    task = {"name": SET, "mailops.smtp.smtp_account_password": scene.options(rotate="always", retries=9)}
    play = scene.controller.write_play([{"hosts": "bastion", "gather_facts": False, "tasks": [task]}])
    scene.provider.faults.push(Fault(kind="status", status=429, headers={"Retry-After": "60"}))
    with a_host(tmp_path / "bastion") as host:
        arguments = ["-i", str(inventory(scene, host))]
        process, results = scene.controller.start(play, *arguments)
        assert until(lambda: bool(scene.provider.record.api_calls()) or process.poll() is not None)
        assert host.modules() != set()
        kill(process)
        ended = scene.controller.ended(process, results)
        assert ended.code != 0
        assert until(lambda: host.modules() == set(), 20), "the module goes on"
        again = scene.controller.play_file(play, *arguments)
        assert again.code == 0, again.output
    assert again.result(SET)["accounts"][0]["action"] == "recovered"
    assert scene.controller.decrypted()[scene.one]["password"] == scene.provider.accounts.current(scene.one)
    assert len(scene.provider.record.api_calls()) == 2
