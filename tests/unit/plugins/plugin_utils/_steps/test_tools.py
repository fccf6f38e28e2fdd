# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PASSWORD_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.module_utils._smtp import request
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.options import OPTIONS
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Phase
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import (
    OF_TASKS,
    Options,
    Result,
    Tools,
    failed,
    follow,
    performed,
    why,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import TOKEN, fleet
from ansible_collections.mailops.smtp.tests.unit.plugins.steps_scene import next_step, stage, store_of

# Every option with a value of its own, so that a module's option shows where it comes from.
NAMED = Options(sorted(OPTIONS), lambda variable: 1 if variable.endswith(("interval", "drain_timeout")) else variable)
# What only one task needs.
OF_ONE_TASK = {"only_at_rest", "failures", "changed_at", "logins", "force"}
# What the module says to itself.
INTERNAL = {"rate_burst", "rate_recent", "requests", "pads"}


def test_every_option_of_smtp_account_password_is_handed_on() -> None:
    """Catches: a role variable of a module's option that the role accepts, and that changes nothing."""
    handed_on = NAMED.of_password()
    # The store outlives the run where the playbook's tasks save it.
    assert handed_on.pop("store_survives") is True
    assert {name: value for name, value in handed_on.items() if value != f"smtp_rotation_{name}"} == {}
    handed_on["store_survives"] = True
    assert set(PASSWORD_SPEC) - set(handed_on) == {*OF_TASKS, *OF_ONE_TASK, *INTERNAL}


@pytest.mark.parametrize(
    ("persists", "said", "given"),
    [
        ("", "", {}),
        ("", True, {"store_survives": True}),
        ("", False, {"store_survives": False}),
        ("persist.yml", "", {"store_survives": True}),
        ("persist.yml", False, {"store_survives": True}),
    ],
)
def test_store_survives_where_tasks_save_it(persists: str, said: Any, given: Result) -> None:
    """Catches: a rotation that is refused although its store is pushed; one that is not although it is not."""
    values = {"smtp_rotation_persist_tasks": persists, "smtp_rotation_store_survives": said}
    assert Options(["persist_tasks", "store_survives"], values.__getitem__).of_password() == given


def test_every_option_of_smtp_test_send_is_handed_on() -> None:
    """Catches: a test message that goes to another server, or by another way, than the role's options say."""
    handed_on = NAMED.of_smtp()
    renamed = {"host": "smtp_host", "port": "smtp_port", "encryption": "smtp_encryption", "sender": "test_sender"}
    renamed |= {"recipient": "test_recipient", "concurrency": "test_concurrency"}
    assert handed_on == {name: f"smtp_rotation_{renamed.get(name, name)}" for name in handed_on}
    # The logins, and what they do; the subject is always the same.
    assert set(request.ARGUMENT_SPEC) - set(handed_on) == {
        "accounts",
        "username",
        "password",
        "send",
        "subject",
        "log_in",
    }


def test_options_of_the_store() -> None:
    """Catches: senders that are looked up in another store, or locked with another one's patience."""
    assert set(NAMED.of_store()) == {"vault_file", "vault_id", "lock_timeout"}


@pytest.mark.parametrize(
    ("name", "value", "given"),
    [
        ("ca_path", "", {}),
        ("passwords", {}, {}),
        ("accounts", [], {}),
        # 0 and false are values; of the rate limit 0 means none.
        ("retries", 0, {"retries": 0}),
        ("validate_certs", False, {"validate_certs": False}),
        ("rate_limit", 0.0, {}),
        ("rate_limit", 2.5, {"rate_limit": 2.5}),
    ],
)
def test_empty_options_are_left_out(name: str, value: Any, given: Any) -> None:
    """Catches: certificates that are checked although they should not be; a module that refuses an empty path."""
    assert Options([name], lambda _name: value).given(name) == given


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("progress_interval", "30", 30),
        ("drain_timeout", 5, 5),
        ("test_send", "false", False),
        ("test_send", "Yes", True),
        ("release_on_failure", True, True),
        ("release_on_failure", "no", False),
        ("smtp_host", "false", "false"),
    ],
)
def test_options_written_as_a_text(name: str, written: Any, value: Any) -> None:
    """Catches: a switch that is on because its text is not empty."""
    found = Options([name], lambda _name: written)[name]
    assert (found, type(found)) == (value, type(value))


def test_options_are_looked_up_once_and_when_needed() -> None:
    """Catches: a template that is rendered on every host although nobody asks, or over and over."""
    asked: list[str] = []

    def value(name: str) -> str:
        asked.append(name)
        return "x"

    options = Options(["smtp_host", "ca_path"], value)
    assert [options["smtp_host"], options["smtp_host"]] == ["x", "x"]
    assert asked == ["smtp_rotation_smtp_host"]
    assert len(options) == len([*options]) == 2


@pytest.mark.parametrize(
    ("strategy", "alternates", "variable"),
    [("in_place", False, "smtp_rotation_accounts"), ("alternate", True, "smtp_rotation_senders")],
)
def test_strategy(strategy: str, alternates: bool, variable: str) -> None:
    """Catches: a message that names a variable which this strategy does not read."""
    options = Options(["strategy"], lambda _name: strategy)
    assert (options.alternates, options.variable) == (alternates, variable)


@pytest.mark.parametrize(("provider", "overlaps"), [("ahasend", True), ("cloudflare", False), ("emaillabs", False)])
def test_flow_of_the_provider(provider: str, overlaps: bool) -> None:
    """Catches: an option that is read under another name, so that mail is held for a provider whose logins overlap."""
    made = {"provider": provider, "provider_definition": {}}
    options = Options([], lambda variable: made[variable.removeprefix("smtp_rotation_")])
    assert options.overlaps is overlaps


@pytest.mark.parametrize(
    ("own", "overlaps"),
    [({"flow": "create"}, True), ({"flow": "regenerate"}, False), ({"name": "x"}, False), ("text", False), ({}, False)],
)
def test_flow_of_a_provider_of_ones_own(own: Any, overlaps: bool) -> None:
    """Catches: a definition of the playbook's own that is not looked at, or that ends the task if it is wrong."""
    made = {"provider": "none-such", "provider_definition": own}
    options = Options([], lambda variable: made[variable.removeprefix("smtp_rotation_")])
    assert options.overlaps == overlaps


PLAN = {"users": {"a": ["1"], "b": ["2"]}}
NO_PLAN = "The checks failed on a, which rotates for all hosts of the play; see its error. Nothing has been changed."
UNKNOWN = (
    "Not yet known when a rotated for the first batch: 9. With serial, set smtp_rotation_accounts in the inventory, so "
    "that one window serves all batches."
)
STAGED = (
    "The rotation ended on a before the provider was called; see its error. The next run sends what is staged in the "
    "store."
)
EARLY = "The rotation ended early on a; see its error. Run again: the next run completes it."
DONE: dict[str, Any] = {"plan": PLAN, "done": TOKEN, "reached": 0}


@pytest.mark.parametrize(
    ("here", "leader", "own", "hosts", "phase", "message"),
    [
        ("a", {}, {}, {}, Phase.SWITCHED, ""),
        ("b", {"plan": PLAN, "reached": 2}, {}, {}, Phase.PLANNED, ""),
        ("b", {"plan": PLAN, "reached": 5}, {}, {}, Phase.CHANGED, ""),
        # In step the leader does its part in the same task: it need not be further.
        ("b", {"plan": PLAN, "reached": 4}, {}, {}, Phase.CHANGED, ""),
        ("b", DONE, {}, {"batch": "b"}, Phase.SWITCHED, ""),
        ("b", {"begun": False}, {}, {"active": "b"}, Phase.PLANNED, NO_PLAN),
        ("b", {"reached": 1}, {}, {}, Phase.PLANNED, NO_PLAN),
        ("b", {"plan": PLAN, "reached": 1}, {}, {}, Phase.PLANNED, NO_PLAN),
        # The plan is that of the rotation before.
        ("b", DONE, {"served": TOKEN}, {}, Phase.PLANNED, NO_PLAN),
        ("b", DONE, {"accounts": ["2", "9"]}, {"batch": "b"}, Phase.PLANNED, UNKNOWN),
        (
            "b",
            DONE,
            {"accounts": ["9"], "senders": {"s": ["9"]}},
            {},
            Phase.PLANNED,
            UNKNOWN.replace("accounts", "senders"),
        ),
        ("b", {"plan": PLAN, "reached": 2}, {}, {"active": "b"}, Phase.STAGED, STAGED),
        ("b", {"plan": PLAN, "reached": 2}, {}, {}, Phase.STAGED, STAGED),
        ("b", {"plan": PLAN, "reached": 3}, {}, {"active": "b"}, Phase.STAGED, ""),
        ("b", {"plan": PLAN, "reached": 4}, {}, {"active": "b"}, Phase.CHANGED, EARLY),
        ("b", {"plan": PLAN, "reached": 5}, {}, {"active": "b"}, Phase.TESTED, EARLY),
        ("b", {"plan": PLAN, "reached": 5, "tests": [{"tests": []}]}, {}, {"active": "b"}, Phase.TESTED, ""),
    ],
)
def test_follow(here: str, leader: Any, own: Any, hosts: Any, phase: Phase, message: str) -> None:
    """Catches: a host that logs in inside the window, or is green, although nothing came of its rotation."""
    seen = fleet(here, {here: {"accounts": ["2"], **own}, "a": leader}, everyone="a b", **hosts)
    if not message:
        follow(seen, phase)
        return
    with pytest.raises(InputError) as error:
        follow(seen, phase)
    assert str(error.value) == message


@pytest.mark.parametrize("kind", [InputError, StoreError, AnsibleError])
def test_leader_that_fails_remembers_its_plan(kind: type[Exception]) -> None:
    """Catches: "Nothing has been changed" on all other hosts, where the leader fails after it has changed passwords."""

    def step(_tools: Tools) -> Result:
        raise kind("the store is locked")

    leader = {"plan": PLAN, "reached": 5}
    one = stage(fleet("a", {"a": leader, "b": {"accounts": ["2"]}}, everyone="a b"))
    result = performed(step, one.tools)
    assert (result["failed"], result["msg"]) == (True, "the store is locked")
    after = next_step(one, result)
    seen = type(after)(replace(after.play, here="b", active=["b"], batch=["b"]), after.hostvars)
    with pytest.raises(InputError, match="ended early on a"):
        follow(seen, Phase.TESTED)


def test_host_that_fails_without_a_plan() -> None:
    """Catches: what a host remembers, printed with each mistake in its options."""

    def step(_tools: Tools) -> Result:
        raise InputError("no such option")

    with pytest.raises(InputError, match="no such option"):
        performed(step, stage(fleet("b", {"a": {"plan": PLAN}, "b": {}})).tools)
    assert performed(lambda tools: {"item": tools.here}, stage(fleet("b")).tools) == {"item": "b"}


@pytest.mark.parametrize(
    ("result", "bad", "reason"),
    [
        ({}, False, "no reason given"),
        ({"failed": False, "msg": ""}, False, "no reason given"),
        ({"failed": True, "msg": "no."}, True, "no."),
        ({"unreachable": True, "msg": "timed out"}, True, "timed out"),
    ],
)
def test_failed(result: Any, bad: bool, reason: str) -> None:
    """Catches: a host that cannot be reached, taken for one on which all went well."""
    assert (failed(result), why(result)) == (bad, reason)


def test_passwords_of_the_store(tmp_path: Path) -> None:
    """Catches: a password that Ansible would show, and one that is given to another account."""
    one = stage(fleet(), store=store_of(tmp_path / "s.yml", {"1": "first", "2": "second"}))
    found = one.tools.passwords(one.tools.store.read(), ["2", "none", "1"])
    assert found == {"2": "second", "1": "first"}
    assert sorted(one.learnt) == ["first", "second"]
