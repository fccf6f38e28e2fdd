# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes the accounts of one task in batches: what is begun is on disk before the provider is called."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.parallel import (
    MOST_FAILURES,
    NOT_SENT,
    NOT_TAKEN,
    consecutive_failures,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.plugin_utils._batches import Batches
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.answers import Answers
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.outcome import action_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot
from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import WorkerThreads

if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Request, Tools


class Batched(ABC):
    """Changes the accounts of one task.

    C(AT_RISK): what becomes of a batch that cannot be written any more, in words.

    :param request: what the task asks for
    :param tools: what the rotation uses
    :param done: collects the outcome for each account
    :param threads: for work that can be done while the provider is busy
    :param accounts: the accounts, in order
    :param again: those for which an earlier run has begun
    """

    AT_RISK = (
        "Every password that was sent is staged in the store; the next run sends it again and completes the rotation"
    )

    def __init__(
        self,
        request: Request,
        tools: Tools,
        done: Done,
        threads: WorkerThreads,
        *,
        accounts: Sequence[str],
        again: Collection[str],
    ) -> None:
        self._request = request
        self._tools = tools
        self._done = done
        self._threads = threads
        self._begun = set(again)
        self._left = deque(accounts)
        self._batches = Batches(len(self._left), tools.concurrency)
        # What is on disk for each account of the batch: a ciphertext or a label.
        self._batch: dict[str, str] = {}
        self._failures = 0

    @abstractmethod
    def _taken(self, size: int) -> dict[str, str]:
        """Return the next accounts, each with what is to be on disk before it is called for."""

    @abstractmethod
    def _called(self) -> Mapping[str, Change]:
        """Call the provider for the batch, and return the outcome for each account."""

    @abstractmethod
    def _settle(self, sent: Mapping[str, str], answers: Mapping[str, Change]) -> None:
        """Settle every account in the current store, and write the next batch, in a single write."""

    @abstractmethod
    def _write(self, current: Snapshot, changed: Mapping[str, Record], batch: Mapping[str, str]) -> None:
        """Write the outcome of one batch and what the next one begins with, in a single write."""

    def stage(self, current: Snapshot, *, everything: bool) -> None:
        """Stage the first batch on disk. The caller holds the store's lock and has just read it.

        :param current: the current store
        :param everything: whether the batch contains all accounts
        """
        self._batch = self._taken(len(self._left) if everything else self._batches.size())
        self._write(current, {}, self._batch)

    def send(self, lock: StoreLock, *, made_file: bool) -> None:
        """Send the staged batch, settle it and stage the next one, until all are done.

        :param lock: the store's lock; the caller holds the accounts
        :param made_file: whether this run created the store, which is removed if it is empty in the end
        :raises StoreError: if the store cannot be written; what was sent is staged in it
        """
        while self._batch:
            sent, answers = self._batch, self._answers()
            halted = self._halt(answers)
            self._batch = {} if halted or not self._left else self._taken(self._batches.size())
            with _naming_accepted(answers, self.AT_RISK), lock.store():
                self._settle(sent, answers)
                if made_file and not self._batch:
                    self._tools.store.remove(self._tools.store.read())
            if halted:
                self._give_up(halted)
            elif self._batch:
                self._tools.tell(self._batches.line())

    def _halt(self, answers: Mapping[str, Change]) -> Change | None:
        """Return why to stop sending, None to continue. The module alone does not know earlier batches."""
        # A module without a result says nothing about the provider.
        if isinstance(answers, Answers) and answers.calling is not None:
            for change in answers.values():
                self._failures = consecutive_failures(self._failures, change)
        decisive = next((change for change in answers.values() if change.stop or not change.sent), None)
        return decisive or (NOT_TAKEN if self._failures >= MOST_FAILURES else None)

    def _answers(self) -> Mapping[str, Change]:
        began = self._tools.clock()
        answers = self._called()
        known = answers if isinstance(answers, Answers) else Answers()
        seconds = self._tools.clock() - began
        self._batches.took(len(self._batch), seconds, known.calling, allowed=known.allowed, burst=known.burst)
        return answers

    def _warn_of_edits(self, account: str) -> None:
        self._done.warnings.append(
            f"{account}: its record was edited while this run changed the password; the password that the "
            f"provider accepted was stored, and the other edits were kept"
        )

    def _note_answer(self, account: str, change: Change, record: Record) -> None:
        reason = self._done.reasons[account] if change.kind is Kind.ACCEPTED else change.message
        self._done.note(account, action_of(change, before=account in self._begun), reason, record)

    def _give_up(self, halted: Change) -> None:
        """Note that the remaining accounts were not tried, because the provider would refuse them too."""
        change = NOT_SENT if halted.sent else halted
        for account in self._left:
            self._note_answer(account, change, self._done.after[account])
        self._done.untried.update(account for account in self._left if account not in self._begun)
        self._left.clear()


@contextlib.contextmanager
def _naming_accepted(answers: Mapping[str, Change], what_now: str) -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        taken = sorted(account for account, change in answers.items() if change.kind is Kind.ACCEPTED)
        raise StoreError(
            f"{error}. The provider has accepted new passwords for: {', '.join(taken) or 'none'}. {what_now}"
        ) from None
