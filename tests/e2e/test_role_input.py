# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role refuses before anything changes: variables that are written wrongly, and hosts that nobody knows of."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from standin.faults import Fault
from support.controller import Ended
from support.fleet_of_hosts import Fleet
from support.scene import ONE, TWO, Scene, variables

LIST = "smtp_rotation_accounts must be a list of strings, such as [1.acme.smtp]. Nothing has been changed."
UNSURE = (
    "Excluded by --limit: mail2 and mail3. It is not known whether they use the accounts of this run, because "
    "smtp_rotation_accounts is set in the play; if they do, they would keep the old password. Set it in the inventory "
    "(group_vars or host_vars, empty for a host that has none), or run without --limit."
)


def run(scene: Scene, *arguments: str, **over: Any) -> Ended:
    """Run the role on localhost."""
    scene.provider.accounts.propagation = 0
    role = {"role": "mailops.smtp.smtp_rotation", "vars": variables(scene, propagation_seconds=0, **over)}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
    return scene.controller.play_file(scene.controller.write_play([play]), *arguments)


def said(ended: Ended) -> str:
    return " ".join(ended.output.split())


def untouched(scene: Scene) -> bool:
    return scene.provider.record.events() == [] and not scene.controller.store.exists()


@pytest.mark.parametrize(
    ("over", "arguments", "words"),
    [
        ({"accounts": ONE}, [], LIST),
        ({"accounts": None}, ["-e", f"smtp_rotation_accounts={ONE}"], LIST),
        (
            {"senders": {"newsletter": ONE}, "hold_tasks": ["hold.yml"]},
            [],
            "smtp_rotation_senders must map each sender to a list of two strings, its accounts, such as {newsletter: "
            "[1.acme.smtp, 2.acme.smtp]}. smtp_rotation_hold_tasks must be a string, not a list. Nothing",
        ),
        (
            {"maxage": "1d", "test_sendr": "a@b.example"},
            [],
            "smtp_rotation_maxage is not an option of the role (did you mean smtp_rotation_max_age?); correct it, or "
            "rename it if it is a variable of your own. smtp_rotation_test_sendr is not",
        ),
    ],
    ids=["text", "text-on-the-command-line", "senders-and-tasks", "misspelt"],
)
def test_variables_that_are_written_wrongly(
    scene: Scene, over: Mapping[str, Any], arguments: list[str], words: str
) -> None:
    """Catches: a text taken for a list of its letters; a misspelt variable that is passed over in a green run."""
    ended = run(scene, *arguments, **over)
    assert ended.code != 0
    assert words in said(ended)
    assert untouched(scene)


def test_variables_of_the_users_own(scene: Scene) -> None:
    """Catches: a playbook refused for a result that it registers; a wrong name that nobody hears of."""
    ended = run(scene, "--check", enabled=True)
    assert ended.code == 0, ended.output
    assert "has no such option: smtp_rotation_enabled" in said(ended)


@pytest.mark.parametrize("name", [None, "Rotate the passwords of our mail servers"])
def test_limit_with_accounts_of_the_play(scene: Scene, name: str | None) -> None:
    """Catches: a host of the play that keeps the old password, in a run that ends green."""
    fleet = Fleet(scene, {"mail1": {}, "mail2": {}, "mail3": {}}, {"name": name} if name else {})
    ended = fleet.run("--limit", "mail1", accounts=[ONE], **fleet.hooks("hold"))
    assert ended.code != 0
    assert UNSURE in said(ended)
    assert untouched(scene) and fleet.asked() == []


def test_limit_that_leaves_nobody_out(scene: Scene) -> None:
    """Catches: a run refused although the inventory, or the play itself, says that nobody is left out."""
    fleet = Fleet(scene, {"mail1": {}, "mail2": {}})
    hooks = fleet.hooks("hold")
    whole = fleet.run("--check", "--limit", "mail", accounts=[ONE], **hooks)
    assert whole.code == 0, whole.output
    fleet.keywords = {"name": "Rotate"}
    fleet.hosts = {"mail1": {}, "mail2": {"smtp_rotation_accounts": []}}
    known = fleet.run("--check", "--limit", "mail1", accounts=[ONE], **hooks)
    assert known.code == 0, known.output
    inventory = fleet.folder / "inventory.yml"
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory.write_text(inventory.read_text() + yaml.safe_dump({"other": {"hosts": {"localhost": here}}}))
    local = run(scene, "--check", "-i", str(inventory), "--limit", "localhost", **hooks)
    assert local.code == 0, local.output


def test_wrong_vault_password_although_nothing_is_due(scene: Scene) -> None:
    """Catches: a run that ends green, or in an error of Jinja's, until the night in which a password is due."""
    scene.rotate(accounts=[ONE, TWO])
    scene.rotate(accounts=[ONE, TWO], state="verified")
    before, events = scene.controller.store.read_bytes(), len(scene.provider.record.events())
    scene.controller.vault_ids = {"default": "another Vault password"}
    for over in ({"consumer": "postfix"}, {"strategy": "alternate", "senders": {"newsletter": [ONE, TWO]}}):
        ended = run(scene, **over)
        assert ended.code != 0
        assert f"password of {ONE} cannot be decrypted with the loaded Vault secrets" in said(ended)
    assert (scene.controller.store.read_bytes(), len(scene.provider.record.events())) == (before, events)


def test_refused_password_that_may_be_in_force_keeps_the_mail_on_hold(scene: Scene) -> None:
    """Catches: mail released with the old password although the new one, whose answer was lost, is in force."""
    fleet = Fleet(scene, {"mail1": {"smtp_rotation_accounts": [ONE]}})
    hooks = fleet.hooks("hold", "release")
    scene.provider.faults.push(Fault(kind="reset", when="after"))
    scene.provider.faults.push(Fault(kind="refused_value"))
    ended = fleet.run(**hooks, retries=1)
    assert ended.code != 0
    assert "kept in doubtful_passwords" in said(ended)
    assert fleet.asked("release") == []
    again = fleet.run(**hooks)
    assert again.code == 0, again.output
    assert fleet.asked("release") == [("release", "mail1")]
    assert "doubtful_passwords" not in yaml.safe_dump(scene.controller.decrypted())


def test_first_login_after_a_change_by_hand(scene: Scene) -> None:
    """Catches: a login inside the window, because a hand that wrote changed_at did not write effective_at."""
    scene.provider.accounts.propagation = 8
    scene.rotate(propagation_seconds=8)
    lines = scene.controller.store.read_text().splitlines(keepends=True)
    scene.controller.store.write_text("".join(line for line in lines if "effective_at" not in line))
    role = {"role": "mailops.smtp.smtp_rotation", "vars": variables(scene, propagation_seconds=8)}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
    ended = scene.controller.play_file(scene.controller.write_play([play]))
    assert ended.code == 0, ended.output
    assert [(login["accepted"], login["in_window"]) for login in scene.provider.record.logins()] == [(True, False)]


def test_failed_test_send_is_shown_until_one_works(scene: Scene) -> None:
    """Catches: a report that calls a password effective, and nothing else, of which the last login was refused."""
    scene.provider.submission.refuse_sender = True
    assert run(scene).code != 0
    info = {
        "name": "Look",
        "mailops.smtp.smtp_account_info": {"vault_file": str(scene.controller.store), "list_accounts": False},
    }
    (entry,) = scene.controller.tasks([info], name="look.yml").result("Look")["accounts"]
    assert (entry["state"], entry["failure"], entry["due"]) == ("effective", "sender_refused", False)
    assert entry["failed_at"] >= entry["effective_at"]
    scene.provider.submission.refuse_sender = False
    again = run(scene)
    assert again.code == 0, again.output
    record = scene.controller.decrypted()[ONE]
    assert record["verified_at"] and not {"failed_at", "failure"} & set(record)
