# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When which password is in force."""

from __future__ import annotations

import threading

import pytest
from standin import AccountStore, LoginOutcome, UnknownAccount

ACCOUNT = "1.acme.smtp"
START = 1000.0

# Changes as (seconds, propagation, password), a login as (seconds, password), accepted without and with old_works.
ONE = [(0, 20, "b")]
TWO = [(0, 20, "b"), (10, 20, "c")]
OVERTAKEN = [(0, 20, "b"), (10, 5, "c")]
BACK = [(0, 20, "b"), (10, 20, "a")]
TABLE = [
    pytest.param([], 0, "a", (True, True), "current", False, id="never changed"),
    pytest.param([], 0, "b", (False, False), "wrong", False, id="wrong"),
    pytest.param(ONE, 0, "a", (False, True), "current", True, id="old at the instant of the change"),
    pytest.param(ONE, 0, "b", (False, False), "pending", True, id="new at the instant of the change"),
    pytest.param(ONE, 19.9, "b", (False, False), "pending", True, id="new at the window's end"),
    pytest.param(ONE, 19.9, "x", (False, False), "wrong", True, id="wrong inside the window"),
    pytest.param(ONE, 20, "b", (True, True), "current", False, id="new when the window is over"),
    pytest.param(ONE, 20, "a", (False, False), "previous", False, id="old when the window is over"),
    pytest.param(TWO, 15, "a", (False, True), "current", True, id="two changes: first one in force"),
    pytest.param(TWO, 15, "b", (False, False), "pending", True, id="two changes: second one on its way"),
    pytest.param(TWO, 25, "b", (False, True), "current", True, id="two changes: second one due before the third"),
    pytest.param(TWO, 25, "a", (False, False), "previous", True, id="two changes: first one gone"),
    pytest.param(TWO, 30, "c", (True, True), "current", False, id="two changes: last one wins"),
    pytest.param(TWO, 30, "b", (False, False), "previous", False, id="two changes: second one gone"),
    pytest.param(OVERTAKEN, 15, "c", (True, True), "current", False, id="overtaken: last one is due first"),
    pytest.param(OVERTAKEN, 20, "c", (True, True), "current", False, id="overtaken: earlier change undoes nothing"),
    pytest.param(OVERTAKEN, 20, "b", (False, False), "previous", False, id="overtaken: never in force"),
    pytest.param(BACK, 15, "a", (False, True), "current", True, id="back: in force and on its way"),
    pytest.param(BACK, 30, "a", (True, True), "current", False, id="back: in force again"),
]


def store(changes: list[tuple[float, float, str]], *, old_works: bool) -> AccountStore:
    accounts = AccountStore({ACCOUNT: "a"}, old_works=old_works, clock=lambda: START)
    for seconds, propagation, password in changes:
        accounts.propagation = propagation
        accounts.change(ACCOUNT, password, START + seconds)
    return accounts


@pytest.mark.parametrize("old_works", [False, True])
@pytest.mark.parametrize(("changes", "seconds", "password", "accepted", "which", "in_window"), TABLE)
def test_check(
    changes: list[tuple[float, float, str]],
    seconds: float,
    password: str,
    accepted: tuple[bool, bool],
    which: str,
    in_window: bool,
    old_works: bool,
) -> None:
    """A new password that works at once, or an old one that works for ever: rotations would be proved by nothing."""
    accounts = store(changes, old_works=old_works)
    outcome = accounts.check(ACCOUNT, password, START + seconds)
    assert outcome == LoginOutcome(accepted[old_works], which, in_window)  # type: ignore[arg-type]
    assert accounts.in_window(ACCOUNT, START + seconds) is in_window


@pytest.mark.parametrize("seconds", [5, 50])
@pytest.mark.parametrize(("policy", "effect"), [("accept", "same"), ("refuse", "refused")])
def test_same_password(policy: str, effect: str, seconds: float) -> None:
    """A repeated call that restarts the window: a client that sends the same value again would wait twice."""
    accounts = store(ONE, old_works=False)  # type: ignore[arg-type]
    accounts.same_password = policy  # type: ignore[assignment]
    change = accounts.change(ACCOUNT, "b", START + seconds)
    assert (change.effect, change.changed_at, change.effective_at) == (effect, START, START + 20)
    assert len(accounts.history(ACCOUNT)) == 2


def test_no_propagation() -> None:
    """A window of no length that still refuses the login in the same instant."""
    accounts = store([(0, 0, "b")], old_works=False)
    assert accounts.check(ACCOUNT, "b", START) == LoginOutcome(True, "current", False)


def test_unknown_account() -> None:
    """A change of an account that does not exist must not create it."""
    accounts = AccountStore({ACCOUNT: "a"})
    with pytest.raises(UnknownAccount):
        accounts.change("2.acme.smtp", "b")
    assert accounts.names() == [ACCOUNT] and "2.acme.smtp" not in accounts
    assert accounts.check("2.acme.smtp", "b") == LoginOutcome(False, "wrong", False)
    assert accounts.in_window("2.acme.smtp") is False and accounts.in_window(None) is False


def test_clock_is_used() -> None:
    """A store that looks at the wall clock although it was given another one."""
    now = [START]
    accounts = AccountStore({ACCOUNT: "a"}, propagation=900, clock=lambda: now[0])
    accounts.change(ACCOUNT, "b")
    assert accounts.in_window(ACCOUNT) and accounts.current(ACCOUNT) == "a"
    now[0] += 900
    assert not accounts.in_window(ACCOUNT) and accounts.current(ACCOUNT) == "b"


def test_passwords_are_not_shown() -> None:
    """A password in the text of an object, and so in a failed test's output."""
    accounts = AccountStore({ACCOUNT: "shown-nowhere"})
    assert "shown-nowhere" not in repr([accounts, accounts.history(ACCOUNT)])


def test_threads() -> None:
    """Changes by several threads that get lost."""
    accounts = AccountStore({ACCOUNT: "a"})

    def change(name: str) -> None:
        for number in range(50):
            accounts.change(ACCOUNT, f"{name}{number}")

    threads = [threading.Thread(target=change, args=(name,)) for name in "bcdefghi"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accounts.history(ACCOUNT)) == 1 + 8 * 50
