# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types that the steps of a rotation share: its request, its tools, its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, with_window
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot, Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault

if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job
    from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.adoption import Login

    Send = Callable[[Mapping[str, str]], Mapping[str, Change]]
    Issue = Callable[[Mapping[str, Job]], Mapping[str, Change]]


@dataclass(frozen=True)
class Request:
    """A task's checked options. C(explicit) maps accounts to given passwords.

    C(only_at_rest): set new passwords only for accounts at rest that do not have one for the next switch yet.
    C(failures): accounts whose test failed, with the reason in one word. C(changed_at): when the passwords to adopt
    were set, None for now. C(logins): what belongs to them, by account. C(breaches): the provider's rules that they
    break, by account. C(force): also remove accounts whose password is not settled. C(issued): the provider makes the
    passwords; C(beside): beside the old one, which is kept for C(keep_old) after every host has left it.
    """

    accounts: list[str]
    rotate: str
    max_age: timedelta | None
    state: str
    explicit: Mapping[str, str]
    propagation: timedelta
    lock_timeout: float
    only_at_rest: bool = False
    failures: Mapping[str, str] = field(default_factory=dict)
    changed_at: datetime | None = None
    logins: Mapping[str, Login] = field(default_factory=dict)
    breaches: Mapping[str, str] = field(default_factory=dict)
    force: bool = False
    issued: bool = False
    beside: bool = False
    keep_old: timedelta = timedelta(0)

    def record_in(self, snapshot: Snapshot, account: str) -> Record:
        """Return what a store keeps of an account, with the end of its window.

        :param snapshot: the store as it was read
        :param account: the account
        """
        return with_window(snapshot.document.record(account), self.propagation)


@dataclass(frozen=True)
class Tools:
    """What a rotation uses.

    C(caller): returns the function that sets passwords at the provider; called before anything changes. C(learn):
    receives every secret, to scrub it from results. C(tell): shows a line of progress. C(clock): a monotonic clock, in
    seconds. C(concurrency): how many calls are made at the same time. C(check_survives): refuses a store that does not
    outlive the run. C(issuer): the same as C(caller) where the provider makes the passwords.
    """

    store: Store
    vault: Vault
    generate: Callable[[], str]
    caller: Callable[[], Send]
    now: Callable[[], datetime]
    learn: Callable[[str], None]
    tell: Callable[[str], None] = lambda _line: None
    clock: Callable[[], float] = time.monotonic
    concurrency: int = 8
    check_survives: Callable[[], None] = lambda: None
    issuer: Callable[[], Issue] | None = None


@dataclass
class Done:
    """The outcome for each account: its action, the reason, and its record before and after.

    C(kept): accounts whose refused password is kept as doubtful. C(untried): accounts for which no password was made,
    because the provider would have refused it too. C(taken): when the provider accepted a password, more
    precisely than in the store. C(issued): the provider makes the passwords; C(beside): beside the old ones.
    """

    before: dict[str, Record] = field(default_factory=dict)
    after: dict[str, Record] = field(default_factory=dict)
    actions: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    untried: set[str] = field(default_factory=set)
    taken: dict[str, datetime] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    skew: timedelta = timedelta(0)
    issued: bool = False
    beside: bool = False

    @property
    def changed(self) -> bool:
        """Return whether any record has changed."""
        return self.before != self.after

    def note(self, account: str, action: str, reason: str, record: Record) -> None:
        """Note the outcome for an account.

        :param account: the account
        :param action: the action's name in the result
        :param reason: the reason, in one sentence
        :param record: its new record
        """
        self.after[account] = record
        self.actions[account], self.reasons[account] = action, reason
