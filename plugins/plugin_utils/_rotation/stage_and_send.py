# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stages, sends and settles the accounts of one task in batches. Every password is on disk before it is sent."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.batched import Batched
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.outcome import settled
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, staged
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot
from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import WorkerThreads

if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Request, Send, Tools

# How many new passwords to encrypt in advance, while the provider is busy with others.
AHEAD = 2000


class Sending(Batched):
    """Sends the accounts of one task, those with a staged password first.

    :param request: what the task asks for
    :param tools: what the rotation uses
    :param done: collects the outcome for each account
    :param send: sets passwords at the provider
    :param threads: for work that can be done while the provider is busy
    :param again: accounts with a staged password, and its ciphertext
    :param new: accounts that get a new password
    :param opened: ciphertext to password, for all known passwords
    """

    def __init__(
        self,
        request: Request,
        tools: Tools,
        done: Done,
        send: Send,
        threads: WorkerThreads,
        *,
        again: Mapping[str, str],
        new: Sequence[str],
        opened: dict[str, str],
    ) -> None:
        super().__init__(request, tools, done, threads, accounts=[*again, *new], again=again)
        self._send = send
        self._again = dict(again)
        self._unmade = deque(new)
        self._opened = opened
        self._made: dict[str, tuple[str, Future[str]]] = {}

    def _taken(self, size: int) -> dict[str, str]:
        """Return the next accounts with their passwords' ciphertexts, and start making more in the background."""
        accounts = [self._left.popleft() for _n in range(size)]
        self._make(sum(account not in self._again for account in accounts) - len(self._made))
        batch = {account: self._again.get(account) or self._sealed(account) for account in accounts}
        self._make(AHEAD - len(self._made))
        return batch

    def _make(self, more: int) -> None:
        for _n in range(min(more, len(self._unmade))):
            account = self._unmade.popleft()
            plain = self._request.explicit.get(account) or self._tools.generate()
            self._tools.learn(plain)
            self._made[account] = plain, self._threads.submit(self._tools.vault.encrypt, plain)

    def _sealed(self, account: str) -> str:
        plain, work = self._made.pop(account)
        ciphertext = sys.intern(work.result())
        self._opened[ciphertext] = plain
        return ciphertext

    def _called(self) -> Mapping[str, Change]:
        return self._send({account: self._opened[sealed] for account, sealed in self._batch.items()})

    def _settle(self, sent: Mapping[str, str], answers: Mapping[str, Change]) -> None:
        """Settle every account in the current store, whatever others have changed in it meanwhile."""
        now = self._tools.now()
        current = self._tools.store.read()
        records = {}
        for account, ciphertext in sent.items():
            change, record = answers[account], self._request.record_in(current, account)
            records[account] = settled(
                record,
                ciphertext,
                change,
                before=account in self._again,
                now=now,
                propagation=self._request.propagation,
            )
            if change.kind is Kind.ACCEPTED:
                self._done.taken[account] = now
                if record.staged_password != ciphertext:
                    self._warn_of_edits(account)
        self._write(current, records, self._batch)
        for account, record in records.items():
            if sent[account] in record.doubtful_passwords:
                self._done.kept.add(account)
            self._note_answer(account, answers[account], record)

    def _write(self, current: Snapshot, changed: Mapping[str, Record], batch: Mapping[str, str]) -> None:
        """Write the outcome of one batch and stage the next one, in a single write."""
        new = {
            account: staged(self._request.record_in(current, account), ciphertext, self._tools.now())
            for account, ciphertext in batch.items()
            if account not in self._again
        }
        if changed or new:
            self._tools.store.write(current, {**changed, **new})
        for account, record in new.items():
            self._done.note(account, "staged", self._done.reasons[account], record)
