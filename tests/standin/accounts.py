# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts: which password is in force, which one is on its way, and which ones were."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Literal

Which = Literal["current", "previous", "pending", "wrong"]
Effect = Literal["changed", "same", "refused"]
SamePassword = Literal["accept", "refuse"]


class UnknownAccount(LookupError):
    """There is no account of that name."""


@dataclass(frozen=True)
class LoginOutcome:
    """What became of a login: C(which) password was tried, and whether a change was on its way at that time.

    C(current) is the password in force, the last one that took effect; C(pending) was set, but has not taken effect;
    C(previous) was in force, or was to be, before the current one.
    """

    accepted: bool
    which: Which
    in_window: bool


@dataclass(frozen=True)
class StoredPassword:
    """A password, when it was set and when it takes effect, in seconds since the epoch."""

    password: str = field(repr=False)
    changed_at: float
    effective_at: float


@dataclass(frozen=True)
class Change:
    """The outcome of a request to change a password; the times are those of the newest password."""

    effect: Effect
    changed_at: float
    effective_at: float


@dataclass(frozen=True)
class _Moment:
    """An account at one instant."""

    previous: list[str]
    current: str
    pending: list[str]


class AccountStore:
    """Accounts and their passwords, for several threads.

    :param accounts: name to password
    :param propagation: seconds until a new password takes effect; setting it later concerns later changes only
    :param old_works: whether the password in force is accepted while another one is on its way
    :param same_password: what is said to a change to the value that was set last
    :param clock: gives the time in seconds since the epoch, wherever no time is passed
    """

    def __init__(
        self,
        accounts: Mapping[str, str] | None = None,
        *,
        propagation: float = 0.0,
        old_works: bool = False,
        same_password: SamePassword = "accept",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.propagation = propagation
        self.old_works = old_works
        self.same_password: SamePassword = same_password
        self.clock = clock
        self._lock = threading.RLock()
        self._passwords: dict[str, list[StoredPassword]] = {}
        for name, password in (accounts or {}).items():
            self.add(name, password)

    def add(self, account: str, password: str) -> None:
        """Create an account, or start it anew, with a password that is in force at once."""
        with self._lock:
            self._passwords[account] = [StoredPassword(password, self.clock(), float("-inf"))]

    def names(self) -> list[str]:
        """Return the accounts' names, sorted."""
        with self._lock:
            return sorted(self._passwords)

    def __contains__(self, account: object) -> bool:
        with self._lock:
            return account in self._passwords

    def change(self, account: str, new_password: str, now: float | None = None) -> Change:
        """Set a new password; the value that was set last changes nothing and restarts no window.

        :param now: seconds since the epoch
        :raises UnknownAccount: if there is no such account
        """
        with self._lock:
            now = self.clock() if now is None else now
            passwords = self._of(account)
            newest = passwords[-1]
            if _equal(newest.password, new_password):
                effect: Effect = "same" if self.same_password == "accept" else "refused"
                return Change(effect, newest.changed_at, newest.effective_at)
            passwords.append(StoredPassword(new_password, now, now + self.propagation))
            return Change("changed", now, passwords[-1].effective_at)

    def check(self, account: str, password: str, now: float | None = None) -> LoginOutcome:
        """Return what a login with that password is told; an unknown account is a wrong password.

        :param now: seconds since the epoch
        """
        with self._lock:
            if account not in self._passwords:
                return LoginOutcome(False, "wrong", False)
            moment = self._at(account, now)
            which = _which(moment, password)
            in_window = bool(moment.pending)
            accepted = which == "current" and (self.old_works or not in_window)
            return LoginOutcome(accepted, which, in_window)

    def in_window(self, account: str | None, now: float | None = None) -> bool:
        """Return whether a change of the account is on its way; no window for an account that does not exist."""
        with self._lock:
            return account in self._passwords and bool(self._at(str(account), now).pending)

    def current(self, account: str, now: float | None = None) -> str:
        """Return the password in force.

        :raises UnknownAccount: if there is no such account
        """
        with self._lock:
            return self._at(account, now).current

    def history(self, account: str) -> list[StoredPassword]:
        """Return every password of the account, the newest last.

        :raises UnknownAccount: if there is no such account
        """
        with self._lock:
            return list(self._of(account))

    def _of(self, account: str) -> list[StoredPassword]:
        try:
            return self._passwords[account]
        except KeyError:
            raise UnknownAccount(account) from None

    def _at(self, account: str, now: float | None) -> _Moment:
        now = self.clock() if now is None else now
        passwords = self._of(account)
        # The newest one that is due, not the one that is due last: a later change is never undone by an earlier one.
        index = max((n for n, one in enumerate(passwords) if one.effective_at <= now), default=0)
        values = [one.password for one in passwords]
        return _Moment(values[:index], values[index], values[index + 1 :])


def _which(moment: _Moment, password: str) -> Which:
    if _equal(moment.current, password):
        return "current"
    if any(_equal(one, password) for one in moment.pending):
        return "pending"
    return "previous" if any(_equal(one, password) for one in moment.previous) else "wrong"


def _equal(one: str, other: str) -> bool:
    return compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
