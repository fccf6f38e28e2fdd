# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Outcome, Phase
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import changes
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import TOKEN, fleet
from ansible_collections.mailops.smtp.tests.unit.plugins.steps_scene import stage, store_of
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW

USERS = {"a": ["1"], "b": ["2"]}
PLAN: dict[str, Any] = {
    "users": USERS,
    "ids": {"1": 11, "9": 99},
    "due": ["1", "2"],
    "work": ["1", "2"],
    "changing": ["1", "2"],
    "testers": {"1": "a", "2": "b"},
}
LEADER: dict[str, Any] = {"reached": 2, "accounts": ["1"], "plan": PLAN}
OTHER: dict[str, Any] = {"reached": 2, "accounts": ["2"]}
HELD = {"held": True}
PAIRS: dict[str, Any] = {"strategy": "alternate"}


def scene(here: str = "a", leader: Any = None, other: Any = None, **hosts: Any) -> Any:
    """Return two hosts after the plan."""
    known = {"a": {**LEADER, **(leader or {})}, "b": {**OTHER, **(other or {})}}
    return fleet(here, known, everyone="a b", **hosts)


def entry(account: str, action: str = "rotated", **more: Any) -> dict[str, Any]:
    return {"account": account, "action": action, "reason": "it is due", **more}


DONE: dict[str, Any] = {
    "changed": True,
    "accounts": [entry("1"), entry("2")],
    "failed_accounts": [],
    "unverified": ["1", "2"],
}


# -- stage


@pytest.mark.parametrize(
    ("options", "check_mode", "asked"),
    [
        ({"state": "staged"}, False, ["smtp_account_password"]),
        ({"persist_tasks": "p.yml"}, False, ["smtp_account_password"]),
        ({"persist_tasks": "p.yml"}, True, []),
        (PAIRS, False, ["smtp_sender"]),
        ({**PAIRS, "persist_tasks": "p.yml"}, False, ["smtp_sender", "smtp_account_password"]),
    ],
)
def test_what_is_staged(options: Any, check_mode: bool, asked: list[str]) -> None:
    """Catches: a provider that is called before the store is saved; senders that no store knows."""
    one = stage(scene(), {"smtp_account_password": DONE}, check_mode=check_mode, **options)
    record, result = one.do(changes.stage)
    assert [name for name, _options in one.calls] == asked
    assert one.pretended == []
    assert result["changed"] == ("smtp_account_password" in asked)
    staged = Outcome(accounts=DONE["accounts"]) if options.get("state") == "staged" else None
    assert record.outcome == staged
    # Not before the store is saved elsewhere: that is the next step's.
    assert record.reached == Phase.PLANNED


@pytest.mark.parametrize(("pairs", "rotate"), [({}, "when_due"), (PAIRS, "always")])
def test_options_of_the_staging(pairs: Any, rotate: str) -> None:
    """Catches: an account in use that gets another password; a given password that is made anew."""
    one = stage(scene(), passwords={"1": "p"}, persist_tasks="p.yml", **pairs)
    one.do(changes.stage)
    asked = one.asked("smtp_account_password")
    wanted = {"accounts": ["1", "2"], "account_ids": {"1": 11}, "state": "staged", "passwords": {"1": "p"}}
    assert {**asked, **wanted, "rotate": rotate, "only_at_rest": bool(pairs)} == asked


def test_nobody_but_the_leader_stages() -> None:
    """Catches: a store that two hosts write."""
    one = stage(scene("b"), state="staged")
    _record, result = one.do(changes.stage)
    assert (one.calls, result["skipped"]) == ([], True)


def test_staging_that_fails() -> None:
    """Catches: a provider that is called with nothing staged."""
    with pytest.raises(InputError, match="the store is locked"):
        stage(scene(), {"smtp_account_password": {"failed": True, "msg": "the store is locked"}}, state="staged").do(
            changes.stage
        )


@pytest.mark.parametrize(
    ("here", "leader", "message"),
    [
        ("a", {}, ""),
        ("a", {"unkept": "the push failed."}, "not saved elsewhere: the push failed. The provider was not called."),
        ("b", {"reached": 3}, ""),
        # In step, the leader says so in the same task: the others see it in the next one.
        ("b", {"reached": 2}, ""),
    ],
)
def test_staged(here: str, leader: Any, message: str) -> None:
    """Catches: a change of passwords that only this machine has; others that go on without it."""
    one = stage(scene(here, leader))
    if not message:
        assert one.do(changes.staged)[0].reached == Phase.STAGED
        return
    with pytest.raises(InputError, match=message):
        one.do(changes.staged)


@pytest.mark.parametrize("options", [{"persist_tasks": "p.yml"}, PAIRS])
def test_leader_that_could_not_save_the_store(options: Any) -> None:
    """Catches: hosts that take the change for made, whose leader has ended before it."""
    with pytest.raises(InputError, match="ended on a before the provider was called"):
        stage(scene("b", {"reached": 2, "unkept": "the push failed"}, active="b"), **options).do(changes.change)


# -- hold


CLOSED = {"failed": True, "msg": "no answer."}


@pytest.mark.parametrize(
    ("here", "item", "answers", "options", "hosts", "registered", "asked"),
    [
        (
            "a",
            None,
            {"mail_program": {"changed": True, "diff": "d"}},
            {},
            {},
            {**HELD, "changed": True, "diff": ["d"]},
            True,
        ),
        ("b", None, {}, {}, {}, {**HELD, "changed": False}, True),
        # No mail program that the role knows: what holds is the playbook's own.
        ("a", None, {}, {"programs": []}, {}, {**HELD, "changed": False, "skipped": True}, False),
        (
            "a",
            None,
            {"mail_program": {"failed": True, "msg": "it has no such transport"}},
            {},
            {},
            {"trouble": "its mail could not be held: it has no such transport", "away": False, "changed": False},
            True,
        ),
        (
            "a",
            "b",
            {"mail_program": {"unreachable": True, "msg": "timed out"}},
            {},
            {"batch": "a"},
            {"trouble": "its mail could not be held: timed out", "away": True, "changed": False},
            True,
        ),
        # It fell out: only whether it is up is of interest.
        ("a", "b", {"ping": {"unreachable": True}}, {}, {"active": "a"}, {"away": True, "changed": False}, False),
        (
            "a",
            "b",
            {"ping": {"failed": True, "msg": "no python"}},
            {},
            {"active": "a"},
            {"away": False, "changed": False},
            False,
        ),
        # In a later batch nothing is left to hold.
        ("b", None, {}, {}, {"batch": "b", "done": True}, {"changed": False, "skipped": True}, False),
    ],
)
def test_hold(here: str, item: Any, answers: Any, options: Any, hosts: Any, registered: Any, asked: bool) -> None:
    """Catches: a host that is said to be on hold and sends; one that could not be held and ends the play."""
    over = {"done": TOKEN, "reached": 0} if hosts.pop("done", None) else {}
    names = {"programs": ["exim"], **options}
    seen = scene(here, {**names, **over}, names, **hosts)
    one = stage(seen, {"smtp_test_send": {}, **answers}, params={"host": item}, consumer="exim")
    result = changes.hold(one.tools)
    assert result == {"item": item or here, "token": TOKEN, **registered}
    assert ("mail_program" in [name for name, _options in one.calls]) == asked


def test_host_in_trouble_is_not_held() -> None:
    """Catches: mail held on a host whose accounts do not change, and that nobody releases."""
    one = stage(scene("b", other={"trouble": "no such map"}), consumer="postfix")
    assert changes.hold(one.tools)["skipped"] is True
    assert one.calls == []


def test_hold_of_a_host_by_its_own_options() -> None:
    """Catches: the transport of this host, held on another one that has its own."""
    theirs = {"postfix_transport": "relay", "postfix_config_directory": "/etc/out", "accounts": ["2"], "smtp_port": 26}
    seen = scene(other={"begun": False, "vars": theirs}, batch="a")
    one = stage(seen, params={"host": "b"}, consumer="postfix", drain_timeout=7)
    changes.hold(one.tools)
    asked = one.asked("mail_program")
    assert (asked["program"], asked["state"], asked["timeout"], asked["port"]) == ("postfix", "held", 7, 26)
    assert asked["logins"] == [{"username": "2"}]
    assert asked["options"] == {"transport": "relay", "config_directory": "/etc/out", "migrate": False}


def test_hold_of_a_host_by_what_the_play_says_of_it() -> None:
    """Catches: the Postfix of this host held for another one, where the play names both by a template."""
    seen = scene(other={"begun": False, "vars": {"accounts": ["2"]}}, batch="a")
    one = stage(seen, params={"host": "b"}, consumer="postfix", postfix_config_directory="/etc/a")
    known = one.tools.of_other
    one.tools.of_other = lambda host, name: f"/etc/{host}" if name.endswith("_directory") else known(host, name)
    changes.hold(one.tools)
    assert one.asked("mail_program")["options"] == {"config_directory": "/etc/b", "migrate": False}


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ({"program_options": ["exim"]}, "smtp_rotation_program_options must map mail programs to their options"),
        ({"smtp_host": AnsibleError("'relay' is undefined")}, "'relay' is undefined"),
    ],
)
def test_host_of_a_later_batch_whose_options_are_wrong(theirs: Any, told: str) -> None:
    """Catches: a leader that ends with its own mail on hold, as it fails for the options of another host."""
    seen = scene(other={"begun": False, "vars": {"accounts": ["2"]}}, batch="a")
    one = stage(seen, params={"host": "b"}, consumer="exim")
    known = one.tools.of_other

    def of_other(host: str, name: str) -> Any:
        value = theirs.get(name.removeprefix("smtp_rotation_"), known(host, name))
        if isinstance(value, AnsibleError):
            raise value
        return value

    one.tools.of_other = of_other
    result = changes.hold(one.tools)
    assert result["trouble"].startswith(f"its mail could not be held: {told}")
    assert (result["item"], one.calls) == ("b", [])


def test_hold_of_all_programs_that_are_found() -> None:
    """Catches: a second mail program that goes on sending; one that stays on hold since another could not be held."""
    found = [{"programs": ["postfix", "exim"]}, {"changed": True}, {"failed": True, "msg": "no."}, {}]
    seen = scene(other={"begun": False, "vars": {"accounts": ["2"]}}, batch="a")
    one = stage(seen, {"mail_program": found}, params={"host": "b"}, consumer=["auto", "dma"])
    result = changes.hold(one.tools)
    assert [(asked["program"], asked["state"]) for _name, asked in one.calls] == [
        ("auto", "found"),
        ("postfix", "held"),
        ("exim", "held"),
        ("postfix", "released"),
    ]
    assert result["trouble"] == "its mail could not be held: no."


@pytest.mark.parametrize(
    ("first", "more", "told"),
    [
        ({"changed": True}, [CLOSED], "The mail of dma was held before that, and could not be released: no answer."),
        # By an earlier run, whose window may be open.
        ({"changed": False}, [], ""),
    ],
)
def test_program_that_stays_on_hold(first: Any, more: Any, told: str) -> None:
    """Catches: mail that is on hold without a word; mail that is released into the window of an earlier run."""
    seen = scene("a", {"programs": ["dma", "exim"]})
    one = stage(seen, {"mail_program": [first, CLOSED, *more]}, test_send=False, consumer=["dma", "exim"])
    result = changes.hold(one.tools)
    assert len(one.calls) == 2 + len(more)
    assert result["trouble"].startswith("its mail could not be held: no answer.") and told in result["trouble"]


UNTESTABLE = "new passwords could not be tested, so none was changed: no answer."


@pytest.mark.parametrize(
    ("here", "leader", "options", "check_mode", "asked"),
    [
        ("a", {}, {}, False, True),
        ("b", {}, {}, False, True),
        ("a", {}, {"test_send": False}, False, False),
        ("a", {}, {}, True, False),
        # It tests nothing, or nothing is to be tested.
        ("b", {"plan": {**PLAN, "testers": {"1": "a", "2": "a"}}}, {}, False, False),
        ("a", {"plan": {**PLAN, "work": ["2"]}}, {}, False, False),
        ("a", {"trouble": "no such map"}, {}, False, False),
    ],
)
def test_server_that_is_not_reached(here: str, leader: Any, options: Any, check_mode: bool, asked: bool) -> None:
    """Catches: a password that is changed and cannot be tested; a run that fails for a server that it does not need."""
    one = stage(scene(here, leader), {"smtp_test_send": CLOSED}, consumer="postfix", check_mode=check_mode, **options)
    result = changes.hold(one.tools)
    assert ("smtp_test_send" in [name for name, _options in one.calls]) == asked
    assert (result.get("trouble") == UNTESTABLE) == asked
    record, result = stage(scene(here, leader), {"smtp_test_send": CLOSED}, check_mode=check_mode, **options).do(
        changes.reach
    )
    assert record.trouble == (UNTESTABLE if asked else leader.get("trouble", ""))


def test_server_is_asked_as_it_is_used() -> None:
    """Catches: a server that is asked on another port than the one that the tests use."""
    one = stage(scene(), smtp_port=2525)
    one.do(changes.reach)
    asked = one.asked("smtp_test_send")
    assert (asked["host"], asked["port"], asked["log_in"]) == ("smtp.acme.example", 2525, False)


@pytest.mark.parametrize("step", [changes.hold, changes.reach])
def test_server_is_not_asked_in_a_later_batch(step: Any) -> None:
    """Catches: a later batch in trouble because of a test that the first one has made for it."""
    seen = scene("b", {"done": TOKEN, "reached": 0}, batch="b")
    one = stage(seen, {"smtp_test_send": CLOSED}, consumer="postfix")
    one.do(step)
    assert one.calls == []


def test_host_that_cannot_ask_because_it_is_away() -> None:
    """Catches: one host that is down and keeps all others from their new password."""
    answers = {"smtp_test_send": {"unreachable": True, "msg": "timed out"}}
    assert changes.hold(stage(scene("b"), answers).tools)["away"] is True
    record, _result = stage(scene("b"), answers).do(changes.reach)
    assert (record.trouble, record.away) == (UNTESTABLE.replace("no answer.", "timed out"), True)


# -- change


def test_others_note_what_became_of_their_hold() -> None:
    """Catches: a host that could not be held, and says nothing at the end."""
    bad = {"trouble": "its mail could not be held: no", "away": True}
    one = stage(scene("b", other={"holds": [{**bad, "item": "c"}, bad]}))
    record, result = one.do(changes.change)
    assert (record.trouble, record.away, record.reached, result["skipped"]) == (
        bad["trouble"],
        True,
        Phase.CHANGED,
        True,
    )
    assert one.calls == []
    record, _result = stage(scene("b", other={"trouble": "first", "holds": [bad]})).do(changes.change)
    assert record.trouble == "first"


@pytest.mark.parametrize(
    ("options", "check_mode", "rotate", "at_rest", "passwords"),
    [
        ({"rotate": "always"}, False, "always", False, {}),
        ({"passwords": {"1": "p", "2": "q"}}, False, "when_due", False, {"passwords": {"1": "p", "2": "q"}}),
        ({"password": "p"}, False, "when_due", False, {"password": "p"}),
        # What is staged already is sent, and nothing else.
        ({"persist_tasks": "p.yml", "passwords": {"1": "p"}}, False, "never", False, {}),
        ({"persist_tasks": "p.yml", "passwords": {"1": "p"}}, True, "when_due", False, {"passwords": {"1": "p"}}),
        (PAIRS, False, "always", True, {}),
    ],
)
def test_options_of_the_change(options: Any, check_mode: bool, rotate: str, at_rest: bool, passwords: Any) -> None:
    """Catches: a second password made for an account whose first one is saved already; a given one that is not used."""
    one = stage(scene(), {"smtp_account_password": DONE}, check_mode=check_mode, api_key="k", **options)
    record, result = one.do(changes.change)
    asked = one.asked("smtp_account_password")
    wanted = {"accounts": ["1", "2"], "account_ids": {"1": 11}, "state": "present", "rotate": rotate, **passwords}
    assert {**asked, **wanted, "only_at_rest": at_rest, "api_key": "k"} == asked
    assert {"password", "passwords"} & set(asked) == set(passwords)
    assert record.outcome is not None
    assert (record.outcome.untested, record.outcome.uptime, record.reached) == (["1", "2"], 100.0, Phase.CHANGED)
    assert result["changed"] is True


def test_excluded_accounts_do_not_change() -> None:
    """Catches: an account that changes although its host is not on hold, and its given password that stops the call."""
    seen = scene(other={"trouble": "no such map"})
    one = stage(seen, {"smtp_account_password": {**DONE, "accounts": [entry("1")]}}, passwords={"1": "p", "2": "q"})
    record, _result = one.do(changes.change)
    asked = one.asked("smtp_account_password")
    assert (asked["accounts"], asked["passwords"]) == (["1"], {"1": "p"})
    assert record.outcome is not None and record.outcome.excluded == {"2": "b"}
    # Tested from a host that is not in trouble, if there is one.
    assert record.plan is not None and record.plan.testers == {"1": "a", "2": "b"}


def test_host_that_nobody_holds_keeps_its_account() -> None:
    """Catches: a change while a host sends, whose hold nobody has seen."""
    exim = {"programs": ["exim"]}
    seen = scene(leader={"holds": [HELD], **exim}, other=exim)
    one = stage(seen, {"smtp_account_password": DONE}, consumer="exim")
    record, _result = one.do(changes.change)
    assert record.outcome is not None and record.outcome.excluded == {"2": "b"}
    held = scene(leader={"holds": [HELD], **exim}, other={"holds": [HELD], **exim})
    record, _result = stage(held, {"smtp_account_password": DONE}, consumer="exim").do(changes.change)
    assert record.outcome is not None and record.outcome.excluded == {}


def test_nothing_is_called_if_all_is_excluded() -> None:
    """Catches: a module that refuses an empty list of accounts, in place of the reason why there are none."""
    seen = scene(leader={"trouble": "no"}, other={"trouble": "no"})
    record, result = stage(seen).do(changes.change)
    assert record.outcome is not None and set(record.outcome.excluded) == {"1", "2"}
    assert (result["changed"], result["seconds_until_effective"]) == (False, 0)


def test_what_an_earlier_run_began_is_completed() -> None:
    """Catches: an idle account that gets a new password each time, since the one of before is never completed."""
    plan = {**PLAN, "due": ["1"], "finishing": ["2"]}
    answers = {"smtp_account_password": [{**DONE, "accounts": [entry("1")]}, {**DONE, "accounts": [entry("2")]}]}
    one = stage(scene(leader={"plan": plan}), answers, **PAIRS)
    record, _result = one.do(changes.change)
    first, second = (options for _name, options in one.calls)
    assert (first["accounts"], first["rotate"], first["only_at_rest"]) == (["1"], "always", True)
    assert (second["accounts"], second["rotate"], second["only_at_rest"]) == (["2"], "never", False)
    assert record.outcome is not None and [one["account"] for one in record.outcome.accounts] == ["1", "2"]


@pytest.mark.parametrize(("wait", "check_mode", "told"), [(89.5, False, True), (0, False, False), (89.5, True, False)])
def test_window_is_told(wait: float, check_mode: bool, told: bool) -> None:
    """Catches: a wait that nobody knows the reason of; one that is left out because nothing was changed in this run."""
    result = {**DONE, "changed": False, "seconds_to_wait": wait, "effective_at": "2026-01-01T00:00:00Z"}
    one = stage(scene(), {"smtp_account_password": result}, check_mode=check_mode)
    _record, shown = one.do(changes.change)
    text = (
        "The new passwords take effect at 2026-01-01T00:00:00Z. Until then, for 90 seconds (1.5 minutes), logging in "
        "or sending with 1, 2 is not allowed. If this run is stopped now, the next one completes it."
    )
    assert one.told == [text] * told
    # Only a task that has changed something notifies the wait.
    assert shown["changed"] is told


def test_window_of_credentials_that_overlap() -> None:
    """Catches: a ban on mail that the provider still takes: the hosts send with the old login meanwhile."""
    plan = {"users": {"h1": ["1"]}, "due": ["1"], "work": ["1"], "changing": ["1"], "way": "overlap"}
    result = {**DONE, "seconds_to_wait": 60, "effective_at": "2026-01-01T00:00:00Z", "unverified": ["1"]}
    one = stage(scene(leader={"plan": plan}), {"smtp_account_password": result})
    one.do(changes.change)
    assert one.told == [
        "The new credentials take effect at 2026-01-01T00:00:00Z. Until then, for 60 seconds (1.0 minutes), the hosts "
        "keep sending with the old ones of 1. If this run is stopped now, the next one completes it."
    ]


def test_change_that_breaks_is_no_failure_yet() -> None:
    """Catches: hosts on hold that nobody releases, because the task that changes failed."""
    result = {"failed": True, "msg": "killed", "warnings": ["w"], "diff": {"before": "", "after": ""}}
    record, shown = stage(scene(), {"smtp_account_password": result}).do(changes.change)
    assert "failed" not in shown
    assert (shown["warnings"], shown["diff"]) == (["w"], [result["diff"]])
    assert record.outcome is not None
    assert (record.outcome.broken, record.outcome.unknown, record.outcome.told) == (True, ["1", "2"], "killed")


# -- deploy


AFTER: dict[str, Any] = {"reached": 5, "plan": PLAN}


def deploying(path: Path, passwords: Any, answers: Any = None, own: Any = None, **options: Any) -> Any:
    """Return what a host has to deploy with."""
    plan = {"users": {"a": ["1"], "b": ["2", "3"]}}
    seen = scene("b", {**AFTER, "plan": plan}, {"reached": 5, "accounts": ["2", "3"], **(own or {})})
    more = options.pop("more", {})
    params = {"content": "the content"}
    return stage(seen, answers, store=store_of(path / "s.yml", passwords, **more), params=params, **options)


ALL = {"2": "second", "3": "third"}
ENTRIES = [{"key": "k2", "account": "2"}, {"key": "k3", "account": "3"}]
POSTFIX: dict[str, Any] = {"consumer": "postfix", "postfix_entries": ENTRIES}
TEMPLATE: dict[str, Any] = {"consumer": "template", "template_dest": "/etc/x", "template_owner": "mail"}


def test_deploy_to_postfix(tmp_path: Path) -> None:
    """Catches: another account's password under a key of the map; a password that Ansible would show."""
    own = {"programs": ["postfix"]}
    more = {"postfix_map": "/m", "program_options": {"postfix": {"migrate": True}, "exim": {"path": "/x"}}, **POSTFIX}
    one = deploying(tmp_path, ALL, {"mail_program": {"changed": True}}, own, **more)
    record, result = one.do(changes.deploy)
    asked = one.asked("mail_program")
    assert (asked["program"], asked["state"], asked["host"]) == ("postfix", "deployed", "smtp.acme.example")
    assert asked["options"] == {"map": "/m", "migrate": True}
    assert asked["logins"] == [
        {"key": "k2", "username": "2", "password": "second"},
        {"key": "k3", "username": "3", "password": "third"},
    ]
    assert (result["changed"], result["ready"], result["skipped"], record.trouble) == (True, True, False, "")
    assert record.fresh is True
    assert sorted(one.learnt) == ["second", "third"]


def test_deploy_what_is_stored(tmp_path: Path) -> None:
    """Catches: a host without any password, since one account of several has none yet."""
    one = deploying(tmp_path, {"2": "second"}, own={"programs": ["postfix"]}, **POSTFIX)
    record, result = one.do(changes.deploy)
    assert [entry["username"] for entry in one.asked("mail_program")["logins"]] == ["2"]
    assert (result["ready"], record.trouble) == (False, "")


def test_deploy_before_the_first_rotation(tmp_path: Path) -> None:
    """Catches: a map without any entry, which the module refuses, on a host that works with its old password."""
    one = deploying(tmp_path, {}, own={"programs": ["postfix"]}, **POSTFIX)
    assert one.do(changes.deploy)[1]["skipped"] is True
    assert one.calls == []


def test_deploy_the_account_in_use(tmp_path: Path) -> None:
    """Catches: the idle account's password that reaches a mail program before its test."""
    pairs = {
        "own": {"senders": {"s": ["2", "3"]}, "programs": ["exim"]},
        "more": {"senders": {"s": Sender(in_use="3", at_rest="2", switched_at=NOW)}},
    }
    one = deploying(tmp_path, ALL, consumer="exim", **PAIRS, **pairs)
    one.do(changes.deploy)
    assert one.asked("mail_program")["logins"] == [{"username": "3", "replaces": ["2"], "password": "third"}]


def test_deploy_to_all_consumers(tmp_path: Path) -> None:
    """Catches: a file that is not written beside a mail program; one that is written after a program has failed."""
    options = {**TEMPLATE, "consumer": ["postfix", "template", "exim"]}
    own = {"programs": ["postfix", "exim"]}
    one = deploying(tmp_path, ALL, {"secret_file": {"changed": True}}, own, **options)
    record, _result = one.do(changes.deploy)
    assert [asked.get("program", name) for name, asked in one.calls] == ["postfix", "exim", "secret_file"]
    assert record.notified is True
    one = deploying(tmp_path, ALL, {"mail_program": [{"failed": True, "msg": "no."}]}, own, **options)
    record, result = one.do(changes.deploy)
    assert [asked.get("program", name) for name, asked in one.calls] == ["postfix"]
    assert (record.trouble, record.notified, result["ready"]) == (
        "the new password could not be deployed: no.",
        False,
        False,
    )


def test_deploy_a_file(tmp_path: Path) -> None:
    """Catches: a file that everybody can read, since its owner and mode were not handed on."""
    one = deploying(tmp_path, ALL, {"secret_file": {"changed": True}}, **TEMPLATE)
    assert one.do(changes.deploy)[1]["ready"] is True
    asked = {"content": "the content", "dest": "/etc/x", "owner": "mail", "mode": "0600"}
    assert one.asked("secret_file") == asked


def test_file_with_ciphertext_is_not_written(tmp_path: Path) -> None:
    """Catches: a file without any password, which a template writes that has no filter for vaulted values."""
    one = deploying(tmp_path, ALL, **TEMPLATE)
    one.tools.params["content"] = "password: !vault |\n  $ANSIBLE_VAULT;1.2;AES256;prod\n  6162"
    record, result = one.do(changes.deploy)
    assert one.calls == [] and result["ready"] is False
    assert "writes ciphertext in place of a password" in record.trouble and "6162" not in record.trouble


NONE_STORED = "nothing was deployed, because no password of 3 is stored"


@pytest.mark.parametrize(
    ("passwords", "answer", "own", "options", "check_mode", "trouble", "away", "ready", "calls"),
    [
        (
            ALL,
            {"failed": True, "msg": "no."},
            {},
            TEMPLATE,
            False,
            "the new password could not be deployed: no.",
            False,
            False,
            1,
        ),
        (
            ALL,
            {"unreachable": True, "msg": "x"},
            {},
            TEMPLATE,
            False,
            "the new password could not be deployed: x",
            True,
            False,
            1,
        ),
        ({"2": "p"}, {}, {}, TEMPLATE, False, NONE_STORED, False, False, 0),
        ({"2": "p"}, {}, {}, TEMPLATE, True, "", False, False, 0),
        ({"2": "p"}, {}, {}, {"deploy_tasks": "d.yml"}, False, NONE_STORED, False, False, 0),
        ({"2": "p"}, {}, {}, {}, False, "", False, False, 0),
        # Before the first rotation it has none at all, and works with what somebody gave it.
        ({}, {}, {}, TEMPLATE, False, "", False, False, 0),
        (ALL, {}, {"trouble": "no such map"}, TEMPLATE, False, "no such map", False, False, 0),
        (ALL, {}, {}, {"deploy_tasks": "d.yml"}, False, "", False, True, 0),
    ],
)
def test_what_cannot_be_deployed(
    tmp_path: Path,
    passwords: Any,
    answer: Any,
    own: Any,
    options: Any,
    check_mode: bool,
    trouble: str,
    away: bool,
    ready: bool,
    calls: int,
) -> None:
    """Catches: a host with the old password that is green; a file with an empty password; one that stops all."""
    one = deploying(tmp_path, passwords, {"secret_file": answer}, own, check_mode=check_mode, **options)
    record, result = one.do(changes.deploy)
    assert (record.trouble, record.away, result["ready"], len(one.calls)) == (trouble, away, ready, calls)
    assert "failed" not in result
