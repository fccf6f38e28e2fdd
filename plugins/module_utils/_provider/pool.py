# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many accounts beside each other, until the provider says that nobody may go on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.attempts import Change
from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import Abandoned

# Seconds between two looks whether anybody still waits for the outcome.
GLANCE = 0.2
NOT_SENT = Change(
    kind=Kind.REFUSED_ACCESS,
    doubt=False,
    sent=False,
    message="not tried because the provider refused the keys or the IP address for an earlier account",
)
# So many accounts one after the other that came to nothing, and no more are tried: each of them took all its attempts.
IN_A_ROW = 20
NOT_TAKEN = Change(
    kind=Kind.REFUSED_ACCESS,
    doubt=False,
    sent=False,
    message=f"not tried because the provider accepted none of the {IN_A_ROW} accounts before it; run again later",
)


def in_a_row(before: int, change: Change) -> int:
    """Return how many accounts one after the other came to nothing, with this one.

    :param before: how many did before it
    :param change: what it came to
    """
    return before + 1 if change.kind in (Kind.UNKNOWN, Kind.THROTTLED) else 0


class _Stop:
    """Says when nothing more is to be sent, and why."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_a_row = 0
        self.happened = threading.Event()
        self.rest = NOT_SENT

    def judge(self, change: Change) -> None:
        """Take note of what an account came to."""
        with self._lock:
            self._in_a_row = in_a_row(self._in_a_row, change)
            if change.stop:
                self.rest = NOT_SENT
            elif self._in_a_row == IN_A_ROW:
                self.rest = NOT_TAKEN
            else:
                return
            self.happened.set()


def run(
    accounts: list[str],
    *,
    concurrency: int,
    worker: Callable[[], Callable[[str], Change]],
    abandoned: Callable[[], bool] = lambda: False,
) -> dict[str, Change]:
    """Change every account, and return what each came to.

    A refusal of the keys stops the batch, and so do many accounts in a row without a definite answer: what was not
    begun is not sent.

    :param accounts: the accounts, in order
    :param concurrency: how many at the same time
    :param worker: makes, for each thread, the function that changes one account
    :param abandoned: tells whether nobody waits for the outcome any more
    :raises Abandoned: if that is so; what is on its way then ends with the process
    """
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for account in accounts:
        waiting.put(account)
    done: dict[str, Change] = {}
    stop = _Stop()

    def work() -> None:
        change_one = _made(worker)
        while not stop.happened.is_set():
            try:
                account = waiting.get_nowait()
            except queue.Empty:
                return
            done[account] = _safe(change_one, account)
            stop.judge(done[account])

    threads = [threading.Thread(target=work, daemon=True) for _n in range(max(1, min(concurrency, len(accounts))))]
    for thread in threads:
        thread.start()
    try:
        _wait(threads, abandoned)
    finally:
        stop.happened.set()
    return {account: done.get(account, stop.rest) for account in accounts}


def _wait(threads: list[threading.Thread], abandoned: Callable[[], bool]) -> None:
    for thread in threads:
        while thread.is_alive():
            thread.join(GLANCE)
            if abandoned():
                raise Abandoned


def _made(worker: Callable[[], Callable[[str], Change]]) -> Callable[[str], Change]:
    try:
        return worker()
    except BaseException as error:  # noqa: BLE001  (told of every account)
        failure = error

        def fail(_account: str) -> Change:
            raise failure

        return fail


def _safe(change_one: Callable[[str], Change], account: str) -> Change:
    """Turn a fault of our own into an unknown outcome: then the password is kept."""
    try:
        return change_one(account)
    except BaseException as error:  # noqa: BLE001  (whatever it is, the outcome is unknown)
        message = f"internal error in mailops.smtp ({type(error).__name__}); please report it"
        return Change(kind=Kind.UNKNOWN, doubt=True, sent=True, message=message)
