# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task's rotation: look, decide, stage, send, commit. All dependencies are arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.plan import Plan, Step, Wish, decide
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.preflight import check_secrets, clock_skew
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Request, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders import pairs
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot

# Ansible keeps no bytecode of collections, so every imported file is compiled in each run. What a run with nothing due
# does not need is imported later, but before anything changes and before other runs wait.
if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.batched import Batched

    # Called with the accounts to send to: again and new.
    Begin = Callable[..., Batched]


def run(request: Request, tools: Tools, *, check_mode: bool) -> Done:
    """Do what a task asks for, and return the outcome.

    :param request: what the task asks for
    :param tools: what the rotation uses
    :param check_mode: only return what would be done
    :raises InputError: if the request is refused; nothing was changed
    :raises StoreError: if the store cannot be read or written; what had begun is staged, and the next run completes it
    """
    if request.state == "verified":
        from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.verifying import verify

        return verify(request, tools, check_mode=check_mode)
    if request.state == "settled":
        from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.settling import settle

        return settle(request, tools, check_mode=check_mode)
    if request.state == "adopted":
        from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.adopting import adopt

        return adopt(request, tools, check_mode=check_mode)
    if request.state == "absent":
        from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.removing import remove

        return remove(request, tools, check_mode=check_mode)
    return Rotation(request, tools).run(check_mode=check_mode)


class Rotation:
    """The rotation of one task."""

    def __init__(self, request: Request, tools: Tools) -> None:
        self._request = request
        self._tools = tools
        self._done = Done(issued=request.issued, beside=request.beside)
        self._opened: dict[str, str] = {}

    def run(self, *, check_mode: bool) -> Done:
        """Do what the task asks for, and return the outcome.

        :param check_mode: only return what would be done
        :raises InputError: if the request is refused; nothing was changed
        :raises StoreError: if the store cannot be read or written; what had begun is staged
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
        """Return the plans of the accounts that need something to be done, by the current store."""
        first = self._tools.store.read()
        plans = self._plans(first, self._request.accounts, {})
        busy = {account: plan for account, plan in plans.items() if plan.step is not Step.NOTHING}
        # Also if nothing is due: what the store keeps is read by others after this task.
        check_secrets(self._tools, first, [*busy, *self._request.accounts])
        if busy:
            self._preflight(first, [*busy])
        self._report(first, plans)
        return busy

    def _plans(self, snapshot: Snapshot, accounts: list[str], seen: Mapping[str, Record]) -> dict[str, Plan]:
        now = self._tools.now()
        plans = {}
        for account in accounts:
            record = self._request.record_in(snapshot, account)
            self._done.skew = max(self._done.skew, clock_skew(account, record, now, self._tools.store.name))
            plans[account] = decide(record, self._wish(account, record, seen.get(account)), now)
        return self._with_pairs(snapshot, plans, now)

    def _with_pairs(self, snapshot: Snapshot, plans: dict[str, Plan], now: datetime) -> dict[str, Plan]:
        """Return the plans after checking that none changes an account that mail may depend on."""
        senders, record = snapshot.document.senders, partial(self._request.record_in, snapshot)
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
            issued=self._request.issued,
            beside=self._request.beside,
            keep_old=self._request.keep_old,
        )

    def _plain(self, account: str, name: str, ciphertext: str | None) -> str | None:
        """Return a stored secret, decrypted once."""
        if ciphertext is None:
            return None
        self._open({account: (name, ciphertext)})
        return self._opened[ciphertext]

    def _open(self, stored: Mapping[str, tuple[str, str]]) -> None:
        """Decrypt new ciphertexts in parallel; C(stored) maps accounts to a field's name and its ciphertext."""
        closed = [(a, name, sealed) for a, (name, sealed) in stored.items() if sealed not in self._opened]
        if not closed:
            return
        from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import map_in_threads

        plains = map_in_threads(self._decrypted, closed)
        for (_account, _name, ciphertext), plain in zip(closed, plains, strict=True):
            self._tools.learn(plain)
            self._opened[ciphertext] = plain

    def _decrypted(self, secret: tuple[str, str, str]) -> str:
        account, name, ciphertext = secret
        return self._tools.vault.decrypt(ciphertext, f"{self._tools.store.name}: {name} of {account}")

    def _preflight(self, snapshot: Snapshot, busy: list[str]) -> None:
        """Find what would make a later step fail, while nothing has changed yet."""
        # What is only staged is not in force, and nothing is lost with it.
        if self._request.state == "present":
            self._tools.check_survives()
        self._tools.store.check_writable()
        if self._request.issued:
            return
        staged = {account: snapshot.document.record(account).staged_password for account in busy}
        self._open({account: ("staged_password", sealed) for account, sealed in staged.items() if sealed})

    # -- tell

    def _report(self, snapshot: Snapshot, plans: Mapping[str, Plan]) -> None:
        for account, plan in plans.items():
            self._done.before[account] = self._done.after[account] = self._request.record_in(snapshot, account)
            self._done.actions[account] = "unchanged"
            self._done.reasons[account] = plan.reason
            warning = f"{account} keeps its password: {plan.reason}"
            if plan.hindered and warning not in self._done.warnings:
                self._done.warnings.append(warning)

    def _pretend(self, busy: Mapping[str, Plan]) -> None:
        now = self._tools.now()
        for account, plan in busy.items():
            record = self._done.before[account]
            self._done.actions[account] = "would_retire" if plan.step is Step.RETIRE else "would_rotate"
            if plan.step is Step.RETIRE:
                self._done.after[account] = records.retired(record)
                continue
            if plan.step is Step.NEW or record.staged_password is None:
                record = records.staged(record, "(not made in check mode)", now)
            if self._request.state != "staged":
                record = records.accepted(record, record.staged_password or "", now, self._request.propagation)
            self._done.after[account] = record

    # -- do

    def _tidy(self) -> None:
        """Remove what a killed run left next to the store, unless another run is active."""
        if self._tools.store.has_leftovers():
            from ansible_collections.mailops.smtp.plugins.plugin_utils._store.leftovers import tidy

            tidy(self._tools.store, self._request.accounts[0])

    def _in_turn(self, busy: list[str]) -> None:
        from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
        from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import WorkerThreads

        begin = self._beginning()
        lock = StoreLock(self._tools.store.path, mode=self._tools.store.mode(), timeout=self._request.lock_timeout)
        with lock.accounts(busy), WorkerThreads(len(busy)) as threads:
            with lock.store():
                sending, made_file = self._begin(busy, partial(begin, threads))
            if sending:
                sending.send(lock, made_file=made_file)

    def _beginning(self) -> Begin:
        """Return what makes the changes, before other runs wait."""
        request, tools, done = self._request, self._tools, self._done
        if request.issued and tools.issuer:
            from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.issuing import Issuing

            return partial(Issuing, request, tools, done, tools.issuer())
        from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.stage_and_send import Sending

        return partial(Sending, request, tools, done, tools.caller(), opened=self._opened)

    def _begin(self, busy: list[str], begin: Begin) -> tuple[Batched | None, bool]:
        """Stage the first batch. Return what to send, if anything, and whether this run creates the store.

        The snapshot ends with this method: if it were kept while sending, a long store would be in memory twice.
        """
        current = self._tools.store.read()
        plans = self._plans(current, busy, self._done.before)
        self._report(current, plans)
        staged = {a: current.document.record(a).staged_password for a, p in plans.items() if p.step is Step.RESEND}
        again = {account: ciphertext for account, ciphertext in staged.items() if ciphertext}
        self._open({account: ("staged_password", ciphertext) for account, ciphertext in again.items()})
        new = [account for account, plan in plans.items() if plan.step is Step.NEW]
        if self._request.issued:
            sending = begin(
                again=[account for account, plan in plans.items() if plan.step is Step.RESEND],
                new=new,
                old=[account for account, plan in plans.items() if plan.step is Step.RETIRE],
            )
        else:
            sending = begin(again=again, new=new)
        sending.stage(current, everything=self._request.state == "staged")
        return (None if self._request.state == "staged" else sending), current.data is None
