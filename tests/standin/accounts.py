# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts: their credentials, and which password of each is in force, on its way, or was."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from .passwords import Moment, StoredPassword, Which, at, equal

Effect = Literal["changed", "same", "refused"]
SamePassword = Literal["accept", "refuse"]
SECRET_BYTES = 30


class UnknownAccount(LookupError):
    """There is no account of that name, or no credential of that ID."""


@dataclass(frozen=True)
class LoginOutcome:
    """What became of a login: C(which) password was tried, and whether a change was on its way at that time.

    C(current) is the password in force, the last one that took effect; C(pending) was set, but has not taken effect;
    C(previous) was in force, or was to be, before the current one, or is that of a credential that was deleted.
    C(owner) is the account whose credential it was, as far as the login tells.
    """

    accepted: bool
    which: Which
    in_window: bool
    owner: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Change:
    """The outcome of a request to change a password; the times are those of the newest password."""

    effect: Effect
    changed_at: float
    effective_at: float


@dataclass
class Credential:
    """One way to log in, of an account that may have several side by side."""

    id: str
    owner: str
    username: str
    label: str
    created_at: float
    passwords: list[StoredPassword] = field(repr=False)
    deleted: bool = False


class AccountStore:
    """Accounts, their credentials and their passwords, for several threads.

    Every account begins with one credential, whose label and user name are the account's name.

    :param accounts: name to password
    :param propagation: seconds until a new password takes effect; setting it later concerns later changes only
    :param old_works: whether the password in force is accepted while another one is on its way
    :param same_password: what is said to a change to the value that was set last
    :param login: the user name of all credentials, where they differ by their passwords alone
    :param clock: gives the time in seconds since the epoch, wherever no time is passed
    """

    def __init__(
        self,
        accounts: Mapping[str, str] | None = None,
        *,
        propagation: float = 0.0,
        old_works: bool = False,
        same_password: SamePassword = "accept",
        login: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.propagation = propagation
        self.old_works = old_works
        self.same_password: SamePassword = same_password
        self.login = login
        self.clock = clock
        self._lock = threading.RLock()
        self._of: dict[str, list[Credential]] = {}
        self._history: dict[str, list[StoredPassword]] = {}
        self._by_id: dict[str, Credential] = {}
        self._by_username: dict[str, list[Credential]] = {}
        for name, password in (accounts or {}).items():
            self.add(name, password)

    def add(self, account: str, password: str) -> None:
        """Create an account, or start it anew, with a password that is in force at once."""
        with self._lock:
            for one in self._of.pop(account, []):
                del self._by_id[one.id]
                self._by_username[one.username].remove(one)
            self._history.pop(account, None)
            first = StoredPassword(password, self.clock(), float("-inf"))
            self._keep(account, self.login or account, account, first)

    def create(self, account: str, label: str) -> tuple[Credential, str]:
        """Make another credential, beside those that the account has, and return it and its password.

        It takes effect like any new password. An account that does not exist comes into being by it.
        """
        with self._lock:
            now, password = self.clock(), secrets.token_urlsafe(SECRET_BYTES)
            username = self.login or f"smtp-{secrets.token_hex(6)}"
            made = self._keep(account, username, label, StoredPassword(password, now, now + self.propagation))
            return made, password

    def delete(self, credential_id: str) -> Credential:
        """Delete a credential, and return it; no login with it is accepted any more.

        :raises UnknownAccount: if there is no such credential, or none any more
        """
        with self._lock:
            found = self.credential(credential_id)
            found.deleted = True
            return found

    def credential(self, credential_id: str) -> Credential:
        """Return a credential.

        :raises UnknownAccount: if there is no such credential, or none any more
        """
        with self._lock:
            found = self._by_id.get(credential_id)
            if found is None or found.deleted:
                raise UnknownAccount(credential_id)
            return found

    def owner(self, credential_id: str) -> str | None:
        """Return the account that a credential is of, or was of; None if there never was such a credential."""
        with self._lock:
            found = self._by_id.get(credential_id)
            return found.owner if found else None

    def credentials(self, account: str | None = None) -> list[Credential]:
        """Return the credentials that there are, of one account or of all, in the order in which they were made."""
        with self._lock:
            every = self._by_id.values() if account is None else self._of.get(account, [])
            return [one for one in every if not one.deleted]

    def regenerate(self, account: str, now: float | None = None) -> str:
        """Make a new password in place of the account's own, and return it.

        :raises UnknownAccount: if there is no such account
        """
        password = secrets.token_urlsafe(SECRET_BYTES)
        self.change(account, password, now)
        return password

    def names(self) -> list[str]:
        """Return the accounts' names, sorted."""
        with self._lock:
            return sorted(self._of)

    def __contains__(self, account: object) -> bool:
        with self._lock:
            return account in self._of

    def change(self, account: str, new_password: str, now: float | None = None) -> Change:
        """Set a new password; the value that was set last changes nothing and restarts no window.

        :param now: seconds since the epoch
        :raises UnknownAccount: if there is no such account
        """
        with self._lock:
            now = self.clock() if now is None else now
            passwords = self._newest(account).passwords
            newest = passwords[-1]
            if equal(newest.password, new_password):
                effect: Effect = "same" if self.same_password == "accept" else "refused"
                return Change(effect, newest.changed_at, newest.effective_at)
            passwords.append(StoredPassword(new_password, now, now + self.propagation))
            self._history[account].append(passwords[-1])
            return Change("changed", now, passwords[-1].effective_at)

    def check(self, username: str, password: str, now: float | None = None) -> LoginOutcome:
        """Return what a login with that password is told; an unknown user name is a wrong password.

        :param now: seconds since the epoch
        """
        with self._lock:
            known = self._by_username.get(username, [])
            outcomes = [self._checked(one, password, now) for one in known]
            told = [one for one in outcomes if one.which != "wrong"] or outcomes
            # Where several share a user name, the one that is in force is the one that was meant.
            return max(told, key=lambda one: one.accepted, default=LoginOutcome(False, "wrong", False))

    def in_window(self, account: str | None, now: float | None = None) -> bool:
        """Return whether a change of the account is on its way; no window for an account that does not exist."""
        with self._lock:
            return account in self._of and bool(self._at(self._newest(str(account)), now).pending)

    def current(self, account: str, now: float | None = None) -> str:
        """Return the password in force, of the newest credential.

        :raises UnknownAccount: if there is no such account, or nothing of it in force
        """
        with self._lock:
            found = self._at(self._newest(account), now).current
            if found is None:
                raise UnknownAccount(account)
            return found

    def history(self, account: str) -> list[StoredPassword]:
        """Return every password that the account ever had, the newest last.

        :raises UnknownAccount: if there is no such account
        """
        with self._lock:
            if account not in self._of:
                raise UnknownAccount(account)
            return list(self._history[account])

    def _keep(self, account: str, username: str, label: str, first: StoredPassword) -> Credential:
        made = Credential(str(uuid.uuid4()), account, username, label, first.changed_at, [first])
        self._of.setdefault(account, []).append(made)
        self._history.setdefault(account, []).append(first)
        self._by_id[made.id] = made
        self._by_username.setdefault(username, []).append(made)
        return made

    def _newest(self, account: str) -> Credential:
        held = self._of.get(account)
        if not held:
            raise UnknownAccount(account)
        return next((one for one in reversed(held) if not one.deleted), held[-1])

    def _checked(self, one: Credential, password: str, now: float | None) -> LoginOutcome:
        moment = self._at(one, now)
        which, in_window = moment.which(password), bool(moment.pending)
        if one.deleted:
            return LoginOutcome(False, "wrong" if which == "wrong" else "previous", False, one.owner)
        accepted = which == "current" and (self.old_works or not in_window)
        return LoginOutcome(accepted, which, in_window, one.owner)

    def _at(self, one: Credential, now: float | None) -> Moment:
        return at(one.passwords, self.clock() if now is None else now)
