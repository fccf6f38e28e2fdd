# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Death at every boundary between two effects that outlive a run: nothing is lost, and the next run finishes the job.

The controller's processes are frozen at the boundary and killed together. What counts is what the provider and Ansible
itself say afterwards.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.faults import Fault
from standin.service import StandIn
from support.controller import Controller, Ended
from support.crash.harness import Crash, gone, until
from support.crash.processes import descendants, kill_tree, send, worker_of
from support.long import LONG, cases
from support.pipeline import Pipeline
from support.scene import OLD, ONE, PROFILES, Scene

SET = "Set the passwords"
CHANGE = "Change the passwords that are due"
WAIT = "Wait for the SMTP passwords to take effect"
TEST = "Send a test message with each new password"
RECORD = "Record which passwords work"
SENTENCE = "If this run is stopped now, the next one completes it."
WINDOW = 2


def writing(number: int) -> list[str]:
    """Return the effects of the store's nth writing."""
    names = [*(f"{verb} new store {number}" for verb in ("make", "sync", "rename")), f"sync folder {number}"]
    return [f"{when} {name}" for name in names for when in ("before", "after")]


CALL = [f"{when} {what}" for what in ("send 1", "send 2", "answer 1") for when in ("before", "after")]
LOCK, UNLOCK = ([f"{when} {verb} lock file 1" for when in ("before", "after")] for verb in ("open", "remove"))
BOUNDARIES = [*LOCK, *writing(1), *CALL, *writing(2), *UNLOCK]
# Between "after" one effect and "before" the next one nothing happens that could be lost.
CRASHES = [BOUNDARIES[0], *(name for name in BOUNDARIES if name.startswith("after "))]
STAGED, COMMITTED = BOUNDARIES.index("after rename new store 1"), BOUNDARIES.index("after rename new store 2")

SHORT_CRASHES = [("verified", f"after {effect}") for effect in ("rename new store 1", "send 2", "sync folder 2")]

ROLE_BOUNDARIES = [
    "after answer 1",
    "after rename new store 2",
    f"handler {WAIT} 1",
    f"item of {WAIT} 1",
    f"task {TEST} 1",
    "login",
    "message",
    f"task {RECORD} 1",
    "after rename new store 3",
    "task Report what was done 1",
]
OF_A_VERIFIED_RECORD = ["after rename new store 2", "login"]


class Watched(Scene):
    """A scene whose provider tells of each event before it answers."""

    listener: Callable[[dict[str, Any]], None] | None = None

    @property
    def crash(self) -> Crash:
        """The controller, as something that can be crashed."""
        return Crash(self.controller, self.provider.api_url)

    @property
    def last(self) -> str:
        """The password that the provider was given last."""
        return self.provider.accounts.history(ONE)[-1].password

    def kept(self) -> set[str]:
        """Return every value that the store keeps, decrypted by Ansible itself."""
        if not self.controller.store.exists():
            return set()
        record = self.controller.decrypted().get(ONE, {})
        names = ("password", "previous_password", "staged_password")
        return {record[name] for name in names if name in record} | set(record.get("doubtful_passwords", []))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Watched]:
    made: list[Watched] = []

    def hear(event: dict[str, Any]) -> None:
        if made and made[0].listener:
            made[0].listener(event)

    keys: dict[str, Any] = dict(PROFILES["emaillabs"].keys)
    with StandIn({ONE: OLD}, listener=hear, **keys) as running:
        made.append(Watched(Controller(tmp_path), running))
        yield made[0]


def verify(scene: Watched) -> None:
    """Let the store begin with a password that was rotated and proved 91 days ago."""
    before = Pipeline(scene.controller.store, scene.provider)
    before.run([ONE])
    before.run([ONE], state="verified")
    scene.backdate(days=91)


def task_play(scene: Watched, **over: Any) -> Path:
    """Write a play with one task of the module."""
    task = {"name": SET, "mailops.smtp.smtp_account_password": scene.options(**over)}
    return scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}])


def role_play(scene: Watched) -> Path:
    """Write a play with the role."""
    scene.provider.accounts.propagation = WINDOW
    options = {
        **scene.options(propagation_seconds=WINDOW),
        "progress_interval": 1,
        "smtp_host": scene.provider.smtp_host,
        "smtp_port": scene.provider.smtp_port,
        "test_sender": "rotation@acme.example",
        "test_recipient": "postmaster@acme.example",
    }
    role = {
        "role": "mailops.smtp.smtp_rotation",
        "vars": {f"smtp_rotation_{name}": value for name, value in options.items()},
    }
    return scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "roles": [role]}])


def check_nothing_is_lost(scene: Watched, before: str) -> None:
    """Hold the store as it is against all that the provider was ever told."""
    kept = scene.kept()
    assert scene.last in kept or scene.last == before == OLD


def check_converged(scene: Watched, *, changes: int) -> dict[str, Any]:
    """Check that store and provider agree, and that nothing is left of the runs."""
    record = scene.controller.decrypted()[ONE]
    assert record["password"] == scene.last
    assert scene.login(ONE, record["password"]) == 235
    assert len(scene.provider.record.changes(ONE)) == changes
    assert not {"staged_password", "staged_at"} & set(record)
    assert scene.crash.left() == []
    return record


@pytest.mark.parametrize("start", cases(["nothing", "verified"], short=["verified"]))
def test_boundaries_are_all_known(scene: Watched, start: str) -> None:
    """Catches: an effect that comes or goes without a test that crashes there, a missing fsync, another order."""
    if start == "verified":
        verify(scene)
    ended = scene.crash.watched(task_play(scene, rotate="always"))
    assert ended.code == 0, ended.output
    assert scene.crash.boundaries() == BOUNDARIES


@pytest.mark.parametrize(
    ("start", "at"), cases(itertools.product(["nothing", "verified"], CRASHES), short=SHORT_CRASHES)
)
def test_crash_of_the_module(scene: Watched, start: str, at: str) -> None:
    """Catches: a password lost, made twice, or left on its way, when the controller dies at this boundary."""
    if start == "verified":
        verify(scene)
    before, done = scene.last, len(scene.provider.record.changes(ONE))
    play = task_play(scene, rotate="always" if start == "verified" else "when_due")
    scene.crash.watched(play, at=at)
    assert scene.crash.processes() == set()
    check_nothing_is_lost(scene, before)
    again = scene.controller.play_file(play)
    assert again.code == 0, again.output
    # A change that was committed is done: asked for another one always, the next run makes another one.
    reached = BOUNDARIES.index(at)
    finished = "rotated" if start == "verified" else "unchanged"
    action = "rotated" if reached < STAGED else "recovered" if reached < COMMITTED else finished
    assert again.result(SET)["accounts"][0]["action"] == action
    check_converged(scene, changes=done + 1 + (reached >= COMMITTED and start == "verified"))


@LONG
def test_boundaries_of_the_role_are_all_there(scene: Watched) -> None:
    """Catches: a crash test that waits for a boundary which the role does not have any more."""
    ended = scene.crash.watched(role_play(scene), tasks=True)
    assert ended.code == 0, ended.output
    boundaries = iter(scene.crash.boundaries())
    expected = [name for name in ROLE_BOUNDARIES if name not in ("login", "message")]
    assert [name for name in expected if name in boundaries] == expected
    assert len(scene.crash.boundaries()) >= 40
    assert [len(scene.provider.record.events(kind)) for kind in ("login", "message")] == [1, 1]


@pytest.mark.parametrize(
    ("start", "at"),
    cases(
        [*itertools.product(["nothing"], ROLE_BOUNDARIES), *itertools.product(["verified"], OF_A_VERIFIED_RECORD)],
        short=[("verified", "login")],
    ),
)
def test_crash_of_the_role(scene: Watched, start: str, at: str) -> None:
    """Catches: a wait that is lost or begins anew, a test that is never sent, a record without a test."""
    if start == "verified":
        verify(scene)
    before, done = scene.last, len(scene.provider.record.changes(ONE))
    play = role_play(scene)
    if at in ("login", "message"):
        crash_at_event(scene, play, at)
    else:
        scene.crash.watched(play, at=at, tasks=True)
    assert scene.crash.processes() == set()
    check_nothing_is_lost(scene, before)
    assert scene.controller.play_file(play).code == 0
    check_role_converged(scene, changes=done + 1)


def check_role_converged(scene: Watched, *, changes: int) -> None:
    """Check what the role promises beside what the module does: the wait, the test, the record."""
    logins, messages = scene.provider.record.logins(), scene.provider.record.messages()
    assert {(login["accepted"], login["in_window"]) for login in logins} == {(True, False)}
    assert 1 <= len(messages) <= len(logins) <= 2
    record = check_converged(scene, changes=changes)
    assert record["verified_at"] >= record["effective_at"]
    assert "doubtful_passwords" not in record


def crash_at_event(scene: Watched, play: Path, kind: str) -> None:
    """Kill a run when the provider sees something, before it answers."""
    started: list[subprocess.Popen[str]] = []
    killed: list[set[int]] = []

    def kill(event: dict[str, Any]) -> None:
        if event["kind"] == kind:
            scene.listener = None
            killed.append(kill_tree(started[0].pid))

    scene.listener = kill
    process, results = scene.controller.start(play)
    started.append(process)
    scene.controller.ended(process, results)
    assert process.returncode == -signal.SIGKILL
    assert gone(killed[0])


def interrupted(scene: Watched, play: Path, at: str, interrupt: Callable[[subprocess.Popen[str]], None]) -> Ended:
    """Run a playbook and interrupt it when it is past a boundary."""
    crash = scene.crash
    process, results = crash.start(play, crash.environment(None, tasks=True))
    assert until(lambda: process.poll() is not None or at in crash.boundaries())
    assert process.poll() is None
    interrupt(process)
    return scene.controller.ended(process, results)


def terminate(process: subprocess.Popen[str]) -> None:
    """Do what a job system does."""
    process.terminate()


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """Do what a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def kill_main(process: subprocess.Popen[str]) -> None:
    """Do what a kernel without memory does to the first process; the others go on."""
    process.kill()


def kill_module(process: subprocess.Popen[str]) -> None:
    """Kill the process that makes the calls, and no other."""
    (module,) = (pid for pid in descendants(process.pid) if not descendants(pid))
    send(module, signal.SIGKILL)


@pytest.mark.parametrize("interrupt", cases([terminate, press_ctrl_c, kill_main, kill_module], short=[press_ctrl_c]))
def test_interrupted_in_the_middle_of_the_call(
    scene: Watched, interrupt: Callable[[subprocess.Popen[str]], None]
) -> None:
    """Catches: a change that lands when nobody listens any more, and that the store does not know."""
    verify(scene)
    scene.provider.faults.push(Fault(kind="hang", then="continue", seconds=1.5))
    before = scene.last
    ended = interrupted(scene, task_play(scene, rotate="always"), "after send 2", interrupt)
    assert ended.code != 0
    if interrupt is kill_module:
        result = ended.result(SET)
        assert result["accounts"][0]["action"] == "unknown"
        assert "the module ended without a result" in result["msg"]
        assert "stays staged, and the next run sends the same one again" in result["msg"]
    elif interrupt is not kill_main:
        assert SENTENCE in " ".join(ended.output.split())
        assert gone(scene.crash.processes())
    check_nothing_is_lost(scene, before)
    again = scene.controller.play_file(task_play(scene, rotate="when_due"))
    assert again.code == 0, again.output
    # The worker that outlived the first process has finished its work, and this run has waited for it.
    expected = "unchanged" if interrupt is kill_main else "recovered"
    assert again.result(SET)["accounts"][0]["action"] == expected
    check_converged(scene, changes=2)


@pytest.mark.parametrize("interrupt", cases([terminate, press_ctrl_c], short=[terminate]))
def test_interrupted_in_the_wait(scene: Watched, interrupt: Callable[[subprocess.Popen[str]], None]) -> None:
    """Catches: a wait that can only be left by losing it, and that does not say what the next run does."""
    play = role_play(scene)
    ended = interrupted(scene, play, f"item of {WAIT} 1", interrupt)
    assert ended.code != 0
    assert SENTENCE in " ".join(ended.output.split())
    assert gone(scene.crash.processes())
    check_nothing_is_lost(scene, OLD)
    again = scene.controller.play_file(play)
    assert again.code == 0, again.output
    assert again.result(CHANGE)["accounts"][0]["action"] == "unchanged"
    check_role_converged(scene, changes=1)


def kill_worker(process: subprocess.Popen[str]) -> None:
    """Kill the process that executes the task: the module goes on, and nobody reads its answer."""
    worker = worker_of(process.pid)
    assert worker is not None
    send(worker, signal.SIGKILL)


FAULTS_WITH_A_PAUSE: dict[str, dict[str, Any]] = {
    "asked to pause": {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    "before a retry": {"kind": "status", "status": 503, "times": 2},
    "on its way": {"kind": "hang", "seconds": 30},
}


@pytest.mark.parametrize("name", cases(FAULTS_WITH_A_PAUSE, short=["before a retry"]))
def test_module_that_nobody_waits_for_sends_nothing_more(scene: Watched, name: str) -> None:
    """Catches: an old password that a module sends after its run has died and later ones have rotated again."""
    verify(scene)
    scene.provider.faults.push(Fault(**FAULTS_WITH_A_PAUSE[name]))
    calls, before = len(scene.provider.record.api_calls()), scene.last
    play = task_play(scene, rotate="always", retries=4)
    ended = interrupted(scene, play, "after send 2", kill_worker)
    assert ended.code != 0
    scene.provider.faults.clear()
    for action in ("recovered", "rotated"):
        again = scene.controller.play_file(play)
        assert again.code == 0, again.output
        assert again.result(SET)["accounts"][0]["action"] == action
    assert gone(scene.crash.processes())
    sent = scene.provider.record.api_calls()[calls:]
    assert len([call for call in sent if not call["fault"]]) == 2
    assert before != scene.last
    check_converged(scene, changes=3)


@LONG
def test_module_whose_task_ran_out_of_time_sends_nothing_more(scene: Watched) -> None:
    """Catches: a module that goes on after Ansible has given its task up."""
    scene.provider.faults.push(Fault(kind="status", status=503, times=9))
    options = scene.options(rotate="always", retries=9)
    ended = scene.controller.tasks([{"name": SET, "mailops.smtp.smtp_account_password": options, "timeout": 5}])
    assert ended.code != 0, ended.output
    assert gone(scene.crash.processes())
    calls = len(scene.provider.record.api_calls())
    scene.provider.faults.clear()
    again = scene.rotate()
    assert again.result(SET)["accounts"][0]["action"] == "recovered"
    assert len(scene.provider.record.api_calls()) == calls + 1
    check_converged(scene, changes=1)
