# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Combines what the store and the provider know about each account. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, dates, next_due
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import seconds_between, written


def overview(
    accounts: Iterable[str],
    records: Mapping[str, Record] | None,
    listed: set[str] | None,
    *,
    max_age: timedelta | None,
    now: datetime,
    senders: Mapping[str, Sender] | None = None,
) -> list[dict[str, Any]]:
    """Return one entry for each account.

    :param accounts: the accounts to show
    :param records: the store's records; None without a store
    :param listed: the accounts that the provider lists; None if it was not asked
    :param max_age: the age at which a password becomes due
    :param now: the time
    :param senders: the senders in the store
    """
    roles = {
        account: {"sender": name, "role": pair.role_of(account)}
        for name, pair in (senders or {}).items()
        for account in pair.accounts
    }
    none = {"sender": None, "role": None}
    return [{**_entry(account, records, listed, max_age, now), **roles.get(account, none)} for account in accounts]


def _entry(
    account: str,
    records: Mapping[str, Record] | None,
    listed: set[str] | None,
    max_age: timedelta | None,
    now: datetime,
) -> dict[str, Any]:
    record = (records or {}).get(account, Record())
    due_at = next_due(record, max_age)
    stored = record.password is not None
    age = int((now - record.changed_at).total_seconds()) if stored and record.changed_at else None
    return {
        "account": account,
        "listed": None if listed is None else account in listed,
        "stored": None if records is None else stored,
        "state": None if records is None else record.state_at(now),
        "age_seconds": None if age is None else max(0, age),
        "due": None if records is None else _is_due(record, max_age, due_at, now),
        "staged_at": written(record.staged_at) if record.staged_at else None,
        "failed_at": written(record.failed_at) if record.failed_at and record.has_failed else None,
        "failure": record.failure if record.has_failed else None,
        "doubtful_passwords": len(record.doubtful_passwords),
        "seconds_until_effective": seconds_between(now, record.effective_at) if record.effective_at else 0,
        **dates(record, max_age),
    }


def _is_due(record: Record, max_age: timedelta | None, due_at: datetime | None, now: datetime) -> bool:
    if record.password is None or record.is_begun:
        return True
    if record.in_doubt:
        return True
    return max_age is not None and (due_at is None or now >= due_at)
