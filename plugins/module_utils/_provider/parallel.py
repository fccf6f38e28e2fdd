# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes many accounts in parallel, until the provider refuses all further calls."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import Abandoned
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change

# Seconds between two checks whether the controller is still there.
POLL_INTERVAL = 0.2
NOT_SENT = Change(
    kind=Kind.REFUSED_ACCESS,
    doubt=False,
    sent=False,
    message="not tried because the provider refused the keys or the IP address for an earlier account",
)
# After this many consecutive accounts without a definite answer, each after all its attempts, no more are tried.
MOST_FAILURES = 20
NOT_TAKEN = Change(
    kind=Kind.REFUSED_ACCESS,
    doubt=False,
    sent=False,
    message=f"not tried because the provider accepted none of the {MOST_FAILURES} accounts before it; run again later",
)


def consecutive_failures(before: int, change: Change) -> int:
    """Return how many consecutive accounts had no definite answer, including this one.

    :param before: the number before this account
    :param change: this account's outcome
    """
    return before + 1 if change.kind in (Kind.UNKNOWN, Kind.THROTTLED) else 0


class _Stop:
    """Decides when nothing more is sent, and why."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self.happened = threading.Event()
        self.rest = NOT_SENT

    def note(self, change: Change) -> None:
        """Note an account's outcome."""
        with self._lock:
            self._failures = consecutive_failures(self._failures, change)
            if change.stop:
                self.rest = NOT_SENT
            elif self._failures == MOST_FAILURES:
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
    """Change every account, and return the outcome of each.

    The batch stops if the keys are refused, or after many consecutive accounts without a definite answer. Accounts that
    were not begun are then not sent.

    :param accounts: the accounts, in order
    :param concurrency: how many to change at the same time
    :param worker: makes, for each thread, the function that changes one account
    :param abandoned: returns whether the controller has gone
    :raises Abandoned: if it has; calls in progress then end with the process
    """
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for account in accounts:
        waiting.put(account)
    done: dict[str, Change] = {}
    stop = _Stop()

    def work() -> None:
        change_one = _start(worker)
        while not stop.happened.is_set():
            try:
                account = waiting.get_nowait()
            except queue.Empty:
                return
            done[account] = _changed(change_one, account)
            stop.note(done[account])

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
            thread.join(POLL_INTERVAL)
            if abandoned():
                raise Abandoned


def _start(worker: Callable[[], Callable[[str], Change]]) -> Callable[[str], Change]:
    try:
        return worker()
    except BaseException as error:  # noqa: BLE001  (reported for every account)
        failure = error

        def fail(_account: str) -> Change:
            raise failure

        return fail


def _changed(change_one: Callable[[str], Change], account: str) -> Change:
    """Change one account; a bug of ours counts as an unknown outcome, so that the password is kept."""
    try:
        return change_one(account)
    except BaseException as error:  # noqa: BLE001  (whatever it is, the outcome is unknown)
        message = f"internal error in mailops.smtp ({type(error).__name__}); please report it"
        return Change(kind=Kind.UNKNOWN, doubt=True, sent=True, message=message)
