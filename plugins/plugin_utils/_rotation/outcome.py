# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account's record after the provider's answer, and the name of the outcome. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record


def settled(
    record: Record, ciphertext: str, change: Change, *, before: bool, now: datetime, propagation: timedelta
) -> Record:
    """Return the record after the provider's answer. No password is deleted while it could be in force.

    :param record: the current record
    :param ciphertext: the password that was sent
    :param change: the outcome of the attempts
    :param before: whether an earlier run staged the password, whose attempts may have taken effect
    :param now: the time
    :param propagation: how long the provider may take to put the password into force
    """
    doubt = before or change.doubt
    if change.kind is Kind.ACCEPTED:
        return records.chosen(record, ciphertext, now, propagation)
    if doubt or change.kind in (Kind.UNKNOWN, Kind.THROTTLED):
        record = records.restored(record, ciphertext, now)
    if change.kind is Kind.REFUSED_VALUE or (change.kind is Kind.REFUSED_ACCESS and not doubt):
        return records.refused(record, ciphertext, doubt=doubt)
    return record


def action_of(change: Change, *, before: bool) -> str:
    """Return the outcome's name in the result: C(rotated), C(recovered), C(refused) or C(unknown).

    :param change: the outcome of the attempts
    :param before: whether an earlier run staged the password
    """
    if change.kind is Kind.ACCEPTED:
        return "recovered" if before else "rotated"
    if change.kind is Kind.REFUSED_VALUE:
        return "refused"
    if change.kind is Kind.REFUSED_ACCESS and not (before or change.doubt):
        return "refused"
    return "unknown"
