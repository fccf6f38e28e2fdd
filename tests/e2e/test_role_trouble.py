# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role on hosts of which something goes wrong: no login inside a window, no release too early, nothing untold."""

from __future__ import annotations

from typing import Any

import pytest
from support.controller import Ended
from support.fleet_of_hosts import AWAY, Fleet
from support.long import LONG
from support.scene import ONE, TWO, Scene

MISSING = "9.missing.smtp"


def having(scene: Scene, *accounts: str, **keywords: Any) -> Fleet:
    """Return hosts with one account each."""
    hosts = {f"mail{number}": {"smtp_rotation_accounts": [name]} for number, name in enumerate(accounts, start=1)}
    return Fleet(scene, hosts, keywords)


def failing(when: str, text: str = "it does not stop", more: str = "") -> str:
    """Return a task for a hook that fails on a condition."""
    return f'\n- name: Break\n  ansible.builtin.fail: {{msg: "{text}"}}\n  when: {when}\n{more}'


def said(ended: Ended) -> str:
    """Return the output without its line breaks."""
    return " ".join(ended.output.split())


def no_bad_login(scene: Scene) -> bool:
    return not [login for login in scene.provider.record.logins() if login["in_window"] or not login["accepted"]]


@LONG
def test_host_that_failed_before_the_role_keeps_its_password(scene: Scene) -> None:
    """Catches: an account that changes while a host that is up, and not in the role any more, goes on sending."""
    broken = {"name": "Break", "ansible.builtin.fail": {"msg": "no"}, "when": "inventory_hostname == 'mail2'"}
    fleet = having(scene, ONE, ONE, pre_tasks=[broken])
    ended = fleet.run(**fleet.hooks("hold", "release"))
    assert ended.code != 0
    assert scene.provider.record.changes(ONE) == []
    assert "1.acme.smtp was left unchanged because of an error on mail2" in said(ended)


@LONG
def test_account_of_a_host_that_was_away_from_the_beginning(scene: Scene) -> None:
    """Catches: an account that changes for nobody, since its only host answered not even the gathering of facts."""
    fleet = having(scene, ONE, TWO, gather_facts=True, gather_subset=["!all"])
    fleet.hosts = {**fleet.hosts, "mail2": {**fleet.hosts["mail2"], **AWAY}}
    ended = fleet.run(**fleet.hooks("hold", "release"))
    assert ended.code != 0
    assert scene.provider.record.changes(TWO) == []
    assert [message["account"] for message in scene.provider.record.messages()] == [ONE]
    assert fleet.asked("release") == [("release", "mail1")]


@LONG
def test_host_of_a_later_batch_that_cannot_be_held_keeps_its_password(scene: Scene) -> None:
    """Catches: a failure that is put down to the host that holds, and not to the one that is not held."""
    fleet = having(scene, ONE, TWO, serial=1)
    hold = fleet.hook("hold", failing("smtp_rotation_host == 'mail2'"))
    ended = fleet.run(**{**fleet.hooks("release"), "hold_tasks": hold})
    assert ended.code != 0
    assert scene.provider.record.changes(TWO) == []
    assert len(scene.provider.record.changes(ONE)) == 1
    assert ("release", "mail1") in fleet.asked("release")


@LONG
def test_host_in_trouble_holds_those_of_later_batches(scene: Scene) -> None:
    """Catches: hosts of a later batch that are not held because the host that was to hold them is in trouble."""
    fleet = having(scene, ONE, TWO, ONE, ONE, serial=2)
    ports = dict.fromkeys(fleet.hosts, scene.provider.smtp_port) | {"mail2": 1}
    fleet.hosts = {name: {**own, "smtp_rotation_smtp_port": ports[name]} for name, own in fleet.hosts.items()}
    ended = fleet.run(**fleet.hooks("hold", "release"), smtp_port=None)
    assert ended.code != 0
    assert scene.provider.record.changes(TWO) == []
    changed = scene.provider.record.changes(ONE)[0]["time"]
    held = [host for (_phase, host), at in zip(fleet.asked("hold"), fleet.times("hold"), strict=True) if at < changed]
    assert {"mail1", "mail3", "mail4"} <= set(held)
    assert no_bad_login(scene)


@LONG
def test_open_window_is_waited_for_though_a_host_cannot_be_held(scene: Scene) -> None:
    """Catches: a host that is released in the window of an earlier run, as its account must not change now."""
    fleet = having(scene, ONE, ONE)
    scene.provider.accounts.propagation = 60
    assert scene.rotate(propagation_seconds=60).code == 0
    hold = fleet.hook("hold", failing("smtp_rotation_host == 'mail2'"))
    ended = fleet.run(**{**fleet.hooks("release"), "hold_tasks": hold}, propagation_seconds=60)
    assert ended.code != 0
    assert "What they stopped stays stopped until a run succeeds on this host" in said(ended)
    assert no_bad_login(scene)
    (message,) = scene.provider.record.messages()
    assert fleet.asked("release") == [("release", "mail1")]
    assert message["time"] < fleet.times("release")[0]


@LONG
def test_window_that_another_run_opened_meanwhile(scene: Scene) -> None:
    """Catches: a login and a release in the window of another run that changed the same account."""
    fleet = having(scene, ONE)
    store = scene.controller.store
    later = 's/\\(effective_at.\\) .*/\\1 "2099-01-01T00:00:00Z"/'
    edit = f"\n- name: Change\n  ansible.builtin.command:\n    argv: [sed, -i, '{later}', {store}]\n"
    ended = fleet.run(**{**fleet.hooks("release"), "deploy_tasks": fleet.hook("deploy", edit)})
    assert ended.code != 0
    assert scene.provider.record.logins() == []
    assert fleet.asked("release") == []


def test_serial_needs_the_accounts_in_the_inventory(scene: Scene) -> None:
    """Catches: hosts of later batches that are not held, as their accounts are known only when their turn comes."""
    fleet = Fleet(scene, {"mail1": {}, "mail2": {}}, {"serial": 1})
    ended = fleet.run(**fleet.hooks("hold"), accounts=[ONE])
    assert ended.code != 0
    assert "smtp_rotation_accounts in the inventory" in said(ended)
    assert scene.provider.record.api_calls() == []


def test_store_that_cannot_be_handed_on_after_the_call(scene: Scene) -> None:
    """Catches: a push that fails and costs the wait, the test and the release; a failure that nobody is told of."""
    fleet = having(scene, ONE, ONE)
    store = f"lookup('ansible.builtin.file', '{scene.controller.store}')"
    persist = fleet.hook("persist", failing(f"\"'effective_at' in {store}\"", "no remote"))
    ended = fleet.run(**fleet.hooks("hold", "release"), persist_tasks=persist)
    assert ended.code != 0
    assert "no remote" in said(ended)
    assert sorted(fleet.asked("release")) == [("release", "mail1"), ("release", "mail2")]
    assert no_bad_login(scene)
    assert scene.controller.decrypted()[ONE]["verified_at"]


@LONG
def test_file_that_needs_a_password_that_nobody_knows(scene: Scene) -> None:
    """Catches: a host that is released without its new password, because another account of it has none yet."""
    fleet = Fleet(scene, {"mail1": {"smtp_rotation_accounts": [ONE, MISSING]}})
    ended = fleet.run(**fleet.hooks("hold", "deploy", "release"))
    assert ended.code != 0
    assert len(scene.provider.record.changes(ONE)) == 1
    assert fleet.asked("release") == []
    assert f"no password of {MISSING} is stored" in said(ended)


WRONG: dict[str, dict[str, Any]] = {
    "smtp_rotation_progress_interval": {"progress_interval": -5},
    "nowhere.yml": {"deploy_tasks": "nowhere.yml"},
    "smtp_rotation_postfix_entries": {"consumer": "postfix", "postfix_entries": [{"key": "a", "account": TWO}]},
    "EmailLabs' server": {"provider": "mailgun", "smtp_host": "smtp.emaillabs.net.pl"},
    "smtp_rotation_test_send": {"strategy": "alternate", "senders": {"news": [ONE, TWO]}, "test_send": False},
}


@pytest.mark.parametrize("word", WRONG)
def test_refused_before_anything_changes(scene: Scene, word: str) -> None:
    """Catches: no wait at all, a hook that is missed after the change, an entry nobody fills in, no switch ever."""
    fleet = having(scene, ONE)
    ended = fleet.run(**WRONG[word])
    assert ended.code != 0
    assert word in said(ended)
    assert scene.provider.record.api_calls() == []
    assert not scene.controller.store.exists()


def test_all_mistakes_are_told_at_once(scene: Scene) -> None:
    """Catches: a run for each mistake, and one that is told though the variable is as it should be."""
    ended = having(scene, ONE).run(progress_interval=0, smtp_host="", hold_tasks="nowhere.yml")
    assert ended.code != 0
    told = ended.result("Check the options and this host", "mail1")["msg"]
    assert [
        word
        for word in ("_progress_interval must be", "nowhere.yml is", "needs smtp_rotation_smtp_host")
        if word not in told
    ] == []
    assert not [
        word for word in ("is empty", "alternate", "template_src", "postfix_entries", "--limit") if word in told
    ]
    assert told.endswith("Nothing has been changed.")


def test_staging_holds_nothing_and_fails_nowhere(scene: Scene) -> None:
    """Catches: hosts that fail as if they were on hold, though the passwords are to be staged only."""
    fleet = having(scene, ONE, ONE)
    ended = fleet.run(**fleet.hooks("hold", "deploy", "release"), state="staged")
    assert ended.code == 0, ended.output
    assert fleet.asked() == []


def test_message_of_a_hook_that_hides_it(scene: Scene) -> None:
    """Catches: a failure that a task of the user's keeps secret, and that the role tells."""
    fleet = having(scene, ONE)
    hook = fleet.hook("deploy", failing("true", "s3cret-of-the-hook", "  no_log: true\n"))
    ended = fleet.run("-vvv", deploy_tasks=hook)
    assert ended.code != 0
    assert "smtp_rotation_deploy_tasks failed" in said(ended)
    after = ended.output[ended.output.index("Note that the deploy tasks failed") :]
    assert "s3cret-of-the-hook" not in after


@LONG
def test_message_of_a_hook_whose_command_fails(scene: Scene) -> None:
    """Catches: "non-zero return code" without a word of which task; and what the command printed, told to everybody.

    Also: the same reason told twice on the host that leads, or with two full stops.
    """
    fleet = having(scene, ONE)
    hook = fleet.hook("hold", "\n- name: Stop the mail\n  ansible.builtin.command: sh -c 'echo s3cret; exit 3'\n")
    ended = fleet.run(hold_tasks=hook)
    assert ended.code != 0
    reason = "non-zero return code (3) in the task 'Stop the mail'"
    told = said(ended)[said(ended).rindex("Report what was done") :]
    assert told.count(reason) == 1 and f"{reason}. What they stopped stays stopped" in told
    assert "1.acme.smtp was left unchanged because of an error on mail1." in told
    assert "s3cret" not in told and ".." not in told


def test_api_host_that_is_away(scene: Scene) -> None:
    """Catches: mail that is held for a change that nobody can ask for, and stays on hold as if it had been."""
    fleet = having(scene, ONE)
    fleet.hosts = {**fleet.hosts, "gate": AWAY}
    ended = fleet.run("--limit", "mail1", **fleet.hooks("hold"), api_host="gate")
    assert ended.code != 0
    assert "gate, which calls the provider's API, cannot be reached" in said(ended)
    assert fleet.asked("hold") == []
    assert not scene.controller.store.exists()


@LONG
def test_sender_of_a_host_that_is_left_out_is_not_settled(scene: Scene) -> None:
    """Catches: an account put at rest that a host outside the run still uses, if the first host has another sender."""
    news = {"smtp_rotation_senders": {"news": [ONE, TWO]}}
    other = {"smtp_rotation_senders": {"other": ["7.missing.smtp", MISSING]}}
    fleet = Fleet(scene, {"mail0": other, "mail1": news, "mail2": news})
    ended = fleet.run("--limit", "mail0,mail1", strategy="alternate")
    assert ended.code != 0
    assert scene.controller.document()["smtp_senders"]["news"]["leaving"] == ONE
