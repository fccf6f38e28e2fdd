# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that the role once had: each of them held a host for nothing, changed too much, or told what was not so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.controller import Ended
from support.fleet_of_hosts import Fleet
from support.long import LONG, cases
from support.scene import ONE, TWO, Scene, variables

WAYS: dict[str, dict[str, Any]] = {"linear": {}, "free": {"strategy": "free"}}
RESTART = "Restart the application"
PASSWORD = "{{ smtp_accounts['1.acme.smtp'].password }}"


def sharing(scene: Scene, count: int, **keywords: Any) -> Fleet:
    """Return hosts that share one account."""
    hosts = {f"mail{number}": {"smtp_rotation_accounts": [ONE]} for number in range(1, count + 1)}
    return Fleet(scene, hosts, keywords)


def with_handler(fleet: Fleet) -> None:
    """Give the play a handler that writes down that it was run."""
    (task,) = fleet.tasks("restart")
    fleet.keywords = {**fleet.keywords, "handlers": [{**task, "name": RESTART}]}


def with_template(fleet: Fleet, text: str) -> dict[str, Any]:
    """Write a template, and return the role's variables by which each host gets a file of it."""
    (fleet.folder / "env.j2").write_text(f"{text}\n")
    dest = str(fleet.folder / "{{ inventory_hostname }}.env")
    return {"consumer": "template", "template_src": "env.j2", "template_dest": dest}


def message(ended: Ended, host: str, task: str = "Report what was done") -> str:
    """Return what a host failed with."""
    return str(ended.result(task, host)["msg"])


def check_no_login_in_a_window(scene: Scene) -> None:
    assert [login for login in scene.provider.record.logins() if login["in_window"] or not login["accepted"]] == []


def of_the_role(scene: Scene, **wrong: str) -> Fleet:
    """Return hosts whose accounts only the role's variables tell, and of which one has something wrong."""
    mine = {"mail1": ONE, "mail2": TWO, "mail3": TWO}
    hosts = {name: {"mine": [account]} for name, account in mine.items()}
    return Fleet(scene, {**hosts, "mail2": {**hosts["mail2"], **wrong}})


@LONG
def test_fallen_host_users(scene: Scene) -> None:
    """Catches: an account that changes under a host that failed its checks, as if it used what the leader uses."""
    fleet = of_the_role(scene, hook="nowhere.yml")
    deploy = f"{{{{ hook | default('{fleet.hook('deploy')}') }}}}"
    ended = fleet.run(**fleet.hooks("hold", "release"), accounts="{{ mine }}", deploy_tasks=deploy)
    assert ended.code != 0
    assert scene.provider.record.changes(TWO) == []
    assert len(scene.provider.record.changes(ONE)) == 1
    assert f"{TWO} was left unchanged because of an error on mail2" in message(ended, "mail1")
    # The third host was on hold, and goes on with the password that it has.
    assert sorted(fleet.asked("release")) == [("release", "mail1"), ("release", "mail3")]
    check_no_login_in_a_window(scene)


@LONG
def test_fallen_host_of_which_nobody_knows_what_it_uses(scene: Scene) -> None:
    """Catches: the same, of a host that Ansible itself stops, before it can say what it uses."""
    fleet = of_the_role(scene, interval="often")
    interval = "{{ interval | default(2) }}"
    ended = fleet.run(**fleet.hooks("hold", "release"), accounts="{{ mine }}", progress_interval=interval)
    assert ended.code != 0
    assert scene.provider.record.changes() == scene.provider.record.logins() == []
    told = message(ended, "mail1")
    assert all(f"{account} was left unchanged because of an error on mail2" in told for account in (ONE, TWO))


@pytest.mark.parametrize("way", cases(WAYS, short=["linear"]))
def test_own_handlers(scene: Scene, way: str) -> None:
    """Catches: mail that is released while the program still has the old password: what reads the new one is late."""
    fleet = sharing(scene, 2, **WAYS[way])
    with_handler(fleet)
    deploy = fleet.hook("deploy", f"  notify: {RESTART}\n")
    ended = fleet.run(**fleet.hooks("hold", "release"), deploy_tasks=deploy)
    assert ended.code == 0, ended.output
    assert sorted(fleet.asked("restart")) == [("restart", "mail1"), ("restart", "mail2")]
    (sent,) = scene.provider.record.messages()
    assert max(fleet.times("restart")) < min(fleet.times("release"))
    # Only the host that tests must not be ahead of its own handlers.
    own = dict(zip([host for _phase, host in fleet.asked("restart")], fleet.times("restart"), strict=True))
    assert own["mail1"] < sent["time"]
    assert len(fleet.asked("release")) == 2


@LONG
@pytest.mark.parametrize("way", WAYS)
def test_template_then_hook_fails(scene: Scene, way: str) -> None:
    """Catches: a program that is never told of its new file, as the next run finds the file unchanged."""
    fleet = sharing(scene, 2, **WAYS[way])
    with_handler(fleet)
    broken = "\n- name: Break\n  ansible.builtin.fail: {msg: it broke}\n  when: inventory_hostname == 'mail2'\n"
    deploy = fleet.hook("deploy", broken)
    ended = fleet.run(**with_template(fleet, PASSWORD), template_notify=RESTART, deploy_tasks=deploy)
    assert ended.code != 0
    assert "smtp_rotation_deploy_tasks failed: it broke" in message(ended, "mail2")
    assert sorted(fleet.asked("restart")) == [("restart", "mail1"), ("restart", "mail2")]
    password = scene.controller.decrypted()[ONE]["password"]
    assert (fleet.folder / "mail2.env").read_text() == f"{password}\n"


@LONG
@pytest.mark.parametrize("way", WAYS)
def test_server_down_with_hold_tasks(scene: Scene, way: str) -> None:
    """Catches: mail that is held by tasks of the playbook's own, and stays so, for a change that cannot be tested."""
    fleet = sharing(scene, 2, **WAYS[way])
    ended = fleet.run(**fleet.hooks("hold", "release"), smtp_port=1)
    assert ended.code != 0
    assert "does not answer on port 1" in message(ended, "mail1")
    # A release is no harm: as in every run, it ends what a run that was killed has left.
    assert fleet.asked("hold") == []
    assert scene.provider.record.api_calls() == []


@LONG
def test_old_plan(scene: Scene) -> None:
    """Catches: a host that joins the rotation of an earlier play, and of which nothing is changed then."""
    fleet = Fleet(scene, {"mail1": {"smtp_rotation_accounts": [ONE]}, "mail2": {"smtp_rotation_accounts": [TWO]}})
    values = variables(scene, accounts=None, propagation_seconds=0, rotate="always")
    play = {"gather_facts": False, "roles": [{"role": "mailops.smtp.smtp_rotation", "vars": values}]}
    out = {"name": "Break", "ansible.builtin.fail": {"msg": "no"}, "when": "inventory_hostname == 'mail1'"}
    plays = [{"hosts": "mail1", **play}, {"hosts": "mail", **play, "pre_tasks": [out]}]
    path = scene.controller.write_play(plays)
    ended = scene.controller.play_file(path, "-i", str(fleet.inventory()))
    assert len(scene.provider.record.changes(ONE)) == 1
    assert len(scene.provider.record.changes(TWO)) == 1
    assert [sent["account"] for sent in scene.provider.record.messages()] == [ONE, TWO]
    assert message(ended, "mail2").startswith(f"{ONE} was left unchanged because of an error on mail1")


@pytest.mark.parametrize("count", cases([1, 2], short=[1]))
def test_become_two(scene: Scene, count: int) -> None:
    """Catches: a play whose hosts are only asked whether they answer, and that needs become for it."""
    fleet = sharing(scene, count, become=True, become_user="nobody")
    ended = fleet.run("-e", "ansible_become_exe=/bin/false")
    assert ended.code == 0, ended.output
    assert len(scene.provider.record.changes(ONE)) == len(scene.provider.record.messages(ONE)) == 1


@LONG
@pytest.mark.parametrize("way", WAYS)
def test_false_message(scene: Scene, way: str) -> None:
    """Catches: a host that says that nothing was changed, when the leader has failed after the change."""
    fleet = sharing(scene, 2, **WAYS[way])
    hooks = fleet.hooks("hold", "release")
    known = "smtp_accounts['1.acme.smtp'].password != 'not-a-password'"
    break_ = f"{{% if {known} and inventory_hostname == 'mail1' %}}{{{{ nowhere }}}}{{% endif %}}"
    ended = fleet.run(**hooks, **with_template(fleet, f"{PASSWORD}{break_}"))
    assert ended.code != 0
    assert len(scene.provider.record.changes(ONE)) == 1
    assert "Nothing has been changed" not in ended.output
    assert "The rotation ended early on mail1" in " ".join(ended.output.split())
    assert scene.provider.record.logins() == [] and fleet.asked("release") == []
    again = fleet.run(**hooks, **with_template(fleet, PASSWORD))
    assert again.code == 0, again.output
    assert len(scene.provider.record.changes(ONE)) == 1
    assert sorted(fleet.asked("release")) == [("release", "mail1"), ("release", "mail2")]
    check_no_login_in_a_window(scene)


@LONG
def test_free_check(scene: Scene) -> None:
    """Catches: a run that changes nothing, and sleeps through the window that a change would open."""
    fleet = sharing(scene, 2, strategy="free")
    process, results = fleet.start("--check", **fleet.hooks("hold", "release"), propagation_seconds=3600)
    # It is killed, and the test fails, if it takes longer than a tenth of the window.
    ended = scene.controller.ended(process, results, 120)
    assert ended.code == 0, ended.output
    assert scene.provider.record.api_calls() == scene.provider.record.logins() == []
    assert not scene.controller.store.exists()


@LONG
@pytest.mark.parametrize("way", WAYS)
def test_persist_two(scene: Scene, way: str) -> None:
    """Catches: a store that is saved by every host, or not before the call; a host that does not wait for it."""
    fleet = sharing(scene, 2, **WAYS[way])
    ended = fleet.run(**fleet.hooks("persist", "hold", "deploy", "release"))
    assert ended.code == 0, ended.output
    (change,), (sent,) = scene.provider.record.changes(ONE), scene.provider.record.messages()
    assert {host for _phase, host in fleet.asked("persist")} == {"mail1"}
    staged, changed, tested = fleet.times("persist")
    assert staged < min(fleet.times("hold")) and max(fleet.times("hold")) < change["time"]
    assert change["time"] < changed < sent["time"] < tested
    assert len(fleet.asked("deploy")) == len(fleet.asked("release")) == 2
    assert sent["time"] < min(fleet.times("release"))
    assert scene.controller.decrypted()[ONE]["verified_at"]
    check_no_login_in_a_window(scene)


@pytest.mark.parametrize("way", cases(WAYS, short=["linear"]))
def test_template_with_words_of_the_record(scene: Scene, way: str) -> None:
    """Catches: names masked in what a host remembers, as they are in its file too, so that it finds no leader."""
    fleet = sharing(scene, 2, **WAYS[way])
    text = f"# mail1 mail2 {ONE} {TWO} {scene.controller.store} template present 1"
    # A line for each of these words too: a secret is masked as a whole, and line by line.
    lines = "\n".join([text, *text.split(), PASSWORD])
    hooks = fleet.hooks("hold", "release")
    ended = fleet.run("-vvv", "--diff", **hooks, **with_template(fleet, lines))
    assert ended.code == 0, ended.output
    password = scene.controller.decrypted()[ONE]["password"]
    expected = lines.replace(PASSWORD, password) + "\n"
    assert [(fleet.folder / f"{host}.env").read_text() for host in fleet.hosts] == [expected, expected]
    for host in fleet.hosts:
        record = ended.result("Deploy the new passwords", host)["record"]
        assert (record["leader"], record["accounts"]) == ("mail1", [ONE])
        assert record["vault_file"] == str(scene.controller.store)
        assert "*****" not in json.dumps(record) and "VALUE_SPECIFIED" not in json.dumps(record)
    assert password not in ended.output and password not in json.dumps(ended.events)
    assert sorted(fleet.asked("release")) == [("release", "mail1"), ("release", "mail2")]
