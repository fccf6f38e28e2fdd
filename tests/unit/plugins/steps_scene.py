# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a step of the role works with, where modules answer as they are told and no host is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from ansible_collections.mailops.smtp.plugins.module_utils import _secret_file
from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PASSWORD_SPEC, SENDER_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._clients import arguments as mail_program_arguments
from ansible_collections.mailops.smtp.plugins.module_utils._smtp import request
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.options import OPTIONS, PREFIX
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import REGISTERED, Record, record_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import Options, Result, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record as Entry
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import VAULT

ROLE = Path(__file__).resolve().parents[3] / "roles" / "smtp_rotation"
DEFAULTS: dict[str, Any] = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
GIVEN = {
    "vault_file": "store.yml",
    "accounts": ["1"],
    "provider": "mailgun",
    "smtp_host": "smtp.acme.example",
    "test_sender": "from@acme.example",
    "test_recipient": "to@acme.example",
}
# The options that each module takes: another one would end the task.
KNOWN: dict[str, Any] = {
    "mailops.smtp.smtp_account_password": PASSWORD_SPEC,
    "mailops.smtp.smtp_sender": SENDER_SPEC,
    "mailops.smtp.smtp_test_send": request.ARGUMENT_SPEC,
    "mailops.smtp.mail_program": mail_program_arguments.ARGUMENT_SPEC,
    "mailops.smtp.secret_file": _secret_file.ARGUMENT_SPEC,
    "ansible.builtin.ping": {},
}
Answers = Mapping[str, Any]
# For steps that have no other use for the store.
EMPTY: Any = SimpleNamespace(document=SimpleNamespace(senders={}, record=lambda _account: Entry()))
NOTHING_LEFT: Any = SimpleNamespace(has_leftovers=lambda: False, read=lambda: EMPTY)


@dataclass
class Stage:
    """The tools of a step, and what it did with them. C(calls): the modules that it ran, each with its options."""

    tools: Tools
    calls: list[tuple[str, Result]] = field(default_factory=list)
    pretended: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    learnt: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def asked(self, module: str) -> Result:
        """Return the options of the only call of a module.

        :param module: its short name
        """
        (options,) = [options for name, options in self.calls if name == module]
        return options

    def do(self, step: Callable[[Tools], Result]) -> tuple[Record, Result]:
        """Do a step, and return what the host remembers and the result.

        :param step: the step
        """
        result = step(self.tools)
        return record_of(result), result


def stage(
    fleet: Fleet,
    answers: Answers | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    variables: Mapping[str, Any] | None = None,
    store: Store | None = None,
    files: str = "",
    missing: str = "",
    check_mode: bool = False,
    verbose: bool = False,
    apart: bool = False,
    **options: Any,
) -> Stage:
    """Return the tools of a step.

    :param fleet: all hosts
    :param answers: what modules return, by their short names; more than once if it is a list
    :param params: the options of the task
    :param variables: the task's variables
    :param store: the store
    :param files: the files that there are, in a text
    :param missing: the modules that are not installed, in a text
    :param check_mode: whether the play only looks
    :param verbose: whether C(-v) is given
    :param apart: whether hosts do not go in step
    :param options: options of the role that differ from their defaults
    """
    values = {**DEFAULTS, **{PREFIX + name: value for name, value in {**GIVEN, **options}.items()}}
    left = {name: list(answer) if isinstance(answer, list) else answer for name, answer in (answers or {}).items()}
    none = dict.fromkeys(("host", "until", "content", "unheld", "trouble", "unkept", "number"))
    named = {"playbook_dir": "/play", "ansible_play_name": "Rotate", "groups": {"all": list(fleet.play.everyone)}}

    def run(name: str, asked: Result, *, pretend: bool = False) -> Result:
        assert set(asked) <= set(KNOWN[name]), f"{name} has no such option"
        short = name.rpartition(".")[2]
        one.calls.append((short, asked))
        one.pretended += [short] if pretend else []
        answer = left.get(short, {})
        return dict(answer.pop(0) if isinstance(answer, list) else answer)

    def ran_foreign(name: str, asked: Result, environment: Mapping[str, str]) -> Result:
        one.calls.append((name, {**asked, "environment": dict(environment)}))
        answer = left.get(name, {})
        return dict(answer.pop(0) if isinstance(answer, list) else answer)

    def opened(_path: str, _vault_id: str | None) -> Store:
        return store or NOTHING_LEFT

    told: list[str] = []
    warned: list[str] = []
    slept: list[float] = []
    tools = Tools(
        fleet=fleet,
        options=Options(sorted(OPTIONS), values.__getitem__),
        params={**none, **(params or {})},
        variables={**named, **(variables or {})},
        of_other=lambda host, name: fleet.value(host, name, values[name]),
        run=run,
        open_store=opened,
        tell=told.append,
        warn=warned.append,
        learn=lambda *secrets: one.learnt.extend(secrets),
        sleep=slept.append,
        uptime=lambda: 100.0,
        is_file=lambda path: path in files.split(),
        check_mode=check_mode,
        verbose=verbose,
        apart=apart,
        foreign=ran_foreign,
        has_module=lambda name: name not in missing.split(),
    )
    one = Stage(tools, told=told, warned=warned, slept=slept)
    return one


def next_step(before: Stage, result: Result) -> Fleet:
    """Return the fleet as it is when a host has registered a result.

    :param before: what it did
    :param result: the result
    """
    play, hostvars = before.tools.fleet.play, before.tools.fleet.hostvars
    return Fleet(play, {**hostvars, play.here: {**hostvars[play.here], REGISTERED: result}})


def store_of(path: Path, passwords: Mapping[str, str], **more: Any) -> Store:
    """Return a store on disk with some passwords.

    :param path: its file
    :param passwords: the passwords by account
    :param more: accounts' other records, senders, by C(records) and C(senders)
    """
    store = Store(str(path), VAULT)
    entries = {name: Entry(password=VAULT.encrypt(text)) for name, text in passwords.items()}
    store.write(store.read(), {**entries, **more.get("records", {})}, senders=more.get("senders"))
    return store
