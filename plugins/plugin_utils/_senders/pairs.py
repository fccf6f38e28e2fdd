# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides which of a sender's two accounts may change, so that the other one always works. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender, adopted, is_under_way
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written


def check_changes(
    senders: Mapping[str, Sender],
    record: Callable[[str], Record],
    *,
    new: Collection[str],
    again: Collection[str],
    now: datetime,
) -> None:
    """Refuse to change an account while mail may depend on it.

    Sending a staged password again is less restricted, because it may already be in force. It does not wait for a
    partner that is staged as well, or two accounts that were staged before they became a pair would wait for each other
    for ever. It does wait for a partner whose window is open, and for hosts that still use the account; nothing is lost
    by that, because the password stays staged.

    :param senders: the senders in the store
    :param record: returns an account's record
    :param new: the accounts that would get a new password
    :param again: the accounts whose staged password would be sent again
    :param now: the time
    :raises InputError: naming what has to be done first
    """
    for name, pair in senders.items():
        for account in pair.accounts:
            if account in new or account in again:
                _check_one(name, pair, account, record, new, again, now)


def _check_one(
    name: str,
    pair: Sender,
    account: str,
    record: Callable[[str], Record],
    new: Collection[str],
    again: Collection[str],
    now: datetime,
) -> None:
    (partner,) = set(pair.accounts) - {account}
    other = record(partner)
    if partner in new or partner in again:
        raise InputError(
            f"{pair.in_use} and {pair.other} are the two accounts of sender '{name}', and only one may change at a "
            f"time; change {pair.other} first, and the other one once the hosts use {pair.other}"
        )
    if pair.leaving is not None and (account in new or account == pair.leaving):
        raise InputError(
            f"{account}: its sender '{name}' was switched to {pair.in_use}, but a host may still use {pair.leaving}; "
            f"deploy and test {pair.in_use} on every host, record that with smtp_sender (state=settled), and run again"
        )
    if other.waits_at(now) and other.effective_at:
        raise InputError(
            f"{account}: {partner}, the other account of its sender '{name}', was changed and takes effect at "
            f"{written(other.effective_at)}; run again after that"
        )
    if other.is_begun and account in new:
        what, again = ("staged", "send") if other.staged_password is not None else ("requested", "request")
        raise InputError(
            f"{account}: {partner}, the other account of its sender '{name}', has a {what} password that may be in "
            f"force; run with {partner} first to {again} it again"
        )


def not_at_rest(
    senders: Mapping[str, Sender], record: Callable[[str], Record], accounts: Collection[str]
) -> dict[str, str]:
    """Return the accounts that must not get a new password because they are not at rest, with the reason.

    Another run may have changed the account or put it in use since the sender was read.

    :param senders: the senders in the store
    :param record: returns an account's record
    :param accounts: the accounts that would get a new password
    """
    owners = {account: pair for pair in senders.values() for account in pair.accounts}
    reasons = {}
    for account in accounts:
        pair = owners.get(account)
        if pair is None:
            reasons[account] = "it belongs to no sender in the store"
        elif pair.at_rest != account:
            reasons[account] = f"it is not at rest but {(pair.role_of(account) or '').replace('_', ' ')}"
        elif is_under_way(pair, record(account)) and not record(account).in_doubt:
            reasons[account] = "another run has already changed it for the next switch"
    return reasons


def paired(
    wanted: Mapping[str, Sequence[str]],
    known: Mapping[str, Sender],
    record: Callable[[str], Record],
    now: datetime,
) -> dict[str, Sender]:
    """Return the senders that a task lists, from the store or as new ones.

    :param wanted: sender to its two accounts; for a new sender, the account in use comes first
    :param known: the senders in the store
    :param record: returns an account's record
    :param now: the time
    :raises InputError: if the task and the store contradict each other
    """
    owners = {account: name for name, pair in known.items() for account in pair.accounts}
    pairs = {}
    for name, accounts in wanted.items():
        if name in known:
            check_same(name, known[name], accounts)
            pairs[name] = known[name]
            continue
        for account in accounts:
            if account in owners:
                raise InputError(
                    f"senders: {account} of '{name}' belongs to the sender '{owners[account]}' in the store; "
                    "give each sender its own accounts"
                )
        pairs[name] = adopted(accounts[0], accounts[1], record(accounts[1]), now)
    return pairs


def check_same(name: str, pair: Sender, accounts: Sequence[str]) -> None:
    """Refuse a sender whose accounts are others than those in the store.

    :param name: the sender
    :param pair: its record
    :param accounts: the accounts that the task lists
    :raises InputError: naming both
    """
    if set(accounts) != set(pair.accounts):
        raise InputError(
            f"senders: '{name}' has the accounts {' and '.join(accounts)}, but the store has {pair.in_use} (in use) "
            f"and {pair.other}; list those, or remove the sender with state=absent to add it anew"
        )
