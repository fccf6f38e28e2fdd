# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The call of the flow C(set): every account is given the password that the caller chose."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider import parallel
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, Meaning, read
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection
from ansible_collections.mailops.smtp.plugins.module_utils._provider.exchange import InTurn, sent
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import Refused
from ansible_collections.mailops.smtp.plugins.module_utils._provider.lookup import Lookup
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import account_values
from ansible_collections.mailops.smtp.plugins.module_utils._provider.rate_limit import Pace
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change, Patience, change
from ansible_collections.mailops.smtp.plugins.module_utils._provider.transports import Client, client_of


def set_passwords(
    connection: Connection,
    passwords: Mapping[str, str],
    *,
    patience: Patience,
    concurrency: int,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    pace: Pace | None = None,
    lookup: Lookup | None = None,
    abandoned: Callable[[], bool] = lambda: False,
) -> dict[str, Change]:
    """Set the password of every account, and return the outcome of each.

    :param connection: the provider and how to reach it
    :param passwords: account to password
    :param patience: how often to repeat a call
    :param concurrency: how many calls to make at the same time
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

        def change_one(account: str) -> Change:
            try:
                known = search.id_of(client, account)
            except (InputError, Refused) as error:
                return not_found(error)
            values = {**account_values(account, known), "password": passwords[account]}

            def attempt() -> Meaning:
                return _set_password(client, connection, values)

            return change(attempt, patience=patience, sleep=sleep, hold=spread.hold)

        return change_one

    return parallel.run(list(passwords), concurrency=concurrency, worker=worker, abandoned=abandoned)


def _set_password(client: Client, connection: Connection, values: Mapping[str, str]) -> Meaning:
    definition = connection.definition
    reply, failure = sent(client, connection, definition.change, values)
    return failure or read(definition, reply, [values["password"], *connection.credentials.values()])


def not_found(error: Exception) -> Change:
    """Return the outcome for an account of which no ID was found. Nothing was sent for it.

    :param error: the reason
    """
    stop, temporary = getattr(error, "stop", False), getattr(error, "temporary", False)
    kind = Kind.THROTTLED if temporary else Kind.REFUSED_ACCESS
    return Change(kind=kind, doubt=False, sent=True, message=str(error), stop=stop)
