# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import typing as t
from functools import partial

import pytest
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._provider import parallel
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import Abandoned
from ansible_collections.mailops.smtp.plugins.module_utils._provider.parallel import MOST_FAILURES, NOT_SENT, NOT_TAKEN
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change

DONE = Change(Kind.ACCEPTED, doubt=False, sent=True, message="")
STOP = Change(Kind.REFUSED_ACCESS, doubt=False, sent=True, message="", stop=True)
ACCOUNTS = [f"{number}.acme.smtp" for number in range(9)]


def run(accounts: list[str], change_one: t.Callable[[str], Change], concurrency: int = 1) -> dict[str, Change]:
    """Run a batch whose threads share one function."""
    return parallel.run(accounts, concurrency=concurrency, worker=lambda: change_one)


def test_every_account_in_order() -> None:
    """Catches: an account that is left out, done twice, or told in the order in which it ended."""
    seen: list[str] = []
    outcome = run(ACCOUNTS[::-1], lambda account: (seen.append(account), DONE)[1])  # type: ignore[func-returns-value]
    assert seen == ACCOUNTS[::-1] and list(outcome) == ACCOUNTS[::-1] and set(outcome.values()) == {DONE}


def test_order_does_not_depend_on_who_ends_first() -> None:
    """Catches: results in the order of the answers."""
    last = threading.Event()

    def change_one(account: str) -> Change:
        if account == "b":
            last.set()
        assert last.wait(PATIENCE)
        return DONE

    assert list(run(["a", "b"], change_one, concurrency=2)) == ["a", "b"]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_as_many_at_a_time_as_asked_for(concurrency: int) -> None:
    """Catches: calls one after the other although more were asked for, or more at a time than were asked for."""
    together = threading.Barrier(concurrency)
    lock = threading.Lock()
    active: list[str] = []
    most: list[int] = []

    def change_one(account: str) -> Change:
        with lock:
            active.append(account)
            most.append(len(active))
        together.wait(PATIENCE)
        with lock:
            active.remove(account)
        return DONE

    assert set(run(ACCOUNTS, change_one, concurrency).values()) == {DONE}
    assert max(most) == concurrency


@pytest.mark.parametrize("kind", [Kind.UNKNOWN, Kind.THROTTLED])
def test_provider_that_is_down_stops_the_batch(kind: Kind) -> None:
    """Catches: ten thousand accounts that each wait for all their attempts, while the provider takes none."""
    names = [str(number) for number in range(MOST_FAILURES + 5)]
    outcome = run(names, lambda _account: Change(kind, doubt=True, sent=True, message=""))
    assert [change.sent for change in outcome.values()] == [True] * MOST_FAILURES + [False] * 5
    assert outcome[names[-1]] == NOT_TAKEN


def test_one_answer_among_them_and_it_goes_on() -> None:
    """Catches: a batch that ends although the provider works, only not for every account."""
    names = [str(number) for number in range(3 * MOST_FAILURES)]
    silent = Change(Kind.UNKNOWN, doubt=True, sent=True, message="")
    outcome = run(names, lambda account: DONE if int(account) % MOST_FAILURES == MOST_FAILURES - 1 else silent)
    assert all(change.sent for change in outcome.values())


def test_one_worker_for_each_thread() -> None:
    """Catches: a client, which is not safe for it, shared between threads, or made for every account."""
    together = threading.Barrier(3)
    users: dict[object, set[int]] = {}

    def worker() -> t.Callable[[str], Change]:
        mark = object()
        users[mark] = set()
        return partial(use, mark)

    def use(mark: object, _account: str) -> Change:
        users[mark].add(threading.get_ident())
        together.wait(PATIENCE)
        return DONE

    parallel.run(ACCOUNTS, concurrency=3, worker=worker)
    assert len(users) == 3 and all(len(threads) == 1 for threads in users.values())


def test_no_accounts_and_more_threads_than_accounts() -> None:
    """Catches: a crash at the edges."""
    assert run([], lambda _account: DONE, 8) == {}
    assert run(["a"], lambda _account: DONE, 64) == {"a": DONE}


def test_a_refusal_of_the_keys_ends_the_batch() -> None:
    """Catches: a thousand calls with a key that was refused on the first."""
    said = {"a": DONE, "b": STOP}
    outcome = run(["a", "b", "c", "d"], lambda account: said[account])
    assert outcome == {"a": DONE, "b": STOP, "c": NOT_SENT, "d": NOT_SENT}
    assert not NOT_SENT.sent and not NOT_SENT.doubt and NOT_SENT.kind is Kind.REFUSED_ACCESS


def test_what_had_begun_is_finished() -> None:
    """Catches: a call on its way, dropped because another one's keys were refused."""
    begun, refused = threading.Event(), threading.Event()

    def change_one(account: str) -> Change:
        if account == "a":
            begun.set()
            assert refused.wait(PATIENCE)
            return DONE
        assert begun.wait(PATIENCE)
        refused.set()
        return STOP

    outcome = run(["a", "b", "c"], change_one, concurrency=2)
    assert outcome["a"] == DONE and outcome["b"] == STOP


def test_a_fault_of_our_own_is_unknown() -> None:
    """Catches: a password dropped, or the batch lost, because of a bug; and a secret in that bug's text."""

    def change_one(account: str) -> Change:
        if account == "b":
            raise ValueError("a secret")
        return DONE

    outcome = run(["a", "b", "c"], change_one)
    message = "internal error in mailops.smtp (ValueError); please report it"
    assert outcome == {"a": DONE, "b": Change(Kind.UNKNOWN, doubt=True, sent=True, message=message), "c": DONE}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_was_begun_is_never_told_as_not_tried() -> None:
    """Catches: a password that may have landed, dropped because its thread ended in an unusual way."""

    def change_one(_account: str) -> Change:
        raise SystemExit

    assert run(["a"], change_one)["a"].kind is Kind.UNKNOWN


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_cannot_be_made() -> None:
    """Catches: a fault of our own that is told as the provider's refusal."""

    def worker() -> t.Callable[[str], Change]:
        raise RuntimeError

    try:
        outcome = parallel.run(["a"], concurrency=1, worker=worker)
    except RuntimeError:
        return
    assert "the provider refused" not in outcome["a"].message


def test_batch_that_nobody_waits_for_ends_at_once() -> None:
    """Catches: a module that goes on with its accounts, or waits for a call, after its controller was killed."""
    on_its_way, done = threading.Event(), threading.Event()
    begun: list[str] = []

    def change_one(account: str) -> Change:
        begun.append(account)
        on_its_way.set()
        assert done.wait(30)
        return DONE

    with pytest.raises(Abandoned):
        parallel.run(ACCOUNTS, concurrency=1, worker=lambda: change_one, abandoned=on_its_way.is_set)
    assert begun == ACCOUNTS[:1]
    done.set()
