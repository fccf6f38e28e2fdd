# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API calls that the collection makes: set passwords, list accounts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ansible_collections.mailops.smtp.plugins.module_utils._errors import ProviderError
from ansible_collections.mailops.smtp.plugins.module_utils._provider import parallel
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import (
    Kind,
    Meaning,
    Reply,
    decoded,
    read,
    sentence,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.conditions import find, holds
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Listing, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import Client, NoAnswer, Untrusted
from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import Abandoned
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import account_values, names_in
from ansible_collections.mailops.smtp.plugins.module_utils._provider.rate_limit import Pace
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change, Patience, change

MOST_PAGES = 1000


def set_passwords(
    connection: Connection,
    passwords: Mapping[str, str],
    *,
    patience: Patience,
    concurrency: int,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    pace: Pace | None = None,
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
    :param abandoned: returns whether the controller has gone; then nothing more is sent
    :raises Abandoned: if it has
    """
    spread = pace or Pace(connection.definition.rate_limit, clock=clock, sleep=sleep)

    def worker() -> Callable[[str], Change]:
        client = Client(connection)

        def change_one(account: str) -> Change:
            values = {**account_values(account, connection.account_ids.get(account)), "password": passwords[account]}

            def attempt() -> Meaning:
                turn = spread.take()
                if abandoned():
                    raise Abandoned
                meaning = _set_password(client, connection, values)
                spread.ended(turn, passed=meaning.kind is not Kind.THROTTLED)
                return meaning

            return change(attempt, patience=patience, sleep=sleep, hold=spread.hold)

        return change_one

    return parallel.run(list(passwords), concurrency=concurrency, worker=worker, abandoned=abandoned)


def _set_password(client: Client, connection: Connection, values: Mapping[str, str]) -> Meaning:
    definition = connection.definition
    reply, failure = _sent(client, connection, definition.set_password, values)
    return failure or read(definition, reply, [values["password"], *connection.credentials.values()])


def _sent(
    client: Client, connection: Connection, request: Request, values: Mapping[str, str]
) -> tuple[Reply, Meaning | None]:
    """Return the response, or the meaning of not getting one."""
    name = connection.definition.name
    nothing = Reply(0, {}, "")
    try:
        return client.send(request, values), None
    except NoAnswer as error:
        return nothing, Meaning(Kind.UNKNOWN, f"{name} did not answer: {error}")
    except Untrusted as error:
        text = (
            f"the certificate of {connection.definition.api_url} cannot be verified ({error}), so nothing was sent. "
            "Check api_url; for a private certificate authority, set ca_path"
        )
        return nothing, Meaning(Kind.REFUSED_ACCESS, text, stop=True)


def list_accounts(connection: Connection, accounts: Iterable[str] = (), *, patience: Patience) -> list[str]:
    """Return all accounts that the provider lists, by their logins as far as their ids are known.

    :param connection: the provider and how to reach it
    :param accounts: known accounts, for a provider that lists one domain at a time
    :param patience: how often to repeat a call
    :raises ProviderError: if the provider has no such call or does not answer it
    """
    definition = connection.definition
    listing = definition.list_accounts
    if listing is None:
        raise ProviderError(f"{definition.name} has no known API call that lists SMTP accounts")
    domains = [""]
    if "account_domain" in names_in([listing.request.path, listing.request.query, listing.request.body]):
        ids = connection.account_ids
        domains = sorted({account_values(one, ids.get(one))["account_domain"] for one in accounts} - {""})
        if not domains:
            raise ProviderError(f"{definition.name} lists the accounts of one domain at a time; set accounts")
    client = Client(connection)
    names = [name for domain in domains for name in _of_domain(client, connection, listing, domain, patience)]
    logins = {known: account for account, known in connection.account_ids.items()}
    return list(dict.fromkeys(logins.get(name, name) for name in names))


def _of_domain(
    client: Client, connection: Connection, listing: Listing, domain: str, patience: Patience
) -> Iterable[str]:
    for page in range(MOST_PAGES):
        values = {
            "account_domain": domain,
            "offset": str(page * listing.page_size),
            "limit": str(listing.page_size),
            "page": str(page + 1),
        }
        found = _page(client, connection, listing, values, patience)
        yield from found
        if listing.paging == "none" or len(found) < listing.page_size:
            return
    raise ProviderError(f"{connection.definition.name}: the list of accounts does not end after {MOST_PAGES} pages")


def _page(
    client: Client, connection: Connection, listing: Listing, values: Mapping[str, str], patience: Patience
) -> list[str]:
    reply = _asked(client, connection, listing.request, values, patience)
    names = _names(connection, listing, reply)
    if names is None and listing.fallback_method and reply.status in (404, 405):
        other = _asked(client, connection, replace(listing.request, method=listing.fallback_method), values, patience)
        names = _names(connection, listing, other)
    if names is None and reply.status in listing.empty_statuses and isinstance(decoded(reply.text), dict):
        return []
    if names is None:
        raise ProviderError(f"the accounts cannot be listed: {_sentence(connection, reply)}")
    return names


def _names(connection: Connection, listing: Listing, reply: Reply) -> list[str] | None:
    """Return the names in an answer, None if it is not a complete list of accounts."""
    body = decoded(reply.text)
    if not 200 <= reply.status < 300 or reply.status == 207:
        return None
    if any(holds(dict(condition), body) for condition in connection.definition.answer.refused):
        return None
    found = find(body, listing.items)
    # Some providers write an empty list as an empty object.
    if found == [{}]:
        return []
    if not found or not isinstance(found[0], list):
        return None
    names = [name for item in found[0] for name in find(item, listing.name) if isinstance(name, str)]
    return names if len(names) == len(found[0]) else None


def _sentence(connection: Connection, reply: Reply) -> str:
    # The other hints are about the call that sets a password.
    secrets = connection.credentials.values()
    return sentence(connection.definition, reply.status, decoded(reply.text), secrets, hints=("401", "403"))


def _asked(
    client: Client, connection: Connection, request: Request, values: Mapping[str, str], patience: Patience
) -> Reply:
    """Return a definite answer, repeating the call until there is one or no retries are left."""
    replies: list[Reply] = []

    def attempt() -> Meaning:
        reply, failure = _sent(client, connection, request, values)
        replies.append(reply)
        return failure or _meaning(connection, reply)

    outcome = change(attempt, patience=patience, sleep=time.sleep)
    if outcome.kind is not Kind.ACCEPTED:
        raise ProviderError(f"the accounts cannot be listed: {outcome.message}")
    return replies[-1]


def _meaning(connection: Connection, reply: Reply) -> Meaning:
    """Return whether to ask again: reading is harmless, so every answer that is not a temporary error is accepted."""
    text = _sentence(connection, reply)
    if reply.status == 429:
        return Meaning(Kind.THROTTLED, text, retry_after=reply.headers.get("retry-after"))
    return Meaning(Kind.UNKNOWN if reply.status >= 500 or reply.status == 408 else Kind.ACCEPTED, text)
