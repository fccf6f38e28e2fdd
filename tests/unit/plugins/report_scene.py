# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stores with accounts in every state, for the reports."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import Report, report_on
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NEW, OLD, rendered

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MAX_AGE = 90 * DAY
WINDOW = 15 * MINUTE


def changed(ago: timedelta, *, tested: bool = True) -> Record:
    """Return an account whose password was changed so long ago."""
    at = NOW - ago
    return Record(
        password=OLD,
        changed_at=at,
        effective_at=at + WINDOW,
        verified_at=at + WINDOW + timedelta(seconds=9) if tested else None,
    )


# One account in each state, by what a report says of it first.
ACCOUNTS: Mapping[str, Record] = {
    "verified": changed(10 * DAY),
    "waiting": changed(5 * MINUTE, tested=False),
    "unverified": changed(2 * DAY, tested=False),
    "overdue": changed(91 * DAY),
    "undated": Record(password=OLD),
    "none": Record(failed_at=NOW - DAY, failure="auth_rejected"),
    "staged": Record(
        password=OLD, changed_at=NOW - 80 * DAY, verified_at=NOW - 79 * DAY, staged_password=NEW, staged_at=NOW
    ),
    "doubtful": Record(
        password=OLD,
        changed_at=NOW - 80 * DAY,
        verified_at=NOW - 79 * DAY,
        doubtful_passwords=(NEW,),
        staged_at=NOW - DAY,
    ),
    "failed": Record(
        password=OLD,
        changed_at=NOW - DAY,
        effective_at=NOW - DAY + WINDOW,
        failed_at=NOW - DAY + 2 * WINDOW,
        failure="auth_rejected",
    ),
}
SENDERS = {"newsletter": Sender(in_use="verified", leaving="waiting", switched_at=NOW - 2 * DAY)}


def store(accounts: Mapping[str, Record], senders: Mapping[str, Sender] | None = None) -> str:
    """Return a store's text."""
    return rendered(Document(), accounts, senders=senders)


def reported(
    accounts: Mapping[str, Record] | None = None,
    senders: Mapping[str, Sender] | None = None,
    *,
    name: str = "smtp",
    now: datetime = NOW,
    max_age: timedelta | None = MAX_AGE,
) -> Report:
    """Return what a report says of such a store."""
    document = parse(store(ACCOUNTS if accounts is None else accounts, senders), "the store")
    return report_on(document, name, now, max_age=max_age, propagation=WINDOW)


def fleet(count: int, *, troubled: bool = True, seed: int = 7) -> dict[str, Record]:
    """Return so many accounts as they are found in a fleet: most in order, some in each other state."""
    draw = random.Random(seed)  # noqa: S311
    accounts = {}
    for number in range(count):
        ago = DAY * (draw.randrange(0, 88) // 7 * 7) + timedelta(hours=2 + number % 3, minutes=40)
        accounts[f"{number + 1}.acme.smtp"] = changed(ago)
    names = list(accounts)
    troubles = [record for kind, record in ACCOUNTS.items() if kind != "verified"][: count // 5 if troubled else 0]
    for place, record in enumerate(troubles):
        for name in names[place + 1 :: 120]:
            accounts[name] = record
    return accounts
