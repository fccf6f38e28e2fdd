# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook for when somebody who knew the Vault password has left, as users run it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from standin.service import StandIn
from support.controller import KEYS, VAULT_PASSWORD, Controller
from support.scene import OLD, ONE, TWO, Scene, variables

PLAYBOOK = Path("mailops.smtp.colleague_left")
NEW_PASSWORD = "Nq7-of-those-who-stay-Kz4"
REKEY = "Encrypt the passwords under the new Vault identity"


def test_rekeyed_then_rotated(tmp_path: Path) -> None:
    """Catches: new passwords under the secret that the colleague knows, even for a moment; an account left out."""
    seen: list[str] = []

    def hear(event: dict[str, Any]) -> None:
        if event["kind"] == "api":
            seen.append(scene.controller.store.read_text())

    with StandIn({ONE: OLD, TWO: OLD}, listener=hear, **KEYS) as provider:
        scene = Scene(Controller(tmp_path, vault_ids={"prod": VAULT_PASSWORD}), provider)
        adopted = {"state": "adopted", "passwords": {ONE: OLD, TWO: OLD}, "changed_at": "2026-01-01"}
        assert scene.rotate(accounts=[ONE, TWO], **adopted).code == 0
        before = scene.controller.store.read_text()
        scene.controller.vault_ids = {"prod": VAULT_PASSWORD, "new": NEW_PASSWORD}
        given = tmp_path / "variables.yml"
        given.write_text(yaml.safe_dump(variables(scene, accounts=[ONE, TWO], max_age="90d", vault_id="new")))
        check = scene.controller.play_file(PLAYBOOK, "-e", f"@{given}", "--check")
        assert check.code == 0, check.output
        assert check.result(REKEY)["rekeyed"] == 2 and seen == [] and scene.controller.store.read_text() == before
        ended = scene.controller.play_file(PLAYBOOK, "-e", f"@{given}")
        assert ended.code == 0, ended.output
        assert (ended.result(REKEY)["rekeyed"], ended.result(REKEY)["identities"]) == (2, {"new": 2})
        assert len(seen) >= 2 and not any(";prod\n" in text for text in seen)
        scene.controller.vault_ids = {"new": NEW_PASSWORD}
        records = scene.controller.decrypted()
        assert {name: record["password"] for name, record in records.items()} == {
            name: provider.accounts.current(name) for name in (ONE, TWO)
        }
        assert [scene.login(name, OLD) for name in (ONE, TWO)] == [535, 535]
        assert all("verified_at" in record for record in records.values())
