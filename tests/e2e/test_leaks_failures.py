# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret in what a failure shows: a provider's words, bad input, an exception with secrets in its text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from standin.faults import Fault
from support.controller import Ended
from support.long import LONG
from support.search import Search, forms
from support.watch import CHOSEN, KEYS, Watch, a_watch, check

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import INFO_SPEC, PASSWORD_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import ARGUMENT_SPEC

ROOT = Path(__file__).resolve().parents[2]

SET, SEND, TELL = (f"mailops.smtp.{name}" for name in ("smtp_account_password", "smtp_test_send", "smtp_account_info"))
ONE, TWO = "1.acme.smtp", "2.acme.smtp"
LINES = "{{ chosen }}\nmore"
WITH_LINES = "{{ the_authorization_key }}\r\nX-More: more"


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A user whose every trace is kept, and a provider with two accounts."""
    with a_watch(tmp_path, [ONE, TWO]) as made:
        yield made


def run(watch: Watch, tasks: Sequence[dict[str, Any]], **environment: str) -> Ended:
    """Run tasks none of which ends the play, and show what they returned."""
    told = [{"ignore_errors": True, "register": f"told_{n}", **task} for n, task in enumerate(tasks)]
    names = [f"{{{{ told_{number} | default('') }}}}" for number in range(len(tasks))]
    show = {"ansible.builtin.debug": {"msg": names}, "ignore_errors": True}
    return watch.run(watch.play([*told, show]), "-vvvvv", environment=environment)


def tell_options(watch: Watch, **over: Any) -> dict[str, Any]:
    options = {**watch.options(propagation_seconds=None), **over}
    return {name: value for name, value in options.items() if value is not None}


def echo(status: int, text: str) -> dict[str, Any]:
    """Return an answer of the provider's in which it says something."""
    meta = {"numberOfErrors": 1, "numberOfData": 0, "status": status, "uniqId": text}
    errors = [{"title": text, "message": text, "code": text}]
    return {"kind": "status", "status": status, "body": json.dumps({"meta": meta, "data": [], "errors": errors})}


def in_every_form() -> list[str]:
    """Return the secrets as a provider may echo them, in texts that are not so long that they are cut."""
    texts = [""]
    for secret in (CHOSEN, *KEYS.values()):
        for text, name in forms(secret).items():
            if name != "part" and " of " not in name:
                texts[-1:] = [f"{texts[-1]} {text.decode()}"] if len(texts[-1]) < 200 else [texts[-1], text.decode()]
    return texts


ECHOES = in_every_form()
FAULTS: list[dict[str, Any]] = [
    {"kind": "refused_value"},
    *[{"kind": "status", "status": status} for status in (404, 429, 500)],
    *[echo(status, ECHOES[0]) for status in (200, 207, 400, 429, 500)],
    *[echo(422, text) for text in ECHOES],
    # Where the words are shortened, a secret is cut in two.
    *[echo(422, "x" * (limit - 17) + CHOSEN + KEYS["application_key"]) for limit in (60, 100, 500)],
    {"kind": "reset", "when": "after"},
    {"kind": "html", "body": ECHOES[0]},
    {"kind": "redirect", "location": "https://127.0.0.1/?" + CHOSEN + KEYS["authorization_key"]},
    {"kind": "truncated_json"},
    {"kind": "hang", "seconds": 2},
    echo(401, ECHOES[0]),
]


def test_provider_that_refuses_or_breaks(tmp_path: Path) -> None:
    """Catches: a refused value, or a key, that comes back in the provider's words."""
    accounts = {f"{number}.acme.smtp": fault for number, fault in enumerate(FAULTS, 1)}
    with a_watch(tmp_path, list(accounts)) as watch:
        for name, fault in accounts.items():
            watch.provider.faults.push(Fault(account=name, **fault))
        watch.provider.faults.push(Fault(operation="listSmtpAccounts", **echo(403, ECHOES[-1])))
        common = {"retry_after_ceiling": 0, "timeout": 1, "concurrency": 1, "accounts": list(accounts)}
        wrong = dict.fromkeys(KEYS, "{{ other }}")
        tasks = [
            {SET: watch.options(passwords=dict.fromkeys(accounts, "{{ chosen }}"), **common)},
            {TELL: tell_options(watch)},
            {SET: watch.options(rotate="always", **wrong)},
            {TELL: tell_options(watch, **wrong)},
        ]
        ended = run(watch, tasks)
        # What cannot be listed is a warning: the store has an answer too.
        assert ended.recap()["ignored"] == 2, ended.output
        assert len(watch.sent) >= len(FAULTS)
        check(watch)


@LONG
def test_server_that_refuses_the_login(watch: Watch) -> None:
    """Catches: a login that is shown because it failed."""
    tasks = [{SEND: watch.send_options(password="{{ other }}")}, {SEND: watch.send_options(ca_path="/dev/null")}]
    assert run(watch, tasks).recap()["ignored"] == 2
    check(watch)


def bad_tasks(watch: Watch) -> list[dict[str, Any]]:
    """Return tasks with a secret in a place, or of a type, where the options do not want it."""
    passwords: list[Any] = [
        LINES,
        ["{{ chosen }}"],
        {"is": "{{ chosen }}"},
        "{{ chosen[:7] }}{{ chosen }}\0",
        "{{ [chosen, 1] }}",
    ]
    several: list[Any] = [
        "{{ chosen }}",
        ONE + "={{ chosen }}",
        '{"' + ONE + '": "{{ other }}"',
        ["{{ chosen }}"],
        [{ONE: "{{ chosen }}"}],
        {ONE: LINES},
        {ONE: ["{{ chosen }}", "{{ other }}"]},
        {ONE: {"is": "{{ chosen }}"}},
        {TWO: "{{ chosen }}"},
    ]
    wrong: list[dict[str, Any]] = [
        *[{"password": value} for value in passwords],
        *[{"passwords": value} for value in several],
        {"password": "{{ chosen }}", "passwords": {ONE: "{{ other }}"}},
        {"password": "{{ chosen }}", "accounts": [ONE, TWO]},
        {"password": "{{ chosen }}", "passwort": "{{ chosen }}"},
        {"password": "{{ chosen }}", "timeout": "{{ chosen }}"},
        {"password": "{{ chosen }}", "rotate": "{{ chosen }}"},
        {"password": "{{ chosen }}", "password_request": "{{ chosen }}"},
        {"password": "{{ chosen }}", "vault_file": "{{ chosen }}/smtp.yml"},
        {"authorization_key": WITH_LINES},
        {"authorization_key": ["{{ the_authorization_key }}"], "application_key": {"is": "{{ the_application_key }}"}},
        {"api_credentials": "{{ the_authorization_key }}"},
        {"api_credentials": ["{{ the_authorization_key }}"]},
        {"api_credentials": {"authorization_key": WITH_LINES}},
        {"api_credentials": {"unknown": "{{ the_authorization_key }}"}},
        {"api_key": "{{ the_application_key }}", "provider": "none-that-exists"},
    ]
    sends: list[dict[str, Any]] = [
        {"password": LINES},
        {"password": ["{{ chosen }}"]},
        {"password": {"is": "{{ chosen }}"}},
        {"password": "{{ chosen }}", "port": "{{ chosen }}"},
        {"password": "{{ chosen }}", "subject": LINES},
        {"password": "{{ chosen }}", "send": "{{ chosen }}", "passwort": "{{ chosen }}"},
    ]
    return [{SET: watch.options(**one)} for one in wrong] + [{SEND: watch.send_options(**one)} for one in sends]


def undefined_tasks(watch: Watch) -> list[dict[str, Any]]:
    """Return tasks that Ansible cannot template, with a secret beside."""
    values = ["{{ chosen }}{{ missing }}", "{{ chosen | no_such_filter }}", "{{ chosen.missing.more }}", "{{ chosen"]
    tasks: list[dict[str, Any]] = [{SET: watch.options(password=value)} for value in values[:3]]
    tasks += [{SET: watch.options(password="{{ chosen }}", max_age="{{ missing }}")}]
    tasks += [{SET: watch.options(password="{{ chosen }}"), "when": "missing"}]
    tasks += [{SET: watch.options(password="{{ chosen }}"), "failed_when": "missing"}]
    return tasks


@LONG
def test_bad_input(watch: Watch) -> None:
    """Catches: a value that an error message quotes, whatever its type and place."""
    tasks = bad_tasks(watch) + undefined_tasks(watch)
    ended = run(watch, tasks, ANSIBLE_CALLBACK_RESULT_FORMAT="yaml")
    print(ended.recap(), len(tasks))
    check(watch)


@LONG
def test_async_and_time_out(watch: Watch) -> None:
    """Catches: arguments in a file of a background job, a secret in what is told of a task that ran out of time."""
    watch.provider.faults.push(Fault(kind="hang", seconds=60))
    tasks = [
        {SET: watch.options(password="{{ chosen }}"), "async": 30, "poll": 1},
        {SEND: watch.send_options(), "async": 30, "poll": 0},
        {SET: watch.options(password="{{ chosen }}"), "timeout": 10},
    ]
    ended = run(watch, tasks)
    assert ended.recap()["ignored"] == 3, ended.output
    assert len(watch.sent) == 1
    check(watch)


SECRET = ("password", "passwords", "application_key", "authorization_key", "api_key", "api_credentials")


def test_every_option_with_a_secret_is_marked() -> None:
    """Catches: a secret option whose value Ansible logs, because nobody told it."""
    role = yaml.safe_load((ROOT / "roles/smtp_rotation/meta/argument_specs.yml").read_text())
    options = role["argument_specs"]["main"]["options"]
    specs = [PASSWORD_SPEC, INFO_SPEC, ARGUMENT_SPEC]
    specs.append({name.removeprefix("smtp_rotation_"): option for name, option in options.items()})
    unmarked = [name for spec in specs for name in SECRET if name in spec and not spec[name].get("no_log")]
    assert unmarked == []


POINTS = ("encrypt", "fsync", "replace", "main", "send", "request", "connect", "auth", "tls")


def test_exceptions_with_secrets_in_their_text(tmp_path: Path) -> None:
    """Catches: the words of an unforeseen error, or its traceback, wherever it arises."""
    accounts = [f"inject-{point}.smtp" for point in POINTS]
    with a_watch(tmp_path, accounts) as watch:
        tasks: list[dict[str, Any]] = []
        for point in POINTS:
            name = f"inject-{point}.smtp"
            if point in ("connect", "auth", "tls"):
                tasks.append({SEND: watch.send_options(username=name)})
            else:
                tasks.append({SET: watch.options(accounts=[name], password="{{ chosen }}")})
        tasks.append({TELL: tell_options(watch, accounts=["inject-main.smtp"], vault_file=None)})
        ended = run(watch, tasks, LEAKY_WITNESS=str(watch.witness))
        assert set(watch.witnessed()) == set(POINTS), ended.output
        assert ended.recap()["ignored"] == len(tasks), ended.output
        search = Search(watch.secrets())
        for point, words in watch.witnessed().items():
            assert search.text(words, point).hits != [], point
        check(watch)
