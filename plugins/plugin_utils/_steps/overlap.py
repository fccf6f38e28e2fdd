# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the provider makes a new credential beside the old one: who is given it, and when all have left the old one."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import deploy, ending
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import (
    Result,
    Tools,
    failed,
    remembered,
    shown,
    why,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written


def untested(tools: Tools, snapshot: Snapshot, accounts: Sequence[str]) -> list[str]:
    """Return the accounts whose new credential no host gets, because it was not seen to work. The old one still does.

    :param tools: what the step works with
    :param snapshot: the store
    :param accounts: the accounts
    """
    plan = tools.fleet.leader.plan
    overlaps = plan is not None and plan.overlaps
    return [one for one in accounts if overlaps and snapshot.document.record(one).is_unverified]


def overlapping(snapshot: Snapshot, accounts: Sequence[str]) -> list[str]:
    """Return the accounts with a tested credential beside which an older one still works, as a host may use it.

    :param snapshot: the store
    :param accounts: the accounts
    """
    records = {account: snapshot.document.record(account) for account in accounts}
    return [
        account
        for account, record in records.items()
        if record.previous_id is not None and record.is_verified and not record.is_settled and not record.is_requested
    ]


def made_at(snapshot: Snapshot, accounts: Sequence[str]) -> dict[str, str]:
    """Return when the stored passwords of some accounts were set.

    :param snapshot: the store
    :param accounts: the accounts
    """
    moments = {account: snapshot.document.record(account).changed_at for account in accounts}
    return {account: written(moment) if moment else "" for account, moment in moments.items()}


def settle(tools: Tools, outside: list[str]) -> Result:
    """Record which credentials every host uses, so that those before them can be deleted.

    :param tools: what the step works with
    :param outside: hosts outside of this run
    """
    own, plan = tools.fleet.own, tools.fleet.leader.plan
    accounts = plan.accounts if plan else []
    snapshot = tools.store.read()
    behind = _behind(tools)
    made = made_at(snapshot, [one for one in overlapping(snapshot, accounts) if one not in behind])
    used = deploy.all_given(tools.fleet, made, outside, own.accounts)
    result: Result = {}
    if used:
        asked = {**tools.options.of_password(), "state": "settled", "accounts": list(used)}
        result = tools.call("smtp_account_password", asked)
    if failed(result):
        return {**remembered(own), "failed": True, "msg": why(result)}
    if not tools.fleet.play.later:
        for line in ending.of_overlap(tools.fleet, made, used, outside, tools.options["keep_old"]):
            tools.tell(line)
    return remembered(own, **shown(result), skipped=not used)


def _behind(tools: Tools) -> set[str]:
    """Return the accounts whose new credential is still to be published: who reads it there may use the old one."""
    if not tools.options["publish"]:
        return set()
    # Here, because Ansible compiles every file that is imported, and most runs publish nothing.
    from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.publishing import accounts_behind

    return accounts_behind(tools, tools.fleet.leader)
