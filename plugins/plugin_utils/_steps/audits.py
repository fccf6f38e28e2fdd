# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit: one login with each stored password, what it showed, and if asked for, what puts it right."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import audit as decisions
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import change
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Audit, Phase, Plan
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.changes import change_options
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.checks import published, stages
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import (
    Options,
    Result,
    Tools,
    failed,
    follow,
    remembered,
    shown,
    why,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.candidates import closed_until, login_of, others
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import utc_now, written

# What an audit that puts things right makes of the options: its accounts are rotated, whatever their age.
RECONCILING: dict[str, Any] = {"state": "present", "rotate": "always", "password": "", "passwords": {}}


def reconciling(options: Options) -> Options:
    """Return the options of the rotation that follows an audit.

    :param options: those of the audit
    """
    return options.replaced(**RECONCILING)


def audit(tools: Tools) -> Result:
    """Log in once with each stored password, from one host: this one, or one that is not in this batch.

    :param tools: what the step works with
    """
    fleet = tools.fleet
    follow(fleet, Phase.PLANNED)
    accounts = decisions.audited_from(fleet, tools.item)
    done: Result = {"item": tools.item, "token": fleet.leader.token, "changed": False}
    entries = _entries(tools, accounts) if accounts else {}
    named = [{"account": account, "tester": tools.item, **entry} for account, entry in entries.items()]
    bad = sum(entry["result"] != decisions.WORKS for entry in named)
    told = {"msg": f"{len(named) - bad} of {len(named)} stored passwords work"} if named else {"skipped": True}
    return {**done, "entries": named, **told}


def _entries(tools: Tools, accounts: Sequence[str]) -> dict[str, decisions.Entry]:
    """Return what becomes of each account, in order."""
    snapshot = tools.store.read()
    records = {account: snapshot.document.record(account) for account in accounts}
    entries: dict[str, decisions.Entry] = {
        account: {"result": decisions.SKIPPED, "msg": _left_out(tools, records[account])} for account in accounts
    }
    known = tools.logins(snapshot, [account for account in accounts if not entries[account]["msg"]])
    for account, result in _logged_in(tools, known).items():
        record = records[account]
        staged = {"staged": True} if record.is_begun else {}
        server = {"server": _server(tools), "since": _date(record)}
        entries[account] = {**decisions.entry_of(result), **server, **staged}
    _try_others(tools, entries, records, {account: login["password"] for account, login in known.items()})
    return entries


def _left_out(tools: Tools, record: Record) -> str:
    """Return why nobody logs in with an account, an empty text if somebody does."""
    until = closed_until(record, _propagation(tools), utc_now())
    if record.password is None:
        return "no password is stored: a rotation sets the first one"
    if until is not None:
        return f"logging in is not allowed until {written(until)}"
    return "no login is tried in check mode" if tools.check_mode else ""


def _propagation(tools: Tools) -> timedelta:
    return timedelta(seconds=float(tools.options["propagation_seconds"]))


def _server(tools: Tools) -> str:
    return f"{tools.options['smtp_host']}:{tools.options['smtp_port']}"


def _date(record: Record) -> list[str]:
    """Return by which dates a record is known again: a run of somebody else changes them."""
    return [written(moment) if moment else "" for moment in (record.changed_at, record.staged_at)]


def _logged_in(tools: Tools, logins: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, Any]]:
    """Log in with each of some logins, in one task, without a message."""
    if not logins:
        return {}
    result = tools.call("smtp_test_send", {**tools.options.of_smtp(), "accounts": [*logins.values()], "send": False})
    # By their places: a name that contains a password is masked.
    told = result.get("results") or [{"msg": why(result)}] * len(logins)
    return dict(zip(logins, told, strict=True))


def _try_others(
    tools: Tools,
    entries: dict[str, decisions.Entry],
    records: Mapping[str, Record],
    passwords: Mapping[str, str],
) -> None:
    """Try other values of the store where the password is refused: of each account one after another, none twice."""
    known = {account: [password] for account, password in passwords.items()}
    left = {account: others(records[account]) for account in passwords}
    for _attempt in range(1, tools.options["audit_attempts"]):
        wanted = [account for account in passwords if decisions.goes_on(entries[account])]
        found = {account: _next_value(tools, account, left[account], known[account]) for account in wanted}
        chosen = {account: value for account, value in found.items() if value is not None}
        logins = {
            account: {"username": login_of(records[account], account, name), "password": text}
            for account, (name, text) in chosen.items()
        }
        results = _logged_in(tools, logins)
        for account, result in results.items():
            entries[account] = decisions.tried(entries[account], chosen[account][0], result)


def _next_value(tools: Tools, account: str, left: list[tuple[str, str]], known: list[str]) -> tuple[str, str] | None:
    """Return the name and the text of the next value that was not tried, None if there is none."""
    while left:
        name, ciphertext = left.pop(0)
        # Older values may be of an identity that is not in use any more.
        with contextlib.suppress(StoreError):
            text = tools.store.vault.decrypt(ciphertext, f"{name} of {account}")
            tools.learn(text)
            if text not in known:
                known.append(text)
                return name, text
    return None


# -- the leader


def judge(tools: Tools) -> Result:
    """Collect what the logins showed, on the leader for all hosts, and put it right if asked to.

    :param tools: what the step works with
    """
    fleet, own = tools.fleet, tools.fleet.own
    follow(fleet, Phase.PLANNED)
    if not fleet.leads or own.plan is None:
        return remembered(own, skipped=True)
    entries = decisions.collected(fleet)
    found = Audit(entries=entries, silent=decisions.silent(entries))
    adopt, rotate = decisions.to_put_right(found) if tools.options["reconcile"] else ({}, [])
    if not adopt and not rotate:
        return remembered(replace(own, audit=found))
    return _put_right(tools, found, adopt, rotate)


def _put_right(tools: Tools, found: Audit, adopt: Mapping[str, str], rotate: Sequence[str]) -> Result:
    """Make other values of the store the password of some accounts, and plan the rotation of others."""
    own, plan = tools.fleet.own, tools.fleet.own.plan or Plan()
    tools.options = reconciling(tools.options)
    snapshot = tools.store.read()
    moved = [one for one in (*adopt, *rotate) if _has_moved(tools, snapshot, found, one)]
    values = {one: _value(tools, snapshot, one, name) for one, name in adopt.items() if one not in moved}
    known = replace(plan, due=[one for one in rotate if one not in moved], finishing=list(values))
    # The look comes first: what can fail does so before anything is written.
    results = [_look(tools, known)] if known.due else []
    if values and not any(failed(result) for result in results):
        results.append(_adopted(tools, known, values))
    trouble = f"another run has changed {', '.join(moved)} in the meantime" if moved else ""
    trouble = next((why(result).rstrip(".") for result in results if failed(result)), trouble)
    if not results or any(failed(result) for result in results):
        return remembered(replace(own, audit=replace(found, trouble=trouble)))
    preview = {
        "accounts": results[0]["accounts"] if known.due else [],
        "unverified": [*values],
        "vault_file": results[0]["vault_file"],
    }
    made = change.planned(tools.fleet, known, preview, tests=tools.options["test_send"])
    then = "stage" if stages(tools) else made.way
    made = replace(made, goes_on=True, next=plan.next, reconciles=True, then=then)
    if tools.options["publish"]:
        around = published(tools, made, then)
        made = replace(around, next=plan.next, then=around.next)
    stuck = [f"{one['account']}: {one['reason']}" for one in preview["accounts"] if one["action"] == "unchanged"]
    trouble = ". ".join([*([trouble] if trouble else []), *stuck])
    rotated = [one for one in known.due if one in made.changing]
    found = replace(found, adopted=known.finishing, rotated=rotated, trouble=trouble)
    return remembered(replace(own, plan=made, audit=found), **shown(*(results[-1:] if values else [])))


def _has_moved(tools: Tools, snapshot: Snapshot, found: Audit, account: str) -> bool:
    record = snapshot.document.record(account)
    since = next(entry["since"] for entry in found.entries if entry["account"] == account)
    return list(since) != _date(record) or closed_until(record, _propagation(tools), utc_now()) is not None


def _value(tools: Tools, snapshot: Snapshot, account: str, name: str) -> str:
    ciphertext = dict(others(snapshot.document.record(account)))[name]
    text = tools.store.vault.decrypt(ciphertext, f"{name} of {account}")
    tools.learn(text)
    return text


def _look(tools: Tools, known: Plan) -> Result:
    """Return what smtp_account_password would do about the accounts that are rotated."""
    return tools.call("smtp_account_password", change_options(tools, known, known.due, "present"), pretend=True)


def _adopted(tools: Tools, known: Plan, values: Mapping[str, str]) -> Result:
    """Make other values the stored passwords. They are in force: there is no window to wait for."""
    asked = change_options(tools, known, list(values), "adopted")
    return tools.call("smtp_account_password", {**asked, "passwords": dict(values), "propagation_seconds": 0})
