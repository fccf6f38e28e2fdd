# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""smtp_test_send with many accounts in one task, in real Ansible processes."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.controller import KEYS, Controller, Ended
from support.scene import Scene

SEND = "Test the logins"
PASSWORDS = {f"{n}.acme.smtp": f"the-passw'ord/of-{n}" for n in range(200)}
NAMES = [*PASSWORDS]
WRONG = "not-the-password-1"


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Scene]:
    """A provider with two hundred accounts."""
    with StandIn(PASSWORDS, provider="emaillabs", **KEYS) as running:
        yield Scene(Controller(tmp_path), running)


def logins(names: Sequence[str]) -> list[dict[str, Any]]:
    return [{"username": name, "password": PASSWORDS[name]} for name in names]


def tried(scene: Scene, accounts: Sequence[Mapping[str, Any]] | None, *arguments: str, **over: Any) -> Ended:
    """Run one task with these accounts; None takes an option out. None of the passwords may show."""
    options = {
        "host": scene.provider.smtp_host,
        "port": scene.provider.smtp_port,
        "ca_path": scene.provider.ca_path,
        "accounts": accounts,
        "sender": "rotation@acme.example",
        "recipient": "postmaster@acme.example",
        **over,
    }
    given = {name: value for name, value in options.items() if value is not None}
    ended = scene.controller.tasks([{"name": SEND, "mailops.smtp.smtp_test_send": given}], *arguments)
    text = ended.output + str(ended.events)
    assert [password for password in [*PASSWORDS.values(), WRONG] if password in text] == []
    return ended


def test_two_hundred_accounts(many: Scene) -> None:
    """Catches: a login twice or never, results in another order, more connections than asked for, and silence."""
    ended = tried(many, logins(NAMES), "-vvv", concurrency=3)
    result = ended.result(SEND)
    assert ended.code == 0
    assert (result["changed"], result["failed_accounts"]) == (False, [])
    assert [one["username"] for one in result["results"]] == NAMES
    assert set(Counter(event["account"] for event in many.provider.record.logins()).values()) == {1}
    sent = {event["account"]: event["message_id"] for event in many.provider.record.messages()}
    assert {one["username"]: one["message_id"] for one in result["results"]} == sent
    assert many.provider.most_connections == 3
    assert "accounts are done" in ended.output


def test_wrong_passwords_count_once(many: Scene) -> None:
    """Catches: a second try of a wrong password, a failure that stops the others, and one that fails no task."""
    accounts = logins(NAMES[:20])
    for account in accounts[3:10]:
        account["password"] = WRONG
    ended = tried(many, accounts)
    result = ended.result(SEND)
    assert ended.code != 0
    assert result["failed_accounts"] == NAMES[3:10]
    assert result["msg"].startswith("The test failed for 7 of 20 accounts: 3.acme.smtp (auth_rejected), ")
    assert NAMES[9] not in result["msg"]
    assert {one["reason"] for one in result["results"][3:10]} == {"auth_rejected"}
    assert Counter(event["account"] for event in many.provider.record.logins()) == Counter(NAMES[:20])
    assert {event["account"] for event in many.provider.record.messages()} == {*NAMES[:3], *NAMES[10:20]}


def test_each_account_may_only_log_in(many: Scene) -> None:
    """Catches: a message sent for an account for which none was wanted."""
    accounts = logins(NAMES[:4])
    accounts[1]["send"] = accounts[2]["send"] = False
    assert tried(many, accounts).code == 0
    assert {event["account"] for event in many.provider.record.messages()} == {NAMES[0], NAMES[3]}
    assert len(many.provider.record.logins()) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accounts": logins([*NAMES, NAMES[0]])}, "accounts: listed more than once: 0.acme.smtp"),
        ({"port": 0}, "port must be a number from 1 to 65535, not 0."),
        ({"ca_path": "/does/not/exist"}, "ca_path /does/not/exist cannot be used: No such file or directory."),
        ({"username": "a", "password": WRONG}, "parameters are mutually exclusive: accounts|username, "),
        ({"accounts": None}, "one of the following is required: accounts, username"),
        ({"accounts": None, "username": "a"}, "parameters are required together: username, password"),
        (
            {"accounts": [{"username": "a", "pasword": WRONG}]},
            "unknown option accounts.pasword (did you",
        ),
        ({"accounts": logins(NAMES[:150]), "sender": None}, "send is true, which requires sender."),
    ],
)
def test_mistake_is_one_error(many: Scene, change: Mapping[str, Any], message: str) -> None:
    """Catches: logins before a mistake is noticed, and a result for each account that says the same."""
    options = {"accounts": logins(NAMES), **change}
    ended = tried(many, options.pop("accounts"), **options)
    result = ended.result(SEND)
    assert ended.code != 0
    assert result["msg"].startswith(message)
    assert "results" not in result
    assert many.provider.record.events() == []


def test_nothing_to_do(many: Scene) -> None:
    """Catches: an empty list that fails, or that starts a module."""
    ended = tried(many, [])
    result = ended.result(SEND)
    assert ended.code == 0
    assert (result["changed"], result["results"], result["failed_accounts"]) == (False, [], [])


def test_check_mode_connects_to_nothing(many: Scene) -> None:
    """Catches: logins in check mode."""
    result = tried(many, logins(NAMES), "--check").result(SEND)
    assert result["msg"] == "Check mode: nothing was connected and no login tried."
    assert many.provider.record.events() == []


def test_server_that_is_down(many: Scene) -> None:
    """Catches: two hundred time-outs for one server that is down, and accounts without a result."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = tried(many, logins(NAMES), port=unused.getsockname()[1]).result(SEND)
    reasons = Counter(one["reason"] for one in result["results"])
    assert 20 <= reasons["connect"] < 25
    assert reasons["connect"] + reasons["not_tried"] == 200
    assert result["failed_accounts"] == NAMES
