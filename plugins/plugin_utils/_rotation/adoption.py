# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides what becomes of an account's record if a password that somebody else has set is adopted. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, adopted
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written


@dataclass(frozen=True)
class Given:
    """A password to adopt: its ciphertext, which is the store's own if the store has that password already.

    C(changed_at): when it was set, None if the task does not say.
    """

    ciphertext: str
    changed_at: datetime | None


@dataclass(frozen=True)
class Adoption:
    """The record after it, why, and a warning if the password seems to be an old one."""

    record: Record
    reason: str
    caution: str | None = None


def adoption(account: str, record: Record, given: Given, now: datetime, propagation: timedelta) -> Adoption:
    """Return what becomes of an account's record; the same record if nothing is to be done.

    :param account: the account
    :param record: its record
    :param given: the password
    :param now: the time
    :param propagation: how long the provider may take to put a password into force
    :raises InputError: if another password is staged, which may be in force
    """
    if record.staged_password not in (None, given.ciphertext):
        raise InputError(
            f"{account}: another password is staged and may be in force. Nothing was adopted; run state=present first, "
            "which sends the staged one again and so settles it"
        )
    undated = record.changed_at is None and given.changed_at is not None
    if given.ciphertext == record.password and not record.in_doubt and not undated:
        return Adoption(record, "the given password is the stored one")
    at = given.changed_at or now
    return Adoption(adopted(record, given.ciphertext, at, propagation), _reason(record, given), _caution(record, given))


def _reason(record: Record, given: Given) -> str:
    if given.ciphertext == record.staged_password:
        return "the given password is the staged one, which is settled by that"
    if given.ciphertext == record.password:
        return "the given password is the stored one, and settles when it was set"
    if given.ciphertext in record.doubtful_passwords:
        return "the given password is one that was in doubt"
    if record.password is None:
        return "the given password is the first one stored"
    return "the given password differs from the stored one, which is kept as previous_password"


def _caution(record: Record, given: Given) -> str | None:
    """Return a warning if a task that was left in a playbook seems to bring back an old password."""
    if record.password in (None, given.ciphertext) or given.ciphertext == record.staged_password:
        return None
    if given.changed_at is not None and record.changed_at is not None and given.changed_at < record.changed_at:
        return (
            f"changed_at is {written(given.changed_at)}, but the stored password was set later, at "
            f"{written(record.changed_at)}"
        )
    if given.ciphertext == record.previous_password and given.changed_at is None:
        return "the given password is the one before the stored one"
    return None
