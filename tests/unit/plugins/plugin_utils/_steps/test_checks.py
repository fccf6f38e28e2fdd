# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.options import CHECKED, HOW_WRITTEN
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Phase, Verdict
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.checks import check, plan, stages
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import TOKEN, fleet
from ansible_collections.mailops.smtp.tests.unit.plugins.steps_scene import next_step, stage

DUE = {"accounts": [{"account": "1", "action": "rotated", "reason": "it is due"}], "vault_file": "/s.yml"}
QUIET = {"accounts": [{"account": "1", "action": "unchanged", "reason": "unchanged"}], "vault_file": "/s.yml"}
PAIRS: dict[str, Any] = {"strategy": "alternate", "senders": {"s": ["1", "2"]}, "accounts": []}
ROTATE = {"senders": [{"sender": "s", "step": "rotate", "account": "2"}]}
NOTHING = {"senders": [{"sender": "s", "step": "nothing", "account": None}]}
STORE = {"vault_file": "store.yml"}


@pytest.mark.parametrize("name", CHECKED)
def test_form_of_each_option(name: str) -> None:
    """Catches: a form that is checked in Python, of a variable that the role does not hand to it."""
    wrong: Any = {name: 7 if name in HOW_WRITTEN else ["x"]}
    one = stage(fleet(), **wrong)
    with pytest.raises(InputError, match=f"smtp_rotation_{name} must .*Nothing has been changed"):
        one.do(check)


def test_misspelt_and_unknown_variables() -> None:
    """Catches: an option that is passed over in silence; a variable of the user's own that stops the run."""
    one = stage(fleet(), variables={"smtp_rotation_own": 1, "smtp_rotation_accounts": 1}, apart=True)
    one.do(check)
    assert one.warned == ["ignored, because the role mailops.smtp.smtp_rotation has no such option: smtp_rotation_own"]
    with pytest.raises(InputError, match="did you mean smtp_rotation_max_age"):
        stage(fleet(), variables={"smtp_rotation_maxage": 1}).do(check)


def test_all_mistakes_at_once() -> None:
    """Catches: a run for each mistake; a mistake that is found when mail is on hold."""
    one = stage(fleet(), accounts=[], hold_tasks="hold.yml", persist_tasks="/abs/save.yml", files="/play/x.yml")
    record, result = one.do(check)
    assert result["failed"] and result["msg"].startswith("smtp_rotation_accounts is empty.")
    assert "hold.yml, /abs/save.yml is not a file." in result["msg"]
    assert result["msg"].endswith(" Nothing has been changed.")
    assert (record.token, record.reached) == ("", Phase.NONE)
    assert one.calls == []
    stage(fleet(), hold_tasks="hold.yml", persist_tasks="/abs/save.yml", files="/play/hold.yml /abs/save.yml").do(check)


@pytest.mark.parametrize(
    ("here", "options", "apart", "following", "consumes"),
    [
        ("a", {}, False, "in_step", False),
        ("b", {"consumer": "postfix"}, False, "in_step", True),
        ("b", {"deploy_tasks": "d.yml"}, True, "apart", True),
    ],
)
def test_what_a_host_remembers(here: str, options: Any, apart: bool, following: str, consumes: bool) -> None:
    """Catches: a host that others know nothing of; one under strategy free that does not wait."""
    known = {here: {"served": "old", "done": "old", "token": "old", "trouble": "old", "left": ["old"]}}
    one = stage(fleet(here, known), apart=apart, files="/play/d.yml", **options)
    record, result = one.do(check)
    assert result["next"] == following
    assert (record.leader, record.accounts, record.vault_file) == ("a", ["1"], "store.yml")
    assert (record.reached, record.served, record.consumes) == (Phase.CHECKED, "old", consumes)
    # What it led before is forgotten.
    assert (record.done, record.trouble, record.left, record.plan) == ("", "", [], None)
    assert record.token.startswith("a ") if here == "a" else record.token == ""
    assert record.token != "old"


def test_pairs_are_remembered() -> None:
    """Catches: a sender of which only one account is known."""
    record, _result = stage(fleet(), **PAIRS).do(check)
    assert (record.accounts, record.senders) == (["1", "2"], {"s": ["1", "2"]})
    record, _result = stage(fleet(), senders={"s": ["8", "9"]}).do(check)
    assert (record.accounts, record.senders) == (["1"], {})


def test_leader_with_another_store() -> None:
    """Catches: hosts with two stores that one call changes."""
    known = {"a": {"vars": {"vault_file": "other.yml", "strategy": "in_place"}}}
    record, result = stage(fleet("b", known), accounts=["2"]).do(check)
    assert result["failed"] and "differs on a" in result["msg"]
    # Catches: a host that goes on sending with an account that the leader takes for unused.
    assert record.accounts == ["2"]


@pytest.mark.parametrize(
    ("options", "answers", "asked", "programs", "trouble", "away"),
    [
        ({"consumer": ""}, [], [], [], "", False),
        ({}, [{}], ["postfix held"], ["postfix"], "", False),
        (PAIRS, [{}], ["postfix found"], ["postfix"], "", False),
        ({}, [{"failed": True, "msg": "no map"}], ["postfix held"], ["postfix"], "no map", False),
        ({}, [{"unreachable": True, "msg": "timed out"}], ["postfix held"], ["postfix"], "timed out", True),
        ({"consumer": "auto"}, [{"programs": ["exim"]}, {}], ["auto found", "exim held"], ["exim"], "", False),
        (
            {"consumer": "auto"},
            [{"programs": [], "notes": ["exim is installed but not used: it relays to b."]}],
            ["auto found"],
            [],
            "smtp_rotation_consumer is auto, but no mail program of this host uses smtp.acme.example: exim is "
            "installed but not used: it relays to b. Name the program, correct smtp_rotation_smtp_host, or leave the "
            "consumer empty where no mail is sent",
            False,
        ),
        ({"consumer": ["auto", "template"]}, [{"programs": [], "notes": []}], ["auto found"], [], "", False),
        ({"consumer": "auto"}, [{"failed": True, "msg": "no python"}], ["auto found"], [], "no python", False),
        (
            {"consumer": ["postfix", "template", "exim"]},
            [{}, {}],
            ["postfix held", "exim held"],
            ["postfix", "exim"],
            "",
            False,
        ),
    ],
)
def test_look_at_mail_programs(
    options: Any, answers: Any, asked: list[str], programs: list[str], trouble: str, away: bool
) -> None:
    """Catches: a program that cannot be held, found when the others hold their mail; one that is not looked at."""
    files = {"template_src": "a.j2", "template_dest": "/etc/a"}
    one = stage(fleet(), {"mail_program": answers}, **{"consumer": "postfix", **files, **options})
    record, _result = one.do(check)
    assert [f"{options['program']} {options['state']}" for _name, options in one.calls] == asked
    assert one.pretended == ["mail_program"] * len(asked)
    assert (record.programs, record.trouble, record.away) == (programs, trouble, away)


def test_mail_that_an_earlier_run_left_on_hold() -> None:
    """Catches: a hold that no later run tells of."""
    answers = {"mail_program": [{"held": True, "notes": ["its table is old."]}, {"held": False}]}
    one = stage(fleet(), answers, consumer=["postfix", "exim"])
    record, _result = one.do(check)
    assert record.on_hold == ["postfix"]
    assert one.warned[0] == "a, postfix: its table is old."
    assert one.warned[1].startswith("a: the mail of postfix has been on hold since an earlier run.")


def test_hold_of_an_earlier_batch_is_no_news() -> None:
    """Catches: a warning of an earlier run, where the first batch of this one has held the host."""
    led = {"done": TOKEN, "reached": 0, "holds": [{"item": "b", "held": True}]}
    seen = fleet("b", {"a": led, "b": {"begun": False}}, batch="b c")
    one = stage(seen, {"mail_program": [{"held": True}]}, consumer="exim")
    record, _result = one.do(check)
    assert (record.leader, record.on_hold, one.warned) == ("a", ["exim"], [])


def test_options_of_whatever_is_found() -> None:
    """Catches: a Postfix that is not found, since it is looked for without the options that name its folder."""
    found = [{"programs": ["postfix"], "notes": []}, {}]
    more: Any = {"postfix_config_directory": "/etc/out", "program_options": {"msmtp": {"path": "/srv/msmtprc"}}}
    one = stage(fleet(), {"mail_program": found}, consumer="auto", **more)
    one.do(check)
    asked = one.calls[0][1]["options"]
    assert (asked["postfix"]["config_directory"], asked["msmtp"]) == ("/etc/out", {"path": "/srv/msmtprc"})


@pytest.mark.parametrize(("check_mode", "verbose"), [(True, False), (False, True), (False, False)])
def test_where_logins_are_is_shown(check_mode: bool, verbose: bool) -> None:
    """Catches: a dry run that does not say which mail program is meant, and where its login would be written."""
    entries = [
        {"place": "/etc/a", "key": "relay", "username": "1", "wanted": "1"},
        {"place": "/etc/b", "key": "", "username": "", "wanted": "2"},
    ]
    found = [{"programs": ["exim"], "notes": []}, {"entries": entries}]
    one = stage(fleet(), {"mail_program": found}, consumer="auto", check_mode=check_mode, verbose=verbose)
    one.do(check)
    shown = [
        "a: exim reads the login of 1 in /etc/a, relay",
        "a: exim reads the login of 2 in /etc/b, once it is written there",
    ]
    assert one.told == (shown if check_mode or verbose else [])


def test_postfix_is_looked_at_as_it_is_used() -> None:
    """Catches: a check of another Postfix, another transport or another map than those that the run uses."""
    places: Any = {"postfix_transport": "relay", "postfix_map": "/m", "postfix_config_directory": "/etc/postfix-out"}
    one = stage(fleet(), consumer="postfix", smtp_port=2525, **places)
    one.do(check)
    asked = one.asked("mail_program")
    known = {"transport": "relay", "map": "/m", "config_directory": "/etc/postfix-out", "migrate": False}
    assert asked["options"] == known
    assert (asked["host"], asked["port"], asked["logins"]) == ("smtp.acme.example", 2525, [{"username": "1"}])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"consumer": "sendmial"}, "smtp_rotation_consumer: there is no sendmial. There are: "),
        (
            {"consumer": "exim", "program_options": {"postfx": {}}},
            "smtp_rotation_program_options: there is no postfx. There are: ",
        ),
        ({"consumer": "postfix", "accounts": ["a:b"]}, "colon"),
        ({"consumer": "postfix", "password": "ends with "}, "ends with a blank"),
        ({"consumer": "postfix", "passwords": {"1": "ends with "}}, "ends with a blank"),
        ({"consumer": "postfix", "password_symbols": "- "}, "smtp_rotation_password_symbols has"),
    ],
)
def test_passwords_that_a_program_cannot_hold(options: Any, message: str) -> None:
    """Catches: a password that works at the provider and that no file of the host can hold."""
    one = stage(fleet(), **options)
    _record, result = one.do(check)
    assert result["failed"] and message in result["msg"]
    assert one.calls == []


LIMIT = {"ansible_limit": "a", "groups": {"all": ["a", "z"]}}
POSTFIX = {"consumer": "postfix"}


@pytest.mark.parametrize(
    ("known", "options", "variables", "message"),
    [
        ({"a": {"accounts": ["1"]}, "z": {"accounts": ["1"]}}, POSTFIX, LIMIT, "Excluded by --limit: z. Each uses"),
        ({"a": {}, "z": {}}, POSTFIX, LIMIT, "Excluded by --limit: z. It is not known"),
        ({"a": {"accounts": ["1"]}, "z": {"accounts": ["1"]}}, POSTFIX, {}, ""),
        # A host without a mail program has none that could go on with the old password.
        ({"a": {"accounts": ["1"]}, "z": {"accounts": ["1"]}}, {}, LIMIT, ""),
        ({"a": {"accounts": ["1"]}, "z": {"accounts": ["1"]}}, {**POSTFIX, "state": "staged"}, LIMIT, ""),
        ({"a": {"accounts": ["1"]}, "z": {"accounts": ["2"]}}, POSTFIX, LIMIT, ""),
        # With two accounts, hosts outside go on with the one that they have.
        ({"a": {"senders": {}}, "z": {"senders": PAIRS["senders"]}}, {**POSTFIX, **PAIRS}, LIMIT, ""),
    ],
)
def test_limit(known: Any, options: Any, variables: Any, message: str) -> None:
    """Catches: a green run after which a host outside of it still has the old password."""
    seen = fleet("a", {host: {"begun": False, "vars": one} for host, one in known.items()}, everyone="a")
    one = stage(seen, {"smtp_account_password": QUIET, "smtp_sender": NOTHING}, variables=variables, **options)
    _record, result = one.do(check)
    assert message in result.get("msg", "")
    assert result.get("failed", False) is bool(message)


@pytest.mark.parametrize(
    ("everyone", "api_host", "alone"),
    [("a", "localhost", True), ("a", "a", True), ("a", "api", False), ("a b", "localhost", False)],
)
def test_host_alone_plans_at_once(everyone: str, api_host: str, alone: bool) -> None:
    """Catches: a task more on the only host; a call from a host that may not reach the provider."""
    one = stage(fleet(everyone=everyone), {"smtp_account_password": DUE}, api_host=api_host)
    record, result = one.do(check)
    assert result["next"] == ("in_place" if alone else "in_step")
    assert (record.plan is not None) == alone
    assert record.reached == (Phase.PLANNED if alone else Phase.CHECKED)


def test_only_the_leader_plans() -> None:
    """Catches: a provider that is called by every host of the play."""
    one = stage(fleet("b", {"b": {"reached": 1}}))
    record, result = one.do(plan)
    assert (one.calls, result["skipped"], record.reached) == ([], True, Phase.CHECKED)


def led(answers: Any, *, known: Any = None, hosts: Any = None, check_mode: bool = False, **options: Any) -> Any:
    """Return what a leader that has checked its options has to plan with."""
    first = stage(fleet("a", known or {}, **(hosts or {})), check_mode=check_mode, files="/play/x.yml", **options)
    _record, result = first.do(check)
    more: Any = {"check_mode": check_mode, "files": "/play/x.yml"}
    return stage(next_step(first, result), answers, **more, **options)


@pytest.mark.parametrize(
    ("preview", "options", "check_mode", "following"),
    [
        (DUE, {}, False, "in_place"),
        (QUIET, {}, False, ""),
        (QUIET, {"deploy_tasks": "x.yml"}, False, "in_place"),
        (DUE, {"state": "staged"}, False, "stage"),
        (DUE, {"persist_tasks": "x.yml"}, False, "stage"),
        (DUE, {"persist_tasks": "x.yml"}, True, "in_place"),
    ],
)
def test_plan(preview: Any, options: Any, check_mode: bool, following: str) -> None:
    """Catches: a store that is not saved before the call; a look that changes something; tasks with nothing due."""
    one = led({"smtp_account_password": preview}, check_mode=check_mode, **options)
    record, _result = one.do(plan)
    assert record.plan is not None and record.plan.next == following
    assert record.reached == Phase.PLANNED
    assert "smtp_account_password" in one.pretended
    assert stages(one.tools) == (following == "stage")
    # With nothing to do this is the end: the accounts are told, and nothing is in doubt.
    assert (record.outcome is not None) == (record.verdict == Verdict()) == (not following)


def test_options_of_the_preview() -> None:
    """Catches: a preview of other accounts, by other IDs or with other passwords than the change."""
    known = {"b": {"accounts": ["2"], "vars": {"account_ids": {"2": 22, "9": 99}}}}
    one = led({"smtp_account_password": DUE}, known=known, account_ids={"1": 11}, passwords={"1": "p"}, rotate="always")
    one.do(plan)
    asked = one.asked("smtp_account_password")
    assert {name: asked[name] for name in ("accounts", "account_ids", "rotate", "state", "passwords")} == {
        "accounts": ["1", "2"],
        "account_ids": {"1": 11, "2": 22},
        "rotate": "always",
        "state": "present",
        "passwords": {"1": "p"},
    }
    assert (asked["provider"], asked["vault_file"]) == ("mailgun", "store.yml")


@pytest.mark.parametrize(
    ("advice", "accounts", "rotate", "state", "following"),
    [(ROTATE, ["2"], "when_due", "present", "stage"), (NOTHING, ["1", "2"], "never", "staged", "")],
)
def test_plan_of_pairs(advice: Any, accounts: Any, rotate: str, state: str, following: str) -> None:
    """Catches: the account in use that is previewed, and with nothing due a store that nobody has tried to read."""
    one = led({"smtp_sender": advice, "smtp_account_password": QUIET}, **PAIRS)
    record, _result = one.do(plan)
    assert one.asked("smtp_sender") == {**PAIRS_ASKED, **STORE}
    asked = one.asked("smtp_account_password")
    assert (asked["accounts"], asked["rotate"], asked["state"]) == (accounts, rotate, state)
    assert record.plan is not None and record.plan.next == following


PAIRS_ASKED = {"senders": {"s": ["1", "2"]}, "rotate": "when_due", "max_age": "90d", "lock_timeout": 60}


@pytest.mark.parametrize(
    ("answers", "options", "message"),
    [
        ({"smtp_account_password": {"failed": True, "msg": "no Vault secret"}}, {}, "no Vault secret"),
        ({"smtp_account_password": {"failed": True}}, {}, "no reason given"),
        ({"smtp_sender": {"failed": True, "msg": "no such store"}}, PAIRS, "no such store"),
        (
            {"smtp_account_password": DUE, "ping": {"unreachable": True, "msg": "timed out."}},
            {"api_host": "api"},
            "api, which calls the provider's API, cannot be reached: timed out. Nothing has been changed. Check "
            "smtp_rotation_api_host.",
        ),
        ({"smtp_account_password": DUE, "ping": {"failed": True, "msg": "no python"}}, {}, "no python"),
    ],
)
def test_plan_that_fails(answers: Any, options: Any, message: str) -> None:
    """Catches: mail that is held for a change that cannot be made."""
    with pytest.raises(InputError) as error:
        led(answers, **options).do(plan)
    assert str(error.value) == message


@pytest.mark.parametrize(("preview", "options"), [(QUIET, {}), (DUE, {"state": "staged"})])
def test_host_of_the_api_is_not_asked_if_nobody_calls_it(preview: Any, options: Any) -> None:
    """Catches: a run with nothing due that fails, because a host is down that it does not need."""
    one = led({"smtp_account_password": preview}, **options)
    one.do(plan)
    assert "ping" not in [name for name, _options in one.calls]


def test_mail_host_alone_is_not_taken_for_the_host_of_the_api() -> None:
    """Catches: "localhost cannot be reached", where the only host of the play is the one that is down."""
    down = {"unreachable": True, "msg": "timed out"}
    answers = {"smtp_account_password": DUE, "ping": down, "mail_program": down}
    record, result = stage(fleet(everyone="a"), answers, consumer="postfix").do(check)
    assert (result["next"], record.trouble, record.away) == ("in_place", "timed out", True)


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"consumer": "postfix"}, True),
        ({"hold_tasks": "x.yml"}, True),
        ({}, False),
        ({"persist_tasks": "x.yml"}, False),
    ],
)
def test_accounts_of_later_batches(options: Any, refused: bool) -> None:
    """Catches: a later batch that sends inside the window; a play refused in which no host has a mail program."""
    one = led({"smtp_account_password": DUE}, hosts={"batch": "a b"}, **options)
    if not refused:
        one.do(plan)
        return
    with pytest.raises(InputError, match="The accounts of c in a later batch are not known"):
        one.do(plan)


def test_accounts_with_the_same_id() -> None:
    """Catches: the password of an account in use, changed by the ID of another one."""
    known = {"b": {"accounts": ["2"], "vars": {"account_ids": {"2": 11}}}}
    with pytest.raises(InputError, match="are the same account at the provider, 11"):
        led({"smtp_account_password": DUE}, known=known, account_ids={"1": 11}).do(plan)


def test_later_batch_joins() -> None:
    """Catches: a second batch that calls the provider again."""
    known = {"a": {"done": TOKEN, "reached": 0, "plan": {"users": {"b": ["1"]}}}}
    record, _result = stage(fleet("b", known, batch="b c")).do(check)
    assert (record.leader, record.token) == ("a", "")


CREATE: dict[str, Any] = {"provider_definition": {"flow": "create"}}


@pytest.mark.parametrize(
    ("options", "way", "following"),
    [
        ({}, "in_place", "in_place"),
        ({"provider_definition": {"flow": "regenerate"}}, "in_place", "in_place"),
        (CREATE, "overlap", "overlap"),
        ({**CREATE, "persist_tasks": "x.yml"}, "overlap", "stage"),
        ({**CREATE, "state": "staged", "test_send": False}, "overlap", "stage"),
    ],
)
def test_way(options: Any, way: str, following: str) -> None:
    """Catches: mail that is held where two credentials work side by side."""
    record, _result = led({"smtp_account_password": DUE}, **options).do(plan)
    assert record.plan and (record.plan.way, record.plan.next) == (way, following)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (PAIRS, "Set smtp_rotation_strategy to in_place, and smtp_rotation_accounts instead"),
        ({"test_send": False}, "hosts switch to it only after its test. Set smtp_rotation_test_send to true"),
    ],
)
def test_what_does_not_go_with_overlapping_credentials(options: Any, message: str) -> None:
    """Catches: accounts that are held idle for nothing; a credential that is made and that no host may be given."""
    one = led({}, **{**CREATE, **options})
    with pytest.raises(InputError, match=message):
        one.do(plan)
    assert one.calls == []


def test_nothing_is_to_be_held_where_credentials_overlap() -> None:
    """Catches: a program that cannot be held, and so gets no login, although mail flows all the time."""
    one = stage(fleet("a", {}), consumer="exim", **CREATE)
    record, _result = one.do(check)
    assert one.asked("mail_program")["state"] == "found" and not record.bare
    assert stage(fleet("a", {}), **CREATE).do(check)[0].bare


@pytest.mark.parametrize(("options", "refused"), [(CREATE, False), ({}, True)])
def test_limit_where_credentials_overlap(options: Any, refused: bool) -> None:
    """Catches: a run with --limit refused although the other hosts' logins go on working."""
    known: Any = {host: {"begun": False, "vars": {"accounts": ["1"]}} for host in "abz"}
    given: Any = {"variables": {**LIMIT, "groups": {"all": ["a", "b", "z"]}}, "consumer": "template"}
    files = {"template_src": "x.j2", "template_dest": "/x", **options}
    _record, result = stage(fleet("a", known, everyone="a b"), **given, **files).do(check)
    assert result.get("failed", False) == refused
    assert ("Excluded by --limit: z." in result.get("msg", "")) == refused
