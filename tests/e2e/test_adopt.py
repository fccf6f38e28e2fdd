# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts that come into the store and leave it without a call of the provider, in real ansible-playbook processes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from standin.faults import Fault
from support.controller import Ended
from support.crash.harness import Crash, until
from support.long import cases
from support.scene import OLD, ONE, TWO, Scene

SET = "Set the passwords"
OTHER = "Set-in-the-panel-7"
STRANGER = """\
# of ours
smtp_accounts:
  # of the first one
  1.acme.smtp:
    owner: web team
    password: !vault |
      $ANSIBLE_VAULT;1.2;AES256;of-a-colleague
      6161
    note: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6262
  2.acme.smtp:
    changed_at: "2026-01-01T00:00:00Z"
"""


def adopt(scene: Scene, *arguments: str, **over: Any) -> Ended:
    """Run one task that adopts, without any key of the provider."""
    keys = dict.fromkeys(("application_key", "authorization_key"))
    return scene.rotate(*arguments, **{"state": "adopted", "password": OLD, **keys, **over})


def entry(ended: Ended) -> dict[str, Any]:
    """Return what a task says of its only account, and whether it changed something."""
    assert ended.code == 0, ended.output
    result = ended.result(SET)
    (only,) = result["accounts"]
    return {**only, "changed": result["changed"]}


def ago(**much: float) -> str:
    return f"{datetime.now(timezone.utc) - timedelta(**much):%Y-%m-%dT%H:%M:%SZ}"


def test_check_real_check_again_real_again(scene: Scene) -> None:
    """Catches: a check mode that writes, a second run that changes something, a call of the provider."""
    given = {"changed_at": ago(days=10), "propagation_seconds": 900}
    check = adopt(scene, "--check", "--diff", **given)
    assert not scene.controller.store.exists()
    real = adopt(scene, "--diff", **given)
    written = scene.controller.store.read_bytes()
    assert check.result(SET)["diff"] == real.result(SET)["diff"]
    assert entry(check) == entry(real) == {**entry(real), "action": "adopted", "changed": True, "verified_at": None}
    again = [entry(adopt(scene, "--check", **given)), entry(adopt(scene, **given))]
    assert [(one["action"], one["changed"]) for one in again] == [("unchanged", False)] * 2
    assert scene.controller.store.read_bytes() == written
    assert scene.controller.store.stat().st_mode & 0o777 == 0o600
    assert scene.provider.record.events() == []
    assert scene.controller.decrypted()[ONE]["password"] == OLD


def test_adopted_password_is_the_one_that_is_rotated_then(scene: Scene) -> None:
    """Catches: an adoption that the rotation knows nothing of."""
    adopted = entry(adopt(scene, changed_at=ago(days=10)))
    assert entry(scene.rotate(max_age="30d"))["action"] == "unchanged"
    assert scene.provider.record.api_calls() == []
    assert entry(scene.rotate(state="verified"))["verified_at"] > adopted["effective_at"]
    assert entry(scene.rotate(max_age="5d"))["action"] == "rotated"
    assert scene.controller.decrypted()[ONE]["previous_password"] == OLD


def test_another_value_keeps_the_one_before_and_opens_the_window(scene: Scene) -> None:
    """Catches: the value before that is gone, a test inside the window, a test of before that counts."""
    entry(adopt(scene, changed_at=ago(days=10)))
    entry(scene.rotate(state="verified"))
    ended = adopt(scene, password=OTHER, propagation_seconds=900)
    assert 890 <= ended.result(SET)["seconds_until_effective"] <= 900
    assert ended.result(SET)["unverified"] == [ONE]
    assert "takes effect at" in scene.rotate(state="verified").result(SET)["msg"]
    record = scene.controller.decrypted()[ONE]
    assert (record["password"], record["previous_password"]) == (OTHER, OLD)
    assert "verified_at" not in record
    back = adopt(scene)
    assert back.result(SET)["warnings"][0].startswith(f"{ONE}: the given password is the one before the stored one; ")
    assert scene.provider.record.events() == []


def test_staged_password_is_settled_by_its_own_value_only(scene: Scene) -> None:
    """Catches: a staged password that is dropped, or that is sent although it is settled."""
    scene.rotate(state="staged", password=OTHER)
    before = scene.controller.store.read_bytes()
    refused = adopt(scene)
    assert refused.result(SET)["msg"].startswith(f"{ONE}: another password is staged and may be in force. ")
    assert scene.controller.store.read_bytes() == before
    entry(adopt(scene, password=OTHER))
    record = scene.controller.decrypted()[ONE]
    assert record["password"] == OTHER and not {"staged_password", "staged_at"} & set(record)
    staged = before.decode().split("staged_password: ")[1].split("staged_at")[0]
    assert staged.strip() in scene.controller.store.read_text(), "its ciphertext was moved"
    assert entry(scene.rotate())["action"] == "unchanged"
    assert scene.provider.record.events() == []


def test_doubtful_password_stays_until_a_test(scene: Scene) -> None:
    """Catches: a password that may be in force and is deleted because somebody says otherwise."""
    entry(adopt(scene))
    scene.provider.faults.push(Fault(kind="status", status=503))
    scene.rotate(rotate="always", retries=0)
    scene.provider.faults.push(Fault(kind="refused_value"))
    scene.rotate(retries=0)
    (doubtful,) = scene.controller.decrypted()[ONE]["doubtful_passwords"]
    entry(adopt(scene))
    record = scene.controller.decrypted()[ONE]
    assert (record["password"], record["doubtful_passwords"]) == (OLD, [doubtful])
    assert "staged_at" not in record
    entry(scene.rotate(state="verified"))
    assert "doubtful_passwords" not in scene.controller.decrypted()[ONE]


def test_value_that_breaks_the_rules_is_adopted_with_a_warning(scene: Scene) -> None:
    """Catches: a password in force that cannot be stored because today's rules forbid it; one that is shown for it."""
    ended = adopt(scene, password="short")
    assert ended.result(SET)["warnings"] == [
        f"{ONE}: the given password breaks a rule of the provider (must have 8 to 128 characters, not 5); adopted all "
        "the same, because it may be in force"
    ]
    assert scene.controller.decrypted()[ONE]["password"] == "short"
    assert "warnings" not in adopt(scene, password="short").result(SET)


def test_several_accounts_at_once(scene: Scene) -> None:
    """Catches: a password that is stored for another account."""
    ended = adopt(scene, accounts=[ONE, TWO], password=None, passwords={TWO: OTHER, ONE: OLD})
    assert ended.code == 0, ended.output
    assert {name: record["password"] for name, record in scene.controller.decrypted().items()} == {ONE: OLD, TWO: OTHER}


@pytest.mark.parametrize("state", ["adopted", "absent"])
def test_another_run_at_work_on_the_account(scene: Scene, state: str) -> None:
    """Catches: a record that is changed under a run that has sent its password and waits for the answer."""
    scene.provider.faults.push(Fault(kind="hang", then="continue", seconds=6))
    tasks = [{"name": SET, "mailops.smtp.smtp_account_password": scene.options(password=OTHER)}]
    play = scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], "first.yml")
    crash = Crash(scene.controller, scene.provider.api_url)
    process, results = crash.start(play, crash.environment(None, tasks=False))
    assert until(lambda: "after send 2" in crash.boundaries())
    over = {"password": None, "force": True} if state == "absent" else {"password": OTHER}
    late = adopt(scene, state=state, lock_timeout=0, **over)
    assert f"another run has been working on the account {ONE}" in late.result(SET)["msg"]
    waited = entry(adopt(scene, state=state, **over))
    assert scene.controller.ended(process, results).code == 0
    # The other run has settled it in the meantime.
    assert waited["action"] == ("removed" if state == "absent" else "unchanged")


def test_removed_with_everything(scene: Scene) -> None:
    """Catches: a removal that needs a secret, leaves a field behind, takes a comment along, or is done twice."""
    scene.controller.store.write_text(STRANGER)
    scene.controller.vault_ids = {}
    check = adopt(scene, "--check", "--diff", state="absent", password=None)
    assert scene.controller.store.read_text() == STRANGER
    real = adopt(scene, "--diff", state="absent", password=None)
    assert check.result(SET)["diff"] == real.result(SET)["diff"]
    assert entry(check) == entry(real) == {**entry(real), "action": "removed", "changed": True}
    left = STRANGER[: STRANGER.index("  1.acme.smtp:")] + STRANGER[STRANGER.index("  2.acme.smtp:") :]
    assert scene.controller.store.read_text() == left
    assert entry(adopt(scene, state="absent", password=None))["action"] == "unchanged"
    entry(adopt(scene, state="absent", password=None, accounts=[TWO]))
    assert scene.controller.store.read_text().startswith("# of ours\nsmtp_accounts: {}\n")
    assert scene.provider.record.events() == []


@pytest.mark.parametrize("how", cases(["staged", "window", "sender"], short=["staged", "sender"]))
def test_unsettled_account_is_removed_by_force_only(scene: Scene, how: str) -> None:
    """Catches: the only copy of the password in force, deleted in passing."""
    if how == "staged":
        scene.rotate(state="staged")
    else:
        adopt(scene, propagation_seconds=900 if how == "window" else 0)
    if how == "sender":
        sender = {"senders": {"news": [ONE, TWO]}, "vault_file": str(scene.controller.store)}
        scene.controller.tasks([{"name": "Pair", "mailops.smtp.smtp_sender": sender}])
    before = scene.controller.store.read_bytes()
    words = {"staged": "a staged password (", "window": "takes effect at", "sender": "its place in the sender 'news'"}
    refused = adopt(scene, state="absent", password=None)
    assert words[how] in refused.result(SET)["msg"] and refused.code != 0
    assert scene.controller.store.read_bytes() == before
    forced = entry(adopt(scene, state="absent", password=None, force=True))
    assert words[how] in forced["reason"] and forced["reason"].startswith("removed from the store, ")
    assert "!vault" not in scene.controller.store.read_text()


def test_store_that_is_encrypted_as_a_whole_stays_so(scene: Scene) -> None:
    """Catches: a password of a hidden file in a file that anybody reads."""
    entry(adopt(scene))
    scene.encrypt_store()
    entry(adopt(scene, password=OTHER))
    entry(adopt(scene, accounts=[TWO], password=OTHER))
    entry(adopt(scene, accounts=[TWO], password=None, state="absent"))
    assert scene.controller.store.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert {name: record["password"] for name, record in scene.controller.decrypted().items()} == {ONE: OTHER}
