# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store under another Vault identity, and accounts under other names, in real ansible-playbook processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.faults import Fault
from support.controller import Ended
from support.crash.harness import Crash, until
from support.long import cases
from support.scene import OLD, ONE, TWO, Scene, a_scene
from support.search import Search

KEEP = "Keep house"
OLD_PASSWORD = "Kq3-of-the-colleague-Xw9"
NEW_PASSWORD = "Nq7-of-those-who-stay-Kz4"
BOTH = {"prod": OLD_PASSWORD, "new": NEW_PASSWORD}
OTHER = "Set-in-the-panel-7"
HISTORY = "git history and backups still have the passwords as they were encrypted before, and whoever could open "
WRITING = [
    *(
        f"{when} {what} 1"
        for what in ("open lock file", "make new store", "sync new store")
        for when in ("before", "after")
    ),
    *(
        f"{when} {what} 1"
        for what in ("rename new store", "sync folder", "remove lock file")
        for when in ("before", "after")
    ),
]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with every kind of value, all of the identity prod, and one that is not the store's."""
    with a_scene("emaillabs", tmp_path_factory.mktemp("stored")) as made:
        made.controller.vault_ids = {"prod": OLD_PASSWORD}
        adopted: dict[str, Any] = {"state": "adopted", "accounts": [ONE, TWO], "changed_at": "2026-01-01"}
        assert made.rotate(**adopted, passwords={ONE: OLD, TWO: OLD}).code == 0
        adopted["changed_at"] = "2026-02-01"
        assert made.rotate(**adopted, passwords={ONE: OTHER, TWO: OTHER}).code == 0
        assert made.rotate(accounts=[TWO], state="staged", rotate="always").code == 0
        text = made.controller.store.read_text()
    value = text[text.index("!vault") : text.index("    previous_password")]
    return "# ours\n" + text + "api_key: " + value


@pytest.fixture
def scene(tmp_path: Path, stored: str) -> Iterator[Scene]:
    """A controller with that store and both secrets."""
    with a_scene("emaillabs", tmp_path) as made:
        made.controller.store.touch(mode=0o640)
        made.controller.store.write_text(stored)
        made.controller.vault_ids = dict(BOTH)
        yield made


def task(scene: Scene, **over: Any) -> dict[str, Any]:
    return {"name": KEEP, "mailops.smtp.smtp_store": {"vault_file": str(scene.controller.store), **over}}


def keep(scene: Scene, *arguments: str, **over: Any) -> Ended:
    """Run one task of the module."""
    return scene.controller.tasks([task(scene, **over)], *arguments)


def rekey(scene: Scene, *arguments: str, **over: Any) -> dict[str, Any]:
    """Run one task that rekeys, and return its result."""
    ended = keep(scene, *arguments, **{"state": "rekeyed", "vault_id": "new", **over})
    assert ended.code == 0, ended.output
    return ended.result(KEEP)


def opened(scene: Scene, text: str, **secrets: str) -> dict[str, Any]:
    """Return the records of a store that some secrets open, decrypted by Ansible's own library."""
    both, scene.controller.vault_ids = scene.controller.vault_ids, secrets
    now = scene.controller.store.read_bytes()
    scene.controller.store.write_text(text)
    try:
        return scene.controller.document()
    finally:
        scene.controller.vault_ids = both
        scene.controller.store.write_bytes(now)


def test_check_real_check_again_real_again(scene: Scene, stored: str) -> None:
    """Catches: a check mode that writes, a second run that changes something, a value that is lost or left."""
    before = opened(scene, stored, prod=OLD_PASSWORD)
    check = rekey(scene, "--check", "--diff")
    assert scene.controller.store.read_text() == stored
    real = rekey(scene, "--diff")
    text = scene.controller.store.read_text()
    assert check["diff"] == real["diff"]
    assert real["diff"]["before"].splitlines()[0] == f"password of {ONE}: Vault identity prod"
    assert real["diff"]["after"].splitlines()[0] == f"password of {ONE}: Vault identity new"
    assert (check["rekeyed"], real["rekeyed"], real["left"]) == (5, 5, ["api_key"])
    assert (check["identities"], real["identities"]) == ({"prod": 5}, {"new": 5})
    assert real["warnings"][0].startswith(HISTORY) and real["warnings"][1].endswith("not of this store: api_key")
    for again in (rekey(scene, "--check"), rekey(scene)):
        assert (again["changed"], again["rekeyed"], "warnings" in again) == (False, 0, False)
    assert scene.controller.store.read_text() == text
    assert scene.controller.store.stat().st_mode & 0o777 == 0o640
    ours, api_key = text.split("api_key: ")
    assert opened(scene, ours, new=NEW_PASSWORD)["smtp_accounts"] == before["smtp_accounts"]
    assert ";prod\n" not in ours and stored.endswith(api_key)
    hidden = [line for line in ours.splitlines() if line.strip().isalnum() and len(line.strip()) > 60]
    assert len(set(hidden)) == len(hidden) and not set(hidden) & set(stored.splitlines()), "every salt is a new one"
    plain = [line for line in stored.splitlines() if '"' in line or "#" in line]
    assert plain == [line for line in text.splitlines() if '"' in line or "#" in line]
    assert scene.provider.record.events() == []


def test_staged_password_of_before_is_sent_after(scene: Scene) -> None:
    """Catches: a staged password that nobody can send any more."""
    staged = scene.controller.decrypted()[TWO]["staged_password"]
    rekey(scene)
    scene.controller.vault_ids = {"new": NEW_PASSWORD}
    ended = scene.rotate(accounts=[TWO])
    assert ended.result("Set the passwords")["accounts"][0]["action"] == "recovered"
    assert scene.provider.accounts.current(TWO) == staged


@pytest.mark.parametrize("at", cases(WRITING, short=["before rename new store 1", "after rename new store 1"]))
def test_killed_at_every_write(scene: Scene, stored: str, at: str) -> None:
    """Catches: a store of which half is under the old secret, or that is neither the old one nor the new one."""
    before = opened(scene, stored, prod=OLD_PASSWORD)["smtp_accounts"]
    options = task(scene, state="rekeyed", vault_id="new")
    play = scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "tasks": [options]}])
    crash = Crash(scene.controller, scene.provider.api_url)
    crash.watched(play, at=at)
    text = scene.controller.store.read_text()
    is_done = WRITING.index(at) >= WRITING.index("after rename new store 1")
    assert (text != stored) == is_done
    secrets = {"new": NEW_PASSWORD} if is_done else {"prod": OLD_PASSWORD}
    assert opened(scene, text.split("api_key: ")[0], **secrets)["smtp_accounts"] == before
    again = rekey(scene)
    assert (again["changed"], again["identities"]) == (not is_done, {"new": 5})
    assert crash.left() == []
    ours = scene.controller.store.read_text().split("api_key: ")[0]
    assert opened(scene, ours, new=NEW_PASSWORD)["smtp_accounts"] == before


def test_boundaries_are_all_known(scene: Scene) -> None:
    """Catches: a write that comes or goes without a test that kills there."""
    options = task(scene, state="rekeyed", vault_id="new")
    play = scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "tasks": [options]}])
    crash = Crash(scene.controller, scene.provider.api_url)
    assert crash.watched(play).code == 0
    assert crash.boundaries() == WRITING
    assert crash.left() == []


def test_file_that_is_encrypted_as_a_whole(scene: Scene) -> None:
    """Catches: dates in clear that somebody hid, a file that the old secret still opens."""
    before = scene.controller.decrypted()
    scene.controller.vault_ids = {"prod": OLD_PASSWORD}
    scene.encrypt_store()
    assert scene.controller.store.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    scene.controller.vault_ids = dict(BOTH)
    assert rekey(scene)["rekeyed"] == 6
    text = scene.controller.store.read_text()
    assert text.startswith("$ANSIBLE_VAULT;1.2;AES256;new\n") and scene.controller.decrypted() == before
    scene.controller.vault_ids = {"new": NEW_PASSWORD}
    assert rekey(scene)["changed"] is False


def test_renamed_with_the_history(scene: Scene, stored: str) -> None:
    """Catches: a history that is lost, a sender that names an account which is not there, a secret that is needed."""
    pair = {"senders": {"news": [ONE, "3.acme.smtp"]}, "vault_file": str(scene.controller.store)}
    scene.controller.tasks([{"name": "Pair", "mailops.smtp.smtp_sender": pair}])
    before = scene.controller.store.read_text()
    scene.controller.vault_ids = {}
    names = {ONE: "one@acme.example", TWO: "2.new.smtp"}
    check = keep(scene, "--check", "--diff", renamed=names).result(KEEP)
    assert scene.controller.store.read_text() == before
    real = keep(scene, "--diff", renamed=names).result(KEEP)
    assert check == real and real["changed"] and real["renamed"] == names
    text = scene.controller.store.read_text()
    assert text == before.replace(ONE, "one@acme.example").replace(TWO, "2.new.smtp")
    again = keep(scene, renamed=names).result(KEEP)
    assert (again["changed"], again["renamed"]) == (False, {})
    scene.controller.vault_ids = dict(BOTH)
    assert scene.controller.decrypted()["2.new.smtp"]["previous_password"] == OLD
    assert scene.provider.record.events() == []


def test_another_run_at_work(scene: Scene, stored: str) -> None:
    """Catches: a store that is rekeyed under a run that waits for the provider, whose password is then lost."""
    scene.provider.faults.push(Fault(kind="hang", then="continue", seconds=6))
    tasks = [{"name": "Send", "mailops.smtp.smtp_account_password": scene.options(accounts=[TWO])}]
    play = scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], "first.yml")
    crash = Crash(scene.controller, scene.provider.api_url)
    process, results = crash.start(play, crash.environment(None, tasks=False))
    assert until(lambda: "after send 2" in crash.boundaries())
    late = keep(scene, state="rekeyed", vault_id="new", lock_timeout=0)
    assert f"another run has been working on the account {TWO}" in late.result(KEEP)["msg"]
    # The one that was staged is the password now, and the one that it replaced was never tested.
    assert rekey(scene)["identities"] == {"new": 5}
    assert scene.controller.ended(process, results).code == 0
    record = scene.controller.decrypted()[TWO]
    assert record["password"] == scene.provider.accounts.current(TWO)
    assert "staged_password" not in record


def test_no_secret_is_shown_or_left(scene: Scene) -> None:
    """Catches: a password or a Vault secret in some output, a log, or a file that is not the store."""
    secrets = {"old": OLD, "other": OTHER, "vault": OLD_PASSWORD, "new vault": NEW_PASSWORD}
    secrets["staged"] = scene.controller.decrypted()[TWO]["staged_password"]
    scene.controller.environment["ANSIBLE_LOG_PATH"] = str(scene.controller.folder / "ansible.log")
    outputs = [
        keep(scene, "-vvvvv", "--diff", **options).output
        for options in (
            {"state": "rekeyed", "vault_id": "new", "old_vault_id": "nowhere"},
            {"state": "rekeyed", "vault_id": "new", "renamed": {ONE: "1.new.smtp"}},
            {"state": "rekeyed", "vault_id": "new"},
        )
    ]
    search = Search(secrets)
    skip = [scene.controller.folder / f"vault-password-{name}" for name in BOTH]
    found = search.folder(scene.controller.folder, skip=skip)
    assert found.hits == [] and found.size > sum(map(len, outputs)) > 1000
    assert [search.text(output, "output").hits for output in outputs] == [[], [], []]


def test_renamed_and_rekeyed_in_one_write(scene: Scene, stored: str) -> None:
    """Catches: one of two that is done, and the other one not."""
    before = opened(scene, stored, prod=OLD_PASSWORD)["smtp_accounts"]
    assert rekey(scene, renamed={ONE: "1.new.smtp"})["renamed"] == {ONE: "1.new.smtp"}
    after = scene.controller.decrypted()
    assert after == {"1.new.smtp": before[ONE], TWO: before[TWO]}


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no new identity": (
        {"state": "rekeyed"},
        "vault_id: state=rekeyed needs the identity that is to encrypt the values from now on",
    ),
    "identity that is not loaded": (
        {"state": "rekeyed", "vault_id": "nwe"},
        "vault_id: no Vault secret with the identity 'nwe' is loaded; loaded: new, prod",
    ),
    "old identity that is nowhere": (
        {"state": "rekeyed", "vault_id": "new", "old_vault_id": "prd"},
        "old_vault_id: no Vault secret with the identity 'prd' is loaded, and no value in {store} names it",
    ),
    "old identity without rekeying": ({"old_vault_id": "prod"}, "old_vault_id: can be set with state=rekeyed only"),
    "unknown state": ({"state": "rekey"}, "value of state must be one of: present, rekeyed, got: rekey"),
    "misspelt option": ({"rename": {}}, "unknown option rename (did you mean renamed?)"),
    "name that is taken": (
        {"renamed": {ONE: TWO}},
        f"renamed: {{store}} has both {ONE} and {TWO}; remove one of them first",
    ),
    "name that is not there": (
        {"renamed": {"9.acme.smtp": "8.acme.smtp"}},
        "renamed: {store} has no account 9.acme.smtp",
    ),
    "one name for two": (
        {"renamed": {ONE: "9.acme.smtp", TWO: "9.acme.smtp"}},
        f"renamed['{TWO}']: another account would be named 9.acme.smtp too",
    ),
    "name with a newline": (
        {"renamed": {ONE: "1.\nsmtp"}},
        f"renamed['{ONE}']: '1.\\nsmtp' cannot be the name of an account: character 3 is U+000A, a line break or "
        "another control character",
    ),
    "name that is a list": ({"renamed": {ONE: [TWO]}}, f"renamed['{ONE}']: must be a string or a number, not list"),
    "store that is not there": (
        {"vault_file": "/nowhere.yml", "renamed": {ONE: "9.acme.smtp"}},
        "/nowhere.yml does not exist; vault_file must name the store",
    ),
    "lock_timeout": ({"lock_timeout": -1}, "lock_timeout: must be from 0 to 86400, not -1"),
}


def test_bad_input_changes_nothing(scene: Scene, stored: str) -> None:
    """Catches: bad input that is accepted, explained badly, or noticed only after something has changed."""
    tasks = [{**task(scene, **options), "name": name, "ignore_errors": True} for name, (options, _told) in BAD.items()]
    ended = scene.controller.tasks(tasks)
    told = {name: ended.result(name)["msg"].replace(str(scene.controller.store), "{store}") for name in BAD}
    assert told == {name: message for name, (_options, message) in BAD.items()}
    assert scene.controller.store.read_text() == stored


def test_without_the_old_secret(scene: Scene, stored: str) -> None:
    """Catches: a half of the store under each secret, a message that does not say which values are closed."""
    scene.controller.vault_ids = {"new": NEW_PASSWORD}
    ended = keep(scene, state="rekeyed", vault_id="new")
    assert ended.code != 0
    assert ended.result(KEEP)["msg"] == (
        f"{scene.controller.store}: 5 values cannot be opened with the loaded Vault secrets, so nothing was changed: "
        f"password of {ONE} (Vault identity prod), previous_password of {ONE} (Vault identity prod), password of {TWO} "
        f"(Vault identity prod), previous_password of {TWO} (Vault identity prod), staged_password of {TWO} (Vault "
        "identity prod); load the old secret as well, beside the new one"
    )
    assert scene.controller.store.read_text() == stored
