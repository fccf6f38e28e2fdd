# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which passwords a variable of the playbook gives to accounts, and which of them the store gets. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Plan, unique
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.words import listed

# What is not said here is Ansible's own type of a vaulted text.
NO_TEXT = (bool, int, float, Mapping, list, tuple)


@dataclass(frozen=True)
class Given:
    """What one host has in the variable.

    :param host: the host
    :param variable: the variable's name
    :param value: its value, None if the host does not have it
    """

    host: str
    variable: str
    value: Any


def passwords_of(given: Iterable[Given], users: Mapping[str, Sequence[str]], known: Collection[str]) -> dict[str, str]:
    """Return the password of each account of this play that the variables of its hosts name.

    :param given: what each host has
    :param users: the accounts of each host
    :param known: the accounts of all hosts of the inventory
    :raises InputError: if one of the variables is not as it should be; no value is shown
    """
    every = list(given)
    missing = [one for one in every if one.value is None]
    if len(missing) == len(every):
        # The name is not shown: it can be a password, if the variable itself was written in its place.
        raise InputError(
            "smtp_rotation_adopt_from must be the name of a variable, and the one that it names is not defined. Write "
            "the name without braces; or if the passwords were adopted already, remove the option."
        )
    found: dict[str, str] = {}
    for one in every:
        for account, password in _of_host(one, users.get(one.host, [])).items() if one.value is not None else ():
            if found.setdefault(account, password) != password:
                raise InputError(f"smtp_rotation_adopt_from: {one.variable} has different passwords of {account}.")
    unknown = [account for account in found if account not in known]
    if unknown:
        raise InputError(
            f"smtp_rotation_adopt_from: no host uses {listed(unknown)}, which {listed(_names(every))} has a password "
            "of. Add it to smtp_rotation_accounts of a host, or remove it from the variable."
        )
    mine = {account for accounts in users.values() for account in accounts}
    return {account: password for account, password in found.items() if account in mine}


def _names(given: Iterable[Given]) -> list[str]:
    return unique(one.variable for one in given if one.value is not None)


def _of_host(one: Given, accounts: Sequence[str]) -> dict[str, str]:
    """Return the passwords that a host has."""
    if isinstance(one.value, Mapping):
        bad = [str(account) for account, password in one.value.items() if _is_no_text(password)]
        if bad:
            raise InputError(
                f"smtp_rotation_adopt_from: {one.variable} must map accounts to passwords, each a string that is not "
                f"empty; put that of {listed(bad)} in quotes."
            )
        return {str(account): str(password) for account, password in one.value.items()}
    if _is_no_text(one.value):
        raise InputError(
            f"smtp_rotation_adopt_from: {one.variable} must be a password in quotes, or map accounts to passwords."
        )
    if len(accounts) != 1:
        raise InputError(
            f"smtp_rotation_adopt_from: {one.variable} is one password, but {one.host} uses {len(accounts)} accounts. "
            "Let it map accounts to passwords."
        )
    return {accounts[0]: str(one.value)}


def _is_no_text(value: Any) -> bool:
    return value is None or isinstance(value, NO_TEXT) or not str(value)


def with_adopted(plan: Plan, adopted: Sequence[str], *, saves: bool) -> Plan:
    """Return the plan of a rotation before which passwords were adopted.

    :param plan: the plan
    :param adopted: their accounts
    :param saves: whether the store is then saved elsewhere, which happens in the course of a rotation
    """
    if not saves or not adopted:
        return replace(plan, adopted=list(adopted))
    return replace(plan, adopted=list(adopted), goes_on=True, work=unique([*plan.work, *adopted]))
