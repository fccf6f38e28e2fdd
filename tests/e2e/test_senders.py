# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Senders with two accounts in real ansible-playbook processes: mail always has an account that works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.controller import Ended
from support.crash.harness import Crash
from support.long import LONG, cases
from support.scene import OLD, ONE, TWO, Scene, a_scene

LOOK = "Look at the senders"
NEWS = {"newsletter": [ONE, TWO]}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    """A store that knows both accounts: changed, in force, tested; and their passwords."""
    with a_scene("emaillabs", tmp_path_factory.mktemp("stored")) as made:
        assert made.rotate(accounts=[ONE, TWO]).code == 0
        assert made.rotate(accounts=[ONE, TWO], state="verified").code == 0
        made.backdate(days=100)
        passwords = {account: record["password"] for account, record in made.controller.decrypted().items()}
        return made.controller.store.read_text(), passwords


@pytest.fixture
def scene(tmp_path: Path, stored: tuple[str, dict[str, str]]) -> Iterator[Scene]:
    """A controller with that store, and a provider with those passwords."""
    text, passwords = stored
    with a_scene("emaillabs", tmp_path, passwords) as made:
        made.controller.store.touch(mode=0o600)
        made.controller.store.write_text(text)
        yield made


def task(scene: Scene, **over: Any) -> dict[str, Any]:
    options = {"senders": NEWS, "vault_file": str(scene.controller.store), "max_age": "90d", **over}
    return {"name": LOOK, "mailops.smtp.smtp_sender": options}


def look(scene: Scene, *arguments: str, **over: Any) -> Ended:
    """Run one task of the module."""
    return scene.controller.tasks([task(scene, **over)], *arguments)


def looked(scene: Scene, *arguments: str, **over: Any) -> dict[str, Any]:
    """Run one task of the module and return what it says of the only sender."""
    ended = look(scene, *arguments, **over)
    assert ended.code == 0, ended.output
    result = ended.result(LOOK)
    (entry,) = result["senders"]
    return {**entry, "changed": result["changed"]}


def roles(scene: Scene) -> dict[str, Any]:
    """Return what a template finds in the store."""
    text = scene.controller.store.read_text()
    found: dict[str, Any] = yaml.safe_load(text[text.index("smtp_senders:") :])["smtp_senders"]["newsletter"]
    del found["switched_at"]
    return found


def test_one_alternating_rotation_step_by_step(scene: Scene) -> None:
    """Catches: a step that is told too early or too late, a role that a template reads too early."""
    first = scene.provider.accounts.current(ONE)
    seen = [looked(scene)]
    scene.rotate(accounts=[TWO], rotate="always", only_at_rest=True)
    seen.append(looked(scene))
    scene.rotate(accounts=[TWO], state="verified")
    seen.append(looked(scene))
    assert [(entry["step"], entry["account"]) for entry in seen] == [("rotate", TWO), ("finish", TWO), ("switch", TWO)]
    assert roles(scene) == {"in_use": ONE, "at_rest": TWO}
    switched = looked(scene, state="switched")
    assert (switched["step"], switched["account"]) == ("settle", TWO)
    assert roles(scene) == {"in_use": TWO, "leaving": ONE}
    settled = looked(scene, state="settled")
    assert (settled["step"], settled["account"], settled["in_use"]) == ("nothing", None, TWO)
    assert roles(scene) == {"in_use": TWO, "at_rest": ONE}
    assert scene.login(ONE, first) == 235, "the account that mail flowed over was never changed"
    assert scene.login(TWO, scene.controller.decrypted()[TWO]["password"]) == 235
    assert len(scene.provider.record.changes(ONE)) == 0


@pytest.mark.parametrize("state", cases(["present", "switched", "settled"], short=["present"]))
def test_check_real_check_again_real_again(scene: Scene, state: str) -> None:
    """Catches: a check mode that writes or tells something else, a second run that changes something."""
    if state != "present":
        looked(scene)
        scene.rotate(accounts=[TWO], rotate="always")
        scene.rotate(accounts=[TWO], state="verified")
    if state == "settled":
        looked(scene, state="switched")
    before = scene.controller.store.read_bytes()
    check = looked(scene, "--check", state=state)
    assert scene.controller.store.read_bytes() == before
    real = looked(scene, state=state)
    after = scene.controller.store.read_bytes()
    check_again, real_again = looked(scene, "--check", state=state), looked(scene, state=state)
    assert [entry.pop("changed") for entry in (check, real, check_again, real_again)] == [True, True, False, False]
    assert check.pop("switched_at") <= real["switched_at"]
    assert check == {name: value for name, value in real.items() if name != "switched_at"}
    assert check_again == real == real_again
    assert scene.controller.store.read_bytes() == after != before


def test_needs_no_secret_and_no_connection(scene: Scene) -> None:
    """Catches: a look that only the holder of every secret can take, or that needs the mail host."""
    scene.controller.vault_ids = {}
    hosts = {"mail": {"ansible_host": "192.0.2.1", "ansible_connection": "ssh"}}
    inventory = scene.controller.folder / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    play = {"hosts": "mail", "gather_facts": False, "tasks": [task(scene)]}
    ended = scene.controller.play_file(scene.controller.write_play([play]), "-i", str(inventory))
    assert ended.code == 0, ended.output
    assert ended.result(LOOK)["senders"][0]["step"] == "rotate"


def test_diff_shows_roles_and_dates(scene: Scene) -> None:
    """Catches: a review that does not see what a run is about to do."""
    diff = look(scene, "--check", "--diff").result(LOOK)["diff"]
    date = diff["after"].splitlines()[-1]
    assert diff["before"] == ""
    assert diff["after"] == f"newsletter:\n  in_use: {ONE}\n  at_rest: {TWO}\n{date}\n"


def test_new_store_of_senders_and_then_of_passwords(scene: Scene) -> None:
    """Catches: a store that cannot begin with its senders."""
    scene.controller.store.unlink()
    assert looked(scene)["reason"] == (
        f"no password is stored for {ONE} (in use): {TWO} (at rest) needs a new password"
    )
    assert scene.controller.store.stat().st_mode & 0o777 == 0o600
    assert scene.rotate(accounts=[TWO], rotate="always", only_at_rest=True).code == 0
    assert scene.controller.decrypted()[TWO]["password"] == scene.provider.accounts.current(TWO)


def test_store_that_is_encrypted_as_a_whole_stays_so(scene: Scene) -> None:
    """Catches: roles written in clear beside passwords that somebody hid altogether."""
    scene.encrypt_store()
    assert looked(scene)["changed"] is True and looked(scene)["changed"] is False
    assert scene.controller.store.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    scene.controller.vault_ids = {}
    assert "is encrypted, but no Vault secret is loaded" in look(scene).result(LOOK)["msg"]


BAD = {
    "no sender": ({}, "senders: is empty; name at least one sender with its two accounts"),
    "one account": (
        {"newsletter": [ONE]},
        "senders['newsletter']: must be a list of two accounts: the one in use, then the one at rest",
    ),
    "the same twice": ({"newsletter": [ONE, ONE]}, f"senders['newsletter']: listed more than once: {ONE}"),
    "account of two": (
        {"newsletter": [ONE, TWO], "invoices": ["3.acme.smtp", TWO]},
        f"senders: {TWO} belongs to two senders, 'newsletter' and 'invoices'",
    ),
    "other accounts than stored": (
        {"newsletter": [ONE, "3.acme.smtp"]},
        f"senders: 'newsletter' has the accounts {ONE} and 3.acme.smtp, but the store has {ONE} (in use) and {TWO}; "
        f"list those, or remove the sender with state=absent to add it anew",
    ),
    "account of a stored sender": (
        {"invoices": ["3.acme.smtp", TWO]},
        f"senders: {TWO} of 'invoices' belongs to the sender 'newsletter' in the store; give each sender its own "
        f"accounts",
    ),
}


def test_contradictions_are_refused_before_anything_changes(scene: Scene) -> None:
    """Catches: a pair that is guessed, and so the wrong password changed."""
    looked(scene)
    before = scene.controller.store.read_bytes()
    for senders, message in BAD.values():
        assert look(scene, senders=senders).result(LOOK)["msg"] == message
    assert look(scene, state="settled", deployed={"newsletter": {"in_use": ONE}}).result(LOOK)["msg"] == (
        "deployed: 'newsletter' is neither an account nor a record of smtp_senders, which has in_use and switched_at"
    )
    assert looked(scene, senders={"newsletter": [TWO, ONE]})["in_use"] == ONE
    assert scene.controller.store.read_bytes() == before


def test_removed_and_its_accounts_stay(scene: Scene) -> None:
    """Catches: an account that goes with its sender, a field that stays, a switch that is forgotten in passing."""
    looked(scene)
    text = scene.controller.store.read_text().replace("    in_use:", "    owner: web team\n    in_use:")
    scene.controller.store.write_text(text)
    scene.rotate(accounts=[TWO], rotate="always")
    refused = look(scene, state="absent").result(LOOK)["msg"]
    assert refused.startswith(f"'newsletter' cannot be removed, because the store would give up that {TWO} has a new")
    assert (
        look(scene, state="absent", senders={"newsletter": [ONE, "3.acme.smtp"]}).result(LOOK)["msg"]
        == (BAD["other accounts than stored"][1])
    )
    assert look(scene, force=True).result(LOOK)["msg"] == "force: can be set with state=absent only"
    before = scene.controller.store.read_text()
    options: dict[str, Any] = {"senders": {"newsletter": None}, "state": "absent", "force": True}
    scene.controller.vault_ids = {}
    check = looked(scene, "--check", **options)
    assert scene.controller.store.read_text() == before
    assert looked(scene, **options) == check == {**check, "changed": True, "in_use": None, "step": "nothing"}
    assert scene.controller.store.read_text() == before[: before.index("smtp_senders:")] + "smtp_senders: {}\n"
    assert looked(scene, **options)["changed"] is False


def test_switch_is_refused_until_the_account_at_rest_is_verified(scene: Scene) -> None:
    """Catches: hosts that get a password which is not in force."""
    assert look(scene, state="switched").result(LOOK)["msg"] == (
        "these senders are not in the store: newsletter; run state=present first"
    )
    looked(scene)
    scene.rotate(accounts=[TWO], rotate="always", state="staged")
    messages = [look(scene, state="switched").result(LOOK)["msg"]]
    scene.rotate(accounts=[TWO], propagation_seconds=900)
    messages.append(look(scene, state="switched").result(LOOK)["msg"])
    assert "a password is staged" in messages[0] and "wait until then and test it" in messages[1]
    assert all(message.startswith(f"'newsletter' cannot be switched to {TWO}: ") for message in messages)
    assert roles(scene) == {"in_use": ONE, "at_rest": TWO}


def test_both_accounts_in_one_task_are_refused_before_any_call(scene: Scene) -> None:
    """Catches: a sender without any account that works while the window is open."""
    looked(scene)
    calls = len(scene.provider.record.api_calls())
    before = scene.controller.store.read_bytes()
    message = scene.rotate(accounts=[ONE, TWO], rotate="always").result("Set the passwords")["msg"]
    assert message.startswith(f"{ONE} and {TWO} are the two accounts of sender 'newsletter', and only one")
    assert (len(scene.provider.record.api_calls()), scene.controller.store.read_bytes()) == (calls, before)


def test_partner_waits_for_the_window(scene: Scene) -> None:
    """Catches: the account in use changed while the other one cannot be used yet."""
    looked(scene)
    scene.rotate(accounts=[TWO], rotate="always", propagation_seconds=900)
    ended = scene.rotate(accounts=[ONE], rotate="always")
    assert f"{ONE}: {TWO}, the other account of its sender 'newsletter', was changed" in ended.output
    assert len(scene.provider.record.changes(ONE)) == 0


def alternating(scene: Scene) -> Path:
    """Write a play that does what is told, once, and what is told after that."""
    store = str(scene.controller.store)
    account = "{{ look.senders[0].account }}"
    password = {**scene.options(accounts=[account]), "only_at_rest": True}

    def when(*steps: str) -> str:
        return f"look.senders[0].step in {list(steps)}"

    again = {**task(scene), "register": "look"}
    tasks = [
        again,
        {
            "name": "Rotate",
            "when": when("rotate", "finish"),
            "mailops.smtp.smtp_account_password": {**password, "rotate": "always"},
        },
        again,
        {
            "name": "Read",
            "when": when("finish"),
            "ansible.builtin.include_vars": {"file": store},
        },
        {
            "name": "Test",
            "when": when("finish"),
            "mailops.smtp.smtp_test_send": {
                "host": scene.provider.smtp_host,
                "port": scene.provider.smtp_port,
                "ca_path": scene.provider.ca_path,
                "username": account,
                "password": "{{ smtp_accounts[look.senders[0].account].password }}",
                "sender": "a@acme.example",
                "recipient": "b@acme.example",
            },
        },
        {
            "name": "Record",
            "when": when("finish"),
            "mailops.smtp.smtp_account_password": {**password, "state": "verified"},
        },
        {**task(scene, state="switched"), "name": "Switch"},
        {"name": "Read again", "ansible.builtin.include_vars": {"file": store}},
        {
            "name": "Deploy",
            "ansible.builtin.copy": {
                "dest": str(scene.controller.folder / "deployed"),
                "content": "{{ smtp_senders.newsletter.in_use }} "
                "{{ smtp_accounts[smtp_senders.newsletter.in_use].password }}",
                "mode": "0600",
            },
            "no_log": True,
        },
        {**task(scene, state="settled", deployed={"newsletter": "{{ smtp_senders.newsletter }}"}), "name": "Settle"},
    ]
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": sys.executable}
    return scene.controller.write_play([play], "alternating.yml")


def deployed(scene: Scene) -> tuple[str, str]:
    account, _space, password = (scene.controller.folder / "deployed").read_text().partition(" ")
    return account, password


@pytest.mark.parametrize("at", cases(["Rotate 1", "Record 1", "Switch 1", "Deploy 1", "Settle 1"], short=["Switch 1"]))
def test_killed_between_steps_and_run_again(scene: Scene, at: str) -> None:
    """Catches: a rotation that is begun anew instead of finished, a host that is left with a password of before."""
    first = scene.provider.accounts.current(ONE)
    (scene.controller.folder / "deployed").write_text(f"{ONE} {first}")
    play = alternating(scene)
    Crash(scene.controller, scene.provider.api_url).watched(play, at=f"task {at}", tasks=True)
    assert scene.login(*deployed(scene)) == 235, "the host has an account that works"
    ended = scene.controller.play_file(play)
    assert ended.code == 0, ended.output
    assert roles(scene) == {"in_use": TWO, "at_rest": ONE}
    assert deployed(scene) == (TWO, scene.provider.accounts.current(TWO))
    assert [len(scene.provider.record.changes(account)) for account in (ONE, TWO)] == [0, 1]
    assert all(scene.login(*pair) == 235 for pair in ((ONE, first), deployed(scene)))
    again = scene.controller.play_file(play)
    assert again.code == 0 and len(scene.provider.record.changes(TWO)) == 1, again.output


@LONG
def test_two_runs_at_once_agree(scene: Scene) -> None:
    """Catches: a password that is set twice for one switch, or set for the account that is in use by then."""
    play = alternating(scene)
    runs = [scene.controller.start(play) for _n in range(2)]
    ended = [scene.controller.ended(process, results) for process, results in runs]
    assert [run.code for run in ended] == [0, 0], ended[0].output + ended[1].output
    assert roles(scene) == {"in_use": TWO, "at_rest": ONE}
    assert [len(scene.provider.record.changes(account)) for account in (ONE, TWO)] == [0, 1]
    assert deployed(scene) == (TWO, scene.provider.accounts.current(TWO)) and OLD not in deployed(scene)
    assert list(scene.controller.folder.glob(".smtp*")) == []


def test_two_runs_at_once_adopt_once(scene: Scene) -> None:
    """Catches: a sender that two runs adopt the other way round."""
    plays = [
        scene.controller.write_play(
            [{"hosts": "localhost", "gather_facts": False, "tasks": [task(scene, senders={"newsletter": accounts})]}],
            f"{accounts[0]}.yml",
        )
        for accounts in ([ONE, TWO], [TWO, ONE])
    ]
    runs = [scene.controller.start(play) for play in plays]
    results = [scene.controller.ended(*run).result(LOOK) for run in runs]
    assert sorted(result["changed"] for result in results) == [False, True]
    assert results[0]["senders"] == results[1]["senders"]
