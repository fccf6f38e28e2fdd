# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the stored passwords still work: who logs in where, what a refusal means, and what puts it right. Pure.

An entry says what became of one account: C(account), C(result), the C(tester) and C(server) of the login, where they
apply its C(reason) and C(msg), the names of the values that were C(tried) beside the password, the one that was
C(found) to work, why no more were tried (C(stopped)), whether one is C(staged), and C(since), the record's dates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.ending import MOST_SHOWN, MOST_TOLD, aligned
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Audit
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.words import listed

Entry = dict[str, Any]
AUDITED = "audited"
WORKS, REFUSED, UNCHECKED, SKIPPED = "works", "refused", "could not be checked", "skipped"
STAGED = "staged_password"
# Of all reasons the only one that judges a password.
REJECTED = "auth_rejected"
# So many passwords are seldom wrong at once: a server that refuses them all may have a fault.
MANY = 3
MOST_ATTEMPTS = 10
HEADINGS = ("ACCOUNT", "RESULT", "WHAT TO DO")
_LOST = "the host that should log in can no longer be reached."


def audited_from(fleet: Fleet, tester: str) -> list[str]:
    """Return the accounts that this host checks from a host: from itself, or as leader from one not in this batch.

    In a later batch all of them are checked already.

    :param fleet: all hosts
    :param tester: the host that logs in
    """
    plan, here = fleet.leader.plan, fleet.play.here
    if plan is None or fleet.own.leader not in fleet.play.batch:
        return []
    mine = tester == here or (fleet.leads and tester not in fleet.play.batch)
    return [account for account in plan.accounts if mine and plan.testers.get(account, fleet.own.leader) == tester]


def auditing_hosts(fleet: Fleet) -> list[str]:
    """Return the hosts that this one logs in from: always itself, so that it is known to have done so.

    :param fleet: all hosts
    """
    plan = fleet.leader.plan
    testers = dict.fromkeys(plan.testers.values()) if plan and fleet.leads else []
    elsewhere = [host for host in testers if host not in fleet.play.batch]
    return [fleet.play.here, *(host for host in elsewhere if audited_from(fleet, host))]


def entry_of(result: Mapping[str, Any]) -> Entry:
    """Return what the login with the stored password shows.

    :param result: what smtp_test_send returns for it
    """
    if result.get("authenticated") and "reason" not in result:
        return {"result": WORKS}
    reason = str(result.get("reason", "no answer"))
    return {
        "result": REFUSED if reason == REJECTED else UNCHECKED,
        "reason": reason,
        "msg": str(result.get("msg", "")),
    }


def tried(entry: Entry, name: str, result: Mapping[str, Any]) -> Entry:
    """Return the entry after a login with another value of the store.

    :param entry: the entry before
    :param name: the value's name
    :param result: what smtp_test_send returns for it
    """
    known = {**entry, "tried": [*entry.get("tried", []), name]}
    seen = entry_of(result)
    if seen["result"] == WORKS:
        return {**known, "found": name}
    return known if seen["result"] == REFUSED else {**known, "stopped": seen["reason"]}


def goes_on(entry: Entry) -> bool:
    """Return whether another value may be tried: not after an answer that says nothing about the value.

    :param entry: the entry
    """
    return entry["result"] == REFUSED and "found" not in entry and "stopped" not in entry


def collected(fleet: Fleet) -> list[Entry]:
    """Return the entries of all accounts, on the leader.

    :param fleet: all hosts
    """
    seen = {
        entry["account"]: dict(entry)
        for host in fleet.play.batch
        for item in fleet.audits(host)
        for entry in item.get("entries", [])
    }
    plan = fleet.leader.plan
    lost = {"result": UNCHECKED, "reason": "no answer", "msg": _LOST}
    return [seen.get(account, {"account": account, **lost}) for account in (plan.accounts if plan else [])]


def silent(entries: Iterable[Entry]) -> list[str]:
    """Return the servers that refused several accounts and accepted nothing: the fault may be theirs.

    :param entries: the entries of all accounts
    """
    asked: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry["result"] in (WORKS, REFUSED, UNCHECKED) and entry.get("server"):
            asked.setdefault(entry["server"], []).append(entry)
    return [
        server
        for server, own in asked.items()
        if len(own) >= MANY
        and any(entry["result"] == REFUSED for entry in own)
        and not any(entry["result"] == WORKS or "found" in entry for entry in own)
    ]


def to_put_right(audit: Audit) -> tuple[dict[str, str], list[str]]:
    """Return the accounts whose password is to be another value of the store, by its name, and those to be rotated.

    A staged password that was not seen to work is sent again by a rotation, which settles it.

    :param audit: what the logins showed
    """
    adopt: dict[str, str] = {}
    rotate: list[str] = []
    for entry in audit.entries:
        if entry["result"] != REFUSED or entry["server"] in audit.silent:
            continue
        found = entry.get("found")
        if found and (found == STAGED or not entry.get("staged")):
            adopt[entry["account"]] = found
        else:
            rotate.append(entry["account"])
    return adopt, rotate


# -- what is told


def table(audit: Audit, *, everything: bool) -> list[str]:
    """Return the lines of the summary. Of many accounts only those that need attention are shown.

    :param audit: what the logins showed
    :param everything: whether all accounts are shown
    """
    rows: list[tuple[str, ...]] = [
        (str(entry["account"]), str(entry["result"]), advice(entry, audit)) for entry in audit.entries
    ]
    if len(rows) <= MOST_SHOWN or everything:
        return aligned(rows, HEADINGS)
    counts = Counter(row[1] for row in rows)
    named = ", ".join(f"{count} {result}" for result, count in counts.most_common())
    bad = [row for row in rows if row[1] in (REFUSED, UNCHECKED)]
    more = [f"{len(bad) - MOST_SHOWN} more need attention; run with -v to see them."] if len(bad) > MOST_SHOWN else []
    return [
        f"{len(rows)} accounts: {named}. Run with -v to see all.",
        *aligned(bad[:MOST_SHOWN], HEADINGS),
        *more,
    ]


def advice(entry: Entry, audit: Audit) -> str:
    """Return in short what is to be done about an account, an empty text if nothing.

    :param entry: its entry
    :param audit: what the logins showed
    """
    if entry["result"] == SKIPPED:
        return str(entry["msg"])
    if entry["result"] == UNCHECKED:
        return f"{entry['reason']}: says nothing about the password; run again later"
    if entry["result"] == WORKS:
        return ""
    found = f"{entry['found']} works; " if "found" in entry else ""
    if entry["account"] in audit.adopted:
        return f"{found}it is the stored password now"
    if entry["account"] in audit.rotated:
        return f"{found}rotated in this run"
    if entry["server"] in audit.silent:
        return "may be a fault of the server: run again in a few minutes"
    return f"{found}set smtp_rotation_reconcile to true"


def failures(audit: Audit, *, reconciles: bool) -> Iterator[str]:
    """Yield what is wrong and was not put right, for the message that the leader fails with.

    :param audit: what the logins showed
    :param reconciles: whether it was to be put right
    """
    done = {*audit.adopted, *audit.rotated}
    bad = [entry for entry in audit.entries if entry["result"] == REFUSED and entry["account"] not in done]
    yield from _of_silent(audit, [entry for entry in bad if entry["server"] in audit.silent])
    yield from _of_drift([entry for entry in bad if entry["server"] not in audit.silent], reconciles=reconciles)
    if audit.trouble:
        yield f"This could not be put right: {audit.trouble}."
    yield from _of_unchecked([entry for entry in audit.entries if entry["result"] == UNCHECKED])


def _of_silent(audit: Audit, entries: Sequence[Entry]) -> Iterator[str]:
    for server in audit.silent:
        refused = [entry["account"] for entry in entries if entry["server"] == server]
        yield (
            f"{server} accepted none of the passwords that it was asked about, and refused those of {listed(refused)}. "
            "That may be a fault of the server, such as a login service without its database, and nothing was changed. "
            "Run again in a few minutes. If the passwords really were changed at the provider, rotate them with "
            "smtp_rotation_state present and smtp_rotation_rotate always."
        )


def _of_drift(entries: Sequence[Entry], *, reconciles: bool) -> Iterator[str]:
    for entry in entries[:MOST_TOLD]:
        yield (
            f"{entry['account']}: the server refuses the stored password (auth_rejected), so it may have been changed "
            f"outside of the collection; {_seen(entry)}."
        )
    if len(entries) > MOST_TOLD:
        yield f"{len(entries) - MOST_TOLD} more stored passwords are refused; run with -v to see all accounts."
    if entries and not reconciles:
        yield "Nothing was changed. Run with smtp_rotation_reconcile true to put it right."


def _seen(entry: Entry) -> str:
    if "found" in entry:
        return f"it accepts the store's {entry['found']}"
    names = entry.get("tried", [])
    if not names:
        return "no other value of the store was tried"
    if "stopped" in entry:
        return f"{listed(names)} tried too, the last one without a clear answer ({entry['stopped']})"
    return f"{listed(names)} refused too"


def _of_unchecked(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries[:MOST_TOLD]:
        yield (
            f"{entry['account']} could not be checked ({entry['reason']}): {entry['msg'].rstrip('.')}. That does not "
            "say that its password was changed."
        )
    if len(entries) > MOST_TOLD:
        yield f"{len(entries) - MOST_TOLD} more accounts could not be checked; run with -v to see all accounts."
