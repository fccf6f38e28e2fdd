# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes given passwords into the store without telling the provider (C(state=adopted)). Makes no API call."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.adoption import Adoption, Given, adoption
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.preflight import clock_skew
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Request, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot
from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import map_in_threads

NOT_MADE = "(not made in check mode)"


def adopt(request: Request, tools: Tools, *, check_mode: bool) -> Done:
    """Store the passwords of a task as the ones in force.

    :param request: what the task asks for
    :param tools: what the rotation uses
    :param check_mode: only return what would be done
    :raises InputError: if an account has another password staged; nothing was changed
    :raises StoreError: if the store cannot be read or written; nothing was changed
    """
    return _Adopting(request, tools).run(check_mode=check_mode)


class _Adopting:
    """The adoption of one task's passwords."""

    def __init__(self, request: Request, tools: Tools) -> None:
        self._request = request
        self._tools = tools
        self._done = Done()
        self._opened: dict[str, str | None] = {}
        self._made: dict[str, str] = {}

    def run(self, *, check_mode: bool) -> Done:
        self._tools.vault.check()
        store = self._tools.store
        busy = self._look(store.read(), self._request.accounts, lambda _account: NOT_MADE)
        if busy:
            store.check_writable()
        if busy and not check_mode:
            lock = StoreLock(store.path, mode=store.mode(), timeout=self._request.lock_timeout)
            with lock.accounts(busy):
                # The keys are derived before other runs have to wait for the file.
                self._prepare(busy)
                with lock.store():
                    self._commit(store.read(), busy)
        return self._done

    def _commit(self, current: Snapshot, accounts: list[str]) -> None:
        busy = self._look(current, accounts, self._encrypted)
        if busy:
            self._tools.store.write(current, {account: self._done.after[account] for account in busy})

    def _look(self, snapshot: Snapshot, accounts: list[str], seal: Callable[[str], str]) -> list[str]:
        """Note what becomes of each account, and return those that change."""
        self._open(snapshot, accounts)
        self._done.warnings.clear()
        for account in accounts:
            record, found = self._adoption(snapshot, account, seal)
            self._done.before[account] = record
            action = "unchanged" if found.record == record else "adopted"
            self._done.note(account, action, found.reason, found.record)
            if action == "adopted":
                self._warn(account, found)
        return [account for account in accounts if self._done.actions[account] == "adopted"]

    def _warn(self, account: str, found: Adoption) -> None:
        breach = self._request.breaches.get(account)
        if breach:
            self._done.warnings.append(
                f"{account}: the given password breaks a rule of the provider ({breach}); adopted all the same, "
                "because it may be in force"
            )
        if found.caution:
            self._done.warnings.append(
                f"{account}: {found.caution}; the stored one is now previous_password. If this task was left over by "
                "mistake, remove it and adopt the other one again"
            )

        if found.nameless:
            self._done.warnings.append(
                f"{account}: the ID of the given password's credential is not known, so it stays at the provider after "
                "another one has replaced it; set logins"
            )

    def _adoption(self, snapshot: Snapshot, account: str, seal: Callable[[str], str]) -> tuple[Record, Adoption]:
        now, store = self._tools.now(), self._tools.store
        record = self._request.record_in(snapshot, account)
        self._done.skew = max(self._done.skew, clock_skew(account, record, now, store.name))
        given = Given(
            self._stored(account, record) or seal(account),
            self._request.changed_at,
            self._request.logins.get(account),
            beside=self._request.beside,
        )
        return record, adoption(account, record, given, now, self._request.propagation)

    def _stored(self, account: str, record: Record) -> str | None:
        """Return the store's own ciphertext of the password given for an account, None if it does not have it."""
        plain = self._request.explicit[account]
        return next((ciphertext for _name, ciphertext in _kept(record) if self._opened[ciphertext] == plain), None)

    def _encrypted(self, account: str) -> str:
        if account not in self._made:
            self._made[account] = self._tools.vault.encrypt(self._request.explicit[account])
        return self._made[account]

    def _prepare(self, accounts: list[str]) -> None:
        map_in_threads(self._encrypted, [one for one in accounts if self._done.after[one].password == NOT_MADE])

    def _open(self, snapshot: Snapshot, accounts: list[str]) -> None:
        """Decrypt what the store keeps of the accounts, once."""
        closed = {
            ciphertext: (account, name, ciphertext)
            for account in accounts
            for name, ciphertext in _kept(snapshot.document.record(account))
            if ciphertext not in self._opened
        }
        plains = map_in_threads(self._decrypted, list(closed.values()))
        self._opened.update(zip(closed, plains, strict=True))
        for plain in filter(None, plains):
            self._tools.learn(plain)

    def _decrypted(self, secret: tuple[str, str, str]) -> str | None:
        account, name, ciphertext = secret
        # Older values may be of an identity that is not in use any more.
        with contextlib.suppress(*() if name in ("password", "staged_password") else (StoreError,)):
            return self._tools.vault.decrypt(ciphertext, f"{self._tools.store.name}: {name} of {account}")
        return None


def _kept(record: Record) -> list[tuple[str, str]]:
    """Return the fields with a password, in the order in which a given one is held against them.

    The staged one comes first: to adopt it settles it, also if it is the stored one too.
    """
    fields = [("staged_password", record.staged_password), ("password", record.password)]
    fields += [("doubtful_passwords", ciphertext) for ciphertext in record.doubtful_passwords]
    fields += [("previous_password", record.previous_password)]
    return [(name, ciphertext) for name, ciphertext in fields if ciphertext is not None]
