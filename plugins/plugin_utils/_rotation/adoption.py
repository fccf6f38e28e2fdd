# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides what becomes of an account's record if a password that somebody else has set is adopted. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, adopted
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written


@dataclass(frozen=True)
class Login:
    """What belongs to a password that the provider made: the user name, None for the account's own name, and the ID."""

    username: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Given:
    """A password to adopt: its ciphertext, which is the store's own if the store has that password already.

    C(changed_at), C(login): when it was set, and what belongs to it, None if the task does not say. C(beside): whether
    the provider can have several for the account.
    """

    ciphertext: str
    changed_at: datetime | None
    login: Login | None = None
    beside: bool = False


@dataclass(frozen=True)
class Adoption:
    """The record after it, why, and a warning if the password seems to be an old one.

    C(nameless): whether nobody knows by which ID its credential can be deleted one day.
    """

    record: Record
    reason: str
    caution: str | None = None
    nameless: bool = False


def adoption(account: str, record: Record, given: Given, now: datetime, propagation: timedelta) -> Adoption:
    """Return what becomes of an account's record; the same record if nothing is to be done.

    :param account: the account
    :param record: its record
    :param given: the password
    :param now: the time
    :param propagation: how long the provider may take to put a password into force
    :raises InputError: if another password is staged, which may be in force, or if a credential would be forgotten
    """
    if record.staged_password not in (None, given.ciphertext):
        raise InputError(
            f"{account}: another password is staged and may be in force. Nothing was adopted; run state=present first, "
            "which sends the staged one again and so settles it"
        )
    login = _login(record, given)
    undated = record.changed_at is None and given.changed_at is not None
    unsettled = record.in_doubt or undated or (record.is_requested and not given.beside)
    if given.ciphertext == record.password and not unsettled:
        return _with_login(record, login)
    _check_beside(account, record, given, login)
    after = adopted(record, given.ciphertext, given.changed_at or now, propagation)
    after = replace(after, username=login.username, credential_id=login.id)
    if given.beside:
        after = _beside(record, after)
    return Adoption(after, _reason(record, given), _caution(record, given), given.beside and login.id is None)


def _login(record: Record, given: Given) -> Login:
    """Return what belongs to the password."""
    if given.login is not None:
        return given.login
    if given.ciphertext == record.password or not given.beside:
        return Login(record.username, record.credential_id)
    if given.ciphertext == record.previous_password:
        return Login(record.previous_username, record.previous_id)
    return Login()


def _with_login(record: Record, login: Login) -> Adoption:
    """Return the record of a password that stays. A test with another user name has proved nothing."""
    if login == Login(record.username, record.credential_id):
        return Adoption(record, "the given password is the stored one")
    tested = record.verified_at if login.username == record.username else None
    after = replace(record, username=login.username, credential_id=login.id, verified_at=tested)
    return Adoption(after, "the given password is the stored one, with another user name or ID")


def _check_beside(account: str, record: Record, given: Given, login: Login) -> None:
    """Refuse to forget a credential, or to delete the adopted one as what an open request made."""
    if not given.beside:
        return
    if record.requests and login.id is None:
        raise InputError(
            f"{account}: a credential was requested, and the answer is not known; without the ID of the given one, it "
            "could be taken for that one and be deleted. Nothing was adopted; set logins"
        )
    held = record.previous_id not in (None, login.id)
    if held and record.credential_id is not None and login.id != record.credential_id:
        raise InputError(
            f"{account}: the store has two credentials already, {record.credential_id} and before it "
            f"{record.previous_id}, and would forget one. Nothing was adopted; delete {record.previous_id} at the "
            "provider if nobody uses it, and remove previous_id from the store"
        )


def _beside(record: Record, after: Record) -> Record:
    """Return the record with the credential before the adopted one, and with what was requested."""
    after = replace(
        after,
        requests=record.requests,
        staged_at=record.staged_at if record.is_requested else after.staged_at,
    )
    if after.previous_id is not None and after.previous_id == after.credential_id:
        after = replace(after, previous_username=None, previous_id=None)
    if record.credential_id in (None, after.credential_id):
        return after
    return replace(after, previous_username=record.username, previous_id=record.credential_id)


def _reason(record: Record, given: Given) -> str:
    if given.ciphertext == record.staged_password:
        return "the given password is the staged one, which is settled by that"
    if given.ciphertext == record.password:
        return "the given password is the stored one, and settles when it was set"
    if given.ciphertext in record.doubtful_passwords:
        return "the given password is one that was in doubt"
    if record.password is None:
        return "the given password is the first one stored"
    return "the given password differs from the stored one, which is kept as previous_password"


def _caution(record: Record, given: Given) -> str | None:
    """Return a warning if a task that was left in a playbook seems to bring back an old password."""
    if record.password in (None, given.ciphertext) or given.ciphertext == record.staged_password:
        return None
    if given.changed_at is not None and record.changed_at is not None and given.changed_at < record.changed_at:
        return (
            f"changed_at is {written(given.changed_at)}, but the stored password was set later, at "
            f"{written(record.changed_at)}"
        )
    if given.ciphertext == record.previous_password and given.changed_at is None:
        return "the given password is the one before the stored one"
    return None
