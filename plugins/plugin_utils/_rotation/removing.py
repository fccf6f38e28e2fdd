# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removes accounts from the store (C(state=absent)). Makes no API call, and decrypts nothing."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.removal import MISSING, given_up, reason_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Request, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot


def remove(request: Request, tools: Tools, *, check_mode: bool) -> Done:
    """Remove a task's accounts from the store.

    :param request: what the task asks for
    :param tools: what the rotation uses
    :param check_mode: only return what would be done
    :raises InputError: if an account is not settled and the task does not force it; nothing was changed
    :raises StoreError: if the store cannot be read or written; nothing was changed
    """
    done, store = Done(), tools.store
    there = _look(request, store.read(), request.accounts, tools, done)
    if there:
        store.check_writable()
    if there and not check_mode:
        lock = StoreLock(store.path, mode=store.mode(), timeout=request.lock_timeout)
        with lock.accounts(there), lock.store():
            current = store.read()
            there = _look(request, current, there, tools, done)
            if there:
                store.write(current, dict.fromkeys(there))
    return done


def _look(request: Request, snapshot: Snapshot, accounts: list[str], tools: Tools, done: Done) -> list[str]:
    """Note what becomes of each account, and return those that the store has."""
    document, now = snapshot.document, tools.now()
    for account in accounts:
        record = request.record_in(snapshot, account)
        done.before[account] = record
        if account in document.entries:
            losses = given_up(account, record, document.senders, now)
            done.note(account, "removed", reason_of(account, losses, force=request.force), Record())
        else:
            done.note(account, "unchanged", MISSING, record)
    return [account for account in accounts if account in document.entries]
