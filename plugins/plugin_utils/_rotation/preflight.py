# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks before anything changes, so that no later step fails for a foreseeable reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written

# Clocks of two machines may differ; a larger difference means a wrong date.
TOLERATED_SKEW = timedelta(minutes=15)


def check_secrets(tools: Tools, snapshot: Snapshot, accounts: Iterable[str]) -> None:
    """Check that the loaded Vault secrets decrypt the store: one value of each Vault identity.

    :param tools: what the rotation uses
    :param snapshot: the store as it is
    :param accounts: the accounts whose values are looked at
    :raises StoreError: naming the value that cannot be decrypted
    """
    values = []
    for account in accounts:
        record = snapshot.document.record(account)
        values += [(f"{name} of {account}", getattr(record, name)) for name in ("password", "staged_password")]
    tools.vault.check_fits((f"{tools.store.name}: {what}", value) for what, value in values if value)


def clock_skew(account: str, record: Record, now: datetime, store: str) -> timedelta:
    """Return how far an account's last change is ahead of this machine's clock, zero if it is not.

    :param account: the account
    :param record: its record
    :param now: the time
    :param store: the store's name in messages
    :raises StoreError: if it is too far ahead to be a difference between two clocks
    """
    if record.changed_at is None or record.changed_at <= now + timedelta(seconds=1):
        return timedelta(0)
    ahead = record.changed_at - now
    if ahead > TOLERATED_SKEW:
        raise StoreError(
            f"{store}: changed_at of {account} is {written(record.changed_at)}, which is in the "
            "future; correct the date, or this machine's clock"
        )
    return ahead
