# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before the plan: passwords of a variable of the playbook come into the store, and the provider is not called."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import adopting as decisions
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.options import PREFIX
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Plan
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import Result, Tools, failed, why


def to_adopt(tools: Tools, users: dict[str, list[str]]) -> dict[str, str]:
    """Return the passwords to adopt, by account: of those that the store does not know yet.

    :param tools: what the step works with
    :param users: the accounts of each host
    """
    given = [_of_host(tools, host) for host in tools.fleet.play.everyone]
    passwords = decisions.passwords_of([one for one in given if one.variable], users, _known(tools, users))
    tools.learn(*passwords.values())
    entries = tools.store.read().document.entries
    return {account: password for account, password in passwords.items() if account not in entries}


def adopt(tools: Tools, known: Plan, passwords: dict[str, str]) -> Result:
    """Put passwords into the store. They are in force: there is no window to wait for.

    :param tools: what the step works with
    :param known: the plan as far as it is known
    :param passwords: the passwords, by account
    :raises InputError: if that is not possible
    """
    ids = {account: known.ids[account] for account in passwords if account in known.ids}
    asked = {"accounts": [*passwords], "account_ids": ids, "state": "adopted", "passwords": passwords}
    since = {"changed_at": tools.options["adopt_changed_at"]} if tools.options["adopt_changed_at"] else {}
    options = tools.options.of_password()
    result = tools.call("smtp_account_password", {**options, **asked, **since, "propagation_seconds": 0})
    if failed(result):
        raise InputError(why(result))
    return result


def _of_host(tools: Tools, host: str) -> decisions.Given:
    """Return what a host has in the variable that it names."""
    name = str(tools.fleet.value(host, f"{PREFIX}adopt_from", tools.options["adopt_from"]) or "")
    own = tools.options.beside(name) if name in tools.variables else None
    return decisions.Given(host, name, own if host == tools.here else tools.fleet.value(host, name, own))


def _known(tools: Tools, users: dict[str, list[str]]) -> set[str]:
    """Return the accounts of all hosts of the inventory: a variable can be that of several plays."""
    found = {account for accounts in users.values() for account in accounts}
    for host in tools.variables["groups"]["all"]:
        found.update(map(str, tools.fleet.value(host, f"{PREFIX}accounts", [])))
        senders = tools.fleet.value(host, f"{PREFIX}senders", {})
        found.update(str(account) for pair in senders.values() for account in pair)
    return found
