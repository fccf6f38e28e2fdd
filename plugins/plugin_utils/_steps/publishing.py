# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishes passwords where others read them, and notes in the store what each place was given."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import groupby
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import published as words
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing import targets as forms
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.due import (
    Publication,
    Rules,
    due,
    is_by,
    lacking,
    waiting,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.registry import TASKS
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.targets import MOMENTS, STAGED, VERIFIED, Target
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Login, rendered
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import (
    Result,
    Tools,
    failed,
    remembered,
    senders_of,
    why,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import with_failure, with_note
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record as Entry
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import with_window
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import utc_now

# Options of other collections' modules by which they log in.
SECRETS = re.compile(r"token|secret|password|passphrase|key|jwt")

# -- before anything changes


def mistakes(tools: Tools) -> list[str]:
    """Return what is wrong with the targets.

    :param tools: what the step works with
    """
    given = tools.options["publish"]
    wrong = [f"{text}." for text in forms.mistakes(given)]
    if wrong:
        return wrong
    targets = forms.targets_of(given)
    for number, target in enumerate(targets):
        where = f"{forms.OPTION}[{number}]"
        if target.file and not tools.is_file(os.path.join(str(tools.variables["playbook_dir"]), target.file)):
            text = (
                f"{where}.file: {target.file} is not a file; a relative path is relative to the playbook's directory."
            )
            wrong.append(text)
        if tools.fleet.leads and target.kind.module and not tools.has_module(target.kind.module):
            text = (
                f"{where}.kind {target.kind.name} needs {target.kind.needs}. There is no module {target.kind.module} "
                "here; install them, or leave the target out."
            )
            wrong.append(text)
    return wrong


def clashes(tools: Tools, accounts: list[str], pairs: Mapping[str, list[str]]) -> list[str]:
    """Return what is wrong with the places of the accounts of all hosts.

    :param tools: what the step works with
    :param accounts: the accounts
    :param pairs: the two accounts of each sender
    """
    alternates = tools.options.alternates
    logins = [_login(tools, pair[0], name) for name, pair in pairs.items()]
    logins = logins if alternates else [_login(tools, account) for account in accounts]
    wrong = forms.clashes(forms.targets_of(tools.options["publish"]), logins, pairs=alternates)
    return [f"{text}." for text in wrong]


def behind(tools: Tools, own: Record) -> bool:
    """Return whether a target is behind, so that a run in which nothing else is due publishes.

    :param tools: what the step works with
    :param own: what this host remembers, with its plan
    """
    return any(True for _one in _due(tools, own, VERIFIED))


def accounts_behind(tools: Tools, own: Record) -> set[str]:
    """Return the accounts whose stored password a target does not have yet.

    :param tools: what the step works with
    :param own: what the leader remembers
    """
    logins, targets = _logins(tools, own), _targets(tools)
    records = _records(tools, logins)
    return {login.account for login in logins if lacking(targets, login, records[login.account])}


def is_early(tools: Tools) -> bool:
    """Return whether a target gets passwords before the end of the run.

    :param tools: what the step works with
    """
    return any(target.publish_when != VERIFIED for target in _targets(tools))


def stages_first(tools: Tools) -> bool:
    """Return whether a target gets passwords before the provider does.

    :param tools: what the step works with
    """
    return any(target.publish_when == STAGED for target in _targets(tools))


# -- publish


def publish(tools: Tools) -> Result:
    """Publish what targets are to have by now, on the leader for all hosts. A failure is told at the end.

    :param tools: what the step works with
    """
    own, moment = tools.fleet.own, tools.params["until"] or VERIFIED
    if not tools.fleet.leads or own.plan is None:
        return remembered(own, skipped=True)
    try:
        todo = list(_due(tools, own, moment))
        late = _waiting(tools, own) if moment == VERIFIED and not tools.check_mode else []
    except (StoreError, AnsibleError) as error:
        # The run goes on: its window and its test matter more.
        note = words.noted("all accounts", "any target", words.FAILED, str(error))
        return remembered(replace(own, publications=words.merged(own.publications, [note]), pending=[]))
    if tools.check_mode:
        return _pretended(tools, own, todo, moment)
    results: list[dict[str, str]] = []
    for _account, group in groupby(todo, lambda one: one.login.account):
        results += _published(tools, [one for one in group if one.target.kind.name != TASKS], results)
    pending = [_pending(one) for one in todo if one.target.kind.name == TASKS]
    seen = words.merged(own.publications, [*results, *late])
    changed = any(one["result"] == words.DONE for one in results)
    # The store is saved elsewhere after this step again.
    own = replace(own, publications=seen, pending=pending, unkept="" if results else own.unkept)
    return remembered(own, changed=changed, skipped=not results, wrote=bool(results))


def published(tools: Tools) -> Result:
    """Note what became of one publication by the playbook's own tasks.

    :param tools: what the step works with
    """
    own, trouble = tools.fleet.own, tools.params["trouble"]
    one = own.pending[tools.params["number"]]
    account, target = one["account"], one["target"]
    try:
        _note(tools, account, {target: None if trouble else one["mark"]})
    except StoreError as error:
        trouble = trouble or str(error)
    note = words.noted(account, target, words.FAILED if trouble else words.DONE, trouble or "")
    own = replace(own, publications=words.merged(own.publications, [note]), unkept="")
    return remembered(own, changed=not trouble, wrote=True)


def _published(tools: Tools, todo: list[Publication], before: list[dict[str, str]]) -> list[dict[str, str]]:
    """Publish one account's password. No other run works on it meanwhile: an older value must not come last."""
    if not todo:
        return []
    account, store = todo[0].login.account, tools.store
    results: list[dict[str, str]] = []
    try:
        lock = StoreLock(store.path, mode=store.mode(), timeout=tools.options["lock_timeout"])
        with lock.accounts([account]):
            marks: dict[str, str | None] = {}
            record = store.read().document.record(account)
            for one in todo:
                name = one.target.name
                trouble = (
                    _told_given_up(name) if words.gives_up([*before, *results], name) else _run(tools, one, record)
                )
                marks[name] = None if trouble else one.mark
                results.append(words.noted(account, name, words.FAILED if trouble else words.DONE, trouble))
            _write(tools, lock, account, marks)
    except StoreError as error:
        return [words.noted(account, one.target.name, words.FAILED, str(error)) for one in todo]
    return results


def _told_given_up(name: str) -> str:
    trouble = f"not tried, because {name} failed {words.MOST_FAILED} times in a row"
    return trouble  # noqa: RET504  (by its name the text is found and held against the documentation)


def _run(tools: Tools, one: Publication, record: Entry) -> str:
    """Have the module of a target write a value, and return what went wrong, an empty text if nothing."""
    if getattr(record, one.field) != one.ciphertext:
        trouble = "another run has changed the password meanwhile"
        return trouble  # noqa: RET504  (likewise)
    password = tools.store.vault.decrypt(one.ciphertext, f"{one.field} of {one.login.account}")
    tools.learn(password)
    value = rendered(one.target.value, one.login, password)
    call = one.target.kind.call(one.path, value, one.target.options)
    tools.learn(*(text for name, text in one.target.options.items() if isinstance(text, str) and SECRETS.search(name)))
    # A text around a password can be shown in another form than either of both.
    tools.learn(*(text for text in value.texts() if password in text))
    result = tools.foreign(call.module, dict(call.options), call.environment)
    return _reason(result).rstrip(".") if failed(result) else ""


def _reason(result: Result) -> str:
    """Return why a module failed; of a program what it printed on its stderr, which is never what it was given."""
    # Not shortened: a secret that has been cut would not be masked any more.
    printed = " ".join(str(result.get("stderr", "")).split())
    return f"{why(result)}: {printed}" if printed else why(result)


def _note(tools: Tools, account: str, marks: Mapping[str, str | None]) -> None:
    store = tools.store
    lock = StoreLock(store.path, mode=store.mode(), timeout=tools.options["lock_timeout"])
    with lock.accounts([account]):
        _write(tools, lock, account, marks)


def _write(tools: Tools, lock: StoreLock, account: str, marks: Mapping[str, str | None]) -> None:
    """Note in the store what the targets of an account have now."""
    with lock.store():
        current = tools.store.read()
        record = current.document.record(account)
        if record == Entry():
            # Removed meanwhile; a note would bring it back.
            return
        notes = record.published
        for name, mark in marks.items():
            notes = with_failure(notes, name) if mark is None else with_note(notes, name, mark, utc_now())
        tools.store.write(current, {account: replace(record, published=notes)})


# -- what is to be published


def _targets(tools: Tools) -> list[Target]:
    return forms.targets_of(tools.options["publish"])


def _login(tools: Tools, account: str, sender: str = "", username: str = "") -> Login:
    options = tools.options
    host, port, encryption = (str(options[f"smtp_{name}"]) for name in ("host", "port", "encryption"))
    return Login(account, host, port, encryption, sender, username)


def _logins(tools: Tools, own: Record) -> list[Login]:
    """Return the accounts that are published: all of the plan, or of each sender the one in use."""
    plan = own.plan
    if plan is None:
        return []
    published = [(account, "") for account in plan.accounts]
    if tools.options.alternates:
        known = senders_of(tools)
        published = [(known[name]["in_use"], name) for name in plan.pairs if name in known]
    document = tools.store.read().document
    return [_login(tools, account, sender, document.record(account).username or "") for account, sender in published]


def _rules(tools: Tools, moment: str) -> Rules:
    return Rules(
        moment,
        tests=bool(tools.options["test_send"]),
        again=bool(tools.options["publish_again"]) and moment == VERIFIED,
        pairs=tools.options.alternates,
    )


def _records(tools: Tools, logins: list[Login]) -> dict[str, Entry]:
    document, window = tools.store.read().document, timedelta(seconds=float(tools.options["propagation_seconds"]))
    return {login.account: with_window(document.record(login.account), window) for login in logins}


def _due(tools: Tools, own: Record, moment: str) -> Iterator[Publication]:
    logins, rules = _logins(tools, own), _rules(tools, _latest(tools, moment))
    done = {(one["account"], one["target"]) for one in own.publications if one["result"] == words.DONE}
    for one in due(_targets(tools), logins, _records(tools, logins), utc_now(), rules):
        if not rules.again or (one.login.account, one.target.name) not in done:
            yield one


def _latest(tools: Tools, moment: str) -> str:
    """Return how far a run is, which ends early if it only stages."""
    ends = STAGED if tools.options["state"] == STAGED else VERIFIED
    return min(moment, ends, key=MOMENTS.index)


def _waiting(tools: Tools, own: Record) -> list[dict[str, str]]:
    """Return what is not published yet, with the reason."""
    logins, rules, targets, now = _logins(tools, own), _rules(tools, VERIFIED), _targets(tools), utc_now()
    records = _records(tools, logins)
    return [
        words.noted(login.account, name, words.WAITS, reason)
        for login in logins
        for name, reason in waiting(targets, login, records[login.account], now, rules)
    ]


def _pretended(tools: Tools, own: Record, todo: list[Publication], moment: str) -> Result:
    """Return what would be published. A password that would change first is published after that."""
    changing = set(own.plan.changing) if own.plan else set()
    names = {(one.login.account, one.target.name) for one in todo}
    for login in _logins(tools, own):
        if login.account in changing:
            names |= {
                (login.account, one.name)
                for one in _targets(tools)
                if one.path_of(login) is not None and is_by(one, _latest(tools, moment))
            }
    notes = [words.noted(account, name, words.WOULD) for account, name in sorted(names)]
    own = replace(own, publications=words.merged(own.publications, notes))
    after = "".join(f"{account}: published to {name}\n" for account, name in sorted(names))
    diff = {"diff": [{"before": "", "after": after, "before_header": "targets", "after_header": "targets"}]}
    return remembered(own, changed=bool(names), **(diff if names else {}))


def _pending(one: Publication) -> dict[str, Any]:
    """Return what a task of the playbook's own is to publish, without the password."""
    return {
        "account": one.login.account,
        "target": one.target.name,
        "file": one.target.file,
        "path": one.path,
        "value": one.target.value if isinstance(one.target.value, str) else dict(one.target.value),
        "login": asdict(one.login),
        "field": one.field,
        "mark": one.mark,
    }
