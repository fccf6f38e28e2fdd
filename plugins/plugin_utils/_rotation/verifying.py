# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records the results of tests in the store (C(state=verified)). Makes no API call."""

from __future__ import annotations

from datetime import datetime

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.preflight import check_secrets, clock_skew
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done, Request, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, failed, verified
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written

RECORDED = "its successful test is now recorded"
FAILED = "its failed test is now recorded"
OUTDATED = "its failed test is not recorded because its password has changed since"


def verify(request: Request, tools: Tools, *, check_mode: bool) -> Done:
    """Record successful tests of a task's accounts.

    :param request: what the task asks for
    :param tools: what the rotation uses
    :param check_mode: only return what would be done
    :raises InputError: if an account has no password that could have been tested, or its window is still open
    :raises StoreError: if the store cannot be read or written
    """
    tools.vault.check()
    done = Done()
    first = tools.store.read()
    new = _untested(request, first, request.accounts, tools, done)
    check_secrets(tools, first, [*new, *request.accounts])
    if new:
        tools.store.check_writable()
    if check_mode:
        _note(request, done, new, tools.now())
    elif new:
        lock = StoreLock(tools.store.path, mode=tools.store.mode(), timeout=request.lock_timeout)
        with lock.accounts(new), lock.store():
            current = tools.store.read()
            new = _untested(request, current, new, tools, done)
            now = tools.now()
            changes = {account: _tested(request, account, done.before[account], now) for account in new}
            if changes:
                tools.store.write(current, changes)
            _note(request, done, new, now)
    return done


def _untested(request: Request, snapshot: Snapshot, accounts: list[str], tools: Tools, done: Done) -> list[str]:
    """Return the accounts without a recorded test, and note all of them as unchanged."""
    now = tools.now()
    untested = []
    for account in accounts:
        record = request.record_in(snapshot, account)
        done.skew = max(done.skew, clock_skew(account, record, now, tools.store.name))
        done.before[account] = record
        done.note(account, "unchanged", "its successful test was already recorded", record)
        if account in request.failures:
            outdated = record.is_begun or record.password is None or record.waits_at(now)
            done.reasons[account] = OUTDATED if outdated else FAILED
            untested += [] if outdated else [account]
            continue
        _check(account, record, now, tools.store.name, beside=request.beside)
        settles = record.doubtful_passwords and not record.in_doubt
        if not record.is_verified or settles or record.has_failed:
            untested.append(account)
    return untested


def _check(account: str, record: Record, now: datetime, store: str, *, beside: bool) -> None:
    """Refuse to record a test that cannot have proved anything."""
    if record.staged_password is not None:
        raise InputError(f"{account}: its staged password was not sent yet; run state=present first")
    if record.is_requested and not beside:
        raise InputError(
            f"{account}: a new password was requested, and the answer is not known, so the stored one may not be in "
            "force any more; run state=present first"
        )
    if record.password is None:
        raise InputError(f"{account}: no password is stored in {store}, so none can be verified")
    if record.waits_at(now) and record.effective_at:
        raise InputError(
            f"{account}: its password takes effect at {written(record.effective_at)}; a test before then "
            "proves nothing. Wait, test it, then record the result"
        )


def _tested(request: Request, account: str, record: Record, now: datetime) -> Record:
    failure = request.failures.get(account)
    return verified(record, now) if failure is None else failed(record, now, failure)


def _note(request: Request, done: Done, accounts: list[str], now: datetime) -> None:
    for account in accounts:
        action, reason = ("test_failed", FAILED) if account in request.failures else ("verified", RECORDED)
        done.note(account, action, reason, _tested(request, account, done.before[account], now))
