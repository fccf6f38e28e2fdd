# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report says of a store: its accounts, its senders, what needs attention. Pure: no I/O."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._overview import overview
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import behind, published_at
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, next_due, with_window
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written

STATES = ("none", "staged", "waiting", "effective", "verified")
# Why somebody should look at an account, the most urgent first.
REASONS = ("failed", "doubtful", "overdue", "staged", "none", "undated", "unverified", "unpublished")
# What passes by itself: a report that differs in nothing else says the same.
PASSING = ("age_seconds", "seconds_until_effective")


@dataclass(frozen=True)
class Account:
    """An account: what the module returns of it, and what the store keeps."""

    facts: Mapping[str, Any]
    record: Record
    due_at: datetime | None

    @property
    def name(self) -> str:
        """Return the SMTP login."""
        return str(self.facts["account"])

    @property
    def attention(self) -> tuple[str, ...]:
        """Return why somebody should look at it, the most urgent first."""
        return tuple(self.facts["attention"])


@dataclass(frozen=True)
class Report:
    """A store at one moment.

    C(name): how the store is called, where there are several
    """

    name: str
    now: datetime
    max_age: timedelta | None
    accounts: tuple[Account, ...]
    senders: Mapping[str, Sender]

    def data(self) -> dict[str, Any]:
        """Return all of it as the module returns it."""
        return {
            "store": self.name,
            "generated_at": written(self.now),
            "max_age_seconds": None if self.max_age is None else int(self.max_age.total_seconds()),
            "totals": self.totals(),
            "accounts": [dict(account.facts) for account in self.accounts],
            "senders": [_sender(name, sender) for name, sender in self.senders.items()],
        }

    def totals(self) -> dict[str, Any]:
        """Return how many there are of what."""
        states = Counter(account.facts["state"] for account in self.accounts)
        reasons = Counter(reason for account in self.accounts for reason in account.attention)
        return {
            "accounts": len(self.accounts),
            "senders": len(self.senders),
            "attention": sum(1 for account in self.accounts if account.attention),
            "states": {state: states[state] for state in STATES},
            "reasons": {reason: reasons[reason] for reason in REASONS},
        }

    def fingerprint(self) -> str:
        """Return what two reports have in common that differ only in how much time has passed."""
        said = self.data()
        del said["generated_at"]
        said["accounts"] = [{k: v for k, v in facts.items() if k not in PASSING} for facts in said["accounts"]]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def report_on(
    document: Document, name: str, now: datetime, *, max_age: timedelta | None, propagation: timedelta
) -> Report:
    """Return what there is to say of a store.

    :param document: the store
    :param name: how it is called
    :param now: the time
    :param max_age: the age at which a password is due
    :param propagation: how long the provider needs, for a record that does not say when the window ends
    """
    senders = document.senders
    paired = [account for sender in senders.values() for account in sender.accounts]
    names = list(dict.fromkeys([*document.entries, *paired]))
    records = {account: with_window(document.record(account), propagation) for account in names}
    accounts = []
    for facts in overview(names, records, None, max_age=max_age, now=now, senders=senders):
        record = records[facts["account"]]
        due_at = next_due(record, max_age)
        del facts["listed"]
        targets = published(record, now, in_use=facts["role"] in (None, "in_use"))
        reasons = [*attention(record, now, due_at), *(["unpublished"] if any(one["behind"] for one in targets) else [])]
        more = {
            "window_open": record.password is not None and record.waits_at(now),
            "attention": reasons,
            "published": targets,
        }
        accounts.append(Account({**facts, **more}, record, due_at))
    return Report(name, now, max_age, tuple(accounts), senders)


def attention(record: Record, now: datetime, due_at: datetime | None) -> Iterator[str]:
    """Yield why somebody should look at an account, the most urgent first.

    :param record: what the store keeps
    :param now: the time
    :param due_at: when its password is due
    """
    if record.has_failed and record.password is not None:
        yield "failed"
    if record.in_doubt:
        yield "doubtful"
    if due_at is not None and now >= due_at:
        yield "overdue"
    if record.is_begun:
        yield "staged"
    elif record.password is None:
        yield "none"
    if record.password is not None and record.changed_at is None:
        yield "undated"
    if record.is_unverified and not record.has_failed and not record.waits_at(now):
        yield "unverified"


def published(record: Record, now: datetime, *, in_use: bool) -> list[dict[str, Any]]:
    """Return where a password is published, and which of these places are behind.

    None is as long as the password is not settled; nor where an account at rest was published when it was in use.

    :param record: what the store keeps
    :param now: the time
    :param in_use: whether it is an account that senders use
    """
    settled = in_use and record.staged_password is None and not record.waits_at(now)
    late = behind(record.published, record.password) if record.password and settled else []
    moments = published_at(record.published)
    return [{"target": name, "published_at": moment, "behind": name in late} for name, moment in moments.items()]


def _sender(name: str, sender: Sender) -> dict[str, Any]:
    return {
        "sender": name,
        "in_use": sender.in_use,
        "at_rest": sender.at_rest,
        "leaving": sender.leaving,
        "switched_at": written(sender.switched_at) if sender.switched_at else None,
    }
