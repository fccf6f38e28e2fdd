# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's mail program gets, and which senders have left their old account. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Outcome, Plan, Record, Switch, unique


def in_use(own: Record, senders: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the accounts that a host uses: with two of a sender the one in use, the first one of an unknown sender.

    :param own: what the host remembers
    :param senders: the store's senders
    """
    if not own.senders:
        return own.accounts
    return [senders.get(name, {}).get("in_use", pair[0]) for name, pair in own.senders.items()]


def without_password(own: Record, accounts: Mapping[str, Any], senders: Mapping[str, Any]) -> list[str]:
    """Return the accounts that a host uses and that have no password yet: one that was never rotated has none.

    :param own: what the host remembers
    :param accounts: the store's accounts
    :param senders: the store's senders
    """
    return [account for account in in_use(own, senders) if "password" not in (accounts.get(account) or {})]


def is_ready(own: Record, accounts: Mapping[str, Any], senders: Mapping[str, Any]) -> bool:
    """Return whether all that a host uses has a password.

    :param own: what the host remembers
    :param accounts: the store's accounts
    :param senders: the store's senders
    """
    return bool(in_use(own, senders)) and not without_password(own, accounts, senders)


def example(accounts: Any, senders: Any, symbols: str, *, chosen: bool = False) -> dict[str, Any]:
    """Return what a template reads, with nothing secret in it.

    :param accounts: the accounts of a host, in whatever form they are written
    :param senders: its senders, likewise
    :param symbols: those of passwords: a template that quotes them refuses what its file cannot hold
    :param chosen: whether the provider chooses the user names
    """
    password = f"{symbols}not-a-password{symbols}"
    pairs = dict(senders) if isinstance(senders, Mapping) else {}
    named = accounts if isinstance(accounts, (list, tuple)) else []
    known = [*named, *(account for pair in pairs.values() if isinstance(pair, (list, tuple)) for account in pair)]
    return {
        "smtp_accounts": {
            str(account): {"password": password, **({"username": str(account)} if chosen else {})} for account in known
        },
        "smtp_senders": {str(name): {"in_use": pair[0]} for name, pair in pairs.items() if pair},
    }


def to_switch(plan: Plan, proved: Collection[str]) -> list[str]:
    """Return the senders that switch accounts: those whose test was recorded, and those that an earlier run tested.

    :param plan: the plan
    :param proved: the accounts of which the store says now that they work
    """
    earlier = [one["sender"] for one in plan.advice if one["step"] == "switch"]
    return unique([*earlier, *(one["sender"] for one in plan.advice if one["account"] in proved)])


def switched(plan: Plan, told: Iterable[Mapping[str, Any]]) -> Switch:
    """Return the senders that have switched, and those whose old account can be retired.

    :param plan: the plan
    :param told: what smtp_sender returned for those that switched
    """
    senders = {str(one["sender"]): dict(one) for one in told}
    return Switch(senders, unique([*(one["sender"] for one in plan.advice if one["step"] == "settle"), *senders]))


def leaving(fleet: Fleet) -> dict[str, Mapping[str, Any]]:
    """Return the senders whose old account can be retired, as they were when this run switched or found them.

    What the store says later can be another run's switch, which hosts have not been given.

    :param fleet: all hosts
    """
    switch, plan = fleet.leader.switch or Switch(), fleet.leader.plan or Plan()
    found = {str(one["sender"]): one for one in plan.advice}
    return {name: switch.senders.get(name) or found[name] for name in switch.leaving}


def is_to_reload(fleet: Fleet, beside: Collection[str]) -> bool:
    """Return whether what reads this host's file is to reload it, although the file is as it was.

    A run that ended before the handler has written the file, and left the programs with what they had read before.

    :param fleet: all hosts
    :param beside: accounts of this host with a credential that not every host was seen to use
    """
    own, plan, outcome = fleet.own, fleet.leader.plan or Plan(), fleet.leader.outcome or Outcome()
    changed = any(account in outcome.untested for account in plan.work_of(fleet.play.here))
    return changed or bool(beside) or any(name in own.senders for name in leaving(fleet))


def all_given(
    fleet: Fleet, made: Mapping[str, str], outside: Sequence[str], own: Sequence[str]
) -> dict[str, list[str]]:
    """Return the accounts whose stored credential works on every host that uses them, each with these hosts.

    A host with nothing that is given passwords says nothing about those that send.

    :param fleet: all hosts
    :param made: when the stored credential of each account was made
    :param outside: hosts outside of this run
    :param own: the accounts of this host
    """
    users = hosts_with(fleet, made, outside, own)
    return {
        account: hosts
        for account, hosts in users.items()
        if hosts and all(fleet.record(host).given.get(account) == made[account] for host in hosts)
    }


def hosts_with(
    fleet: Fleet, accounts: Iterable[str], outside: Sequence[str], own: Sequence[str]
) -> dict[str, list[str]]:
    """Return the hosts that use each account, or may do so.

    :param fleet: all hosts
    :param accounts: the accounts
    :param outside: hosts outside of this run
    :param own: the accounts of this host
    """
    using = {host: fleet.used(host, "smtp_rotation_accounts", list(own)) for host in fleet.play.everyone}
    using |= {host: fleet.value(host, "smtp_rotation_accounts", []) or [] for host in outside}
    return {
        account: [host for host, used in using.items() if account in used and not fleet.record(host).bare]
        for account in accounts
    }


def all_left(fleet: Fleet, leaving: Iterable[str], outside: Sequence[str], own: Mapping[str, Any]) -> list[str]:
    """Return the senders whose new account every host has, and whose old one no host outside the run can still use.

    :param fleet: all hosts
    :param leaving: senders whose old account can be retired
    :param outside: hosts outside of this run
    :param own: the senders of this host
    """
    using = {host: fleet.used(host, "smtp_rotation_senders", dict(own)) for host in fleet.play.everyone}
    using |= {host: fleet.value(host, "smtp_rotation_senders", {}) or {} for host in outside}
    return [
        sender
        for sender in leaving
        if all(sender in fleet.record(host).left for host, senders in using.items() if sender in senders)
    ]
