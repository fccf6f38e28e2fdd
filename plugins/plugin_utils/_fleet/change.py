# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the leader plans, which hosts hold their mail, and which accounts must not change. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet, testers_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import (
    ALTERNATE,
    RETIRE,
    Outcome,
    Plan,
    unique,
)

BEGUN = ("a password has been staged", "a new password was requested")
# To delete the credential before the stored one concerns no host.
RETIRES = "would_retire"


def to_try(
    users: Mapping[str, Sequence[str]], advice: Sequence[Mapping[str, Any]], *, pairs: bool
) -> tuple[list[str], list[str]]:
    """Return the accounts that are given to the change, and those whose rotation an earlier run has begun.

    :param users: the accounts of each host
    :param advice: what smtp_sender says of each sender
    :param pairs: whether each sender has two accounts
    """
    if not pairs:
        return unique(account for accounts in users.values() for account in accounts), []
    steps = [(one["step"], one["account"]) for one in advice]
    return [account for step, account in steps if step == "rotate"], [a for step, a in steps if step == "finish"]


def planned(fleet: Fleet, known: Plan, preview: Mapping[str, Any], *, tests: bool) -> Plan:
    """Return the plan of a rotation.

    :param fleet: all hosts
    :param known: what is known before the accounts were looked at
    :param preview: what smtp_account_password would do
    :param tests: whether there are test sends; without any, nothing is ever recorded as tested
    """
    entries = preview.get("accounts", [])
    moving = [entry["account"] for entry in entries if entry["action"] not in ("unchanged", RETIRES)]
    waiting = preview.get("unverified", []) if tests or preview.get("seconds_to_wait", 0) > 0 else []
    alternating, pairs = [*known.due, *known.finishing], known.way == ALTERNATE
    busy = bool(moving or waiting) or _advised(known) or any(fleet.consumes(host) for host in fleet.play.everyone)
    retires = any(entry["action"] == RETIRES for entry in entries)
    return Plan(
        users=known.users,
        pairs=known.pairs,
        ids=known.ids,
        advice=known.advice,
        due=known.due,
        finishing=known.finishing,
        work=alternating if pairs else unique([*moving, *waiting]),
        changing=alternating if pairs else moving,
        begun=[entry["account"] for entry in entries if entry["reason"].startswith(BEGUN)],
        testers=testers_of(fleet, known.users, {}),
        vault_file=preview["vault_file"],
        goes_on=busy or retires,
        way=RETIRE if retires and not busy else known.way,
    )


def _advised(known: Plan) -> bool:
    return any(one["step"] != "nothing" for one in known.advice)


def must_be_held(fleet: Fleet, programs: Sequence[str], hold_tasks: str) -> list[str]:
    """Return the hosts whose mail is to be held before the accounts that they use change.

    :param fleet: all hosts
    :param programs: the mail programs that this host names
    :param hold_tasks: its tasks that hold mail
    """
    plan = fleet.leader.plan
    if plan is None or not plan.holds:
        return []
    holding = [host for host in fleet.play.active if hold_tasks or fleet.programs(host, programs)]
    return _at_work(plan, holding, troubled(fleet, []))


def _at_work(plan: Plan, hosts: Sequence[str], trouble: Mapping[str, bool]) -> list[str]:
    """Return the hosts with an account that this run works on, although some hosts are in trouble."""
    left_alone = excluded(plan, trouble)
    return [host for host in hosts if any(account not in left_alone for account in plan.work_of(host))]


def to_hold(fleet: Fleet) -> list[str]:
    """Return the hosts that this one holds: itself, and a share of those in later batches.

    Those are held now, because the change is made once for all. In a later batch nothing is left to hold. Nor is a host
    held for an account that does not change, as another host has said that it is in trouble.

    :param fleet: all hosts
    """
    play, plan = fleet.play, fleet.leader.plan
    if plan is None or fleet.own.leader not in play.batch:
        return []
    place = list(play.batch).index(play.here)
    share = [host for number, host in enumerate(play.later) if number % len(play.batch) == place]
    mine = [] if fleet.own.trouble else [play.here]
    # Not those that fell out without a word: whether they are up is seen later.
    trouble = {host: fleet.record(host).away for host in play.everyone if fleet.record(host).trouble}
    return _at_work(plan, [*mine, *share], trouble)


def to_visit(fleet: Fleet) -> list[str]:
    """Return the hosts that the hold goes to: this one, those that it holds, and for the leader those that fell out.

    A host that fell out but is up keeps sending; one that is down does not.

    :param fleet: all hosts
    """
    fallen = fleet.play.fallen if fleet.leads and fleet.leader.plan and fleet.leader.plan.work else []
    return unique([fleet.play.here, *to_hold(fleet), *fallen])


def troubled(fleet: Fleet, to_be_held: Collection[str]) -> dict[str, bool]:
    """Return the hosts in trouble, and whether they are away. Those that are up and not on hold go on sending.

    :param fleet: all hosts
    :param to_be_held: the hosts whose mail is to be held
    """
    found: dict[str, bool] = {}
    for host in fleet.play.everyone:
        known = fleet.record(host)
        if known.trouble or host in fleet.play.fallen:
            found[host] = bool(known.trouble) and known.away
    held: set[str] = set()
    for host in fleet.play.batch:
        unheld = fleet.record(host).unheld
        for other, away in unheld.items():
            found.setdefault(other, away)
        for item in fleet.holds(host):
            _add_item(found, held, item, unheld)
    # Whatever became of the host that was to hold it: what nobody has held is not on hold.
    return {**dict.fromkeys([host for host in to_be_held if host not in held], False), **found}


def _add_item(found: dict[str, bool], held: set[str], item: Mapping[str, Any], unheld: Collection[str]) -> None:
    host = item["item"]
    if item.get("away"):
        found[host] = True
    elif item.get("trouble"):
        found.setdefault(host, False)
    elif item.get("held") and host not in unheld:
        held.add(host)


def is_held(fleet: Fleet) -> bool:
    """Return whether this host is on hold, by whomever.

    :param fleet: all hosts
    """
    here = fleet.play.here
    return any(
        item["item"] == here and item.get("held") and here not in fleet.record(host).unheld
        for host in fleet.play.everyone
        for item in fleet.holds(host)
    )


def excluded(plan: Plan, trouble: Mapping[str, bool]) -> dict[str, str]:
    """Return the accounts that must not change in this run, each with the hosts that are the reason.

    A host that is up and could not be held would send inside the window, unless mail flows all the time. Changing
    an account that only hosts in trouble use would help nobody. One that an earlier run may have changed is left alone
    too; then nobody knows which password is in force, and the mail of its hosts stays on hold.

    :param plan: the plan
    :param trouble: the hosts in trouble, and whether they are away
    """
    found = {}
    for account in plan.changing if trouble else []:
        having = [host for host, accounts in plan.users.items() if account in accounts]
        bad = [host for host in having if host in trouble]
        up = [host for host in bad if not trouble[host]]
        if bad and (len(bad) == len(having) or (up and plan.holds)):
            found[account] = ", ".join(up or bad)
    return found


def outcome_of(
    results: Sequence[Mapping[str, Any]], plan: Plan, left_alone: Mapping[str, str], uptime: float
) -> Outcome:
    """Return what became of the change.

    :param results: the results of the tasks that made it; one without accounts failed before it tried any
    :param plan: the plan
    :param left_alone: the accounts that were excluded
    :param uptime: seconds since the controller started
    """
    whole = [result for result in results if "accounts" in result]
    broken = [str(result.get("msg", "no reason given")) for result in results if "accounts" not in result]
    entries = [entry for result in whole for entry in result["accounts"]]
    told = [str(result["msg"]) for result in whole if result.get("failed_accounts") and "msg" in result]
    return Outcome(
        accounts=entries,
        failed=[account for result in whole for account in result.get("failed_accounts", [])],
        unknown=unique(
            [entry["account"] for entry in entries if entry["action"] == "unknown" or entry.get("in_doubt")]
            + (plan.work if broken else [])
            + [account for account in plan.begun if account in left_alone]
        ),
        untested=[account for result in whole for account in result.get("unverified", [])],
        effective_at=max((result.get("effective_at") or "" for result in whole), default=""),
        wait=max((float(result.get("seconds_to_wait", 0)) for result in whole), default=0.0),
        uptime=uptime,
        told=" ".join([*told, *broken]).strip(),
        broken=bool(broken),
        excluded=dict(left_alone),
    )


def pause(outcome: Outcome, slept: float, interval: float, uptime: float) -> float:
    """Return the seconds of the next part of the wait, to the tenth.

    A clock that is set meanwhile does not matter. Where the time since the start is not known, nothing counts as passed
    but what was slept, and the wait is a little longer.

    :param outcome: what became of the change
    :param slept: the seconds of the parts before
    :param interval: the seconds between two lines of progress
    :param uptime: seconds since the controller started
    """
    passed = max(uptime - outcome.uptime, 0.0) if outcome.uptime else 0.0
    left = outcome.wait - max(slept, passed)
    return math.ceil(max(min(interval, left), 0.0) * 10) / 10
