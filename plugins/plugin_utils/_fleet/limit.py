# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts outside of a run have its accounts, and would go on with the old password. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any


def using(hostvars: Mapping[str, Mapping[str, Any]], hosts: Iterable[str], accounts: Collection[str]) -> list[str]:
    """Return the hosts that have one of these accounts, as far as the inventory tells.

    :param hostvars: what the inventory says of each host
    :param hosts: the hosts to look at
    :param accounts: the accounts of the run
    """
    return sorted(host for host in hosts if _accounts_of(hostvars[host]) & set(accounts))


def unsure(
    hostvars: Mapping[str, Mapping[str, Any]],
    variable: str,
    host: str,
    *,
    inside: Collection[str],
    groups: Mapping[str, Collection[str]],
    play: str,
) -> list[str]:
    """Return the hosts outside of a run with C(--limit) of which nobody knows whether they have its accounts.

    What the inventory says is known of every host. What the play says is known of the hosts of this run only: whether
    the play, without the limit, has others too is not told to anybody.

    :param hostvars: what the inventory says of each host
    :param variable: the variable that names the accounts
    :param host: a host of the run
    :param inside: all hosts of the run
    :param groups: the inventory's groups
    :param play: the play's name, which is its pattern of hosts if it has no name of its own
    """
    if variable in hostvars[host]:
        return []
    covered = _hosts_of(play, groups)
    if covered is None or not covered >= set(inside):
        # A play for localhost, as most rotations are, has no other hosts.
        covered = set(inside) if set(inside) == {"localhost"} else set(groups["all"])
    return sorted(other for other in covered - set(inside) if variable not in hostvars[other])


def _accounts_of(known: Mapping[str, Any]) -> set[str]:
    senders = known.get("smtp_rotation_senders")
    pairs = senders.values() if isinstance(senders, Mapping) else []
    return {str(account) for some in (known.get("smtp_rotation_accounts"), *pairs) for account in _as_list(some)}


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    return [value] if isinstance(value, str) else []


def _hosts_of(pattern: str, groups: Mapping[str, Collection[str]]) -> set[str] | None:
    """Return the hosts that a plain list of groups and hosts covers, None if it is anything else."""
    names = re.split("[,:]", pattern)
    found: set[str] = set()
    for name in (name.strip() for name in names):
        if name in groups:
            found |= set(groups[name])
        elif name in groups["all"] or name == "localhost":
            found.add(name)
        else:
            return None
    return found
