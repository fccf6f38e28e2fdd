# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""C(smtp_rotation_notify_tasks): who is told of a run, what, how often; a message that nobody gets changes nothing."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from standin.faults import Fault
from support.controller import Ended
from support.fleet_of_hosts import AWAY, Fleet
from support.long import LONG, cases
from support.scene import ONE, TWO, Scene, variables

TELL = """---
- name: Write down the news
  ansible.builtin.command:
    argv: [tee, -a, "{file}"]
    stdin: "{{{{ smtp_rotation_news | to_json }}}}"
  changed_when: true
"""
FAIL = '\n- name: Break\n  ansible.builtin.fail: {msg: "the tasks of a test"}\n'
WAYS: dict[str, dict[str, Any]] = {"linear": {}, "serial": {"serial": 1}, "free": {"strategy": "free"}}


class Heard:
    """The task file that writes down what it is told, and what that was."""

    def __init__(self, scene: Scene, more: str = "") -> None:
        self._file = scene.controller.folder / "news.jsonl"
        self.tasks = str(scene.controller.folder / "notify.yml")
        (scene.controller.folder / "notify.yml").write_text(TELL.format(file=self._file) + more)

    def all(self) -> list[dict[str, Any]]:
        """Return what was told, in order."""
        return [json.loads(line) for line in self._file.read_text().splitlines()] if self._file.exists() else []

    def forget(self) -> None:
        """Forget what was told."""
        self._file.unlink()

    def only(self) -> dict[str, Any]:
        """Return what was told once."""
        (news,) = self.all()
        return news

    def kinds(self) -> list[str]:
        kinds: list[str] = self.only()["kinds"]
        return kinds

    def entry(self, kind: str) -> dict[str, Any]:
        """Return the only entry of a kind."""
        (entry,) = [entry for entry in self.only()["entries"] if entry["kind"] == kind]
        return dict(entry)


def alone(scene: Scene, *arguments: str, keywords: dict[str, Any] | None = None, **over: Any) -> Ended:
    """Run the role on localhost."""
    scene.provider.accounts.propagation = 1
    values = variables(scene, **{"propagation_seconds": 1, "progress_interval": 1, **over})
    role = {"role": "mailops.smtp.smtp_rotation", "vars": values}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role], **(keywords or {})}
    return scene.controller.play_file(scene.controller.write_play([play]), *arguments)


def having(scene: Scene, *accounts: str, **keywords: Any) -> Fleet:
    """Return hosts with one account each."""
    hosts = {f"mail{number}": {"smtp_rotation_accounts": [name]} for number, name in enumerate(accounts, start=1)}
    return Fleet(scene, hosts, keywords)


def test_nobody_is_told_of_what_went_well(scene: Scene) -> None:
    """Catches: a message each night, which nobody reads in the end."""
    heard = Heard(scene)
    assert alone(scene, notify_tasks=heard.tasks).code == 0
    assert alone(scene, notify_tasks=heard.tasks).code == 0
    assert heard.all() == []


def test_store_that_cannot_be_opened(scene: Scene) -> None:
    """Catches: silence where nothing can be rotated any more; a leaf of the store in the message."""
    heard = Heard(scene)
    scene.controller.store.write_text("smtp_accounts: [what-is-in-it\n")
    ended = alone(scene, notify_tasks=heard.tasks)
    assert ended.code != 0
    assert heard.kinds() == ["store", "failed"]
    assert "smtp.yml" in heard.entry("failed")["reason"]
    assert heard.entry("store")["accounts"] == [ONE]
    assert "what-is-in-it" not in json.dumps(heard.only())
    assert heard.only()["text"].startswith(
        "The rotation of SMTP passwords failed on localhost: the store cannot be read. "
    )
    assert ended.recap()["failures"] == 1
    assert scene.provider.record.api_calls() == []


def test_test_message_that_is_refused(scene: Scene) -> None:
    """Catches: a new password that nobody could log in with, and nobody hears of."""
    heard = Heard(scene)
    scene.provider.submission.refuse_login = "535 5.7.8 Error: authentication failed"
    ended = alone(scene, notify_tasks=heard.tasks)
    assert ended.code != 0
    assert heard.kinds() == ["failed", "unverified"]
    entry = heard.entry("unverified")
    assert (entry["accounts"], entry["reason"]) == ([ONE], "auth_rejected")
    assert entry["since"] == scene.controller.decrypted()[ONE]["changed_at"]
    scene.provider.submission.refuse_login = None
    assert alone(scene, notify_tasks=heard.tasks).code == 0
    assert len(heard.all()) == 1


@LONG
def test_provider_that_does_not_answer(scene: Scene) -> None:
    """Catches: a password that may be in force, of which nobody is told since when."""
    heard = Heard(scene)
    scene.provider.faults.push(Fault(status=503, times=9))
    assert alone(scene, notify_tasks=heard.tasks, retries=0).code != 0
    assert heard.kinds() == ["failed", "staged"]
    assert heard.entry("staged")["since"] == scene.controller.decrypted()[ONE]["staged_at"]


@pytest.mark.parametrize("hook", cases(["hold", "deploy", "release"], short=["hold"]))
def test_hook_that_fails(scene: Scene, hook: str) -> None:
    """Catches: mail that is on hold, and nobody knows; a failure of the playbook's tasks that ends the notification."""
    fleet, heard = having(scene, ONE), Heard(scene)
    hooks = {**fleet.hooks("hold", "deploy", "release"), f"{hook}_tasks": fleet.hook(hook, FAIL)}
    ended = fleet.run(**hooks, notify_tasks=heard.tasks)
    assert ended.code != 0
    assert "failed" in heard.kinds()
    assert "the tasks of a test" in heard.only()["entries"][0]["reason"]
    assert ("on_hold" in heard.kinds()) == (hook != "hold")


def test_handler_that_fails(scene: Scene) -> None:
    """Catches: a run that a handler of the playbook ended in the middle, of which nobody is told."""
    fleet, heard = having(scene, ONE), Heard(scene)
    fleet.keywords = {"handlers": [{"name": "Restart", "ansible.builtin.fail": {"msg": "a secret of the handler"}}]}
    fleet.hook("deploy")
    tasks = fleet.folder / "deploy.yml"
    tasks.write_text(tasks.read_text() + "  notify: Restart\n")
    ended = fleet.run(**fleet.hooks("hold", "release"), deploy_tasks="deploy.yml", notify_tasks=heard.tasks)
    assert ended.code != 0
    assert heard.kinds() == ["failed", "on_hold", "left_behind", "unverified"]
    assert "a secret of the handler" not in json.dumps(heard.only())


@pytest.mark.parametrize("way", cases(WAYS, short=["linear"]))
def test_fleet_is_told_of_once(scene: Scene, way: str) -> None:
    """Catches: a message from each host, or each batch; a host that is away and of which nobody is told."""
    fleet, heard = having(scene, ONE, ONE, TWO, **WAYS[way]), Heard(scene)
    fleet.hosts = {**fleet.hosts, "mail2": {**fleet.hosts["mail2"], **AWAY}}
    fleet.keywords = {**fleet.keywords, **({"serial": [1, 2]} if way == "serial" else {})}
    deploy = "\n- name: Ask the host\n  ansible.builtin.ping:\n"
    hooks = {**fleet.hooks("release"), "deploy_tasks": fleet.hook("deploy", deploy)}
    ended = fleet.run(**hooks, notify_tasks=heard.tasks)
    assert ended.code != 0
    news = heard.only()
    assert news["hosts"] == ["mail2"]
    assert news["kinds"] == ["failed", "left_behind"]
    assert heard.entry("left_behind")["accounts"] == [ONE]


@LONG
def test_play_that_any_error_ends(scene: Scene) -> None:
    """Catches: tasks that fail to tell somebody and end the play for all; hosts that are stopped and tell nobody."""
    fleet, heard = having(scene, ONE, TWO, any_errors_fatal=True), Heard(scene, FAIL)
    broken = fleet.hook("deploy", FAIL + "  when: inventory_hostname == 'mail2'\n")
    fleet.keywords = {**fleet.keywords, "post_tasks": [{"name": "Go on", "ansible.builtin.command": "true"}]}
    ended = fleet.run(**fleet.hooks("hold", "release"), deploy_tasks=broken, notify_tasks=heard.tasks)
    assert ended.code != 0
    assert {"failed", "on_hold", "left_behind"} <= set(heard.kinds())
    heard.forget()
    scene.backdate(days=88)
    fine = fleet.run(**fleet.hooks("hold", "deploy", "release"), notify_tasks=heard.tasks, notify_due_days=9)
    assert fine.code == 0, fine.output
    assert fine.ran("Go on")
    assert "due" in heard.kinds()


@LONG
def test_two_accounts_of_a_sender(scene: Scene) -> None:
    """Catches: a host that still uses the account that the others have left, of which nobody is told."""
    own = {"smtp_rotation_senders": {"news": [ONE, TWO]}, "smtp_rotation_consumer": ""}
    fleet, heard = Fleet(scene, {"mail1": own, "mail2": own}), Heard(scene)
    broken = fleet.hook("deploy", FAIL + "  when: inventory_hostname == 'mail2'\n")
    ended = fleet.run(strategy="alternate", deploy_tasks=broken, notify_tasks=heard.tasks)
    assert ended.code != 0
    assert heard.kinds() == ["failed", "left_behind"]
    assert (heard.entry("left_behind")["hosts"], heard.entry("left_behind")["accounts"]) == (["mail2"], ["news"])


@pytest.mark.parametrize("way", cases(WAYS, short=["serial"]))
def test_fleet_whose_leader_fails(scene: Scene, way: str) -> None:
    """Catches: a play that ends in its first batch, of which nobody is told; each host that tells it for itself."""
    fleet, heard = having(scene, ONE, TWO, **WAYS[way]), Heard(scene)
    scene.controller.store.write_text("not a store\n")
    ended = fleet.run(**fleet.hooks("hold", "release"), notify_tasks=heard.tasks)
    assert ended.code != 0
    assert heard.only()["kinds"] == ["store", "failed"]
    assert heard.only()["hosts"] == ["mail1", "mail2"]


def test_option_that_is_wrong(scene: Scene) -> None:
    """Catches: a scheduled run that a mistake ends each night, without a word."""
    heard = Heard(scene)
    assert alone(scene, notify_tasks=heard.tasks, test_sender="").code != 0
    assert heard.kinds() == ["failed"]
    assert "smtp_rotation_test_sender" in heard.entry("failed")["reason"]


def test_audit_that_finds_drift(scene: Scene) -> None:
    """Catches: a password that somebody changed in the panel, found at night and told to nobody."""
    heard = Heard(scene)
    assert alone(scene, notify_tasks=heard.tasks).code == 0
    verified = scene.controller.decrypted()[ONE]["verified_at"]
    scene.provider.accounts.propagation = 0
    scene.provider.accounts.change(ONE, "set-in-the-panel-0Kd7")
    ended = alone(scene, notify_tasks=heard.tasks, state="audited")
    assert ended.code != 0
    assert heard.kinds() == ["failed", "drift"]
    entry = heard.entry("drift")
    assert (entry["accounts"], entry["since"]) == ([ONE], verified)
    assert heard.only()["text"].startswith(
        f"The audit of SMTP passwords failed on localhost: the server refuses the stored password of {ONE}. "
    )


def test_password_that_is_due_soon(scene: Scene) -> None:
    """Catches: a warning that nobody asked for, or none; one that makes a good run fail."""
    heard = Heard(scene)
    assert alone(scene, notify_tasks=heard.tasks).code == 0
    scene.backdate(days=88)
    assert alone(scene, notify_tasks=heard.tasks, notify_due_days=1).code == 0
    assert heard.all() == []
    assert alone(scene, notify_tasks=heard.tasks, notify_due_days=3).code == 0
    assert heard.kinds() == ["due"]
    assert heard.entry("due")["accounts"] == [ONE]


def test_nobody_is_told_of_a_dry_run(scene: Scene) -> None:
    """Catches: a colleague who is called because somebody tried something."""
    heard = Heard(scene)
    scene.controller.store.write_text("not a store\n")
    assert alone(scene, "--check", notify_tasks=heard.tasks).code != 0
    assert heard.all() == []


def test_notification_that_fails(scene: Scene) -> None:
    """Catches: a rotation that counts as failed because a chat is down; one that fails and is then told as rescued."""
    heard = Heard(scene, FAIL)
    assert alone(scene, notify_tasks=heard.tasks).code == 0
    scene.backdate(days=88)
    ended = alone(scene, notify_tasks=heard.tasks, notify_due_days=3)
    assert ended.code == 0
    assert "smtp_rotation_notify_tasks failed: the tasks of a test. Nobody was notified" in " ".join(
        ended.output.split()
    )
    scene.controller.store.write_text("not a store\n")
    assert alone(scene, notify_tasks=heard.tasks).code == 2
    assert len(heard.all()) == 2


def test_task_file_that_is_not_there(scene: Scene) -> None:
    """Catches: a name with a typo, found only on the night when somebody should be told."""
    ended = alone(scene, notify_tasks="no-such-file.yml")
    assert ended.code != 0
    assert "no-such-file.yml is not a file" in " ".join(ended.output.split())
    assert scene.provider.record.api_calls() == []


@LONG
def test_notification_that_hangs(scene: Scene) -> None:
    """Catches: a job that a mail server holds up for ever; a limit that a task cannot set for itself."""
    heard = Heard(scene, "\n- name: Hang\n  ansible.builtin.command: sleep 90\n  changed_when: true\n  timeout: 2\n")
    scene.controller.store.write_text("not a store\n")
    begun = time.monotonic()
    ended = alone(scene, notify_tasks=heard.tasks)
    assert time.monotonic() - begun < 60
    assert ended.code == 2
    assert "smtp_rotation_notify_tasks failed: " in ended.output
