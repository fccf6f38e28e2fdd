# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role decides in Python. Its own, and nobody else's interface."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ansible.utils.display import Display

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import ids, limit, options, words

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
    choices: [account_ids, id_conflicts, left_out, listed, unsure, wrong_input]
positional: decision
"""

EXAMPLES = r"""
- name: Name some hosts in a message
  ansible.builtin.debug:
    msg: "{{ ['mail1', 'mail2'] | mailops.smtp._smtp_rotation('listed') }}"
"""

RETURN = r"""
_value:
  description: The decision.
  type: raw
"""


def wrong_input(values: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return what is wrong with the form and the names of a host's variables; warn of those that are ignored.

    :param values: the values of those that are looked at, by the option's name
    :param names: the names of all that begin like an option
    """
    known = list(names)
    warning = options.ignored(known)
    if warning:
        Display().warning(warning)
    return options.mistakes(values, known)


def left_out(
    hostvars: Mapping[str, Any], inside: Collection[str], everyone: Iterable[str], accounts: Collection[str]
) -> list[str]:
    """Return the hosts outside of a run that have one of its accounts.

    :param hostvars: what the inventory says of each host
    :param inside: all hosts of the run
    :param everyone: all hosts of the inventory
    :param accounts: the run's accounts
    """
    return limit.using(hostvars, [host for host in everyone if host not in inside], accounts)


DECISIONS: dict[str, Callable[..., Any]] = {
    "account_ids": ids.merged,
    "id_conflicts": ids.conflicts,
    "left_out": left_out,
    "listed": words.listed,
    "unsure": limit.unsure,
    "wrong_input": wrong_input,
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
