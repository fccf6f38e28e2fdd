# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""By which IDs the provider's API knows the accounts of a play. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

VARIABLE = "smtp_rotation_account_ids"


def merged(hostvars: Mapping[str, Mapping[str, Any]], hosts: Iterable[str], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the IDs of all hosts of a play, by account.

    :param hostvars: the variables of each host
    :param hosts: all hosts of the play
    :param own: the IDs that this host has; those that the playbook gives to the role, no other host shows
    """
    ids: dict[str, Any] = {}
    for known in [hostvars[host].get(VARIABLE) for host in hosts] + [own]:
        ids.update(known if isinstance(known, Mapping) else {})
    return ids


def conflicts(
    hostvars: Mapping[str, Mapping[str, Any]], hosts: Iterable[str], own: Mapping[str, Any], accounts: Iterable[str]
) -> list[str]:
    """Return why the IDs of a play cannot be used: the password of another account would be changed.

    :param hostvars: the variables of each host
    :param hosts: all hosts of the play
    :param own: the IDs that this host has
    :param accounts: all accounts of the play
    """
    found: dict[str, set[str]] = {}
    for known in [hostvars[host].get(VARIABLE) for host in hosts] + [own]:
        for account, known_id in (known if isinstance(known, Mapping) else {}).items():
            found.setdefault(str(account), set()).add(str(known_id))
    messages = []
    for account, ids in found.items():
        if len(ids) > 1:
            text = f"smtp_rotation_account_ids has different IDs for {account}, {' and '.join(sorted(ids))}"
            messages.append(text)
    owners: dict[str, str] = {}
    for account in dict.fromkeys(accounts):
        known_id = min(found.get(account, {account}))
        other = owners.setdefault(known_id, account)
        if other != account:
            text = f"smtp_rotation_account_ids: {other} and {account} are the same account at the provider, {known_id}"
            messages.append(text)
    return messages
