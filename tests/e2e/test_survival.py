# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store that is thrown away with the job is refused: in jobs of ansible-runner, with the variables of a service."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.controller import KEYS, VAULT_PASSWORD, Ended
from support.jobs import Service
from support.long import LONG
from support.runner import Job, Launch, Sent
from support.scene import Scene
from support.search import Search
from support.settings import a_provider, in_force, passwords_of, role_variables
from support.waiting import PATIENCE, until

ONE = "1.acme.smtp"
OLD = "the-password-of-before-0"
STORE = "group_vars/all/smtp.yml"
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TASK = "Set the passwords"
KEYS_AS_VARIABLES = {f"smtp_rotation_{name}": value for name, value in KEYS.items()}


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with a_provider({ONE: OLD}, propagation=2) as running:
        yield running


def a_job(folder: Path, provider: StandIn, store: str = "smtp.yml", **over: Any) -> Job:
    variables = role_variables(provider, store, propagation_seconds=2, progress_interval=1, **over)
    return Job(folder, VAULT_PASSWORD, {**variables, **KEYS_AS_VARIABLES}, seconds=PATIENCE * 3)


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def is_refused(launch: Launch, provider: StandIn, reason: str) -> None:
    assert launch.status == "failed"
    assert "would not outlive this run" in launch.output and reason in launch.output, launch.output
    assert provider.record.events() == []


# -- jobs of ansible-runner


@pytest.mark.parametrize("kept", [False, True], ids=["temporary", "named"])
def test_store_of_a_worker_is_refused(tmp_path: Path, provider: StandIn, kept: bool) -> None:
    """Catches: a job that ends green, whose passwords are in force and exist nowhere."""
    job = a_job(tmp_path, provider)
    options = ["--private-data-dir", str(tmp_path / "named")] if kept else []
    is_refused(job.send(*options).ended(), provider, "which ansible-runner worker unpacked for this job")
    # What would have been lost: it is gone, or it is not where the next job begins.
    assert kept or list((tmp_path / "node-1").iterdir()) == []
    assert not (job.private / "project" / "smtp.yml").exists()


def test_worker_whose_store_lasts(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a refusal of a store that is on a disk of the node's, or of which the user says that it lasts."""
    job = a_job(tmp_path, provider, store=str(tmp_path / "disk.yml"))
    launch = job.send().ended()
    assert launch.status == "successful", launch.output
    assert "verified_at" in (tmp_path / "disk.yml").read_text()
    said = {"vault_file": "smtp.yml", "store_survives": True, "rotate": "always"}
    job.variables = {**job.variables, **{f"smtp_rotation_{name}": value for name, value in said.items()}}
    launch = job.send().ended()
    assert launch.status == "successful", launch.output
    assert len(provider.record.changes(ONE)) == 2


def test_local_job_whose_folder_stays(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a refusal of every job of ansible-runner."""
    job = a_job(tmp_path, provider)
    launch = job.launch()
    assert launch.status == "successful", launch.output
    assert "verified_at" in (job.private / "project" / "smtp.yml").read_text()


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_copy_of_the_project_is_refused(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a store in the copy of the project that a job in a sandbox works in, and that is deleted with it."""
    job = a_job(tmp_path, provider)
    copies = tmp_path / "copies"
    copies.mkdir()
    shown = [str(copies), str(tmp_path / "home"), str(ROOT), sys.prefix, sys.base_prefix, provider.ca_path]
    launch = job.launch(
        "--process-isolation",
        "--process-isolation-executable=bwrap",
        f"--directory-isolation-base-path={copies}",
        "--process-isolation-show-paths",
        *shown,
    )
    assert launch.status == "failed"
    assert "a copy that ansible-runner deletes when the job ends" in in_one_line(launch.output), launch.output
    assert provider.record.events() == [] and list(copies.iterdir()) == []


# -- a job that is lost again and again, with a store that is pushed


class Nodes:
    """Jobs of the example for AWX: each begins with a fresh clone, runs on a node of its own, and pushes the store."""

    def __init__(self, folder: Path, provider: StandIn) -> None:
        self.provider = provider
        files: dict[str, Path | str] = {
            "push-store": EXAMPLES / "ci" / "push-store",
            "persist.yml": EXAMPLES / "awx" / "persist.yml",
            "group_vars/all/rotation.yml": "{}\n",
        }
        self.service = Service(folder, files, {})
        self.job = a_job(folder, provider, STORE, persist_tasks="persist.yml")
        self.service.runner = self.job.private / "project"

    def begin(self, **over: Any) -> Sent:
        """Send a job to a new node."""
        shutil.rmtree(self.service.runner, ignore_errors=True)
        self.service.clone()
        self.job.variables = {**self.job.variables, **over}
        return self.job.send()

    def lose(self, sent: Sent, moment: Callable[[], object]) -> None:
        """Lose a job's node at a moment, or at the job's end, and see that nothing is lost with it."""
        until(lambda: sent.process.poll() is not None or moment(), seconds=PATIENCE)
        sent.lose()
        # The remote is another machine in the field, and is not killed with the node, nor its locks left behind.
        for left in self.service.remote.rglob("*.lock"):
            left.unlink()
        self.nothing_is_lost()

    def have_come(self, steps: int, text: str, events: int) -> bool:
        """Tell whether so many things have happened since the repository and the provider's record were like this."""
        return len(self.provider.record.events()) - events + (self.text() != text) >= steps

    def record(self) -> dict[str, Any]:
        """Return what the repository has of the account."""
        return self.service.pushed(STORE).get(ONE, {})

    def text(self) -> str:
        """Return what the repository has, unread."""
        return self.service.shown(STORE)

    def nothing_is_lost(self) -> None:
        """Hold the repository against the provider."""
        now, kept = in_force(self.provider, ONE), self.record()
        names = ("password", "previous_password", "staged_password")
        assert now == OLD or now in [kept.get(name) for name in names] + kept.get("doubtful_passwords", [])


def test_node_is_lost_five_times_in_one_rotation(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a password that only a lost node knew; a second password; a login inside the window."""
    nodes = Nodes(tmp_path, provider)
    moments: list[Callable[[Path], object]] = [
        lambda node: list(node.glob(f"*/project/{STORE}")),
        lambda _node: "staged_at" in nodes.text(),
        lambda _node: provider.record.changes(ONE),
        lambda _node: "effective_at" in nodes.text(),
        lambda _node: provider.record.messages(ONE),
    ]
    for moment in moments:
        sent = nodes.begin()
        nodes.lose(sent, partial(moment, sent.node))
    launch = nodes.begin().ended()
    assert launch.status == "successful", launch.output
    is_finished(nodes)
    assert len({entry.password for entry in provider.accounts.history(ONE)} - {OLD}) == 1
    search = Search({**KEYS, **passwords_of(provider), "vault password": VAULT_PASSWORD})
    assert search.text(nodes.service.history(), "repository").hits == []


@LONG
def test_node_is_lost_forty_times(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a moment in which the loss of a node loses a password."""
    seed = random.randrange(2**32)  # noqa: S311
    print(f"seed {seed}")
    chance = random.Random(seed)  # noqa: S311
    nodes = Nodes(tmp_path, provider)
    for _time in range(40):
        sent = nodes.begin(smtp_rotation_rotate="always")
        nodes.lose(sent, partial(nodes.have_come, chance.randrange(1, 7), nodes.text(), len(provider.record.events())))
    launch = nodes.begin(smtp_rotation_rotate="when_due").ended()
    assert launch.status == "successful", launch.output
    is_finished(nodes)


def is_finished(nodes: Nodes) -> None:
    record, provider = nodes.record(), nodes.provider
    assert record["password"] == in_force(provider, ONE) != OLD
    assert record["verified_at"] and "staged_password" not in record
    assert provider.record.logins(in_window=True) == []
    assert provider.record.logins(ONE)[-1]["accepted"]


# -- a task in the folder of a CI service


@pytest.fixture
def in_github(scene: Scene) -> Scene:
    """A scene whose store is in the working folder of a job."""
    scene.controller.environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(scene.controller.folder),
        "RUNNER_ENVIRONMENT": "self-hosted",
    }
    return scene


def refused(ended: Ended, scene: Scene, task: str = TASK) -> None:
    assert ended.code == 2
    assert "which GitHub Actions cleans or deletes after the job" in ended.result(task)["msg"]
    assert scene.provider.record.events() == []


def test_task_is_refused_before_any_change(in_github: Scene) -> None:
    """Catches: a store that is written, or a call that is made, before the refusal; a check that promises a change."""
    refused(in_github.rotate(), in_github)
    refused(in_github.rotate("--check"), in_github)
    assert not in_github.controller.store.exists()


def test_task_goes_on_where_nothing_can_be_lost(in_github: Scene) -> None:
    """Catches: a job that stages and pushes, or that has nothing to do, and is refused."""
    assert in_github.rotate(state="staged").code == 0
    refused(in_github.rotate(), in_github)
    assert in_github.rotate(store_survives=True).code == 0
    assert in_github.rotate().result(TASK)["changed"] is False
    assert in_github.rotate(state="verified").code == 0
    assert len(in_github.provider.record.changes(in_github.one)) == 1


@pytest.mark.parametrize("arguments", [[], ["--check"]], ids=["run", "check"])
def test_role_is_refused_before_it_holds_mail(in_github: Scene, arguments: list[str]) -> None:
    """Catches: a fleet whose mail is held for a change that is refused afterwards."""
    scene, hook = in_github, in_github.controller.folder / "hold.yml"
    touched = scene.controller.folder / "held"
    hook.write_text(f"- name: Hold\n  ansible.builtin.file:\n    path: {touched}\n    state: touch\n    mode: '0600'\n")
    ended = role(scene, *arguments, hold_tasks=str(hook))
    refused(ended, scene, "Check the options and this host")
    assert not touched.exists()


def test_role_goes_on_where_it_is_told(in_github: Scene) -> None:
    """Catches: an option of the role that does not arrive, or that Ansible warns of."""
    ended = role(in_github, store_survives=True)
    assert ended.code == 0, ended.output
    assert "WARNING" not in ended.output


def role(scene: Scene, *arguments: str, **over: Any) -> Ended:
    """Run the role on localhost."""
    given = role_variables(scene.provider, scene.controller.store, propagation_seconds=0, **over)
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "roles": [{"role": "mailops.smtp.smtp_rotation", "vars": {**given, **KEYS_AS_VARIABLES}}],
    }
    return scene.controller.play_file(scene.controller.write_play([play]), *arguments)
