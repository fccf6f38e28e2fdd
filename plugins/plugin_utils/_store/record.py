# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account's record in the store, and how each event changes it. Pure.

Secrets are ciphertexts here, never passwords. A staged password becomes the password by moving its ciphertext.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import Notes
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import whole_second, written


@dataclass(frozen=True)
class Credential:
    """What a provider made: the password as a ciphertext, and its user name and ID, None where there is none."""

    ciphertext: str
    username: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One account's passwords, as ciphertexts, and dates.

    C(failed_at), C(failure): the last failed test, and its reason in one word.
    Where the provider makes the passwords: C(username), if it is not the account's name; C(credential_id), by which the
    provider knows the credential; C(previous_username) and C(previous_id) of the one before it, the ID as long as the
    provider has it; C(settled_at), when every host was seen to use the stored one; C(requests), the labels of requests
    whose answer is not known, or without C(staged_at), of which at most a credential may still appear that nobody has.
    C(doubtful_passwords) may have taken effect. As long as one of them may have done so after C(password), C(staged_at)
    is kept without a staged password: a test of the password then proves nothing.
    C(published): where others read the password, and what each place was given last.
    Source of the layout: README.md, "What is stored where".
    """

    password: str | None = None
    previous_password: str | None = None
    staged_password: str | None = None
    doubtful_passwords: tuple[str, ...] = ()
    changed_at: datetime | None = None
    effective_at: datetime | None = None
    verified_at: datetime | None = None
    staged_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None
    username: str | None = None
    credential_id: str | None = None
    previous_username: str | None = None
    previous_id: str | None = None
    settled_at: datetime | None = None
    requests: tuple[str, ...] = ()
    published: Notes = ()

    def login(self, account: str) -> str:
        """Return the SMTP user name.

        :param account: the account's name, which it is unless the provider chose another one
        """
        return account if self.username is None else self.username

    def logins(self, account: str) -> list[str]:
        """Return the SMTP user names under which a host may know the account, the present one first.

        :param account: the account's name
        """
        return list(dict.fromkeys([self.login(account), self.previous_username or account, account]))

    @property
    def is_begun(self) -> bool:
        """Return whether a change has begun whose outcome is not known."""
        return self.staged_password is not None or self.is_requested

    @property
    def is_requested(self) -> bool:
        """Return whether a new password was requested, and the answer is not known."""
        return bool(self.requests) and self.staged_at is not None

    @property
    def is_settled(self) -> bool:
        """Return whether every host was seen to use the stored credential."""
        return self.settled_at is not None and (self.changed_at is None or self.settled_at >= self.changed_at)

    @property
    def has_failed(self) -> bool:
        """Tell whether the last test send of the stored password failed.

        By the dates: a version that does not know of failures leaves them where they are.
        """
        since = [moment for moment in (self.changed_at, self.verified_at) if moment is not None]
        return self.failed_at is not None and all(self.failed_at >= moment for moment in since)

    @property
    def is_verified(self) -> bool:
        """Return whether a test with the stored password succeeded."""
        return self.verified_at is not None and (self.changed_at is None or self.verified_at >= self.changed_at)

    @property
    def is_unverified(self) -> bool:
        """Return whether the stored password was changed and has not been tested since."""
        return self.password is not None and self.changed_at is not None and not self.is_verified

    @property
    def in_doubt(self) -> bool:
        """Return whether a refused password may have taken effect after the stored one, and so be in force."""
        return bool(self.doubtful_passwords) and self.staged_password is None and self.staged_at is not None

    def waits_at(self, now: datetime) -> bool:
        """Return whether the window of the last change is still open.

        :param now: an aware datetime
        """
        return self.effective_at is not None and now < self.effective_at

    def state_at(self, now: datetime) -> str:
        """Return C(none), C(staged), C(waiting), C(effective) or C(verified).

        :param now: an aware datetime
        """
        if self.is_begun:
            return "staged"
        if self.password is None:
            return "none"
        if self.waits_at(now):
            return "waiting"
        return "effective" if self.is_unverified else "verified" if self.is_verified else "effective"


def with_window(record: Record, propagation: timedelta) -> Record:
    """Return the record with the end of its window, counted from the change if the store does not name it.

    Somebody who edits the store by hand writes the date of the change, and seldom that of the window's end. Nobody may
    log in inside the window all the same.

    :param record: what the store keeps
    :param propagation: how long the provider may need until a password is in force
    """
    if record.password is None or record.changed_at is None or record.effective_at is not None:
        return record
    try:
        return replace(record, effective_at=record.changed_at + propagation)
    except OverflowError:
        return record


def staged(record: Record, ciphertext: str, now: datetime) -> Record:
    """Return the record with a new staged password; a previous one may have taken effect and is kept as doubtful.

    :param record: the record before
    :param ciphertext: the new password
    :param now: the time
    """
    doubtful = record.doubtful_passwords + ((record.staged_password,) if record.staged_password else ())
    return replace(record, staged_password=ciphertext, staged_at=whole_second(now), doubtful_passwords=doubtful)


def accepted(record: Record, ciphertext: str, now: datetime, propagation: timedelta) -> Record:
    """Return the record after the provider accepted a password.

    The old password becomes C(previous_password). The one before that is kept as doubtful unless a test proved the last
    change, because it could still be in force.

    :param record: the record before
    :param ciphertext: the accepted password
    :param now: the time
    :param propagation: how long the provider may take to put it into force
    """
    changed_at = whole_second(now)
    doubtful = record.doubtful_passwords
    moves = record.password is not None and record.password != ciphertext
    if moves and record.previous_password is not None and not record.is_verified:
        doubtful += (record.previous_password,)
    still_staged = record.staged_password if record.staged_password != ciphertext else None
    return replace(
        record,
        password=ciphertext,
        previous_password=record.password if moves else record.previous_password,
        staged_password=still_staged,
        staged_at=record.staged_at if still_staged else None,
        doubtful_passwords=doubtful,
        changed_at=changed_at,
        effective_at=changed_at + propagation,
        verified_at=None,
        failed_at=None,
        failure=None,
        settled_at=None,
        requests=(),
    )


def requested(record: Record, label: str, now: datetime) -> Record:
    """Return the record with a request for a new password, before it is sent. An earlier one may have been answered.

    :param record: the record before
    :param label: the request's label
    :param now: the time
    """
    return replace(record, requests=(*record.requests, label), staged_at=whole_second(now))


def chosen(record: Record, ciphertext: str, now: datetime, propagation: timedelta) -> Record:
    """Return the record after the provider accepted a password for the account's own name.

    A credential that was created before is still at the provider.

    :param record: the record before
    :param ciphertext: the accepted password
    :param now: the time
    :param propagation: how long the provider may take to put it into force
    """
    after = accepted(record, ciphertext, now, propagation)
    if record.credential_id is None:
        return after
    return replace(
        after,
        username=None,
        credential_id=None,
        previous_username=record.username,
        previous_id=record.credential_id,
    )


def issued(
    record: Record,
    credential: Credential,
    now: datetime,
    propagation: timedelta,
    *,
    beside: bool,
    late: Collection[str] = (),
) -> Record:
    """Return the record after the provider made a password.

    :param record: the record before
    :param credential: what the provider made
    :param now: the time
    :param propagation: how long the provider may take to put it into force
    :param beside: whether it was made beside the stored one, which the provider has until it is deleted
    :param late: labels of requests of which a credential may still appear
    """
    # What another flow has staged may still be in force, and is kept.
    staged = (record.staged_password,) if record.staged_password is not None else ()
    before = replace(record, staged_password=None, doubtful_passwords=(*record.doubtful_passwords, *staged))
    after = accepted(before, credential.ciphertext, now, propagation)
    after = replace(
        after,
        username=credential.username,
        credential_id=credential.id,
        requests=tuple(label for label in record.requests if label in late),
    )
    if record.password is None:
        return after
    if not beside:
        # The old name is dead, and hosts find by it what they are to replace.
        renamed = record.previous_id is None and record.username not in (None, credential.username)
        return replace(after, previous_username=record.username) if renamed else after
    return replace(after, previous_username=record.username, previous_id=record.credential_id)


def unanswered(record: Record, idle: Collection[str], late: Collection[str] = ()) -> Record:
    """Return the record without requests that are known to have had no effect.

    :param record: the record before
    :param idle: their labels
    :param late: labels of requests that have had none yet, and of which a credential may still appear
    """
    left = tuple(label for label in record.requests if label not in idle)
    # What is in doubt stays so: it may have been before the request, too.
    kept = set(left) - set(late) or record.staged_password or record.doubtful_passwords
    return replace(record, requests=left, staged_at=record.staged_at if kept else None)


def settled(record: Record, now: datetime) -> Record:
    """Return the record after every host was seen to use the stored credential.

    :param record: the record before
    :param now: the time
    """
    if record.is_settled:
        return record
    # Not before the change, by a clock that is behind the one of then.
    moment = whole_second(now)
    return replace(record, settled_at=max(moment, record.changed_at) if record.changed_at else moment)


def retired(record: Record) -> Record:
    """Return the record after the credential before the stored one was deleted at the provider.

    :param record: the record before
    """
    return replace(record, previous_username=None, previous_id=None, previous_password=None)


def adopted(record: Record, ciphertext: str, changed_at: datetime, propagation: timedelta) -> Record:
    """Return the record with a password that was set by somebody else. No password that may be in force is deleted.

    If the others in doubt may have been set after it, they still are in doubt.

    :param record: the record before, without a staged password or with this one
    :param ciphertext: the password, as the store keeps it already if it does
    :param changed_at: when it was set
    :param propagation: how long the provider may take to put it into force
    """
    after = accepted(record, ciphertext, changed_at, propagation)
    doubtful = tuple(other for other in after.doubtful_passwords if other != ciphertext)
    since = record.staged_at if record.in_doubt and doubtful else None
    return replace(
        after, doubtful_passwords=doubtful, staged_at=since if since is not None and changed_at < since else None
    )


def refused(record: Record, ciphertext: str, *, doubt: bool) -> Record:
    """Return the record after the provider definitely refused a staged password.

    :param record: the record before
    :param ciphertext: the password that was refused
    :param doubt: whether an earlier attempt with it may have taken effect; it is then kept as doubtful
    """
    if record.staged_password != ciphertext:
        return record
    doubtful = record.doubtful_passwords + ((ciphertext,) if doubt else ())
    since = record.staged_at if doubtful else None
    return replace(record, staged_password=None, staged_at=since, doubtful_passwords=doubtful)


def restored(record: Record, ciphertext: str, now: datetime) -> Record:
    """Return the record with a password that was sent and that somebody has removed from it since.

    :param record: the record as it is
    :param ciphertext: the password that was sent
    :param now: the time
    """
    kept = (record.password, record.previous_password, record.staged_password, *record.doubtful_passwords)
    if ciphertext in kept:
        return record
    if record.staged_password is None:
        return replace(record, staged_password=ciphertext, staged_at=whole_second(now))
    return replace(record, doubtful_passwords=(*record.doubtful_passwords, ciphertext))


def verified(record: Record, now: datetime) -> Record:
    """Return the record after a successful test, which proves that no doubtful password is in force.

    :param record: the record before
    :param now: the time
    """
    doubtful = record.doubtful_passwords if record.in_doubt else ()
    return replace(record, verified_at=whole_second(now), doubtful_passwords=doubtful, failed_at=None, failure=None)


def failed(record: Record, now: datetime, failure: str) -> Record:
    """Return the record after a test send failed.

    :param record: the record before
    :param now: the time
    :param failure: why, in one word
    """
    return replace(record, failed_at=whole_second(now), failure=failure)


def next_due(record: Record, max_age: timedelta | None) -> datetime | None:
    """Return when the stored password reaches its maximum age, None if it has none or its age is unknown.

    :param record: what the store keeps
    :param max_age: the maximum age
    """
    if max_age is None or record.password is None or record.changed_at is None:
        return None
    try:
        return record.changed_at + max_age
    except OverflowError:
        return datetime.max.replace(tzinfo=timezone.utc)


def dates(record: Record, max_age: timedelta | None) -> dict[str, str | None]:
    """Return an account's dates as the store writes them.

    :param record: what the store keeps
    :param max_age: the maximum age, for C(next_due)
    """
    moments = {
        "changed_at": record.changed_at,
        "effective_at": record.effective_at,
        "verified_at": record.verified_at,
        "next_due": next_due(record, max_age),
    }
    return {name: written(moment) if moment else None for name, moment in moments.items()}
