# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records that every host uses the stored credentials, so that those before them can be deleted."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Request, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot

SETTLED = "every host uses the stored credential"


def settle(request: Request, tools: Tools, *, check_mode: bool) -> Done:
    """Record that every host uses the stored credential of each account.

    :param request: what the task asks for
    :param tools: what the rotation uses
    :param check_mode: only return what would be done
    :raises InputError: if the stored credential of an account was not tested
    :raises StoreError: if the store cannot be read or written
    """
    tools.vault.check()
    done = Done()
    new = _settled(request, tools, tools.store.read(), done)
    if new and not check_mode:
        tools.store.check_writable()
        lock = StoreLock(tools.store.path, mode=tools.store.mode(), timeout=request.lock_timeout)
        with lock.accounts(request.accounts), lock.store():
            current = tools.store.read()
            new = _settled(request, tools, current, done)
            if new:
                tools.store.write(current, new)
    for account, record in new.items():
        done.note(account, "would_settle" if check_mode else "settled", SETTLED, record)
    return done


def _settled(request: Request, tools: Tools, snapshot: Snapshot, done: Done) -> dict[str, Record]:
    """Return the new record of each account that is not settled, and note all of them as unchanged."""
    new = {}
    for account in request.accounts:
        record = request.record_in(snapshot, account)
        done.before[account] = record
        done.note(account, "unchanged", "that was already recorded", record)
        if not record.is_verified or (record.is_requested and not request.beside):
            raise InputError(
                f"{account}: its stored password was not tested since it was changed, so no host can be settled with "
                "it; test it, record that with state=verified, then run again"
            )
        after = records.settled(record, tools.now())
        if after != record:
            new[account] = after
    return new
