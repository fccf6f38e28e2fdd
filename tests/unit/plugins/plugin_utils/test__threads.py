# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import WorkerThreads, map_in_threads


@pytest.mark.parametrize("arguments", [[], [1], [1, 2, 3], list(range(50))])
def test_results_come_in_the_order_of_the_arguments(arguments: list[int]) -> None:
    """Catches: one account's password given to another because its thread was quicker."""
    assert map_in_threads(lambda number: number * 2, arguments) == [number * 2 for number in arguments]


def test_the_first_failure_is_raised() -> None:
    """Catches: a value that could not be decrypted, passed over because others could."""

    def fail(number: int) -> int:
        if number % 2:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match=r"^1$"):
        map_in_threads(fail, range(6))


def test_a_single_call_needs_no_thread() -> None:
    """Catches: threads that are started for one account, which most tasks have."""
    assert map_in_threads(lambda _one: threading.current_thread(), ["a"]) == [threading.current_thread()]


def test_calls_that_were_not_begun_end_with_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a run that fails, and encrypts two thousand more passwords before it says so."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0})
    started, gate, begun = threading.Event(), threading.Event(), []

    def work(number: int) -> None:
        begun.append(number)
        started.set()
        gate.wait(60)

    with WorkerThreads(3) as threads:
        futures = [threads.submit(work, number) for number in range(3)]
        started.wait(60)
        # Whatever is still waiting is cancelled while the first call runs; only then may that one end.
        futures[-1].add_done_callback(lambda _future: gate.set())
    assert begun == [0] and [future.cancelled() for future in futures] == [False, True, True]
