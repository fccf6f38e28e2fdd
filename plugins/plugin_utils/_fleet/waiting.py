# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a host waits for where hosts do not go in step (strategy free). Pure."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import change
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Phase

# What the leader waits for on every host of the batch, and what the others wait for on the leader.
ALL = {"accounts": Phase.CHECKED, "held": Phase.HELD, "tested": Phase.TESTED}
LEADER = {
    "plan": Phase.PLANNED,
    "staged": Phase.STAGED,
    "changed": Phase.CHANGED,
    "switched": Phase.SWITCHED,
    "done": Phase.DONE,
}
LONGEST = 60


def awaits(fleet: Fleet, until: str, uptime: float) -> bool:
    """Return whether this host has to wait.

    :param fleet: all hosts
    :param until: for what
    :param uptime: seconds since the controller started
    """
    if until == "window":
        return seconds_left(fleet, uptime) > 0
    if until in LEADER:
        there = fleet.own.leader in fleet.play.batch
        return not fleet.leads and there and fleet.leader_reached < LEADER[until]
    if until == "tests":
        return fleet.own.leader in fleet.play.batch and bool(untested_by(fleet))
    if until == "audited":
        return fleet.leads and any(not fleet.audits(host) for host in fleet.play.batch)
    if until == "judged":
        there = not fleet.leads and fleet.own.leader in fleet.play.batch
        return there and (fleet.leader_reached < Phase.PLANNED or fleet.leader.audit is None)
    if until == "reach":
        return any(not _has_looked(fleet, host) for host in testers_here(fleet) if host in fleet.play.batch)
    if until == "tried":
        waits, phase = fleet.play.batch[0] == fleet.play.here, Phase.TRIED
    else:
        waits, phase = fleet.leads, ALL[until]
    # A host that is done has been there, and forgets how far it came.
    token = fleet.leader.token
    behind = [host for host in fleet.play.batch if fleet.reached(host) < phase]
    return waits and any(not token or fleet.record(host).served != token for host in behind)


def testers_here(fleet: Fleet) -> list[str]:
    """Return the hosts that test the accounts of this one; the leader does it for those not in this batch.

    :param fleet: all hosts
    """
    leader = fleet.own.leader
    testers = fleet.leader.plan.testers if fleet.leader.plan else {}
    found = [testers.get(account, leader) for account in fleet.own.accounts]
    return list(dict.fromkeys(host if host in fleet.play.batch else leader for host in found))


def _has_looked(fleet: Fleet, host: str) -> bool:
    """Return whether a host has looked if the SMTP server answers; without hold tasks it does so while it holds."""
    return fleet.record(host).looked or fleet.reached(host) >= Phase.HELD


def untested_by(fleet: Fleet) -> list[str]:
    """Return the hosts that have not yet tested the accounts of this one.

    A host that is done forgets its tests; that is after the leader has collected them.

    :param fleet: all hosts
    """
    if fleet.leader.verdict is not None:
        return []
    return [host for host in testers_here(fleet) if not fleet.tests(host)]


def seconds_left(fleet: Fleet, uptime: float) -> float:
    """Return the seconds of the window that a host still waits for, which the leader does by itself.

    A leader that tests has waited: where no clock is known, or in check mode, nothing else ends the wait.

    :param fleet: all hosts
    :param uptime: seconds since the controller started
    """
    outcome = fleet.leader.outcome
    waits = not fleet.leads and fleet.own.leader in fleet.play.batch and fleet.leader_reached < Phase.TESTED
    return change.pause(outcome, 0, outcome.wait, uptime) if waits and outcome else 0.0


def next_pause(pause: int, interval: int) -> int:
    """Return for how many seconds to wait after a wait: twice as long, up to a minute.

    :param pause: the seconds of the wait before
    :param interval: the seconds between two lines of progress
    """
    return max(1, min(2 * pause, interval, LONGEST))
