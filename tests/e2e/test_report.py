# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""smtp_report in real Ansible processes: the module, the role's entry point and the playbook."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.controller import KEYS, VAULT_PASSWORD, Ended
from support.scene import OLD, ONE, TWO, Scene
from support.search import Search

MAKE = "Write reports"
ROLE = "Write reports on the store"
PLAYBOOK = Path("mailops.smtp.report")
FORMATS = {"html": "page.html", "json": "report.json", "prometheus": "smtp.prom"}


def made(scene: Scene, *arguments: str, **over: Any) -> Ended:
    """Run the module without any secret, with every report beside the store."""
    scene.controller.vault_ids = {}
    options = {"vault_file": str(scene.controller.store), "max_age": "90d", "outputs": {**FORMATS}, **over}
    return scene.controller.tasks([{"name": MAKE, "mailops.smtp.smtp_report": options}], *arguments)


def refused(scene: Scene, **over: Any) -> str:
    """Run the module, which has to fail, and return its message."""
    ended = made(scene, **over)
    assert ended.code == 2, ended.output
    return str(ended.result(MAKE)["msg"])


def test_three_reports_without_a_vault_secret_and_without_a_call(scene: Scene) -> None:
    """Catches: a report that needs a secret or calls somebody, and a file that the collector's user cannot read."""
    scene.rotate(propagation_seconds=900)
    calls = len(scene.provider.record.events())
    before = os.umask(0o077)
    try:
        result = made(scene).result(MAKE)
    finally:
        os.umask(before)
    folder = scene.controller.folder
    assert result["outputs"] == {name: str(folder / file) for name, file in FORMATS.items()}
    assert [(folder / file).stat().st_mode & 0o777 for file in FORMATS.values()] == [0o644] * 3
    said = json.loads((folder / "report.json").read_text())
    assert said.pop("fingerprint") and said == {name: result[name] for name in said}
    assert (said["accounts"][0]["account"], said["accounts"][0]["state"]) == (ONE, "waiting")
    assert f'smtp_account_password_unverified{{store="smtp",account="{ONE}"}} 1' in (folder / "smtp.prom").read_text()
    assert ONE in (folder / "page.html").read_text()
    assert len(scene.provider.record.events()) == calls


def test_changed_only_if_the_store_says_something_new(scene: Scene) -> None:
    """Catches: a nightly job that always reports a change, and a file whose time stands still meanwhile."""
    scene.rotate(propagation_seconds=900)
    secrets = scene.controller.vault_ids
    assert made(scene).result(MAKE)["changed"] is True
    page = scene.controller.folder / "page.html"
    before = page.stat().st_ino
    assert made(scene).result(MAKE)["changed"] is False
    assert page.stat().st_ino != before
    page.chmod(0o600)
    assert made(scene).result(MAKE)["changed"] is True
    assert page.stat().st_mode & 0o777 == 0o644
    scene.backdate(minutes=20)
    assert made(scene).result(MAKE)["changed"] is True
    scene.controller.vault_ids = secrets
    scene.rotate(state="verified")
    assert made(scene).result(MAKE)["changed"] is True
    assert made(scene, mode="0600").result(MAKE)["changed"] is True
    assert page.stat().st_mode & 0o777 == 0o600


def test_check_mode_writes_nothing(scene: Scene) -> None:
    """Catches: a file that a dry run leaves."""
    scene.rotate()
    ended = made(scene, "--check", "--diff")
    assert ended.result(MAKE)["changed"] is True and ended.code == 0
    assert [file for file in FORMATS.values() if (scene.controller.folder / file).exists()] == []


def test_store_that_is_missing(scene: Scene) -> None:
    """Catches: a misspelt path, of which the report says that all is in order."""
    store = scene.controller.store
    assert refused(scene) == f"there is no store {store}; vault_file must name the file that has the passwords"
    assert not (scene.controller.folder / "page.html").exists()


def test_store_that_is_encrypted_as_a_whole(scene: Scene) -> None:
    """Catches: a message that does not say why this store takes the secret and others do not."""
    scene.rotate()
    secrets = scene.controller.vault_ids
    scene.encrypt_store()
    assert refused(scene) == (
        f"{scene.controller.store} is encrypted, but no Vault secret is loaded; start the run with "
        "--vault-password-file, --vault-id or --ask-vault-pass"
    )
    scene.controller.vault_ids = secrets
    options = {"vault_file": str(scene.controller.store), "outputs": {**FORMATS}}
    ended = scene.controller.tasks([{"name": MAKE, "mailops.smtp.smtp_report": options}])
    assert ended.code == 0 and ended.result(MAKE)["totals"]["accounts"] == 1


def closed_folder(scene: Scene) -> Path:
    """Return a folder in which this user can write nothing."""
    folder = Path("/sys") if os.geteuid() == 0 else scene.controller.folder / "closed"
    if os.geteuid() != 0:
        folder.mkdir(mode=0o555)
    return folder


def test_target_that_cannot_be_written_is_named(scene: Scene) -> None:
    """Catches: a failure of which nobody can tell which report it is about, or the other reports written before it."""
    scene.rotate()
    folder = scene.controller.folder
    target = closed_folder(scene) / "smtp.prom"
    assert refused(scene, outputs={"prometheus": str(target)}) == (
        f"outputs.prometheus: cannot write {target}: Permission denied; the user who runs ansible-playbook writes the "
        "reports, and become has no effect on that"
    )
    missing = {"html": "page.html", "json": "none/report.json"}
    assert refused(scene, outputs=missing) == (
        f"outputs.json: the folder {folder}/none does not exist: create it first"
    )
    assert refused(scene, outputs={"html": str(folder)}) == (
        f"outputs.html: {folder} is a folder: name the file itself"
    )
    assert not (folder / "page.html").exists()


def test_options_that_do_not_fit(scene: Scene) -> None:
    """Catches: a report that one overwrites with another, a misspelt format that is never written."""
    scene.rotate()
    page = scene.controller.folder / "page.html"
    assert refused(scene, outputs={"html": "page.html", "json": str(page)}) == (
        f"outputs.json: {page} is named twice; give each report a file of its own"
    )
    assert refused(scene, outputs={"htm": "page.html"}) == "unknown option outputs.htm (did you mean html?)"
    assert refused(scene, mode="644x") == "mode must be three or four octal digits in quotes, such as '0600'"
    assert not page.exists()


def test_metrics_that_the_collector_would_not_read(scene: Scene) -> None:
    """Catches: metrics in a file that the node exporter passes over without a word."""
    scene.rotate()
    result = made(scene, outputs={"prometheus": "smtp.txt"}).result(MAKE)
    assert result["warnings"] == [
        f"outputs.prometheus: {scene.controller.folder}/smtp.txt does not end with .prom, so the node exporter's "
        "textfile collector will not read it"
    ]


def test_leftovers_of_a_killed_run_are_removed(scene: Scene) -> None:
    """Catches: half a report for each run that was killed."""
    scene.rotate()
    left = scene.controller.folder / ".page.html.mailops-abcdefgh.tmp"
    left.write_text("half a page")
    assert made(scene).code == 0
    assert not left.exists()


def test_no_secret_in_any_report_or_output(scene: Scene) -> None:
    """Catches: a password, a key, or a ciphertext in what everybody may read."""
    scene.rotate(accounts=[ONE, TWO])
    scene.rotate(rotate="always")
    scene.rotate(accounts=[TWO], state="staged", rotate="always")
    secrets = {f"password {number}": word for number, word in enumerate(_passwords(scene))}
    ciphertexts = {line.strip() for line in scene.controller.store.read_text().splitlines() if len(line.strip()) == 80}
    assert len(secrets) >= 4 and len(ciphertexts) > 10
    named = {f"ciphertext {number}": line for number, line in enumerate(ciphertexts)}
    search = Search({**secrets, **named, **KEYS, "vault password": VAULT_PASSWORD})
    ended = made(scene, "-vvvvv", "--diff")
    assert ended.code == 0, ended.output
    for text, place in [(ended.output, "the output"), *((_read(scene, file), file) for file in FORMATS.values())]:
        assert search.text(text, place).hits == [], place
        assert "ANSIBLE_VAULT" not in text or place == "the output"


def _passwords(scene: Scene) -> set[str]:
    records = scene.controller.decrypted().values()
    fields = ("password", "previous_password", "staged_password")
    return {record[name] for record in records for name in fields if name in record} | {OLD}


def _read(scene: Scene, file: str) -> str:
    return (scene.controller.folder / file).read_text()


@pytest.mark.parametrize("way", ["role", "playbook"])
def test_entry_point(scene: Scene, way: str) -> None:
    """Catches: an entry point that asks for what only a rotation needs, or that passes an option on to nobody."""
    scene.rotate(propagation_seconds=900)
    scene.controller.vault_ids = {}
    given = {
        "smtp_rotation_vault_file": str(scene.controller.store),
        "smtp_rotation_max_age": "30d",
        "smtp_report_outputs": {"json": str(scene.controller.folder / "report.json")},
        "smtp_report_name": "prod",
        "smtp_report_mode": "0640",
    }
    if way == "role":
        role = {"name": "mailops.smtp.smtp_rotation", "tasks_from": "report"}
        tasks = [{"ansible.builtin.include_role": role, "vars": given}]
        ended = scene.controller.tasks(tasks)
    else:
        ended = scene.controller.play_file(PLAYBOOK, "-e", json.dumps(given))
    assert ended.code == 0 and "WARNING" not in ended.output, ended.output
    said = json.loads(_read(scene, "report.json"))
    assert (said["store"], said["max_age_seconds"]) == ("prod", 30 * 86400)
    assert (scene.controller.folder / "report.json").stat().st_mode & 0o777 == 0o640
    assert ended.result(ROLE)["totals"]["accounts"] == 1


def test_entry_point_needs_a_store(scene: Scene) -> None:
    """Catches: a report on whichever store comes to hand."""
    ended = scene.controller.play_file(PLAYBOOK)
    assert ended.code == 2
    assert "missing required arguments: smtp_rotation_vault_file" in ended.output
