# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module in real ansible-playbook processes, its results proved from outside."""

from __future__ import annotations

import stat
from typing import Any
from urllib.parse import quote

import pytest
from standin.faults import Fault
from support.flows import SET_ONLY
from support.scene import OLD, Scene

from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import BUILT_IN

SET = "Set the passwords"


@pytest.fixture
def scene(any_scene: Scene) -> Scene:
    """Every test of this file is run with every provider."""
    return any_scene


def rotated(scene: Scene, *arguments: str, **options: Any) -> dict[str, Any]:
    """Run one task of the module and return its result."""
    ended = scene.rotate(*arguments, **options)
    assert ended.code == 0, ended.output
    return ended.result(SET)


def test_first_run_sets_one_password_and_the_second_calls_nobody(scene: Scene) -> None:
    """Catches: a password that is set twice, one that is not the stored one, a second run that is not idempotent."""
    first = rotated(scene)
    assert first["changed"] is True
    assert [entry["action"] for entry in first["accounts"]] == ["rotated"]
    assert len(scene.provider.record.changes(scene.one)) == 1
    record = scene.controller.seen_by_ansible()[scene.one]
    assert record["password"] == scene.provider.accounts.current(scene.one)
    assert len(record["password"]) >= 32
    before = scene.controller.store.read_bytes()
    second = rotated(scene)
    assert second["changed"] is False
    assert [entry["action"] for entry in second["accounts"]] == ["unchanged"]
    assert len(scene.changes()) == 1
    assert scene.controller.store.read_bytes() == before


def test_old_password_is_refused_and_the_new_one_accepted(scene: Scene) -> None:
    """Catches: a rotation that only the store believes in."""
    rotated(scene)
    # What is created beside it leaves it as it is.
    assert scene.first_login(scene.one) == (235 if scene.profile.flow == "create" else 535)
    assert scene.stored_login(scene.one) == 235


def test_store_is_readable_without_the_vault_secret_but_for_its_passwords(scene: Scene) -> None:
    """Catches: dates that need the secret, a password in clear, a store that others can read."""
    rotated(scene)
    text = scene.controller.store.read_text()
    assert 'changed_at: "2' in text and 'effective_at: "2' in text
    assert scene.provider.accounts.current(scene.one) not in text
    assert text.startswith(
        "# Managed by mailops.smtp. Safe to commit: every password is encrypted with Ansible Vault.\n"
    )
    assert stat.S_IMODE(scene.controller.store.stat().st_mode) == 0o600
    assert sorted(path.name for path in scene.controller.folder.glob(".smtp*")) == []


def test_window_is_reported_and_recorded(scene: Scene) -> None:
    """Catches: a window that is counted from something else than the change, or reported shorter than it is."""
    result = rotated(scene, propagation_seconds=900)
    assert 895 <= result["seconds_until_effective"] <= 900
    assert result["unverified"] == [scene.one]
    assert result["failed_accounts"] == []
    assert result["effective_at"] == result["accounts"][0]["effective_at"]


def test_default_window_is_the_providers(scene: Scene) -> None:
    """Catches: a default that is shorter than what the provider asks for, fifteen minutes with EmailLabs."""
    options = scene.options()
    del options["propagation_seconds"]
    ended = scene.task(options)
    seconds = ended.result(SET)["seconds_until_effective"]
    assert 895 <= seconds <= 900 if scene.profile.provider == "emaillabs" else seconds == 0


def test_many_accounts_in_one_task(scene: Scene) -> None:
    """Catches: one password for all, an account left out, calls one after the other that lose one."""
    names = [f"{number}{scene.one}" for number in range(3, 23)]
    for name in names:
        scene.provider.accounts.add(name, OLD)
    result = rotated(scene, accounts=names)
    assert [entry["action"] for entry in result["accounts"]] == ["rotated"] * len(names)
    records = scene.controller.decrypted()
    passwords = {name: records[name]["password"] for name in names}
    assert passwords == {name: scene.provider.accounts.current(name) for name in names}
    assert len(set(passwords.values())) == len(names)


def test_rotate_always_keeps_the_password_before(scene: Scene) -> None:
    """Catches: a second rotation that is not done, or that loses the password before it."""
    rotated(scene)
    first = scene.provider.accounts.current(scene.one)
    result = rotated(scene, rotate="always")
    assert result["accounts"][0]["action"] == "rotated"
    record = scene.controller.decrypted()[scene.one]
    assert record["previous_password"] == first
    assert record["password"] == scene.provider.accounts.current(scene.one) != first


def test_rotate_never_sets_nothing(scene: Scene) -> None:
    """Catches: a password made although none was asked for."""
    assert rotated(scene, rotate="never")["accounts"][0]["reason"] == "rotate is never"
    assert scene.provider.record.api_calls() == []
    assert not scene.controller.store.exists()


def test_max_age_makes_it_due(scene: Scene) -> None:
    """Catches: an age that is compared with the wrong date, or not at all."""
    rotated(scene)
    scene.backdate(days=91)
    assert rotated(scene, max_age="92d")["changed"] is False
    assert rotated(scene, max_age="90d")["accounts"][0]["action"] == "rotated"


@SET_ONLY
def test_explicit_password_is_set_once(scene: Scene) -> None:
    """Catches: a given password that is sent again although it is the stored one, or not sent when it is another."""
    chosen = "Chosen-by-hand-0123"
    assert rotated(scene, password=chosen)["changed"] is True
    assert scene.provider.accounts.current(scene.one) == chosen
    assert rotated(scene, password=chosen)["accounts"][0]["reason"] == "the password given is the stored one"
    assert len(scene.provider.record.api_calls()) == 1
    assert rotated(scene, passwords={scene.one: "Another-one-45678"})["changed"] is True
    assert scene.controller.decrypted()[scene.one]["password"] == "Another-one-45678"


@SET_ONLY
def test_symbols_and_length(scene: Scene) -> None:
    """Catches: options of the generator that do not reach it."""
    rotated(scene, password_length=30, password_symbols="-_")
    password = scene.provider.accounts.current(scene.one)
    assert len(password) == 30
    assert sum(char in "-_" for char in password) >= 2


@SET_ONLY
def test_staged_makes_no_call_and_present_sends_that_value(scene: Scene) -> None:
    """Catches: a staged password that is not the one sent, or a call by state=staged."""
    assert rotated(scene, state="staged")["accounts"][0]["action"] == "staged"
    assert scene.provider.record.api_calls() == []
    staged = scene.controller.decrypted()[scene.one]["staged_password"]
    assert rotated(scene, state="staged")["changed"] is False
    result = rotated(scene, rotate="always")
    assert result["accounts"][0]["action"] == "recovered"
    assert scene.provider.accounts.current(scene.one) == staged
    record = scene.controller.decrypted()[scene.one]
    assert record["password"] == staged
    assert "staged_password" not in record and "staged_at" not in record
    assert len(scene.provider.record.changes(scene.one)) == 1


def test_staged_needs_no_keys(scene: Scene) -> None:
    """Catches: keys asked of a CI job that makes no call."""
    options = scene.options(state="staged")
    for name in scene.profile.keys:
        del options[name]
    assert scene.task(options).code == 0


def test_verified_is_recorded_after_the_window_only(scene: Scene) -> None:
    """Catches: a test recorded that proves nothing, a record written twice."""
    rotated(scene, propagation_seconds=600)
    early = scene.rotate(state="verified")
    assert early.code != 0
    assert "takes effect at" in early.result(SET)["msg"]
    scene.backdate(minutes=20)
    late = rotated(scene, state="verified")
    assert late["changed"] is True and late["unverified"] == []
    assert late["accounts"][0]["verified_at"] is not None
    assert rotated(scene, state="verified")["changed"] is False


def test_check_mode_calls_and_writes_nothing(scene: Scene) -> None:
    """Catches: a check mode that acts, or one that does not say what would happen."""
    result = rotated(scene, "--check", "--diff", propagation_seconds=900)
    assert result["changed"] is True
    assert result["accounts"][0]["action"] == "would_rotate"
    assert result["seconds_until_effective"] > 890
    assert scene.provider.record.api_calls() == []
    assert sorted(path.name for path in scene.controller.folder.iterdir() if "smtp" in path.name) == []


def test_diff_shows_dates_and_states(scene: Scene) -> None:
    """Catches: a diff that shows a password or a ciphertext, or nothing."""
    diff = rotated(scene, "--diff")["diff"]
    assert diff["before"] == ""
    assert f"{scene.one}:\n  state: " in diff["after"]
    assert "VAULT" not in diff["after"]


@SET_ONLY
def test_unknown_outcome_is_kept_and_finished_by_the_next_run(scene: Scene) -> None:
    """Catches: a password that landed and is not in the store (time-out after the change)."""
    scene.provider.faults.push(Fault(kind="reset", when="after"))
    ended = scene.rotate(retries=0)
    assert ended.code != 0
    result = ended.result(SET)
    assert result["accounts"][0]["action"] == "unknown"
    assert "stays staged, and the next run sends the same one again" in result["msg"]
    staged = scene.controller.decrypted()[scene.one]["staged_password"]
    assert staged == scene.provider.accounts.current(scene.one)
    assert rotated(scene)["accounts"][0]["action"] == "recovered"
    assert scene.controller.decrypted()[scene.one]["password"] == staged
    assert len(scene.provider.record.changes(scene.one)) == 1


@SET_ONLY
def test_unknown_outcome_is_retried_with_the_same_value(scene: Scene) -> None:
    """Catches: a retry with another password, which would make two of one rotation."""
    scene.provider.faults.push(Fault(kind="status", status=503))
    assert rotated(scene, retries=2)["accounts"][0]["action"] == "rotated"
    assert len(scene.provider.record.api_calls()) == 2
    assert scene.controller.decrypted()[scene.one]["password"] == scene.provider.accounts.current(scene.one)


def test_one_refusal_does_not_stop_the_others(scene: Scene) -> None:
    """Catches: a batch that ends at its first failure, or a task that does not fail."""
    scene.refuse(scene.profile.missing)
    ended = scene.rotate(accounts=[scene.profile.missing, scene.one, scene.two])
    result = ended.result(SET)
    assert ended.code != 0
    assert result["failed_accounts"] == [scene.profile.missing]
    assert [entry["action"] for entry in result["accounts"]] == ["refused", "rotated", "rotated"]
    records = scene.controller.seen_by_ansible()
    assert sorted(records) == [scene.one, scene.two]
    assert records[scene.two]["password"] == scene.provider.accounts.current(scene.two)


@SET_ONLY
def test_refusal_after_doubt_keeps_the_value(scene: Scene) -> None:
    """Catches: a landed password deleted because a later attempt with it was refused (unknown, then 422)."""
    rotated(scene)
    scene.provider.faults.push(Fault(kind="reset", when="after"))
    scene.provider.faults.push(Fault(kind="status", status=422))
    ended = scene.rotate(rotate="always", retries=1)
    assert "kept in doubtful_passwords" in ended.result(SET)["msg"]
    record = scene.controller.decrypted()[scene.one]
    assert record["doubtful_passwords"] == [scene.provider.accounts.current(scene.one)]
    scene.backdate(minutes=20)
    assert rotated(scene, rotate="always")["accounts"][0]["action"] == "rotated"
    assert scene.controller.decrypted()[scene.one]["doubtful_passwords"]
    rotated(scene, state="verified")
    assert "doubtful_passwords" not in scene.controller.decrypted()[scene.one]


@SET_ONLY
@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_refused_access_after_doubt_keeps_it_staged(scene: Scene, status: int) -> None:
    """Catches: a landed password deleted because the keys were refused afterwards (unknown, then 401)."""
    scene.provider.faults.push(Fault(kind="reset", when="after"))
    scene.provider.faults.push(Fault(kind="status", status=status))
    assert scene.rotate(retries=1).result(SET)["accounts"][0]["action"] == "unknown"
    assert scene.controller.decrypted()[scene.one]["staged_password"] == scene.provider.accounts.current(scene.one)


def test_vault_id_encrypts_and_labels(scene: Scene) -> None:
    """Catches: a value that the named identity cannot read."""
    scene.controller.vault_ids = {"dev": "the dev password", "prod": "the prod password"}
    rotated(scene, vault_id="prod")
    assert "$ANSIBLE_VAULT;1.2;AES256;prod" in scene.controller.store.read_text()
    scene.controller.vault_ids = {"prod": "the prod password"}
    assert scene.controller.decrypted()[scene.one]["password"] == scene.provider.accounts.current(scene.one)


def test_store_encrypted_as_a_whole_stays_so(scene: Scene) -> None:
    """Catches: a file that its owner encrypted and that we leave in clear."""
    scene.controller.store.write_text("# ours\nsmtp_accounts: {}\n")
    scene.encrypt_store()
    rotated(scene)
    text = scene.controller.store.read_text()
    assert text.startswith("$ANSIBLE_VAULT;")
    assert scene.one not in text
    assert scene.controller.decrypted()[scene.one]["password"] == scene.provider.accounts.current(scene.one)


def test_other_content_of_the_store_stays(scene: Scene) -> None:
    """Catches: comments and keys that are not ours and vanish."""
    scene.controller.store.write_text("# mine\nother: [1, 2]   # and this\nsmtp_accounts: {}\nlast: true\n")
    rotated(scene)
    text = scene.controller.store.read_text()
    assert text.startswith("# mine\nother: [1, 2]   # and this\nsmtp_accounts:\n") and text.endswith("last: true\n")


def test_keys_come_from_the_controllers_environment(scene: Scene) -> None:
    """Catches: keys that must be written into a playbook."""
    options = scene.options()
    variables = BUILT_IN[scene.profile.provider]["credentials"]
    scene.controller.environment = {variables[name]: options.pop(name) for name in scene.profile.keys}
    assert scene.task(options).code == 0


@SET_ONLY
def test_replaced_call(scene: Scene) -> None:
    """Catches: a password_request that is not used; the stand-in answers 404 to a path that it does not know."""
    ended = scene.rotate(password_request={"method": "POST", "path": "/v9/{account}", "field": "secret"})
    assert ended.result(SET)["accounts"][0]["action"] == "refused"
    call = scene.provider.record.api_calls()[-1]
    assert (call["method"], call["path"]) == ("POST", f"/v9/{quote(scene.one)}")


@SET_ONLY
def test_task_that_is_tried_again_sets_the_password_that_was_given(scene: Scene) -> None:
    """Catches: a second attempt (`until`) that sees the arguments as they are shown, and not as they are."""
    scene.provider.faults.push(Fault(kind="status", status=503))
    options = scene.options(password="Given-by-hand-1234", retries=0)
    task = {"name": SET, "mailops.smtp.smtp_account_password": options, "register": "told"}
    ended = scene.controller.tasks([{**task, "until": "told is succeeded", "retries": 2, "delay": 0}])
    assert ended.code == 0, ended.output
    assert ended.result(SET)["attempts"] == 2
    assert scene.provider.accounts.current(scene.one) == "Given-by-hand-1234"
