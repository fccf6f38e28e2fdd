# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task on the store as a whole: rekey its values, rename accounts. One write, so all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.edit import edited
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.leftovers import tidy
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.rekey import (
    Aim,
    Fate,
    Opener,
    Value,
    fate,
    foreign_in,
    identities_in,
    identity_of,
    rekeyed,
    values_of,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.renaming import pending, renamed
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot, Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Opened, label_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import map_in_threads

MOST_NAMED = 10
WHOLE = "the file as a whole"


@dataclass(frozen=True)
class Request:
    """A task's checked options. C(rekey): whether values are rekeyed; C(old): the old identity, None for any."""

    rekey: bool
    old: str | None
    names: Mapping[str, str]
    lock_timeout: float


@dataclass
class Done:
    """What a task does, or would do.

    C(rekeyed): the values, with their identity of before. C(left): the values that stay as they are, because they are
    of another identity or not of the store. C(identities): how many passwords name which identity.
    """

    rekeyed: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    identities: dict[str, int] = field(default_factory=dict)
    same_password: bool = False

    @property
    def changed(self) -> bool:
        """Return whether anything has changed."""
        return bool(self.rekeyed or self.renamed)


def run(request: Request, store: Store, learn: Callable[[str], None], *, check_mode: bool) -> Done:
    """Do what a task asks for, and return what was done.

    :param request: what the task asks for
    :param store: the store
    :param learn: receives every secret, to scrub it from results
    :param check_mode: only return what would be done
    :raises InputError: if the request is refused; nothing was changed
    :raises StoreError: if the store cannot be read or written, or a value cannot be opened; nothing was changed
    """
    return _Upkeep(request, store, learn).run(check_mode=check_mode)


class _Upkeep:
    """One task on a store."""

    def __init__(self, request: Request, store: Store, learn: Callable[[str], None]) -> None:
        self._request = request
        self._store = store
        self._learn = learn
        self._opened: dict[str, Opened | None] = {}
        self._sealed: dict[str, str] = {}
        self._aim = self._checked_aim() if request.rekey else None

    def _checked_aim(self) -> Aim:
        vault, old = self._store.vault, self._request.old
        new, password = vault.encrypts_with
        self._new, self._old = password, vault.passwords_of(old) if old is not None else set()
        if old == new:
            self._old = self._old - {password}
        elif password in self._old:
            raise InputError(f"old_vault_id: {old} and {new} have the same password; load another one for {new}")
        return Aim(new, old, bool(self._old))

    def run(self, *, check_mode: bool) -> Done:
        first = self._store.read()
        if first.data is None:
            raise InputError(f"{self._store.name} does not exist; vault_file must name the store")
        done = self._looked(first)
        if check_mode or not done.changed:
            if not check_mode and self._store.has_leftovers():
                tidy(self._store, "")
            return done
        self._store.check_writable()
        lock = StoreLock(self._store.path, mode=self._store.mode(), timeout=self._request.lock_timeout)
        while True:
            locked = self._concerned(first.document)
            with lock.accounts(locked):
                # The keys are derived before other runs have to wait for the file.
                self._prepare(first)
                with lock.store():
                    current = self._store.read()
                    if self._concerned(current.document) <= locked:
                        return self._commit(current)
            # Another run has added accounts, and may be at work on them.
            first = current

    def _concerned(self, document: Document) -> set[str]:
        """Return the accounts that no other run may be at work on."""
        names = {*self._request.names, *self._request.names.values()}
        return names | set(document.entries) if self._request.rekey else names

    # -- look and decide

    def _looked(self, snapshot: Snapshot) -> Done:
        document = snapshot.document
        done = Done(identities=identities_in(document))
        done.renamed = pending(document, self._request.names, self._store.name)
        if self._aim is not None:
            self._decide(snapshot, self._aim, done)
        return done

    def _decide(self, snapshot: Snapshot, aim: Aim, done: Done) -> None:
        fates = self._fates(snapshot, aim)
        closed = [value for value, found in fates if found is Fate.CLOSED]
        if closed:
            raise self._cannot_open(closed)
        named = {identity_of(value.ciphertext) for value, _fate in fates}
        if aim.old is not None and not aim.old_is_loaded and aim.old not in named:
            raise InputError(
                f"old_vault_id: no Vault secret with the identity {aim.old!r} is loaded, and no value in "
                f"{self._store.name} names it"
            )
        done.rekeyed = {value.name: identity_of(value.ciphertext) for value, found in fates if found is Fate.REKEYED}
        done.left = [value.name for value, found in fates if found is Fate.LEFT] + foreign_in(snapshot.document)
        done.same_password = any(
            found is Fate.REKEYED and self._password_of(value) == self._new for value, found in fates
        )

    def _fates(self, snapshot: Snapshot, aim: Aim) -> list[tuple[Value, Fate]]:
        values = _values(snapshot)
        closed = list(dict.fromkeys(value.ciphertext for value in values if value.ciphertext not in self._opened))
        for ciphertext, opened in zip(closed, map_in_threads(self._store.vault.opened, closed), strict=True):
            self._opened[ciphertext] = opened
            if opened is not None and ciphertext != snapshot.envelope:
                self._learn(opened.plain)
        return [(value, fate(label_of(value.ciphertext), self._opener(value), aim)) for value in values]

    def _opener(self, value: Value) -> Opener | None:
        password = self._password_of(value)
        return None if password is None else Opener(is_new=password == self._new, is_old=password in self._old)

    def _password_of(self, value: Value) -> bytes | None:
        opened = self._opened[value.ciphertext]
        return None if opened is None else opened.password

    def _cannot_open(self, closed: list[Value]) -> StoreError:
        names = [f"{value.name} (Vault identity {identity_of(value.ciphertext)})" for value in closed[:MOST_NAMED]]
        more = f" and {len(closed) - MOST_NAMED} more" if len(closed) > MOST_NAMED else ""
        return StoreError(
            f"{self._store.name}: {len(closed)} values cannot be opened with the loaded Vault secrets, so nothing was "
            f"changed: {', '.join(names)}{more}; load the old secret as well, beside the new one"
        )

    # -- do

    def _prepare(self, snapshot: Snapshot) -> None:
        if self._aim is not None:
            todo = {
                value.ciphertext: value
                for value, found in self._fates(snapshot, self._aim)
                if found is Fate.REKEYED and value.name != WHOLE
            }
            map_in_threads(self._resealed, list(todo.values()))

    def _resealed(self, value: Value) -> str:
        if value.ciphertext not in self._sealed:
            opened = self._opened[value.ciphertext]
            self._sealed[value.ciphertext] = self._store.vault.encrypt(opened.plain) if opened else value.ciphertext
        return self._sealed[value.ciphertext]

    def _commit(self, current: Snapshot) -> Done:
        done = self._looked(current)
        todo = set(done.rekeyed)
        new = {value.ciphertext: self._resealed(value) for value in values_of(current.document) if value.name in todo}
        document = edited(current.document, rekeyed(current.document, new), self._store.name)
        document = renamed(document, done.renamed, self._store.name) if done.renamed else document
        self._store.write_document(current, document, reseal=WHOLE in todo)
        done.identities = identities_in(document)
        return done


def _values(snapshot: Snapshot) -> list[Value]:
    whole = [] if snapshot.envelope is None else [Value(WHOLE, snapshot.envelope)]
    return whole + values_of(snapshot.document)
