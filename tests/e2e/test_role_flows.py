# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role where the provider makes the passwords: in place, or another credential beside the old one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from support.controller import Ended
from support.crash.processes import kill_tree
from support.fleet_of_hosts import AWAY, Fleet
from support.issuer import CREATE, REGENERATE, Issuer, an_issuer, options
from support.long import LONG, cases
from support.scene import ONE, TWO, Scene

TEMPLATE = f"{{{{ smtp_accounts['{ONE}'].username | default('{ONE}') }}}} {{{{ smtp_accounts['{ONE}'].password }}}}\n"
HOSTS = {name: {"smtp_rotation_accounts": [ONE]} for name in ("mail1", "mail2")}


@pytest.fixture
def issuer(scene: Scene) -> Iterator[Issuer]:
    with an_issuer(scene.provider.accounts) as running:
        yield running


@pytest.fixture
def fleet(scene: Scene) -> Fleet:
    """Two hosts that share an account, each with a file that says how it logs in."""
    return with_files(Fleet(scene, HOSTS))


def with_files(fleet: Fleet) -> Fleet:
    (fleet.folder / "login.j2").write_text(TEMPLATE)
    return fleet


def creates(fleet: Fleet, issuer: Issuer, *arguments: str, **over: Any) -> Ended:
    """Run the role with a provider that makes another credential."""
    return fleet.run(*arguments, **role_options(fleet, issuer, **over))


def role_options(fleet: Fleet, issuer: Issuer, **over: Any) -> dict[str, Any]:
    """Return the role's variables for a provider that makes another credential."""
    files = {"template_src": "login.j2", "template_dest": str(fleet.folder / "{{ inventory_hostname }}.login")}
    return {**options(issuer, CREATE), "consumer": "template", **files, **over}


def kill_at(process: subprocess.Popen[str], line: str) -> None:
    """Kill a run when it prints what begins with a line."""
    assert process.stdout is not None
    for printed in process.stdout:
        if printed.startswith(line):
            break
    kill_tree(process.pid)
    process.communicate()


def logins_of(fleet: Fleet) -> dict[str, str]:
    """Return what the hosts' files say."""
    return {path.stem: path.read_text().strip() for path in fleet.folder.glob("*.login")}


def stored(fleet: Fleet, account: str = ONE) -> dict[str, Any]:
    return fleet.scene.controller.decrypted()[account]


def in_store(fleet: Fleet, account: str = ONE) -> str:
    """Return the login that the store says, as the hosts' files have it."""
    record = stored(fleet, account)
    return f"{record['username']} {record['password']}"


def is_clean(fleet: Fleet) -> bool:
    """Tell whether every login was accepted, and none was inside a window."""
    return not [one for one in fleet.scene.provider.record.logins() if one["in_window"] or not one["accepted"]]


def test_new_credential_is_tested_and_then_used(fleet: Fleet, issuer: Issuer) -> None:
    """Catches: mail that is held, a host that gets an untested login, an old one that is deleted while it is used."""
    hooks = fleet.hooks("hold", "release")
    first = creates(fleet, issuer, **hooks)
    assert first.code == 0, first.output
    assert set(logins_of(fleet).values()) == {in_store(fleet)}
    assert issuer.ids(ONE) == ["1"]
    second = creates(fleet, issuer, rotate="always", **hooks)
    assert second.code == 0, second.output
    assert fleet.asked() == [] and is_clean(fleet)
    assert set(logins_of(fleet).values()) == {in_store(fleet)}
    assert issuer.ids(ONE) == ["1", "2"]
    # One test send of each, and one login from each host with the second one.
    assert [one["account"] for one in fleet.scene.provider.record.messages()] == [f"user1.{ONE}", f"user2.{ONE}"]
    assert len(fleet.scene.provider.record.logins()) == 4
    assert stored(fleet)["settled_at"]
    assert f"{ONE}: every host uses the new credential now" in second.output
    assert f"user2.{ONE}" in second.output
    third = creates(fleet, issuer, keep_old="0", **hooks)
    assert third.code == 0, third.output
    assert issuer.ids(ONE) == ["2"] and len(fleet.scene.provider.record.logins()) == 4
    assert "old one deleted" in third.output
    events = len(issuer.calls)
    last = creates(fleet, issuer, keep_old="0", **hooks)
    assert (last.code, len(issuer.calls)) == (0, events), last.output
    assert [last.recap(name)["changed"] for name in fleet.hosts] == [0, 0]


def test_failed_test_leaves_hosts_as_they_are(fleet: Fleet, issuer: Issuer) -> None:
    """Catches: a host that is given a login which was seen to fail; a third credential for the unused second one."""
    assert creates(fleet, issuer).code == 0
    before = logins_of(fleet)
    submission = fleet.scene.provider.submission
    submission.refuse_sender = True
    failed = creates(fleet, issuer, rotate="always")
    assert failed.code != 0
    assert "The hosts keep the login that they have, which still works." in " ".join(failed.output.split())
    assert logins_of(fleet) == before and issuer.ids(ONE) == ["1", "2"]
    assert fleet.scene.login(*before["mail1"].split()) == 235
    submission.refuse_sender = False
    again = creates(fleet, issuer)
    assert again.code == 0, again.output
    assert set(logins_of(fleet).values()) == {in_store(fleet)} != set(before.values())
    assert issuer.ids(ONE) == ["1", "2"] and stored(fleet)["settled_at"]


@LONG
def test_host_that_is_away_keeps_the_old_credential_alive(fleet: Fleet, issuer: Issuer) -> None:
    """Catches: a credential that is deleted while a host sends with it, or a third one that is made."""
    assert creates(fleet, issuer).code == 0
    before = logins_of(fleet)["mail2"]
    fleet.hosts = {**HOSTS, "mail2": {**HOSTS["mail2"], **AWAY}}
    for _time in range(2):
        ended = creates(fleet, issuer, rotate="always", keep_old="0")
        assert ended.code != 0
        assert f"{ONE}: the old credential is kept, because mail2 may still use it." in ended.output
        assert issuer.ids(ONE) == ["1", "2"] and "settled_at" not in stored(fleet)
        assert logins_of(fleet) == {"mail1": in_store(fleet), "mail2": before}
        assert fleet.scene.login(*before.split()) == 235
    assert f"{ONE} keeps its password: rotate is always, but a host may still use" in " ".join(ended.output.split())
    fleet.hosts = HOSTS
    ended = creates(fleet, issuer, keep_old="0")
    assert ended.code == 0, ended.output
    assert set(logins_of(fleet).values()) == {in_store(fleet)} and issuer.ids(ONE) == ["1", "2"]
    assert creates(fleet, issuer, keep_old="0").code == 0
    assert issuer.ids(ONE) == ["2"] and is_clean(fleet)


@LONG
def test_lost_answer(fleet: Fleet, issuer: Issuer) -> None:
    """Catches: a credential that nobody knows and nobody deletes, and hosts without a login that works."""
    assert creates(fleet, issuer).code == 0
    before = logins_of(fleet)
    issuer.silent = True
    failed = creates(fleet, issuer, rotate="always")
    assert failed.code != 0 and len(stored(fleet)["requests"]) == 1
    assert logins_of(fleet) == before and issuer.ids(ONE) == ["1", "2"]
    issuer.silent = False
    ended = creates(fleet, issuer)
    assert ended.code == 0, ended.output
    assert issuer.ids(ONE) == ["1", "3"] and "requests" not in stored(fleet)
    assert set(logins_of(fleet).values()) == {in_store(fleet)}


@LONG
@pytest.mark.parametrize("moment", ["wait", "deploy", "try"])
def test_killed(fleet: Fleet, issuer: Issuer, moment: str) -> None:
    """Catches: after a run that died, a third credential, a host without one that works, one deleted too early."""
    assert creates(fleet, issuer).code == 0
    task = {"wait": "Send a test message", "deploy": "Deploy the new", "try": "Log in from this host"}[moment]
    process, _results = fleet.start(**role_options(fleet, issuer, rotate="always", propagation_seconds=8))
    kill_at(process, f"TASK [mailops.smtp.smtp_rotation : {task}")
    for login in logins_of(fleet).values():
        assert fleet.scene.login(*login.split()) == 235
    ended = creates(fleet, issuer, propagation_seconds=8)
    assert ended.code == 0, ended.output
    assert issuer.ids(ONE) == ["1", "2"] and stored(fleet)["settled_at"] and is_clean(fleet)
    assert set(logins_of(fleet).values()) == {in_store(fleet)}


@LONG
@pytest.mark.parametrize("keywords", [{"serial": 1}, {"strategy": "free"}])
def test_batches_and_hosts_out_of_step(scene: Scene, issuer: Issuer, keywords: dict[str, Any]) -> None:
    """Catches: a credential that is settled after the first batch; a host that is given one before its test."""
    fleet = with_files(Fleet(scene, HOSTS, keywords))
    for number in ("1", "2"):
        ended = creates(fleet, issuer, rotate="always")
        assert ended.code == 0, ended.output
        assert issuer.ids(ONE)[-1] == number
        assert set(logins_of(fleet).values()) == {in_store(fleet)}
    assert stored(fleet)["settled_at"] and is_clean(fleet)


@LONG
def test_limit_leaves_the_old_credential_alive(fleet: Fleet, issuer: Issuer) -> None:
    """Catches: a run with --limit that settles a credential which other hosts of the inventory have not got."""
    assert creates(fleet, issuer).code == 0
    ended = creates(fleet, issuer, "--limit", "mail1", rotate="always")
    assert ended.code == 0, ended.output
    assert "settled_at" not in stored(fleet)
    assert f"{ONE}: the old credential is kept, because mail2 may still use it." in ended.output
    assert creates(fleet, issuer).code == 0
    assert stored(fleet)["settled_at"]


def test_check_mode(fleet: Fleet, issuer: Issuer) -> None:
    """Catches: a check that has a credential made, or a file written."""
    ended = creates(fleet, issuer, "--check", "--diff")
    assert ended.code == 0, ended.output
    assert issuer.calls == [] and not fleet.scene.controller.store.exists() and logins_of(fleet) == {}
    assert "would rotate" in ended.output


@LONG
def test_intent_is_saved_before_the_call(fleet: Fleet, issuer: Issuer) -> None:
    """Catches: a store that is saved elsewhere only when the provider has made a credential."""
    ended = creates(fleet, issuer, state="staged")
    assert ended.code == 0, ended.output
    assert issuer.calls == [] and len(stored(fleet)["requests"]) == 1
    store = fleet.scene.controller.store
    copy = f"\n- name: Copy it\n  ansible.builtin.copy: {{src: {store}, dest: '{store}.{{{{ now().timestamp() }}}}'}}\n"
    saves = {"persist_tasks": fleet.hook("persist", copy)}
    ended = creates(fleet, issuer, **saves)
    assert ended.code == 0, ended.output
    texts = [path.read_text() for path in sorted(fleet.folder.glob(f"{store.name}.*"))]
    assert "requests:" in texts[0] and "username" not in texts[0]
    assert texts[-1] == fleet.scene.controller.store.read_text() and "verified_at" in texts[-1]


@LONG
def test_credential_that_somebody_revoked(fleet: Fleet, issuer: Issuer) -> None:
    """Catches: hosts that stay without a login that works; the wrong user name beside a password that is found."""
    assert creates(fleet, issuer).code == 0
    audit = {"state": "audited", "reconcile": True, "audit_attempts": 2}
    assert creates(fleet, issuer, rotate="always").code == 0
    issuer.revoke("2")
    found = creates(fleet, issuer, **audit)
    assert found.code == 0, found.output
    assert in_store(fleet).startswith(f"user1.{ONE} ") and set(logins_of(fleet).values()) == {in_store(fleet)}
    assert creates(fleet, issuer, keep_old="0").code == 0
    issuer.revoke("1")
    replaced = creates(fleet, issuer, **audit)
    assert replaced.code == 0, replaced.output
    assert set(logins_of(fleet).values()) == {in_store(fleet)} and len(issuer.ids(ONE)) == 1
    assert fleet.scene.login(*in_store(fleet).split()) == 235


@LONG
def test_program_that_could_not_reload_keeps_the_old_credential_alive(scene: Scene, issuer: Issuer) -> None:
    """Catches: a credential deleted that a program still has, as its handler failed; a handler that never runs."""
    reload = {"name": "Reload", "ansible.builtin.command": "{{ reloader | default('true') }}"}
    fleet = with_files(Fleet(scene, HOSTS, {"handlers": [reload]}))
    assert creates(fleet, issuer, template_notify="Reload").code == 0
    fleet.hosts = {**HOSTS, "mail2": {**HOSTS["mail2"], "reloader": "false"}}
    ended = creates(fleet, issuer, rotate="always", keep_old="0", template_notify="Reload")
    assert ended.code != 0 and "settled_at" not in stored(fleet), ended.output
    assert f"{ONE}: the old credential is kept, because mail2 may still use it." in ended.output
    fleet.hosts = HOSTS
    ended = creates(fleet, issuer, keep_old="0", template_notify="Reload")
    assert ended.code == 0, ended.output
    assert "RUNNING HANDLER [Reload]" in ended.output and stored(fleet)["settled_at"]
    ended = creates(fleet, issuer, keep_old="0", template_notify="Reload")
    assert issuer.ids(ONE) == ["2"] and "RUNNING HANDLER [Reload]" not in ended.output


@LONG
def test_run_killed_before_the_handler(scene: Scene, issuer: Issuer) -> None:
    """Catches: programs that go on with a password which is dead, as the run was killed before they reloaded."""
    reload = {"name": "Reload", "ansible.builtin.command": "true"}
    fleet = Fleet(scene, HOSTS, {"handlers": [reload]})
    (fleet.folder / "login.j2").write_text(f"{{{{ smtp_accounts['{ONE}'].password }}}}\n")
    files = {"template_src": "login.j2", "template_dest": str(fleet.folder / "{{ inventory_hostname }}.login")}
    given = {"consumer": "template", **files, "template_notify": "Reload", "propagation_seconds": 8}
    process, _results = fleet.start(**given)
    kill_at(process, "RUNNING HANDLER [mailops.smtp.smtp_rotation : Wait for")
    assert len(logins_of(fleet)) == 2
    ended = fleet.run(**given)
    assert ended.code == 0, ended.output
    assert "RUNNING HANDLER [Reload]" in ended.output
    assert "RUNNING HANDLER [Reload]" not in fleet.run(**given).output


@pytest.mark.parametrize("moment", cases(["accepted", "verified"], short=["accepted"]))
def test_publishes_for_several_hosts(scene: Scene, moment: str) -> None:
    """Catches: hosts that forget what they know, and stay on hold, as another one publishes for all."""
    fleet = with_files(Fleet(scene, HOSTS))
    copy = "{content: '{{ smtp_publication.value.password }}', dest: '{{ smtp_publication.path }}', mode: '0600'}"
    keep = f"- name: Keep it\n  ansible.builtin.copy: {copy}\n"
    (fleet.folder / "keep.yml").write_text(keep)
    target = {"name": "kept", "kind": "tasks", "file": "keep.yml", "path": f"{fleet.folder}/kept-{{account}}"}
    given = {"publish": [{**target, "publish_when": moment}], "persist_tasks": fleet.hook("persist")}
    hooks = fleet.hooks("hold", "release")
    ended = fleet.run(**given, **hooks)
    assert ended.code == 0, ended.output
    assert [phase for phase, _host in fleet.asked("hold", "release")] == ["hold", "hold", "release", "release"]
    kept = fleet.folder / f"kept-{ONE}"
    assert kept.read_text() == stored(fleet)["password"]


def test_refused_before_anything_is_done(fleet: Fleet, issuer: Issuer) -> None:
    """Catches: two accounts for what overlaps by itself; a credential that nobody may be given."""
    refused = creates(fleet, issuer, test_send=False)
    assert "hosts switch to it only after its test" in " ".join(refused.output.split())
    fleet.hosts = {name: {"smtp_rotation_senders": {"news": [ONE, TWO]}} for name in HOSTS}
    strange = creates(fleet, issuer, strategy="alternate", consumer=None)
    assert "Set smtp_rotation_strategy to in_place" in " ".join(strange.output.split())
    assert refused.code != 0 and strange.code != 0 and issuer.calls == []


@LONG
def test_nobody_here_is_given_it(scene: Scene, issuer: Issuer) -> None:
    """Catches: an old credential deleted because hosts without a consumer are taken for all that sends; much output."""
    fleet = Fleet(scene, {"mail1": HOSTS["mail1"]})
    assert fleet.run(**options(issuer, CREATE)).code == 0
    ended = fleet.run(**options(issuer, CREATE), rotate="always")
    assert ended.code == 0, ended.output
    assert "because no host of this play is given the new one" in " ".join(ended.output.split())
    assert "settled_at" not in stored(fleet)
    task = {**scene.options(**options(issuer, CREATE)), "state": "settled"}
    assert scene.task({name: value for name, value in task.items() if value is not None}).code == 0
    retired = fleet.run(**options(issuer, CREATE), keep_old="0")
    assert retired.code == 0, retired.output
    assert issuer.ids(ONE) == ["2"] and "old one deleted" in retired.output
    assert retired.output.count("TASK [") <= 8


@pytest.mark.parametrize("renames", cases([False, True], short=[True]))
def test_regenerated_in_place(scene: Scene, issuer: Issuer, renames: bool) -> None:
    """Catches: mail that is sent with a password which is dead already; a test with the account's name."""
    fleet = with_files(Fleet(scene, HOSTS))
    issuer.renames = renames
    scene.provider.accounts.old_works = False
    files = {"template_src": "login.j2", "template_dest": str(fleet.folder / "{{ inventory_hostname }}.login")}
    hooks = fleet.hooks("hold", "release")
    ended = fleet.run(**options(issuer, REGENERATE), consumer="template", **files, **hooks)
    assert ended.code == 0, ended.output
    assert [phase for phase, _host in fleet.asked()] == ["hold", "hold", "release", "release"]
    record = stored(fleet)
    login = f"{record.get('username', ONE)} {record['password']}"
    assert set(logins_of(fleet).values()) == {login} and is_clean(fleet) and renames == ("username" in record)


@LONG
def test_regenerated_for_the_idle_account(scene: Scene, issuer: Issuer) -> None:
    """Catches: an account in use whose password dies; hosts that log in with the name of the account."""
    senders = {"smtp_rotation_senders": {"news": [ONE, TWO]}}
    fleet = Fleet(scene, dict.fromkeys(HOSTS, senders))
    used = "smtp_accounts[smtp_senders['news'].in_use]"
    (fleet.folder / "login.j2").write_text(
        f"{{{{ {used}.username | default(smtp_senders['news'].in_use) }}}} {{{{ {used}.password }}}}\n"
    )
    issuer.renames = True
    files = {"template_src": "login.j2", "template_dest": str(fleet.folder / "{{ inventory_hostname }}.login")}
    for account in (TWO, ONE):
        given = {"strategy": "alternate", "rotate": "always", "consumer": "template", **files}
        ended = fleet.run(**options(issuer, REGENERATE), **given)
        assert ended.code == 0, ended.output
        assert set(logins_of(fleet).values()) == {in_store(fleet, account)} and is_clean(fleet)
