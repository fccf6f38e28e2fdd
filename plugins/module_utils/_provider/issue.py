# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of the flows C(regenerate) and C(create): the provider makes the passwords.

A call that makes one is never repeated while its outcome is unknown, unless the provider carries it out only once. What
an earlier call may have made is looked for by its label and deleted before another one is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider import parallel
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import (
    Kind,
    Meaning,
    Reply,
    decoded,
    is_any,
    read,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.calls import not_found
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.exchange import InTurn, sent
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issued import credential, meaning_of
from ansible_collections.mailops.smtp.plugins.module_utils._provider.labels import may_be_late, named, orphans, told
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import Refused, items_of
from ansible_collections.mailops.smtp.plugins.module_utils._provider.lookup import Lookup
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import account_values
from ansible_collections.mailops.smtp.plugins.module_utils._provider.rate_limit import Pace
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change, Patience, change
from ansible_collections.mailops.smtp.plugins.module_utils._provider.transports import Client, client_of


@dataclass(frozen=True)
class Job:
    """What is to be done for one account.

    C(label): of the request for a new credential, empty if none is to be made. C(sweep): labels of earlier requests
    whose answer is not known. C(delete): IDs of credentials that nobody uses any more. C(keep): IDs that are never
    deleted as somebody's leftover.
    """

    label: str = ""
    sweep: Sequence[str] = ()
    delete: Sequence[str] = ()
    keep: Sequence[str] = ()


@dataclass(frozen=True)
class Made(Change):
    """The outcome of a job.

    C(secret), C(username), C(id): of the credential that was made. C(idle): labels of requests that have no effect, or
    none any more. C(late): labels of requests that have had none yet. C(deleted): IDs that do not exist any more.
    """

    secret: str | None = field(default=None, repr=False)
    username: str | None = None
    id: str | None = None
    idle: Sequence[str] = ()
    late: Sequence[str] = ()
    deleted: Sequence[str] = ()


def issue(
    connection: Connection,
    jobs: Mapping[str, Job],
    *,
    patience: Patience,
    concurrency: int,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    pace: Pace | None = None,
    lookup: Lookup | None = None,
    abandoned: Callable[[], bool] = lambda: False,
) -> dict[str, Made]:
    """Do every account's job, and return the outcome of each.

    :param connection: the provider and how to reach it
    :param jobs: account to what is to be done
    :param patience: how often to repeat a call
    :param concurrency: how many accounts to work on at the same time
    :param sleep: waits a number of seconds
    :param clock: a monotonic clock, in seconds
    :param pace: limits the rate of calls, by default to what the definition allows
    :param lookup: finds what the API calls the accounts
    :param abandoned: returns whether the controller has gone; then nothing more is sent
    :raises Abandoned: if it has
    """
    spread = pace or Pace(connection.definition.rate_limit, clock=clock, sleep=sleep)
    search = lookup or Lookup(connection, patience)

    def worker() -> Callable[[str], Change]:
        client = InTurn(client_of(connection), spread, abandoned)
        work = _Work(connection, client, search, patience, spread.hold, sleep)
        return lambda account: work.do(account, jobs[account])

    found = parallel.run(list(jobs), concurrency=concurrency, worker=worker, abandoned=abandoned)
    return {account: _made(outcome, jobs[account]) for account, outcome in found.items()}


def _made(outcome: Change, job: Job) -> Made:
    """Return the outcome of a job, also of one that was not begun."""
    if isinstance(outcome, Made):
        return outcome
    idle = [job.label] if job.label and not outcome.sent else []
    return Made(outcome.kind, outcome.doubt, outcome.sent, outcome.message, outcome.stop, idle=idle)


def not_begun(job: Job) -> Made:
    """Return the outcome of a job of which nothing was sent.

    :param job: the job
    """
    return _made(parallel.NOT_SENT, job)


class _Stopped(Exception):
    """A job ends before anything was made."""

    def __init__(self, outcome: Change) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class _Work:
    """One thread's work."""

    def __init__(
        self,
        connection: Connection,
        client: Client,
        lookup: Lookup,
        patience: Patience,
        hold: Callable[[float], None],
        sleep: Callable[[float], None],
    ) -> None:
        self._connection, self._client, self._lookup = connection, client, lookup
        self._patience, self._hold, self._sleep = patience, hold, sleep

    def do(self, account: str, job: Job) -> Made:
        """Look for what earlier requests left, delete what is to go, and make a credential."""
        idle, late, deleted = [job.label] if job.label else [], [], []
        try:
            values = account_values(account, self._lookup.id_of(self._client, account))
            if job.sweep and self._connection.definition.flow == "create":
                found = self._sweep(values, job)
                late = [one for one in job.sweep if one not in found and may_be_late(one, self._now())]
                idle += [one for one in job.sweep if one not in late]
            for one in job.delete:
                self._delete(values, one)
                deleted.append(one)
        except (_Stopped, Refused, InputError) as error:
            outcome = error.outcome if isinstance(error, _Stopped) else not_found(error)
            return replace(_made(outcome, job), idle=idle, late=late, deleted=deleted)
        if not job.label:
            return Made(Kind.ACCEPTED, doubt=False, sent=True, message="", idle=idle, late=late, deleted=deleted)
        made = self._make(account, {**values, "label": named(job.label)})
        used = made.doubt or made.kind is Kind.ACCEPTED
        return replace(made, idle=[one for one in idle if one != job.label or not used], late=late, deleted=deleted)

    def _now(self) -> datetime:
        return datetime.now(timezone.utc)

    def _listed(self, values: Mapping[str, str]) -> list[Any]:
        listing = self._connection.definition.list_credentials
        if listing is None:
            return []
        return list(items_of(self._client, self._connection, listing, values, self._patience))

    def _sweep(self, values: Mapping[str, str], job: Job) -> set[str]:
        """Delete what earlier requests made and nobody has, and return the labels of these requests."""
        listing = self._connection.definition.list_credentials
        found = orphans(self._listed(values), listing, job.sweep, job.keep) if listing else {}
        for one in found:
            self._delete(values, one)
        return set(found.values())

    def _delete(self, values: Mapping[str, str], credential_id: str) -> None:
        definition = self._connection.definition
        if definition.delete_credential is None:
            return

        def meant(reply: Reply) -> Meaning:
            meaning = read(definition, reply, self._connection.credentials.values())
            gone = reply.status == 404 or is_any(definition.answer.gone, reply)
            # Of an account that these keys do not reach, the credential may well exist.
            denied = is_any(definition.answer.denied, reply)
            return Meaning(Kind.ACCEPTED, "") if gone and not denied else meaning

        outcome = self._called(definition.delete_credential, {**values, "id": credential_id}, meant)
        if outcome.kind is not Kind.ACCEPTED:
            text = f"the old credential {credential_id} cannot be deleted: {outcome.message}"
            temporary = outcome.kind in (Kind.UNKNOWN, Kind.THROTTLED)
            kind = Kind.THROTTLED if temporary else Kind.REFUSED_ACCESS
            raise _Stopped(Change(kind=kind, doubt=False, sent=True, message=text, stop=outcome.stop))

    def _make(self, account: str, values: Mapping[str, str]) -> Made:
        """Have the provider make a password, and return it."""
        definition = self._connection.definition
        request, answers = definition.change, []

        def meant(reply: Reply) -> Meaning:
            answers.append(reply)
            return meaning_of(self._connection, reply)

        outcome = self._called(request, values, meant, repeatable=request.is_repeatable)
        made = Made(outcome.kind, outcome.doubt, outcome.sent, outcome.message, outcome.stop)
        if made.kind is Kind.ACCEPTED:
            return replace(made, **credential(self._connection, values, decoded(answers[-1].text)))
        if answers and is_any(definition.limit.reached, answers[-1]):
            text = (
                f"{made.message.rstrip('.')}. No more credentials are possible. There are: {self._there(values)}. "
                "Delete the one that nobody uses; this collection deletes only what it made"
            )
            return replace(made, kind=Kind.REFUSED_ACCESS, message=text)
        return made

    def _there(self, values: Mapping[str, str]) -> str:
        """Return which credentials there are, in words."""
        listing = self._connection.definition.list_credentials
        try:
            return (told(self._listed(values), listing) if listing else "") or "none that are listed"
        except Refused as error:
            return str(error)

    def _called(
        self,
        request: Request,
        values: Mapping[str, str],
        meant: Callable[[Reply], Meaning],
        *,
        repeatable: bool = True,
    ) -> Change:
        def attempt() -> Meaning:
            reply, failure = sent(self._client, self._connection, request, values)
            return failure or meant(reply)

        return change(attempt, patience=self._patience, sleep=self._sleep, hold=self._hold, repeatable=repeatable)
