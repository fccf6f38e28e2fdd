# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody should be told of a run, as data: what went wrong, where, since when, what to do. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import audit, proof
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.endings import (
    COMING,
    DONE,
    LOST,
    REPORTED,
    STOPPED,
    Ending,
    ending_of,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.news_words import (
    DOUBTFUL,
    DRIFT,
    DUE,
    FAILED,
    KINDS,
    LEFT_BEHIND,
    ON_HOLD,
    STAGED,
    STORE,
    UNCHECKED,
    UNSAVED,
    UNVERIFIED,
    WHAT_TO_DO,
    subject_of,
    text_of,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Outcome, Switch, unique

Entry = dict[str, Any]
# What a change did to an account that has another password now.
CHANGED = ("rotated", "recovered")


@dataclass(frozen=True)
class Account:
    """What the store says of an account, with dates as it has them.

    C(doubtful): a refused password may be in force. C(staged): a new one may be. C(unverified): the stored one was not
    tested, or the test failed, C(failure) says why.
    """

    name: str
    doubtful: bool = False
    staged: bool = False
    unverified: bool = False
    failure: str = ""
    changed_at: str = ""
    staged_at: str = ""
    verified_at: str = ""
    due_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Return whether it is to be settled which password works."""
        return self.doubtful or self.staged or self.unverified


@dataclass(frozen=True)
class Seen:
    """What is known at the end of a run, beside what the hosts remember.

    C(hosts): those that are told of. C(unreadable): why the store could not be read. C(due_days): how many days before
    a password is due that is told, 0 if it is not. C(tests): whether new passwords are tested. C(hooks_hold): tasks of
    the playbook hold mail.
    """

    store: str
    now: datetime
    hosts: Sequence[str]
    accounts: Sequence[Account] = ()
    unreadable: str = ""
    state: str = "present"
    due_days: int = 0
    tests: bool = True
    release_on_failure: bool = False
    hooks_hold: bool = False
    known: Mapping[str, Account] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", {account.name: account for account in self.accounts})


def news_of(fleet: Fleet, seen: Seen) -> dict[str, Any]:
    """Return what is to be told, an empty dict if nothing is.

    :param fleet: all hosts, as their leader sees them
    :param seen: what else is known
    """
    ends = {host: ending_of(fleet, host) for host in seen.hosts}
    entries = sorted(_entries(fleet, seen, ends), key=lambda entry: KINDS.index(entry["kind"]))
    if not entries:
        return {}
    audits = seen.state == audit.AUDITED
    return {
        "kinds": unique(entry["kind"] for entry in entries),
        "accounts": unique(account for entry in entries for account in entry["accounts"]),
        "hosts": unique(host for entry in entries for host in entry["hosts"]),
        "entries": entries,
        "store": seen.store,
        "time": _written(seen.now),
        "subject": subject_of(entries, audits=audits),
        "text": text_of(entries, audits=audits),
    }


def accounts_of(fleet: Fleet) -> list[str]:
    """Return the accounts of a run, as far as it got.

    :param fleet: all hosts
    """
    plan = fleet.leader.plan
    return plan.accounts if plan else unique(one for host in fleet.play.everyone for one in fleet.record(host).accounts)


def _entry(kind: str, **more: Any) -> Entry:
    found = {"kind": kind, "accounts": [], "hosts": [], "since": None, "reason": "", "next": WHAT_TO_DO[kind], **more}
    return {**found, "since": found["since"] or None}


def _entries(fleet: Fleet, seen: Seen, ends: Mapping[str, Ending]) -> Iterator[Entry]:
    yield from _failed(ends)
    if fleet.play.here in ends:
        # The batch of the leader tells of the accounts of all.
        yield from _of_audit(fleet, seen)
        yield from _of_store(fleet, seen)
    if seen.state != "staged":
        yield from _on_hold(fleet, seen, ends)
        yield from _left_behind(fleet, ends)
    for host in filter(lambda host: fleet.record(host).unkept, ends):
        yield _entry(UNSAVED, hosts=[host], reason=fleet.record(host).unkept)


def _failed(ends: Mapping[str, Ending]) -> Iterator[Entry]:
    """Yield what made hosts fail, once for all hosts that say the same."""
    said: dict[str, list[str]] = {}
    for host, ending in ends.items():
        if ending.how != DONE:
            said.setdefault(ending.reason, []).append(host)
    for reason, hosts in said.items():
        yield _entry(FAILED, hosts=hosts, reason=reason)


def _of_audit(fleet: Fleet, seen: Seen) -> Iterator[Entry]:
    found = fleet.leader.audit
    if found is None:
        return
    right = {*found.adopted, *found.rotated}
    for entry in found.entries:
        name = str(entry["account"])
        more = {"accounts": [name], "hosts": [entry["tester"]] if "tester" in entry else [], "reason": entry.get("msg")}
        if entry["result"] == audit.REFUSED and name not in right:
            since = seen.known[name].verified_at if name in seen.known else ""
            yield _entry(DRIFT, **more, since=since)
        elif entry["result"] == audit.UNCHECKED:
            yield _entry(UNCHECKED, **more)


def _of_store(fleet: Fleet, seen: Seen) -> Iterator[Entry]:
    if seen.unreadable:
        yield _entry(STORE, reason=seen.unreadable, accounts=[account.name for account in seen.accounts])
    if seen.state == "staged":
        # What is staged now, the job sends in its next step.
        return
    limit = seen.now + timedelta(days=seen.due_days)
    concerned = [account for account in seen.accounts if account.is_open or (account.due_at and seen.due_days)]
    users = _users(fleet) if concerned else {}
    for account in concerned:
        who = {"accounts": [account.name], "hosts": users.get(account.name, [])}
        if account.doubtful:
            yield _entry(DOUBTFUL, **who, since=account.staged_at)
        if account.staged:
            yield _entry(STAGED, **who, since=account.staged_at)
        elif account.unverified and seen.tests:
            yield _entry(UNVERIFIED, **who, since=account.changed_at, reason=account.failure)
        if seen.due_days and account.due_at is not None and account.due_at <= limit and not account.staged:
            yield _entry(DUE, **who, due=_written(account.due_at))


def _users(fleet: Fleet) -> dict[str, list[str]]:
    """Return the hosts that use each account in a mail program or the like."""
    found: dict[str, list[str]] = {}
    for host in fleet.play.everyone:
        for account in fleet.record(host).accounts if fleet.consumes(host) else []:
            found.setdefault(account, []).append(host)
    return found


def _on_hold(fleet: Fleet, seen: Seen, ends: Mapping[str, Ending]) -> Iterator[Entry]:
    held = {
        item["item"]
        for host in fleet.play.everyone
        for item in fleet.holds(host)
        if item.get("held") and item["item"] not in fleet.record(host).unheld
        # It is skipped where no mail program is held.
        if seen.hooks_hold or not item.get("skipped")
    }
    for host, ending in ends.items():
        record = fleet.record(host)
        if ending.how == DONE or record.released or not (host in held or record.on_hold):
            continue
        theirs = replace(fleet, play=replace(fleet.play, here=host))
        why = proof.stays(theirs, release_on_failure=seen.release_on_failure)
        if ending.how != REPORTED or why:
            since = "" if record.on_hold or not record.born else _written(_moment(record.born))
            yield _entry(ON_HOLD, hosts=[host], accounts=_accounts(fleet, host), since=since, reason=why)


def _left_behind(fleet: Fleet, ends: Mapping[str, Ending]) -> Iterator[Entry]:
    """Yield the hosts that may not have the new password of an account, or cannot send with it."""
    outcome, switch = fleet.leader.outcome or Outcome(), fleet.leader.switch or Switch()
    changed = {str(one["account"]) for one in outcome.accounts if one["action"] in CHANGED}
    for host, ending in ends.items():
        record = fleet.record(host)
        bad = bool(record.trouble) or ending.how in (STOPPED, LOST, COMING)
        if fleet.leader.plan and fleet.leader.plan.pairs:
            # Mail flows on over the account that the others have left.
            mine = [name for name in record.senders if name in switch.senders and name not in record.left]
        else:
            mine = [account for account in _accounts(fleet, host) if account in changed]
        if bad and mine and fleet.consumes(host):
            yield _entry(LEFT_BEHIND, hosts=[host], accounts=mine, reason=record.trouble or ending.reason)


def _accounts(fleet: Fleet, host: str) -> list[str]:
    plan = fleet.leader.plan
    return list(plan.users.get(host, []) if plan else fleet.record(host).accounts)


def _moment(born: str) -> datetime:
    """Return when a record began, which its name says."""
    return datetime.fromtimestamp(int(born.rpartition(" ")[2]) / 1e9, timezone.utc)


def _written(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
