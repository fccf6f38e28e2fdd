# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role decides in Python. Its own, and nobody else's interface."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils import _flows
from ansible_collections.mailops.smtp.plugins.plugin_utils._clock import uptime
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import audit, change, deploy, proof, waiting
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet, Play
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import record_of

DOCUMENTATION = r"""
name: _smtp_rotation
short_description: Decide what the role smtp_rotation does
version_added: 0.3.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - For the role C(mailops.smtp.smtp_rotation) only. What it takes and returns changes without notice.
options:
  _input:
    description: What the decision is about.
    type: raw
    required: true
  decision:
    description: Which decision.
    type: str
    required: true
    choices:
      - auditing_hosts
      - awaits
      - example
      - inner
      - is_ready
      - next
      - pause
      - pauses
      - publication
      - seconds_left
      - testing_hosts
      - then
      - to_hold
      - to_visit
      - way
positional: decision
"""

EXAMPLES = r"""
- name: Show the hosts that this one holds
  ansible.builtin.debug:
    msg: "{{ hostvars | mailops.smtp._smtp_rotation('to_hold', __smtp_rotation_play) }}"
"""

RETURN = r"""
_value:
  description: The decision.
  type: raw
"""


def _seen(hostvars: Mapping[str, Any], play: Mapping[str, Any]) -> Fleet:
    return Fleet(Play.of(play), hostvars)


def awaits(hostvars: Mapping[str, Any], play: Mapping[str, Any], until: str) -> bool:
    """Return whether a host has to wait for others.

    :param hostvars: the variables of all hosts
    :param play: Ansible's magic variables of the play
    :param until: for what
    """
    return waiting.awaits(_seen(hostvars, play), until, uptime())


def what_is_next(hostvars: Mapping[str, Any], play: Mapping[str, Any]) -> str:
    """Return the file of tasks that comes after the plan, an empty text if nothing is to be done.

    :param hostvars: the variables of all hosts
    :param play: Ansible's magic variables of the play
    """
    fleet = _seen(hostvars, play)
    plan = fleet.leader.plan
    return "" if plan is None else plan.next or (plan.way if fleet.own.consumes else "")


def way(hostvars: Mapping[str, Any], play: Mapping[str, Any]) -> str:
    """Return the file of tasks that changes the passwords.

    :param hostvars: the variables of all hosts
    :param play: Ansible's magic variables of the play
    """
    plan = _seen(hostvars, play).leader.plan
    return plan.way if plan else ""


def then(hostvars: Mapping[str, Any], play: Mapping[str, Any]) -> str:
    """Return the file of tasks that puts right what an audit found, an empty text if nothing is to be done.

    :param hostvars: the variables of all hosts
    :param play: Ansible's magic variables of the play
    """
    plan = _seen(hostvars, play).leader.plan
    return plan.then if plan else ""


def inner(hostvars: Mapping[str, Any], play: Mapping[str, Any]) -> str:
    """Return the file of tasks that comes before passwords are published, an empty text if only that is to be done.

    :param hostvars: the variables of all hosts
    :param play: Ansible's magic variables of the play
    """
    plan = _seen(hostvars, play).leader.plan
    return plan.inner if plan else ""


def auditing_hosts(hostvars: Mapping[str, Any], play: Mapping[str, Any]) -> list[str]:
    """Return the hosts that this one logs in from for an audit.

    :param hostvars: the variables of all hosts
    :param play: Ansible's magic variables of the play
    """
    return audit.auditing_hosts(_seen(hostvars, play))


def to_hold(hostvars: Mapping[str, Any], play: Mapping[str, Any]) -> list[str]:
    """Return the hosts that this one holds.

    :param hostvars: the variables of all hosts
    :param play: Ansible's magic variables of the play
    """
    return change.to_hold(_seen(hostvars, play))


def to_visit(hostvars: Mapping[str, Any], play: Mapping[str, Any]) -> list[str]:
    """Return the hosts that the task that holds goes to.

    :param hostvars: the variables of all hosts
    :param play: Ansible's magic variables of the play
    """
    return change.to_visit(_seen(hostvars, play))


def testing_hosts(hostvars: Mapping[str, Any], play: Mapping[str, Any]) -> list[str]:
    """Return the hosts that this one sends test messages from.

    :param hostvars: the variables of all hosts
    :param play: Ansible's magic variables of the play
    """
    return proof.testing_hosts(_seen(hostvars, play))


def pauses(registered: Mapping[str, Any], interval: float) -> list[int]:
    """Return the parts of the wait, by the seconds that have passed before each of them.

    :param registered: what the leader remembers
    :param interval: the seconds between two lines of progress
    """
    outcome = record_of(registered).outcome
    return list(range(0, math.ceil(outcome.wait if outcome else 0), int(interval)))


def pause(registered: Mapping[str, Any], slept: int, interval: float) -> float:
    """Return the seconds of the next part of the wait.

    :param registered: what the leader remembers
    :param slept: the seconds of the parts before
    :param interval: the seconds between two lines of progress
    """
    outcome = record_of(registered).outcome
    return change.pause(outcome, slept, float(interval), uptime()) if outcome else 0.0


def seconds_left(registered: Mapping[str, Any], slept: int, interval: float) -> int:
    """Return the seconds that are left after the next part of the wait.

    :param registered: what the leader remembers
    :param slept: the seconds of the parts before
    :param interval: the seconds between two lines of progress
    """
    outcome = record_of(registered).outcome
    return max(0, math.ceil(outcome.wait if outcome else 0) - slept - int(interval))


def is_ready(registered: Mapping[str, Any], accounts: Mapping[str, Any], senders: Mapping[str, Any]) -> bool:
    """Return whether all that a host uses has a password.

    :param registered: what the host remembers
    :param accounts: the store's accounts
    :param senders: the store's senders
    """
    return deploy.is_ready(record_of(registered), accounts, senders)


def example(accounts: Any, senders: Any, symbols: str, provider: Any, own: Any) -> dict[str, Any]:
    """Return what a template reads, with nothing secret in it.

    :param accounts: the accounts of a host
    :param senders: its senders
    :param symbols: those of passwords
    :param provider: the provider, which may choose the user names
    :param own: the playbook's own definition of it
    """
    return deploy.example(accounts, senders, symbols, chosen=_flows.names_logins(_flows.definition_of(provider, own)))


def publication(accounts: Mapping[str, Any], pending: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a task of the playbook's own publishes, with the password.

    :param accounts: the store's accounts
    :param pending: what is to be published
    """
    # Here, because most runs publish nothing.
    from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Login, rendered

    password = str(accounts[pending["account"]][pending["field"]])
    value = rendered(pending["value"], Login(**pending["login"]), password).value
    shown = {name: pending[name] for name in ("account", "target", "path")}
    return {**shown, "value": value if isinstance(value, str) else dict(value)}


DECISIONS: dict[str, Callable[..., Any]] = {
    "auditing_hosts": auditing_hosts,
    "awaits": awaits,
    "example": example,
    "inner": inner,
    "is_ready": is_ready,
    "next": what_is_next,
    "pause": pause,
    "pauses": pauses,
    "publication": publication,
    "seconds_left": seconds_left,
    "testing_hosts": testing_hosts,
    "then": then,
    "to_hold": to_hold,
    "to_visit": to_visit,
    "way": way,
}


def decide(value: Any, decision: str, *arguments: Any, **options: Any) -> Any:
    """Return a decision of the role.

    :param value: what it is about
    :param decision: which one
    :param arguments: what it needs to know
    :param options: likewise
    """
    return DECISIONS[decision](value, *arguments, **options)


class FilterModule:
    """The role's filter. One for all decisions, since Ansible's documentation lists each filter as an interface."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"_smtp_rotation": decide}
