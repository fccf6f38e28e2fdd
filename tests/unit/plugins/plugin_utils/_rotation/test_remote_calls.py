# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job, Made
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.module_utils._provider.sealing import sealed
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import CENSORED, Scrubber
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SecretAction
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.remote_calls import Caller

SECRET = "the-password-that-is-sent"
PASSWORDS = {"a": SECRET, "b": "another-password"}
TAKEN = {"kind": "accepted", "doubt": False, "sent": True, "message": "taken"}


@dataclass
class FakeAction:
    """An action whose module tells what it is given to tell."""

    tells: list[Any]
    asked: list[dict[str, Any]] = field(default_factory=list)
    hidden: tuple[str, ...] = ()
    scrubber: Scrubber = field(default_factory=lambda: Scrubber([SECRET]))

    def call_module(self, args: dict[str, Any], task_vars: dict[str, Any], *, hide: tuple[str, ...]) -> Any:
        assert task_vars == {"v": 1}
        self.asked.append(args)
        self.hidden = hide
        told = self.tells.pop(0)
        if isinstance(told, Exception):
            raise told
        return told


def caller(action: FakeAction, **options: Any) -> Caller:
    params = {
        "provider": "emaillabs",
        "application_key": "given",
        "rate_limit": None,
        "rate_burst": 0,
        "accounts": [],
        **options,
    }
    keys = {"application_key": "k1", "authorization_key": "k2"}
    return Caller(cast(SecretAction, action), params, definition_from(params), keys, {"v": 1})


def outcome(**more: Any) -> Mapping[str, Any]:
    return {
        "outcomes": dict.fromkeys(PASSWORDS, TAKEN),
        "seconds": 7.5,
        "rate": 19.6,
        "burst": 18,
        "recent": [1.5],
        **more,
    }


def test_what_the_module_is_asked() -> None:
    """Catches: keys twice in the arguments or left in the environment, and accounts without their own password."""
    action = FakeAction([outcome()])
    caller(action, password="given to one", concurrency=4).send(PASSWORDS)
    (args,) = action.asked
    assert (args["accounts"], args["passwords"], args["password"]) == (["a", "b"], PASSWORDS, None)
    assert args["api_credentials"] == {"application_key": "k1", "authorization_key": "k2"}
    assert args["application_key"] is None and args["concurrency"] == 4
    assert action.hidden == ("EMAILLABS_APPLICATION_KEY", "EMAILLABS_AUTHORIZATION_KEY")


FINDING = {
    "name": "acme",
    "api_url": "https://acme.example",
    "credentials": {"api_key": ""},
    "flow": "regenerate",
    "regenerate_password": {"method": "POST", "path": "/{account}", "body": {}},
    "issued": {"secret": "password"},
    "find_account": {"method": "GET", "path": "/a", "items": "data", "name": "login", "id": "id"},
}


def test_what_was_found_is_not_asked_for_again() -> None:
    """Catches: the list of all accounts once for each batch, and an ID of one account that is sent for another."""
    action = FakeAction([outcome(account_ids={"a": "1", "b": "2"}), outcome(), outcome()])
    calling = caller(action, provider_definition=FINDING, accounts=["a", "b", "c"], account_ids={"c": "3"})
    for batch in ("a", "b", "c"):
        calling.issue({batch: Job(label="20261130T120000Z-0123456789ab")})
    assert [args["accounts"] for args in action.asked] == [["a", "b"], ["b"], ["c"]]
    assert [args["account_ids"] for args in action.asked] == [{}, {"b": "2"}, {"c": "3"}]


@pytest.mark.parametrize("more", [{"sealed": "********"}, {"sealed": "abc"}, {"kind": "un********nown"}])
def test_a_result_that_was_changed_on_its_way(more: dict[str, str]) -> None:
    """Catches: one account's mangled result that loses the passwords of the others, or that is stored as a password."""
    action = FakeAction([])
    calling = caller(action, provider_definition=FINDING, accounts=["a", "b"])

    def told(args: dict[str, Any], _vars: dict[str, Any], *, hide: tuple[str, ...]) -> Any:
        good = {
            **TAKEN,
            "sealed": sealed(SECRET, args["pads"]["b"]),
            "username": "u",
            "id": "7",
            "idle": [],
            "late": [],
        }
        return {"outcomes": {"a": {**good, **more}, "b": good}}

    action.call_module = told  # type: ignore[assignment]
    found = cast(dict[str, Made], calling.issue({"a": Job(label="x"), "b": Job(label="y")}))
    assert (found["a"].kind, found["a"].doubt, list(found["a"].idle)) == (Kind.UNKNOWN, True, [])
    assert (found["b"].kind, found["b"].secret, found["b"].username, found["b"].id) == (Kind.ACCEPTED, SECRET, "u", "7")


def test_a_module_that_died_leaves_every_request_open() -> None:
    """Catches: a request that is taken for settled, although its answer may have been on its way."""
    calling = caller(FakeAction([{"msg": "killed"}]), provider_definition=FINDING, accounts=["a"])
    (made,) = cast(dict[str, Made], calling.issue({"a": Job(label="x", sweep=["y"])})).values()
    assert (made.kind, made.doubt, made.secret, list(made.idle)) == (Kind.UNKNOWN, True, None, [])


def test_the_module_is_told_which_call_to_make() -> None:
    """Catches: a call of the provider's own on the host, where the user or the provider's support named another."""
    action = FakeAction([outcome()])
    caller(action, api_url="https://own.example", password_request={"path": "/new/{account}"}).send(PASSWORDS)
    (args,) = action.asked
    definition = args["provider_definition"]
    assert (definition["api_url"], definition["set_password"]["path"]) == ("https://own.example", "/new/{account}")
    assert args["password_request"] is None


def test_the_module_is_told_the_ids_of_its_batch() -> None:
    """Catches: ids that stay on the controller, and ten thousand of them with each batch of eight."""
    action = FakeAction([outcome(), outcome()])
    calls = caller(action, account_ids={"b": "2", "c": "3"})
    calls.send(PASSWORDS)
    calls.send({"a": SECRET})
    assert [args["account_ids"] for args in action.asked] == [{"b": "2"}, {}]


def test_a_limit_reaches_the_next_batch_and_who_sizes_it() -> None:
    """Catches: a limit that each batch learns anew, and batches that take no notice of it."""
    action = FakeAction([outcome(), outcome()])
    calls = caller(action)
    answers = calls.send(PASSWORDS)
    assert (answers.calling, answers.allowed, answers.burst) == (7.5, 19.6, 18)
    calls.send(PASSWORDS)
    told = [(args["rate_limit"], args["rate_burst"], args["rate_recent"]) for args in action.asked]
    assert told == [(None, 0, []), (19.6, 18, [1.5])]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (OSError(f"no route, {SECRET}"), f"the module could not be run (OSError: no route, {CENSORED})"),
        ({"failed": True, "msg": f"it said {SECRET}"}, f"it said {CENSORED}"),
        ({"failed": True, "module_stderr": "Killed"}, "Killed"),
        ({"failed": True}, "no reason given"),
        ({"msg": "x" * 480 + SECRET}, "x" * 480 + CENSORED),
    ],
)
def test_a_module_that_ended_without_an_answer(told: Any, why: str) -> None:
    """Catches: an outcome taken for a refusal though the call may have landed; a secret that is cut and then found."""
    answers = caller(FakeAction([told])).send(PASSWORDS)
    message = f"the module ended without a result: {why}"
    assert answers == dict.fromkeys(PASSWORDS, Change(kind=Kind.UNKNOWN, doubt=True, sent=True, message=message))
    assert (answers.calling, answers.allowed, answers.burst) == (None, None, 0)


def test_an_account_that_the_module_does_not_name() -> None:
    """Catches: one account without an answer that has the answer of the others."""
    answers = caller(FakeAction([outcome(outcomes={"a": {**TAKEN, "stop": True}}, msg="ended")])).send(PASSWORDS)
    assert answers["a"] == Change(kind=Kind.ACCEPTED, doubt=False, sent=True, message="taken", stop=True)
    assert answers["b"].kind is Kind.UNKNOWN and answers["b"].doubt


@pytest.mark.parametrize(
    ("passwords", "words"), [({"a": SECRET}, "1 new password is"), (PASSWORDS, "2 new passwords are")]
)
def test_what_is_told_before_a_call(passwords: dict[str, str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches: a run that says nothing when it is dangerous to stop it, or says it where somebody reads JSON."""
    caller(FakeAction([outcome()])).send(passwords)
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith(f"{words} staged and on the way to the provider.")
    assert SECRET not in shown.err
