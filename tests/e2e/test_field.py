# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failures that other systems had in the field and that no other file has a test for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from standin.faults import Fault
from support.scene import Scene, a_scene

SET = "Set the passwords"


@pytest.fixture
def mailgun(tmp_path: Path) -> Iterator[Scene]:
    with a_scene("mailgun", tmp_path) as made:
        made.provider.accounts.same_password = "refuse"
        yield made


def action(scene: Scene, **options: object) -> str:
    result: str = scene.rotate(**options).result(SET)["accounts"][0]["action"]
    return result


def test_landed_change_is_proved_by_the_refusal_of_the_same_password(mailgun: Scene) -> None:
    """Catches: "cannot be the same as the old password" taken for a failure, and the landed password dropped."""
    mailgun.provider.faults.push(Fault(kind="reset", when="after"))
    assert action(mailgun, retries=1) == "rotated"
    assert mailgun.controller.decrypted()[mailgun.one]["password"] == mailgun.provider.accounts.current(mailgun.one)
    mailgun.provider.faults.push(Fault(kind="reset", when="after"))
    assert action(mailgun, rotate="always", retries=0) == "unknown"
    assert action(mailgun) == "recovered"
    assert mailgun.controller.decrypted()[mailgun.one]["password"] == mailgun.provider.accounts.current(mailgun.one)


def test_rules_that_change_while_a_password_is_staged(scene: Scene) -> None:
    """Catches: a staged password that the provider's new rules refuse and that every run sends again, for ever."""
    assert action(scene, state="staged") == "staged"
    staged = scene.controller.decrypted()[scene.one]["staged_password"]
    scene.provider.faults.push(Fault(kind="refused_value"))
    assert action(scene) == "refused"
    record = scene.controller.decrypted()[scene.one]
    assert "staged_password" not in record and record["doubtful_passwords"] == [staged]
    assert action(scene) == "rotated"
    assert scene.provider.accounts.current(scene.one) != staged


def test_recovered_rotation_is_not_followed_by_another_one(scene: Scene) -> None:
    """Catches: a journal that is stale and makes the next rotation come early."""
    scene.provider.faults.push(Fault(kind="reset", when="after"))
    assert action(scene, retries=0, max_age="90d") == "unknown"
    assert action(scene, max_age="90d") == "recovered"
    assert action(scene, max_age="90d") == "unchanged"
    assert len(scene.provider.record.changes(scene.one)) == 1
