# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has the provider make the passwords of one task's accounts. Every request is on disk before it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job, Made
from ansible_collections.mailops.smtp.plugins.module_utils._provider.labels import new_label
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.batched import Batched
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.plan import hindered
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Credential, Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot
from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import WorkerThreads

if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Issue, Request, Tools


class Issuing(Batched):
    """Has passwords made, first for those accounts that an earlier run requested one for.

    :param request: what the task asks for
    :param tools: what the rotation uses
    :param done: collects the outcome for each account
    :param issue: calls the provider
    :param threads: for work that can be done while the provider is busy
    :param again: accounts with a request whose answer is not known
    :param new: accounts that get a new password
    :param old: accounts of which only the credential before the stored one is to be deleted
    """

    AT_RISK = (
        "These passwords could not be stored and are lost. Every request is noted in the store; mend it and run again, "
        "which requests other passwords"
    )

    def __init__(
        self,
        request: Request,
        tools: Tools,
        done: Done,
        issue: Issue,
        threads: WorkerThreads,
        *,
        again: Sequence[str],
        new: Sequence[str],
        old: Sequence[str],
    ) -> None:
        super().__init__(request, tools, done, threads, accounts=[*again, *new, *old], again=again)
        self._issue = issue
        self._old = set(old)
        self._jobs: dict[str, Job] = {}

    def _taken(self, size: int) -> dict[str, str]:
        """Return the next accounts with the labels of their requests, empty for one that gets no new password."""
        now = self._tools.now()
        accounts = [self._left.popleft() for _n in range(size)]
        return {account: "" if account in self._old else new_label(now) for account in accounts}

    def _called(self) -> Mapping[str, Change]:
        return self._issue({account: self._jobs[account] for account in self._batch})

    def _write(self, current: Snapshot, changed: Mapping[str, Record], batch: Mapping[str, str]) -> None:
        """Write the outcome of one batch and the requests of the next one, in a single write."""
        now, new = self._tools.now(), {}
        self._jobs = {}
        for account, label in batch.items():
            record = self._request.record_in(current, account)
            old = record.previous_id if self._request.beside else None
            self._jobs[account] = Job(
                label=label,
                sweep=record.requests,
                delete=[old] if old is not None and not hindered(record, self._request.keep_old, now) else [],
                keep=[one for one in (record.credential_id, record.previous_id) if one is not None],
            )
            if label:
                new[account] = records.requested(record, label, now)
        if changed or new:
            self._tools.store.write(current, {**changed, **new})
        for account, record in new.items():
            self._done.note(account, "staged", self._done.reasons[account], record)

    def _settle(self, sent: Mapping[str, str], answers: Mapping[str, Change]) -> None:
        """Settle every account in the current store, whatever others have changed in it meanwhile."""
        now = self._tools.now()
        current = self._tools.store.read()
        sealed = self._sealed(answers)
        changed = {}
        for account, label in sent.items():
            made, record = answers[account], self._request.record_in(current, account)
            changed[account] = self._settled(account, record, made, sealed.get(account))
            if account in sealed:
                self._done.taken[account] = now
                if label not in record.requests:
                    self._warn_of_edits(account)
        self._write(current, changed, self._batch)
        for account, record in changed.items():
            self._note_answer(account, answers[account], record)

    def _sealed(self, answers: Mapping[str, Change]) -> dict[str, str]:
        """Return the ciphertext of every password that was made."""
        work = {}
        for account, made in answers.items():
            if isinstance(made, Made) and made.kind is Kind.ACCEPTED and made.secret:
                self._tools.learn(made.secret)
                work[account] = self._threads.submit(self._tools.vault.encrypt, made.secret)
        return {account: future.result() for account, future in work.items()}

    def _settled(self, account: str, record: Record, made: Change, ciphertext: str | None) -> Record:
        if not isinstance(made, Made):
            return record
        if record.previous_id is not None and record.previous_id in made.deleted:
            record = records.retired(record)
        if ciphertext is None:
            return records.unanswered(record, made.idle, made.late)
        # Where no answer has a user name, it is the one that it was.
        username = record.username if made.username is None and not self._request.beside else made.username
        credential = Credential(ciphertext, None if username == account else username, made.id)
        return records.issued(
            record,
            credential,
            self._tools.now(),
            self._request.propagation,
            beside=self._request.beside,
            late=made.late,
        )

    def _note_answer(self, account: str, change: Change, record: Record) -> None:
        super()._note_answer(account, change, record)
        if account in self._old and change.kind is Kind.ACCEPTED:
            self._done.actions[account] = "retired"
