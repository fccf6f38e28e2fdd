# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rotation is given, and what it returns: the types that its steps share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault

if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.module_utils._provider.attempts import Change

    Send = Callable[[Mapping[str, str]], Mapping[str, Change]]


@dataclass(frozen=True)
class Request:
    """What a task asks for: its options, checked. C(explicit) maps accounts to passwords that were given.

    C(only_at_rest): of senders' accounts, new passwords only for those that are at rest and have none yet.
    """

    accounts: list[str]
    rotate: str
    max_age: timedelta | None
    state: str
    explicit: Mapping[str, str]
    propagation: timedelta
    lock_timeout: float
    only_at_rest: bool = False


@dataclass(frozen=True)
class Tools:
    """What a rotation uses: C(learn) is told each secret that appears.

    C(caller): gives what sets passwords at the provider; it is asked before anything changes.
    C(tell): shows a line of progress. C(clock): a clock that nobody sets, in seconds. C(concurrency): calls at the
    same time.
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


@dataclass
class Done:
    """What became of each account: its action, the reason, and its record before and after.

    C(kept): accounts whose refused password is kept as doubtful. C(taken): when this run saw that the provider took a
    password, more exactly than the store keeps it.
    """

    before: dict[str, Record] = field(default_factory=dict)
    after: dict[str, Record] = field(default_factory=dict)
    actions: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    taken: dict[str, datetime] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    skew: timedelta = timedelta(0)

    @property
    def changed(self) -> bool:
        """Tell whether any record is another than before."""
        return self.before != self.after

    def note(self, account: str, action: str, reason: str, record: Record) -> None:
        """Note what became of an account.

        :param account: the account
        :param action: the action's name in the result
        :param reason: why, in one sentence
        :param record: its record after it
        """
        self.after[account] = record
        self.actions[account], self.reasons[account] = action, reason
