# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the role ended on each host, and which host tells of all of them. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import (
    AUDITS,
    ENDED,
    ENDS,
    HOLDS,
    REGISTERED,
    TESTS,
    TOLD,
)

# DONE and REPORTED have come to the report, and REPORTED failed there. FAILED failed in another step of the role,
# STOPPED in a task of the playbook. LOST cannot be reached, or had failed before the role. COMING has not got that far.
DONE, REPORTED, FAILED, STOPPED, LOST, COMING = "done", "reported", "failed", "stopped", "lost", "coming"
STOPPED_BY = "a task of the playbook failed there, such as a handler; see the output of the run"
LOST_BY = "it could not be reached, or had failed earlier in the play"
NEVER_BEGUN = "the play ended before its turn came"


@dataclass(frozen=True)
class Ending:
    """How a host ended, and why."""

    how: str
    reason: str = ""


def ending_of(fleet: Fleet, host: str) -> Ending:
    """Return how the role ended on a host.

    :param fleet: all hosts
    :param host: any host
    """
    born = fleet.record(host).born
    ended = fleet.registered(host, ENDED)
    if born and isinstance(ended, Mapping) and ended.get("born") == born:
        return Ending(REPORTED, str(ended.get("msg", ""))) if ended.get("failed") else Ending(DONE)
    reason = next(_failures(fleet, host), "")
    if reason:
        return Ending(FAILED, reason)
    if _has_ended(fleet, host):
        return Ending(STOPPED, STOPPED_BY)
    return Ending(COMING, NEVER_BEGUN) if host in fleet.play.active else Ending(LOST, LOST_BY)


def _failures(fleet: Fleet, host: str) -> Iterator[str]:
    """Yield the messages of steps that failed. Of others nothing is repeated: it could have a secret in it."""
    found = fleet.registered(host, REGISTERED)
    items: list[Any] = [found] if isinstance(found, Mapping) else []
    for name in (HOLDS, TESTS, AUDITS):
        loop = fleet.registered(host, name)
        items += loop.get("results", []) if isinstance(loop, Mapping) and loop.get("failed") else []
    for item in items:
        if isinstance(item, Mapping) and item.get("failed") and item.get("step"):
            yield str(item.get("msg", ""))


def _has_ended(fleet: Fleet, host: str) -> bool:
    """Return whether a host has come to the end of the role, however it did."""
    known = fleet.registered(host, ENDS)
    return isinstance(known, Mapping) and known.get("born") == fleet.record(host).born


def is_over(fleet: Fleet) -> bool:
    """Return whether the play ends after this batch, as Ansible does when all hosts of a batch have failed.

    :param fleet: all hosts
    """
    return not fleet.play.later or not fleet.play.batch


def to_be_told(fleet: Fleet) -> list[str]:
    """Return the hosts that this batch tells of: its own, those that are lost, and those whose turn does not come.

    :param fleet: all hosts
    """
    told = _collected(fleet)
    everyone = [host for host in fleet.play.everyone if told.get(host) != fleet.record(host).born]
    over = is_over(fleet)
    return [host for host in everyone if over or _has_ended(fleet, host) or host not in fleet.play.active]


def teller(fleet: Fleet) -> str:
    """Return the host that tells of this batch: the first that has come to the end.

    Every host asks this, so it looks at no more hosts than it needs: each has told of those that come after it.

    :param fleet: all hosts
    """
    told: set[str] = set()
    for host in fleet.play.everyone:
        if host in told:
            continue
        theirs = _told_by(fleet, host)
        if theirs and theirs.get(host) == fleet.record(host).born:
            told.update(theirs)
        elif _has_ended(fleet, host):
            return host
    return ""


def awaits(fleet: Fleet) -> bool:
    """Return whether this host waits for others to end: the one that tells for all, the others for those before it.

    If the one that is to tell is lost meanwhile, the next one does.

    :param fleet: all hosts
    """
    place = {host: number for number, host in enumerate(fleet.play.everyone)}
    here, tells = fleet.play.here, teller(fleet) == fleet.play.here
    return any(not _has_ended(fleet, host) for host in fleet.play.batch if tells or place[host] < place[here])


def _collected(fleet: Fleet) -> dict[str, Any]:
    """Return the hosts that earlier batches have told of, each by the name of its record."""
    found: dict[str, Any] = {}
    for host in fleet.play.everyone:
        found |= _told_by(fleet, host)
    return found


def _told_by(fleet: Fleet, host: str) -> Mapping[str, Any]:
    known = fleet.registered(host, TOLD)
    found: Mapping[str, Any] = known.get("collected", {}) if isinstance(known, Mapping) else {}
    return found
