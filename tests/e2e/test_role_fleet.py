# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role on many hosts: what each phase does where, in every way that plays are run.

The hosts' own tasks write what they are asked to do, and when, into one file; the provider's record says the rest.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import yaml
from standin.faults import Fault
from support.fleet_of_hosts import AWAY, Fleet
from support.long import LONG, cases
from support.scene import ONE, TWO, Scene


def sharing(scene: Scene, count: int, **keywords: Any) -> Fleet:
    """Return hosts that share one account."""
    hosts = {f"mail{number}": {"smtp_rotation_accounts": [ONE]} for number in range(1, count + 1)}
    return Fleet(scene, hosts, keywords)


def check_one_window(scene: Scene, accounts: Iterable[str]) -> None:
    """Check that each account was changed once, tested once after its window, and is recorded."""
    record = scene.provider.record
    assert sorted(event["account"] for event in record.api_calls()) == sorted(accounts)
    assert [login for login in record.logins() if login["in_window"] or not login["accepted"]] == []
    assert sorted(message["account"] for message in record.messages()) == sorted(accounts)
    stored = scene.controller.decrypted()
    assert all(stored[account]["verified_at"] for account in accounts)


WAYS: Mapping[str, Mapping[str, Any]] = {
    "linear": {},
    "serial": {"serial": 2},
    "free": {"strategy": "free"},
    "any_errors_fatal": {"any_errors_fatal": True},
}


@pytest.mark.parametrize("way", cases(WAYS, short=["linear", "free"]))
def test_phases_in_order_on_every_host(scene: Scene, way: str) -> None:
    """Catches: a host that is not held when its password changes, that is released before the test, or left out."""
    fleet = sharing(scene, 3, **WAYS[way])
    ended = fleet.run(**fleet.hooks("hold", "deploy", "release"))
    assert ended.code == 0, ended.output
    names = sorted(fleet.hosts)
    for phase in ("hold", "deploy", "release"):
        assert sorted(host for _phase, host in fleet.asked(phase)) == names
    (change,), (message,) = scene.provider.record.changes(ONE), scene.provider.record.messages()
    assert max(fleet.times("hold")) < change["time"] < min(fleet.times("deploy"))
    assert message["time"] < min(fleet.times("release"))
    check_one_window(scene, [ONE])
    assert ended.output.count("=0 seconds left") == 1


@LONG
@pytest.mark.parametrize("way", ["linear", "free"])
def test_nothing_is_held_when_nothing_is_due(scene: Scene, way: str) -> None:
    """Catches: mail that is stopped every night for nothing; a host that was missed once and is never deployed to."""
    fleet = sharing(scene, 2, **WAYS[way])
    hooks = fleet.hooks("hold", "deploy", "release")
    assert fleet.run(**hooks).code == 0
    fleet.forget()
    events = len(scene.provider.record.events())
    again = fleet.run(**hooks)
    assert again.code == 0, again.output
    assert fleet.asked("hold") == []
    assert len(fleet.asked("deploy")) == len(fleet.asked("release")) == 2
    assert len(scene.provider.record.events()) == events


@LONG
def test_free_host_that_looks_when_the_leader_has_ended(scene: Scene) -> None:
    """Catches: a host that waits without end for a test that the leader, when it was done, has forgotten."""
    fleet = sharing(scene, 2, strategy="free")
    # The other host looks after 1, 3, 7, 15 and 31 seconds: what the leader has left to do falls between two looks.
    slow = fleet.folder / "slow"
    test_send = f"{{{{ lookup('pipe', 'rm {slow} 2>/dev/null && sleep 18; echo true') }}}}"
    fleet.hosts = {**fleet.hosts, "mail1": {**fleet.hosts["mail1"], "smtp_rotation_test_send": test_send}}
    deploy = f"\n- name: Be slow from now on\n  ansible.builtin.raw: touch {slow}\n"
    more = f"{deploy}  changed_when: true\n  when: inventory_hostname == 'mail1'\n"
    ended = fleet.run(**fleet.hooks("release"), deploy_tasks=fleet.hook("deploy", more), progress_interval=60)
    assert ended.code == 0, ended.output
    assert not slow.exists() and len(fleet.asked("release")) == 2
    check_one_window(scene, [ONE])


@LONG
def test_account_that_nobody_has_tested(scene: Scene) -> None:
    """Catches: mail that flows with a password that is not proved, since the host that was to test it went away."""
    accounts = {"mail1": TWO, "mail2": ONE, "mail3": ONE}
    hosts = {name: {"smtp_rotation_accounts": [account]} for name, account in accounts.items()}
    away = f"""
- name: Go away when the leader has tested
  when: inventory_hostname == 'mail2'
  block:
    - name: Wait for its test
      ansible.builtin.raw: sleep 25
      changed_when: true
    - name: Answer no more
      ansible.builtin.ping:
      vars: {AWAY}
"""
    fleet = Fleet(scene, hosts, {"strategy": "free"})
    ended = fleet.run(**fleet.hooks("hold", "release"), deploy_tasks=fleet.hook("deploy", away))
    assert ended.code != 0
    assert [one["account"] for one in scene.provider.record.messages()] == [TWO]
    assert fleet.asked("release") == [("release", "mail1")]
    assert f"the test message for {ONE} failed" in ended.output
    again = fleet.run(**fleet.hooks("hold", "deploy", "release"))
    assert again.code == 0, again.output
    assert sorted(host for _phase, host in fleet.asked("release")) == ["mail1", "mail1", "mail2", "mail3"]
    check_one_window(scene, [ONE, TWO])


@LONG
def test_hosts_with_accounts_of_their_own(scene: Scene) -> None:
    """Catches: a host that is held although its account does not change; an account that is tested by another host."""
    fleet = Fleet(scene, {"mail1": {"smtp_rotation_accounts": [ONE]}, "mail2": {"smtp_rotation_accounts": [TWO]}})
    hooks = fleet.hooks("hold", "release")
    assert fleet.run(**hooks).code == 0
    check_one_window(scene, [ONE, TWO])
    fleet.forget()
    # Only the first one's password gets old.
    text = scene.controller.store.read_text()
    scene.backdate(days=100)
    old = scene.controller.store.read_text()
    scene.controller.store.write_text(old[: old.index(f"  {TWO}:")] + text[text.index(f"  {TWO}:") :])
    ended = fleet.run(**hooks)
    assert ended.code == 0, ended.output
    assert fleet.asked("hold") == [("hold", "mail1")]
    assert [message["account"] for message in scene.provider.record.messages()][2:] == [ONE]


@LONG
def test_template_consumer(scene: Scene) -> None:
    """Catches: a file without the new password, readable by others, or of which the program is not told in time."""
    fleet = sharing(scene, 2)
    (fleet.folder / "env.j2").write_text("SMTP_PASSWORD={{ smtp_accounts['1.acme.smtp'].password }}\n")
    handler = {
        "name": "Restart the application",
        **yaml.safe_load(fleet.folder.joinpath(fleet.hook("restart")).read_text())[0],
    }
    handler["name"] = "Restart the application"
    fleet.keywords = {"handlers": [handler]}
    options = {
        "consumer": "template",
        "template_src": "env.j2",
        "template_dest": str(fleet.folder / "{{ inventory_hostname }}.env"),
        "template_notify": "Restart the application",
    }
    checked = fleet.run("--check", "--diff", **options)
    assert checked.code == 0, checked.output
    assert not list(fleet.folder.glob("*.env"))
    ended = fleet.run("--diff", "-v", **options)
    assert ended.code == 0, ended.output
    password = scene.controller.decrypted()[ONE]["password"]
    for name in fleet.hosts:
        path = fleet.folder / f"{name}.env"
        assert path.read_text() == f"SMTP_PASSWORD={password}\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert password not in ended.output
    assert sorted(fleet.asked("restart")) == [("restart", "mail1"), ("restart", "mail2")]
    assert max(fleet.times("restart")) < scene.provider.record.messages()[0]["time"]
    again = fleet.run(**options)
    assert [again.recap(name)["changed"] for name in fleet.hosts] == [0, 0]


def test_template_that_looks_like_data(scene: Scene) -> None:
    """Catches: a JSON file that becomes Python's notation of it; a warning of an option that ansible-core removes."""
    fleet = sharing(scene, 1)
    (fleet.folder / "smtp.json.j2").write_text(
        '{"user": "1.acme.smtp", "password": "{{ smtp_accounts[\'1.acme.smtp\'].password }}", "tls": true}\n'
    )
    ended = fleet.run(
        consumer="template", template_src="smtp.json.j2", template_dest=str(fleet.folder / "smtp.json"), test_send=False
    )
    assert ended.code == 0, ended.output
    assert "deprecat" not in ended.output.lower()
    password = scene.controller.decrypted()[ONE]["password"]
    written = (fleet.folder / "smtp.json").read_text()
    assert written == f'{{"user": "1.acme.smtp", "password": "{password}", "tls": true}}\n'


def test_unreachable_host_does_not_stop_the_others(scene: Scene) -> None:
    """Catches: one host that is down and costs a fleet its rotation, or that nobody is told of."""
    fleet = sharing(scene, 3)
    fleet.hosts = {**fleet.hosts, "mail1": {**fleet.hosts["mail1"], **AWAY}}
    (fleet.folder / "env.j2").write_text("{{ smtp_accounts['1.acme.smtp'].password }}\n")
    options = {
        "consumer": "template",
        "template_src": "env.j2",
        "template_dest": str(fleet.folder / "{{ inventory_hostname }}.env"),
    }
    ended = fleet.run(**options)
    assert ended.code != 0
    check_one_window(scene, [ONE])
    assert sorted(path.name for path in fleet.folder.glob("*.env")) == ["mail2.env", "mail3.env"]
    assert ended.recap("mail1")["failures"] + ended.recap("mail1")["unreachable"] >= 1
    assert [ended.recap(name)["failures"] for name in ("mail2", "mail3")] == [0, 0]
    fleet.hosts = {**fleet.hosts, "mail1": {"smtp_rotation_accounts": [ONE]}}
    again = fleet.run(**options)
    assert again.code == 0, again.output
    assert (fleet.folder / "mail1.env").exists()
    assert len(scene.provider.record.changes(ONE)) == 1


@pytest.mark.parametrize("way", cases(["linear", "serial", "any_errors_fatal"], short=["serial"]))
def test_host_that_cannot_be_deployed_to_stays_on_hold(scene: Scene, way: str) -> None:
    """Catches: a host that sends with the old password; one failure that keeps the others on hold; no second try."""
    fleet = sharing(scene, 3, **WAYS[way])
    hooks = fleet.hooks("hold", "release")
    broken = "\n- name: Break\n  ansible.builtin.fail: {msg: the disk is full}\n  when: inventory_hostname == 'mail2'\n"
    hooks["deploy_tasks"] = fleet.hook("deploy", broken)
    ended = fleet.run(**hooks)
    assert ended.code != 0
    assert "smtp_rotation_deploy_tasks failed: the disk is full" in " ".join(ended.output.split())
    assert sorted(fleet.asked("release")) == [("release", "mail1"), ("release", "mail3")]
    check_one_window(scene, [ONE])
    fleet.forget()
    again = fleet.run(**{**hooks, "deploy_tasks": fleet.hook("deploy")})
    assert again.code == 0, again.output
    assert ("release", "mail2") in fleet.asked("release")
    assert len(scene.provider.record.changes(ONE)) == 1


def test_host_that_cannot_be_held_keeps_its_password(scene: Scene) -> None:
    """Catches: a host that goes on sending, and logs in inside the window."""
    fleet = Fleet(scene, {"mail1": {"smtp_rotation_accounts": [ONE]}, "mail2": {"smtp_rotation_accounts": [TWO]}})
    broken = "\n- name: Break\n  ansible.builtin.fail: {msg: it does not stop}\n  when: inventory_hostname == 'mail2'\n"
    hooks = {**fleet.hooks("deploy", "release"), "hold_tasks": fleet.hook("hold", broken)}
    ended = fleet.run(**hooks)
    assert ended.code != 0
    output = " ".join(ended.output.split())
    assert "2.acme.smtp was left unchanged because of an error on mail2" in output
    assert "it does not stop" in output
    assert scene.provider.record.changes(TWO) == []
    check_one_window(scene, [ONE])
    assert ("release", "mail1") in fleet.asked("release")


@pytest.mark.parametrize("release_on_failure", cases([False, True], short=[False]))
def test_failed_test_send_keeps_the_mail_on_hold(scene: Scene, release_on_failure: bool) -> None:
    """Catches: mail that goes out with a password that was seen to fail; an option that nobody reads."""
    fleet = sharing(scene, 2)
    hooks = fleet.hooks("hold", "deploy", "release")
    scene.provider.submission.refuse_sender = True
    failed = fleet.run(**hooks, release_on_failure=release_on_failure)
    assert failed.code != 0
    assert "the test message failed (sender_refused)" in failed.output
    assert len(fleet.asked("release")) == (2 if release_on_failure else 0)
    assert ("Mail stays on hold here" in " ".join(failed.output.split())) != release_on_failure
    scene.provider.submission.refuse_sender = False
    again = fleet.run(**hooks, release_on_failure=release_on_failure)
    assert again.code == 0, again.output
    assert len(fleet.asked("release")) == (4 if release_on_failure else 2)
    assert len(scene.provider.record.changes(ONE)) == 1


def test_limit_that_leaves_out_a_host_of_the_account(scene: Scene) -> None:
    """Catches: a host that is not in the run and goes on with the old password."""
    fleet = sharing(scene, 2)
    ended = fleet.run("--limit", "mail1", **fleet.hooks("hold"))
    assert ended.code != 0
    assert "Excluded by --limit: mail2. Each uses an account of this run" in " ".join(ended.output.split())
    assert scene.provider.record.api_calls() == []
    assert fleet.asked() == []


@LONG
def test_limit_to_all_hosts_of_an_account(scene: Scene) -> None:
    """Catches: a --limit that is refused, or that rotates an account of another host."""
    fleet = Fleet(scene, {"mail1": {"smtp_rotation_accounts": [ONE]}, "mail2": {"smtp_rotation_accounts": [TWO]}})
    ended = fleet.run("--limit", "mail2", **fleet.hooks("hold"))
    assert ended.code == 0, ended.output
    check_one_window(scene, [TWO])


@LONG
def test_tags(scene: Scene) -> None:
    """Catches: phases that a tag of the role does not reach."""
    fleet = sharing(scene, 2)
    hooks = fleet.hooks("hold", "deploy", "release")
    fleet.keywords = {"tags": ["smtp"]}
    assert fleet.run("--tags", "other", **hooks).code == 0
    assert fleet.asked() == [] == scene.provider.record.events()
    ended = fleet.run("--tags", "smtp", **hooks)
    assert ended.code == 0, ended.output
    assert len(fleet.asked("release")) == 2
    check_one_window(scene, [ONE])


@LONG
def test_check_mode_asks_for_nothing(scene: Scene) -> None:
    """Catches: a check that stops mail."""
    fleet = sharing(scene, 2, strategy="free")
    ended = fleet.run("--check", "--diff", **fleet.hooks("hold", "deploy", "release", "persist"))
    assert ended.code == 0, ended.output
    assert fleet.asked() == []
    assert scene.provider.record.events() == []
    assert not scene.controller.store.exists()


def test_store_is_handed_on_before_the_provider_hears_of_a_password(scene: Scene) -> None:
    """Catches: a runner that vanishes after the call with the only copy of the new password."""
    fleet = sharing(scene, 2)
    source, copy = scene.controller.store, fleet.folder / "kept.yml"
    keep = f"\n- name: Keep it\n  ansible.builtin.copy: {{src: {source}, dest: {copy}, mode: '0600'}}\n"
    ended = fleet.run(persist_tasks=fleet.hook("persist", keep))
    assert ended.code == 0, ended.output
    change = scene.provider.record.changes(ONE)[0]["time"]
    assert fleet.times("persist")[0] < change < fleet.times("persist")[1]
    assert copy.read_bytes() == source.read_bytes()
    check_one_window(scene, [ONE])


@LONG
def test_nothing_is_sent_when_the_store_cannot_be_handed_on(scene: Scene) -> None:
    """Catches: a call although the push failed; a second password when it works again."""
    fleet = sharing(scene, 2)
    broken = "\n- name: Push\n  ansible.builtin.fail: {msg: the remote does not answer}\n"
    hooks = fleet.hooks("hold")
    ended = fleet.run(**hooks, persist_tasks=fleet.hook("persist", broken))
    assert ended.code != 0
    assert scene.provider.record.api_calls() == []
    assert fleet.asked("hold") == []
    again = fleet.run(**hooks, persist_tasks=fleet.hook("persist"))
    assert again.code == 0, again.output
    check_one_window(scene, [ONE])
    assert "previous_password" not in scene.controller.decrypted()[ONE]


@LONG
def test_two_hundred_hosts(scene: Scene) -> None:
    """Catches: work for each pair of hosts, which nobody sees with three; more than one window."""
    fleet = sharing(scene, 200)
    began = time.monotonic()
    process, results = fleet.start("--forks", "50", **fleet.hooks("hold", "release"))
    # About two seconds for each on two processors.
    ended = scene.controller.ended(process, results, seconds=1200)
    assert ended.code == 0, ended.output[-2000:]
    assert len(fleet.asked("hold")) == len(fleet.asked("release")) == 200
    assert max(fleet.times("hold")) < scene.provider.record.changes(ONE)[0]["time"]
    check_one_window(scene, [ONE])
    print(f"200 hosts: {time.monotonic() - began:.0f} seconds")


@LONG
def test_unknown_outcome_keeps_the_mail_on_hold(scene: Scene) -> None:
    """Catches: a host that logs in with the old password although the new one may be on its way into force."""
    fleet = sharing(scene, 2)
    hooks = fleet.hooks("hold", "deploy", "release")
    scene.provider.faults.push(Fault(kind="reset", when="after", times=9))
    ended = fleet.run(**hooks)
    assert ended.code != 0
    assert fleet.asked("release") == []
    assert "it is unknown whether the provider changed 1.acme.smtp" in " ".join(ended.output.split())
    scene.provider.faults.clear()
    again = fleet.run(**hooks)
    assert again.code == 0, again.output
    assert len(fleet.asked("release")) == 2
    assert len({one.password for one in scene.provider.accounts.history(ONE)}) == 2
