# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, ProviderError, StoreError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import BUILT_IN
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import CENSORED, Scrubber
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import (
    ANSWER,
    KEY_VARIABLES,
    PROBE,
    TRIAL,
    SecretAction,
)

SECRET = "hunter2-Zügel"
SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "size": {"type": "int", "default": 3},
    "kind": {"type": "str", "choices": ["a", "b"]},
    "password": {"type": "str", "no_log": True, "aliases": ["pass"]},
    "passwords": {"type": "dict", "no_log": True},
    "keys": {"type": "list", "elements": "dict", "no_log": True},
    "logins": {
        "type": "list",
        "elements": "dict",
        "options": {"name": {}, "password": {"no_log": True}},
    },
    "inner": {"type": "dict", "options": {"a": {}, "b": {"required": True}, "c": {"required": True}}},
}
RULES: dict[str, Any] = {"mutually_exclusive": [("password", "passwords")]}
PLAIN = '''
from ansible.plugins.connection import ConnectionBase
DOCUMENTATION = """
name: plain
short_description: A connection that cannot pipeline
description: For tests.
author: tests
options: {}
"""
class Connection(ConnectionBase):
    transport = "plain"
    has_pipelining = False
    def _connect(self): return self
    def exec_command(self, cmd, in_data=None, sudoable=True): raise NotImplementedError
    def put_file(self, in_path, out_path): raise NotImplementedError
    def fetch_file(self, in_path, out_path): raise NotImplementedError
    def close(self): pass
'''


class Action(SecretAction):
    """An action that does what the test says."""

    SPEC = SPEC
    RULES = RULES
    does: Callable[[dict[str, Any]], dict[str, Any]]

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        return self.does(params)


def action(args: Mapping[str, Any], *, connection: str = "local", **task: Any) -> Action:
    usual = {"async_val": 0, "check_mode": False, "diff": False, "action": "mailops.smtp.it", **task}
    context = PlayContext()
    made = Action(
        SimpleNamespace(args=dict(args), **usual), connection_loader.get(connection, context), context, None, None, None
    )
    made.does = lambda params: {"params": params}
    return made


def fails(error: BaseException) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def failing(_params: dict[str, Any]) -> dict[str, Any]:
        raise error

    return failing


def test_parameters_are_validated_and_complete() -> None:
    """Catches: a default or a type that only the module knows, and an option that is missing instead of None."""
    assert action({"name": "x", "size": "7"}).run()["params"] == {
        "name": "x",
        "size": 7,
        "kind": None,
        "password": None,
        "passwords": None,
        "keys": None,
        "logins": None,
        "inner": None,
    }


def test_alias() -> None:
    """Catches: an alias that validation knows and the action does not see."""
    made = action({"name": "x", "pass": SECRET})
    made.does = lambda params: {"seen": params["password"] == SECRET}
    assert made.run() == {"seen": True}


@pytest.mark.parametrize("error", [None, InputError("no"), RuntimeError("no"), KeyboardInterrupt()])
def test_arguments_are_hidden_from_callbacks(error: BaseException | None) -> None:
    """Catches: a callback that writes down the task's arguments, as Ansible hands them to it after the task."""
    made = action({"name": f"is {SECRET}", "pass": SECRET, "keys": [{"a": SECRET}], "size": 7})
    if error:
        made.does = fails(error)
    with pytest.raises(KeyboardInterrupt) if isinstance(error, KeyboardInterrupt) else contextlib.nullcontext():
        made.run()
    assert made._task.args == {"name": f"is {CENSORED}", "pass": CENSORED, "keys": CENSORED, "size": 7}


@pytest.mark.parametrize(
    "logins",
    [
        [{"name": "alice"}, {"name": "bob", "password": SECRET}],
        ({"name": "bob", "password": SECRET},),
        [f"name=bob password={SECRET}"],
        {"name": "bob", "password": SECRET},
    ],
)
def test_password_in_a_list_is_a_secret(logins: Any) -> None:
    """Catches: a password inside a list of logins that a callback, a result or a message shows."""
    made = action({"name": "x", "logins": logins})
    made.does = lambda _params: {"msg": f"bob has {SECRET}"}
    assert SECRET not in str(made.run())
    assert made._task.args == {"name": "x", "logins": CENSORED}


def test_names_in_a_list_with_passwords_are_shown() -> None:
    """Catches: results whose accounts nobody can tell apart, because their names are masked with the passwords."""
    made = action({"name": "x", "logins": [{"name": "alice.smtp", "password": SECRET}]})
    made.does = lambda _params: {"results": [{"username": "alice.smtp"}]}
    assert made.run() == {"results": [{"username": "alice.smtp"}]}


def test_misspelt_password_is_hidden_from_callbacks() -> None:
    """Catches: a secret that is shown because its option has another name."""
    made = action({"name": "x", "passwort": SECRET})
    assert made.run()["failed"]
    assert made._task.args == {"name": "x", "passwort": CENSORED}


def test_second_attempt_has_the_arguments_again() -> None:
    """Catches: asterisks that are set as a password, because `until` runs the task again with what is shown of it."""
    first = action({"name": "x", "password": SECRET})
    seen: list[str] = []
    for _attempt in range(3):
        made = action({})
        made._task = first._task
        made.does = lambda params: {"nothing": seen.append(params["password"])}  # type: ignore[func-returns-value]
        made.run()
        assert made._task.args["password"] == CENSORED
    assert seen == [SECRET] * 3


@pytest.mark.parametrize(
    "hidden", [{"password": CENSORED}, {"passwords": {"a": CENSORED}}, {"keys": [{"a": CENSORED}]}]
)
def test_hidden_value_is_refused(hidden: dict[str, Any]) -> None:
    """Catches: asterisks that are set as a password because somebody copied them from a log."""
    result = action({"name": "x", **hidden}).run()
    assert result["failed"] and "is a placeholder for a hidden value; set the value itself" in result["msg"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "name is required"),
        ({"nam": "x"}, "unknown option nam (did you mean name?); name is required"),
        ({"name": "x", "Pass_words": {}}, "unknown option Pass_words (did you mean passwords?)"),
        (
            {"name": "x", "colour": "red", "sizes": 3},
            "unknown option colour (the options are inner, keys, kind, logins, name, pass, password, passwords, size); "
            "unknown option sizes (did you mean size?)",
        ),
        ({"name": "x", "inner": {"a": 1}}, "b and c are required in inner"),
        (
            {"name": "x", "inner": {"b": 1, "c": 1, "d": 1}},
            "unknown option inner.d (the options are a, b, c)",
        ),
        ({"name": "x", "kind": "c"}, "value of kind must be one of: a, b, got: c"),
        ({"name": "x", "password": "y", "passwords": {}}, "parameters are mutually exclusive: password|passwords"),
    ],
)
def test_invalid_arguments(args: dict[str, Any], message: str) -> None:
    """Catches: a task that begins with options that are not valid, or a message that quotes a secret."""
    assert action(args).run() == {"failed": True, "msg": message}


def test_misspelt_argument() -> None:
    """Catches: an option that is passed over because nobody knows it, or its value in the message."""
    result = action({"name": "x", "pasword": SECRET}).run()
    assert result["failed"] is True and "pasword" in result["msg"] and "password" in result["msg"]
    assert SECRET not in repr(result)


@pytest.mark.parametrize(
    "args",
    [
        {"password": SECRET},
        {"pass": SECRET},
        {"passwords": {"a": SECRET}},
        {"keys": [{"x": ["y", SECRET]}]},
        {"password": SECRET, "kind": "invalid"},
        {"passwords": [SECRET]},
        {"keys": {"a": SECRET}},
    ],
)
@pytest.mark.parametrize(
    "error",
    [InputError, StoreError, ProviderError, AnsibleError, ValueError, RuntimeError, RecursionError],
)
def test_no_exit_shows_a_secret(args: dict[str, Any], error: type[Exception]) -> None:
    """Catches: a secret in a message, in a result's key or value, whichever way the action ends."""
    made = action({"name": "x", **args})
    made.does = fails(error(f"it said {SECRET} and {SECRET!r}"))
    result = made.run()
    assert result["failed"] is True and SECRET not in repr(result)
    made.does = lambda _params: {SECRET: [SECRET, {"x": f"<{SECRET}>"}], "text": SECRET.encode()}
    assert SECRET not in repr(made.run())


@pytest.mark.parametrize("passwords", [f"a={SECRET} b=other-one", f'{{"a": "{SECRET}", "b": "other-one"}}'])
def test_no_exit_shows_a_secret_of_a_dict_given_as_text(passwords: str) -> None:
    """Catches: a password in a message, because it came in the other form that Ansible accepts for a dict."""
    made = action({"name": "x", "passwords": passwords})
    made.does = lambda params: {"text": f"it said {params['passwords']['a']}"}
    assert SECRET not in repr(made.run())


def test_secret_that_is_no_text() -> None:
    """Catches: a traceback, and so Ansible's own view of the task, for a password with half a character."""
    assert "hunter2" not in repr(action({"name": "x", "password": "hunter2\ud800"}).run())


def test_numbers_are_secrets_too() -> None:
    """Catches: a password of digits that YAML made a number of."""
    made = action({"name": "x", "password": 12345678})
    made.does = lambda params: {"text": f"it said {params['password']}"}
    assert made.run() == {"text": "it said ********"}


def test_secret_learnt_while_at_work() -> None:
    """Catches: a generated or decrypted password in the result."""
    made = action({"name": "x"})

    def learns(_params: dict[str, Any]) -> dict[str, Any]:
        made.scrubber.add(SECRET)
        raise StoreError(f"it said {SECRET}")

    made.does = learns
    assert made.run() == {"failed": True, "msg": "it said ********"}


def test_unexpected_error_tells_its_place_only() -> None:
    """Catches: an exception's text, which can contain anything, in the output."""
    made = action({"name": "x"})
    made.does = fails(KeyError("a secret that nobody knows"))
    message = made.run()["msg"]
    where = r"test__action\.py:[0-9]+"
    rest = r"; please report it\. Nothing staged in the store is lost"
    assert re.fullmatch(f"an unexpected KeyError at {where}{rest}", message)


def test_interruption_is_not_swallowed() -> None:
    """Catches: Ctrl-C turned into a failed task, after which the play goes on."""
    made = action({"name": "x"})
    made.does = fails(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        made.run()


def test_no_async() -> None:
    """Catches: arguments with secrets written into the files of an asynchronous task."""
    with pytest.raises(AnsibleError, match="not support"):
        action({"name": "x"}, async_val=10).run()


def test_check_mode_reaches_the_action() -> None:
    """Catches: a task that is skipped in check mode instead of telling what it would do."""
    assert action({"name": "x"}, check_mode=True).run()["params"]["name"] == "x"


def test_call_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: options that are None sent as such, keys left in the child's environment, arguments in the result."""
    monkeypatch.setenv("ITS_KEY", SECRET)
    called: dict[str, Any] = {}

    def execute(_self: Any, **given: Any) -> dict[str, Any]:
        called.update(given, environment="ITS_KEY" in os.environ)
        return {"ok": 1, "invocation": {"module_args": given["module_args"]}}

    monkeypatch.setattr(SecretAction, "_execute_module", execute)
    made = action({"name": "x"})
    assert made.call_module({"a": 1, "b": None, "c": False}, {"v": 1}, hide=("ITS_KEY", "NOT_SET")) == {"ok": 1}
    assert called == {
        "module_name": "mailops.smtp.it",
        "module_args": {"a": 1, "c": False},
        "task_vars": {"v": 1},
        "environment": False,
    }
    assert made._connection.get_option("pipelining") is True


@pytest.mark.parametrize("connection", ["local", "ssh"])
def test_pipelining_is_switched_on(connection: str) -> None:
    """Catches: Ansible's default, which writes the password and the keys into a file."""
    made = action({"name": "x"}, connection=connection)
    made.require_pipelining()
    assert made._is_pipelining_enabled("new")


def test_kept_remote_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a debugging aid of Ansible's that leaves secrets on disks."""
    monkeypatch.setattr(constants, "DEFAULT_KEEP_REMOTE_FILES", True)
    with pytest.raises(InputError) as caught:
        action({"name": "x"}).require_pipelining()
    assert str(caught.value) == (
        "ANSIBLE_KEEP_REMOTE_FILES is set: Ansible would leave the password and the keys in files; unset it"
    )


def becoming(method: str, tells: Any, *, connection: str = "ssh") -> Action:
    """Return an action with a become method that Ansible does not pipe through, and what a try of it comes to."""
    made = action({"name": "x", "password": SECRET}, connection=connection)
    made.scrubber = Scrubber([SECRET])
    made._connection.become = SimpleNamespace(name=method, pipelining=False)
    made.tried = []

    def execute(command: str, in_data: bytes) -> Any:
        made.tried.append(command)
        assert not made._connection.become.pipelining and SECRET.encode() not in in_data
        if isinstance(tells, Exception):
            raise tells
        return {"rc": 0, "stdout": in_data.decode().upper(), "stderr": "", **tells}

    made._low_level_execute_command = execute
    return made


@pytest.mark.parametrize("method", ["su", "community.general.doas"])
def test_become_method_that_passes_on(method: str) -> None:
    """Catches: a host without sudo that is shut out, and a second try for each module that a task runs."""
    made = becoming(method, {})
    made.require_pipelining()
    made.require_pipelining()
    assert made._is_pipelining_enabled("new") and made._connection.become.name == method
    assert not made._is_pipelining_enabled("old") and not made._is_pipelining_enabled("new", True)
    assert made.tried == [TRIAL]


@pytest.mark.parametrize(
    ("tells", "reason"),
    [
        (
            {"rc": 1, "stdout": "", "stderr": "Password:\nsu: Authentication failure\n"},
            "Password: su: Authentication failure",
        ),
        ({"rc": 1, "stdout": "", "stderr": ""}, "what was sent came back changed"),
        ({"stdout": PROBE}, "what was sent came back changed"),
        ({"stdout": ANSWER[:4095]}, "what was sent came back changed"),
        ({"stdout": PROBE + "\r\n" + ANSWER}, "what was sent came back changed"),
        ({"stdout": "motd " + ANSWER}, "what was sent came back changed"),
        (AnsibleError("Missing su password"), "Missing su password"),
        (AnsibleError(f"it said {SECRET}"), "it said ********"),
        (AnsibleError("x" * 1000), "x" * 300),
    ],
)
def test_become_method_that_does_not(tells: Any, reason: str) -> None:
    """Catches: a secret sent to a terminal or into a prompt, and a message that does not say what to do."""
    made = becoming("su", tells)
    for _attempt in range(2):
        with pytest.raises(InputError) as caught:
            made.require_pipelining()
        assert str(caught.value) == (
            f"the become method su cannot pass a module through a pipe ({reason}), so Ansible would write the "
            "password and the keys to a file; make it need neither a password nor a terminal (su from root, nopass in "
            "doas.conf), use become_method sudo, or delegate the task to another host"
        )
        assert not made._is_pipelining_enabled("new")
    assert len(made.tried) == 2


def test_become_method_that_cannot_pipeline() -> None:
    """Catches: a method with a terminal of its own, for which Ansible silently falls back to a file."""
    made = becoming("community.general.machinectl", {})
    with pytest.raises(InputError) as caught:
        made.require_pipelining()
    assert str(caught.value) == (
        "the connection ssh with become method community.general.machinectl cannot pipeline, so Ansible would write "
        "the password and the keys into a file; delegate the task to localhost or to a host with ssh and sudo"
    )
    assert made.tried == []


def test_connection_that_cannot_pipeline(tmp_path: Path) -> None:
    """Catches: a message about a missing configuration entry instead of about what to do."""
    (tmp_path / "plain.py").write_text(PLAIN)
    connection_loader.add_directory(str(tmp_path))
    with pytest.raises(InputError, match=r"^the connection plain cannot pipeline, so Ansible would write"):
        action({"name": "x"}, connection="plain").require_pipelining()
    made = becoming("su", {}, connection="plain")
    with pytest.raises(InputError, match=r"^the connection plain with become method su cannot pipeline, so"):
        made.require_pipelining()


def test_keys_of_all_built_in_providers_are_known() -> None:
    """Catches: a key that the processes of modules inherit, because its provider is new."""
    named = {name for one in BUILT_IN.values() for name in one["credentials"].values() if name}
    assert named == KEY_VARIABLES
