# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role says when its test send fails, by what the server said."""

from __future__ import annotations

import pytest
from support.scene import ONE, TWO, Scene, variables

BY_HAND = "try the store's other values"


@pytest.mark.parametrize(
    ("option", "value", "reason", "advice"),
    [
        ("refuse_sender_late", True, "sender_refused", "Use a sender address that this account may send from."),
        ("refuse_login", "525 5.7.13 Account disabled", "auth_unavailable", "Do not try again now"),
        ("refuse_login", "535 5.7.8 Temporary failure", "auth_unavailable", "Run again in a few minutes"),
        ("refuse_login", "535 5.7.8 Error: authentication failed", "auth_rejected", BY_HAND),
    ],
)
def test_report_advises_older_passwords_only_for_a_refused_one(
    scene: Scene, option: str, value: object, reason: str, advice: str
) -> None:
    """Catches: people sent through older passwords, each a failed login, where the password is not the fault."""
    setattr(scene.provider.submission, option, value)
    role = {"role": "mailops.smtp.smtp_rotation", "vars": variables(scene, propagation_seconds=0)}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
    ended = scene.controller.play_file(scene.controller.write_play([play]))
    assert ended.code != 0
    assert f"the test message failed ({reason})" in ended.output
    assert advice in ended.output
    assert (BY_HAND in ended.output) is (reason == "auth_rejected")
    assert "The next run tests again." in ended.output


@pytest.mark.parametrize(("message", "senders"), [("first", [ONE]), ("none", [])])
def test_all_log_in_and_those_that_are_chosen_send(scene: Scene, message: str, senders: list[str]) -> None:
    """Catches: a message for each account where one is enough, and an account that is not tested, or tested twice."""
    over = {"accounts": [ONE, TWO], "test_message": message, "propagation_seconds": 0}
    scene.provider.accounts.propagation = 0
    role = {"role": "mailops.smtp.smtp_rotation", "vars": variables(scene, **over)}
    ended = scene.controller.play_file(
        scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "roles": [role]}])
    )
    assert ended.code == 0, ended.output
    record = scene.provider.record
    assert [one["account"] for one in record.messages()] == senders
    assert sorted((one["account"], one["accepted"]) for one in record.logins()) == [(ONE, True), (TWO, True)]
    assert all(one["verified_at"] for one in scene.controller.decrypted().values())
