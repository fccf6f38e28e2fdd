# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides what is given up with an account that is removed from the store. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written

REMOVED = "removed from the store, with its stored passwords"
MISSING = "it is not in the store"


def given_up(account: str, record: Record, senders: Mapping[str, Sender], now: datetime) -> str:
    """Return what is not settled and would be given up, in words; an empty text if nothing is.

    :param account: the account
    :param record: its record
    :param senders: the senders in the store
    :param now: the time
    """
    return ", ".join(_losses(account, record, senders, now))


def _losses(account: str, record: Record, senders: Mapping[str, Sender], now: datetime) -> Iterator[str]:
    if record.staged_password is not None:
        since = f" (since {written(record.staged_at)})" if record.staged_at else ""
        yield f"a staged password{since} that may be in force"
    if record.requests:
        yield "a requested password whose answer is not known"
    if record.previous_id is not None:
        yield f"the credential {record.previous_id}, which is still to be deleted at the provider"
    if record.doubtful_passwords:
        count = len(record.doubtful_passwords)
        yield (
            "a doubtful password that may be in force"
            if count == 1
            else f"{count} doubtful passwords, one of which may be in force"
        )
    if record.effective_at is not None and record.waits_at(now):
        yield f"a password that takes effect at {written(record.effective_at)}"
    for name, pair in senders.items():
        if account in pair.accounts:
            yield f"its place in the sender '{name}'"


def reason_of(account: str, losses: str, *, force: bool) -> str:
    """Return why an account is removed, and what is given up with it.

    :param account: the account
    :param losses: what C(given_up) returned
    :param force: whether the task allows that
    :raises InputError: if it does not
    """
    if losses and not force:
        raise InputError(
            f"{account}: cannot be removed, because the store would give up {losses}. Nothing was removed; finish the "
            "rotation first, or set force to give that up"
        )
    return f"{REMOVED}; given up: {losses}" if losses else REMOVED
