# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many accounts beside each other, until the provider says that nobody may go on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.module_utils._answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._attempts import Change
from ansible_collections.mailops.smtp.plugins.module_utils._audience import Abandoned

# Seconds between two looks whether anybody still waits for the outcome.
GLANCE = 0.2
NOT_SENT = Change(
    kind=Kind.REFUSED_ACCESS,
    doubt=False,
    sent=False,
    message="not tried, because the provider refused the keys or the address on an account before it",
)


def run(
    accounts: list[str],
    *,
    concurrency: int,
    worker: Callable[[], Callable[[str], Change]],
    abandoned: Callable[[], bool] = lambda: False,
) -> dict[str, Change]:
    """Change every account, and return what each came to.

    A refusal of the keys stops the batch: what was not begun is not sent.

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
    stopped = threading.Event()

    def work() -> None:
        change_one = _made(worker)
        while not stopped.is_set():
            try:
                account = waiting.get_nowait()
            except queue.Empty:
                return
            done[account] = _safe(change_one, account)
            if done[account].stop:
                stopped.set()

    threads = [threading.Thread(target=work, daemon=True) for _n in range(max(1, min(concurrency, len(accounts))))]
    for thread in threads:
        thread.start()
    try:
        _wait(threads, abandoned)
    finally:
        stopped.set()
    return {account: done.get(account, NOT_SENT) for account in accounts}


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
        message = f"an error in mailops.smtp ({type(error).__name__}); please report it"
        return Change(kind=Kind.UNKNOWN, doubt=True, sent=True, message=message)
