# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""C(smtp_rotation_adopt_from): passwords that move from variables into the store, and no call of the provider."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.controller import BIN, Ended
from support.fleet_of_hosts import Fleet
from support.long import LONG
from support.scene import OLD, ONE, TWO, Scene, variables

OTHER = "the-second-one-8"


def run(scene: Scene, *arguments: str, values: Mapping[str, Any] | None = None, **over: Any) -> Ended:
    """Run the role on localhost, with variables of the playbook's own."""
    scene.provider.accounts.propagation = 1
    role_vars = variables(scene, **{"propagation_seconds": 1, "adopt_from": "old", **over})
    role = {"role": "mailops.smtp.smtp_rotation", "vars": role_vars}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role], "vars": dict(values or {})}
    return scene.controller.play_file(scene.controller.write_play([play]), *arguments)


def said(ended: Ended) -> str:
    return " ".join(ended.output.split())


def vaulted(scene: Scene, value: str) -> str:
    """Return the file of a variable, as ansible-vault writes it."""
    command = [
        str(BIN / "ansible-vault"),
        "encrypt_string",
        *scene.controller.vault_arguments(),
        value,
        "--name",
        "old",
    ]
    path = scene.controller.folder / "old.yml"
    path.write_text(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return f"@{path}"


@pytest.fixture
def two(scene: Scene) -> Scene:
    """Two accounts with other passwords."""
    scene.provider.accounts.propagation = 0
    scene.provider.accounts.change(TWO, OTHER)
    return scene


def test_check_real_again_and_then_due(two: Scene) -> None:
    """Catches: a call of the provider, a value that a later run brings back, a check mode that writes."""
    given: dict[str, Any] = {"accounts": [ONE, TWO], "values": {"old": {ONE: OLD, TWO: OTHER}}}
    check = run(two, "--check", "--diff", **given)
    assert (check.code, two.controller.store.exists()) == (0, False)
    assert two.provider.record.events() == []
    assert f"{ONE} adopted" in said(check)
    real = run(two, "--diff", "-vvvv", **given)
    assert real.code == 0, real.output
    assert f"{ONE} adopted" in said(real) and real.recap()["changed"] > 0
    stored = two.controller.decrypted()
    assert {name: stored[name]["password"] for name in stored} == {ONE: OLD, TWO: OTHER}
    assert all(stored[name]["verified_at"] for name in stored)
    assert [login["accepted"] for login in two.provider.record.logins()] == [True, True]
    before = two.controller.store.read_bytes()
    again = run(two, **given)
    assert (again.code, again.recap()["changed"]) == (0, 0)
    assert two.controller.store.read_bytes() == before
    assert two.provider.record.api_calls() == []
    # Due, it is rotated, and the variable that is still there does not bring the old one back.
    two.backdate(days=91)
    assert run(two, **given).code == 0
    rotated = two.controller.decrypted()
    assert [rotated[name]["previous_password"] for name in (ONE, TWO)] == [OLD, OTHER]
    assert len(two.provider.record.changes(ONE)) == 1
    assert run(two, **given).code == 0
    assert two.controller.decrypted() == rotated
    for ended in (check, real, again):
        assert OLD not in ended.output and OTHER not in ended.output


def test_one_vaulted_password(scene: Scene) -> None:
    """Catches: ciphertext that is stored in place of a password."""
    assert run(scene, "-e", vaulted(scene, OLD)).code == 0
    assert scene.controller.decrypted()[ONE]["password"] == OLD
    assert scene.provider.record.api_calls() == []


def test_vaulted_passwords_of_hosts(two: Scene) -> None:
    """Catches: a host whose own variable the leader does not read."""
    document = yaml.safe_load(Path(vaulted(two, OTHER)[1:]).read_text().replace("!vault |", "|"))["old"]
    hosts = {"mail1": {"smtp_rotation_accounts": [ONE]}, "mail2": {"smtp_rotation_accounts": [TWO]}}
    fleet = Fleet(two, hosts)
    path = fleet.inventory()
    for name, value in (("mail1", f"old: {OLD}\n"), ("mail2", "old: !vault |\n  " + document.replace("\n", "\n  "))):
        (path.parent / "host_vars").mkdir(exist_ok=True)
        (path.parent / "host_vars" / f"{name}.yml").write_text(value.rstrip() + "\n")
    ended = fleet.run(**fleet.hooks("hold", "deploy", "release"), adopt_from="old")
    assert ended.code == 0, ended.output
    stored = two.controller.decrypted()
    assert {name: stored[name]["password"] for name in stored} == {ONE: OLD, TWO: OTHER}
    assert two.provider.record.api_calls() == []
    assert sorted(fleet.asked("release")) == [("release", "mail1"), ("release", "mail2")]


def test_password_that_is_due(scene: Scene) -> None:
    """Catches: an old password that counts as new; one that is rotated and not kept."""
    assert run(scene, values={"old": OLD}, adopt_changed_at="2020-01-01").code == 0
    stored = scene.controller.decrypted()[ONE]
    assert stored["previous_password"] == OLD
    assert len(scene.provider.record.changes(ONE)) == 1


def test_password_that_is_wrong(scene: Scene) -> None:
    """Catches: a wrong password that nobody notices until mail fails; one that is tried again and again."""
    ended = run(scene, values={"old": "not-the-password-7"})
    assert ended.code != 0
    assert "the test message failed (auth_rejected)" in said(ended)
    assert [login["accepted"] for login in scene.provider.record.logins()] == [False]
    assert scene.provider.record.api_calls() == []
    assert "not-the-password-7" not in ended.output


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ({ONE: OLD, "9.acme.smtp": OTHER}, "no host uses 9.acme.smtp, which old has a password of."),
        ({ONE: 12345678}, f"put that of {ONE} in quotes"),
        (None, "must be the name of a variable, and the one that it names is not defined"),
        ([OLD], "old must be a password in quotes, or map accounts to passwords"),
    ],
)
def test_variable_that_is_wrong(scene: Scene, old: Any, message: str) -> None:
    """Catches: an account with a typo that is passed over, a value in a message, a store that is half written."""
    ended = run(scene, values={"old": old} if old else {})
    assert ended.code != 0
    assert message in said(ended)
    assert not scene.controller.store.exists()
    assert scene.provider.record.events() == []
    assert OTHER not in ended.output and OLD not in ended.output


def test_value_in_place_of_the_name(scene: Scene) -> None:
    """Catches: a password in a message that says that no variable has this name."""
    ended = run(scene, values={"old": OLD}, adopt_from="{{ old }}")
    assert ended.code != 0
    assert OLD not in ended.output
    assert "smtp_rotation_adopt_from must be the name of a variable" in said(ended)


@LONG
def test_store_is_saved_where_nothing_is_tested(scene: Scene) -> None:
    """Catches: a store with adopted passwords that a job throws away."""
    fleet = Fleet(scene, {"mail1": {"smtp_rotation_accounts": [ONE], "old": OLD}})
    ended = fleet.run(**fleet.hooks("persist"), adopt_from="old", test_send=False, persist_check="")
    assert ended.code == 0, ended.output
    assert ("persist", "mail1") in fleet.asked("persist")
    assert scene.provider.record.api_calls() == []
