# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task's rotation: look, decide, stage, send, commit. What it needs from outside comes in as arguments."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.plan import (
    TOLERATED_SKEW,
    Plan,
    Step,
    Wish,
    decide,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders import pairs
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot, Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written

# Ansible keeps no bytecode of a collection: each file that is imported is compiled anew. What a run in which nothing is
# due does not need is imported when it is needed: all of it before anything changes, and before others wait.
if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.module_utils._provider.attempts import Change
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.sending import Sending

    Send = Callable[[Mapping[str, str]], Mapping[str, Change]]
    # With again and new: the accounts to send to.
    Begin = Callable[..., Sending]


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


class Rotation:
    """The rotation of one task."""

    def __init__(self, request: Request, tools: Tools) -> None:
        self._request = request
        self._tools = tools
        self._done = Done()
        self._opened: dict[str, str] = {}

    def run(self, *, check_mode: bool) -> Done:
        """Do what is to be done, and return what was.

        :param check_mode: only tell it
        :raises InputError: and nothing was changed
        :raises StoreError: then what had begun is staged, and the next run finishes it
        """
        self._tools.vault.check()
        busy = self._look()
        if check_mode:
            self._pretend(busy)
        elif busy:
            self._in_turn([*busy])
        else:
            self._tidy()
        return self._done

    # -- look and decide

    def _look(self) -> dict[str, Plan]:
        """Return the plans of the accounts with which something is to be done, as the store is now."""
        first = self._tools.store.read()
        plans = self._plans(first, self._request.accounts, {})
        busy = {account: plan for account, plan in plans.items() if plan.step is not Step.NOTHING}
        if busy:
            self._preflight(first, [*busy])
        self._report(first, plans)
        return busy

    def _plans(self, snapshot: Snapshot, accounts: list[str], seen: Mapping[str, Record]) -> dict[str, Plan]:
        now = self._tools.now()
        plans = {}
        for account in accounts:
            record = snapshot.document.record(account)
            self._check_dates(account, record, now)
            wish = self._wish(account, record, seen.get(account))
            plans[account] = self._verification(account, record, now) or decide(record, wish, now)
        return plans if self._request.state == "verified" else self._with_pairs(snapshot, plans, now)

    def _with_pairs(self, snapshot: Snapshot, plans: dict[str, Plan], now: datetime) -> dict[str, Plan]:
        """Return the plans, none of which changes an account that its sender depends on."""
        senders, record = snapshot.document.senders, snapshot.document.record
        if self._request.only_at_rest:
            hindered = pairs.not_at_rest(senders, record, [a for a, plan in plans.items() if plan.step is Step.NEW])
            plans = plans | {account: Plan(Step.NOTHING, reason) for account, reason in hindered.items()}
        new = {account for account, plan in plans.items() if plan.step is Step.NEW}
        again = {account for account, plan in plans.items() if plan.step is Step.RESEND}
        pairs.check_changes(senders, record, new=new, again=again, now=now)
        return plans

    def _wish(self, account: str, record: Record, seen: Record | None) -> Wish:
        given = self._request.explicit.get(account)
        return Wish(
            rotate=self._request.rotate,
            max_age=self._request.max_age,
            explicit=given is not None,
            is_current=given is not None and given == self._plain(account, "password", record.password),
            is_staged=given is not None and given == self._plain(account, "staged_password", record.staged_password),
            only_stage=self._request.state == "staged",
            seen=seen,
        )

    def _verification(self, account: str, record: Record, now: datetime) -> Plan | None:
        """Return the plan for C(state=verified), None for the other states."""
        if self._request.state != "verified":
            return None
        if record.staged_password is not None:
            raise InputError(f"{account}: a password is staged and was not sent yet; run state=present first")
        if record.password is None:
            raise InputError(f"{account}: no password is stored in {self._tools.store.name}, so none can be verified")
        if record.waits_at(now) and record.effective_at:
            raise InputError(
                f"{account}: its password takes effect at {written(record.effective_at)} only; a test before that "
                "proves nothing. Wait, test, and then record it"
            )
        if record.is_verified and (record.in_doubt or not record.doubtful_passwords):
            return Plan(Step.NOTHING, "its test send is recorded already")
        return Plan(Step.NEW, "its test send is recorded")

    def _check_dates(self, account: str, record: Record, now: datetime) -> None:
        if record.changed_at is None or record.changed_at <= now + timedelta(seconds=1):
            return
        ahead = record.changed_at - now
        if ahead > TOLERATED_SKEW:
            raise StoreError(
                f"{self._tools.store.name}: changed_at of {account} is {written(record.changed_at)}, which is in the "
                "future; correct the date, or this machine's clock"
            )
        self._done.skew = max(self._done.skew, ahead)

    def _plain(self, account: str, name: str, ciphertext: str | None) -> str | None:
        """Return a stored secret, decrypted once."""
        if ciphertext is None:
            return None
        self._open({account: (name, ciphertext)})
        return self._opened[ciphertext]

    def _open(self, stored: Mapping[str, tuple[str, str]]) -> None:
        """Decrypt secrets that were not yet, beside each other: account to the field's name and the ciphertext."""
        closed = [(a, name, sealed) for a, (name, sealed) in stored.items() if sealed not in self._opened]
        if not closed:
            return
        from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import each

        plains = each(self._decrypted, closed)
        for (_account, _name, ciphertext), plain in zip(closed, plains, strict=True):
            self._tools.learn(plain)
            self._opened[ciphertext] = plain

    def _decrypted(self, secret: tuple[str, str, str]) -> str:
        account, name, ciphertext = secret
        return self._tools.vault.decrypt(ciphertext, f"{self._tools.store.name}: {name} of {account}")

    def _preflight(self, snapshot: Snapshot, busy: list[str]) -> None:
        """Find now, while nothing has changed, what would make a later step fail."""
        self._tools.store.check_writable()
        values = []
        for account in busy:
            record = snapshot.document.record(account)
            values += [(f"{name} of {account}", getattr(record, name)) for name in ("password", "staged_password")]
        name = self._tools.store.name
        self._tools.vault.check_fits((f"{name}: {what}", value) for what, value in values if value)
        staged = {account: snapshot.document.record(account).staged_password for account in busy}
        self._open({account: ("staged_password", sealed) for account, sealed in staged.items() if sealed})

    # -- tell

    def _report(self, snapshot: Snapshot, plans: Mapping[str, Plan]) -> None:
        for account, plan in plans.items():
            self._done.before[account] = self._done.after[account] = snapshot.document.record(account)
            self._done.actions[account] = "unchanged"
            self._done.reasons[account] = plan.reason

    def _pretend(self, busy: Mapping[str, Plan]) -> None:
        now = self._tools.now()
        for account, plan in busy.items():
            record = self._done.before[account]
            if self._request.state == "verified":
                self._done.actions[account] = "verified"
                self._done.after[account] = records.verified(record, now)
                continue
            self._done.actions[account] = "would_rotate"
            if plan.step is Step.NEW:
                record = records.staged(record, "(not made in check mode)", now)
            if self._request.state != "staged":
                record = records.accepted(record, record.staged_password or "", now, self._request.propagation)
            self._done.after[account] = record

    # -- do

    def _tidy(self) -> None:
        """Remove what a killed run left beside the store, unless another run is at work."""
        if self._tools.store.has_leftovers():
            from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock

            lock = StoreLock(self._tools.store.path, mode=self._tools.store.mode(), timeout=0)
            with contextlib.suppress(StoreError), lock.accounts(self._request.accounts[:1]), lock.store():
                self._tools.store.remove_leftovers()

    def _in_turn(self, busy: list[str]) -> None:
        from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.sending import Sending
        from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
        from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import Beside

        begin = partial(Sending, self._request, self._tools, self._done, self._tools.caller(), opened=self._opened)
        lock = StoreLock(self._tools.store.path, mode=self._tools.store.mode(), timeout=self._request.lock_timeout)
        with lock.accounts(busy), Beside(len(busy)) as beside:
            with lock.store():
                sending, made_file = self._begin(busy, partial(begin, beside))
            if sending:
                sending.send(lock, made_file=made_file)

    def _begin(self, busy: list[str], begin: Begin) -> tuple[Sending | None, bool]:
        """Stage, or record a test. Return what is to be sent, if anything is, and whether this run makes the file.

        What was read of the store ends with this: kept until all is sent, a long one would be in memory twice.
        """
        current = self._tools.store.read()
        plans = self._plans(current, busy, self._done.before)
        self._report(current, plans)
        if self._request.state == "verified":
            self._record_verified(current, plans)
            return None, False
        staged = {a: current.document.record(a).staged_password for a, p in plans.items() if p.step is Step.RESEND}
        again = {account: ciphertext for account, ciphertext in staged.items() if ciphertext}
        self._open({account: ("staged_password", ciphertext) for account, ciphertext in again.items()})
        sending = begin(again=again, new=[account for account, plan in plans.items() if plan.step is Step.NEW])
        sending.stage(current, everything=self._request.state == "staged")
        return (None if self._request.state == "staged" else sending), current.data is None

    def _record_verified(self, current: Snapshot, plans: Mapping[str, Plan]) -> None:
        now = self._tools.now()
        changes = {
            account: records.verified(current.document.record(account), now)
            for account, plan in plans.items()
            if plan.step is not Step.NOTHING
        }
        if changes:
            self._tools.store.write(current, changes)
        for account, record in changes.items():
            self._done.note(account, "verified", "its test send is recorded", record)
