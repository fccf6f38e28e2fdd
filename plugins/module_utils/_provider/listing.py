# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that return a list, page by page, and the list of all accounts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import ProviderError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import (
    Kind,
    Meaning,
    Reply,
    body_of,
    decoded,
    is_any,
    sentence,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.conditions import find, holds
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Listing
from ansible_collections.mailops.smtp.plugins.module_utils._provider.exchange import sent
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import account_values, names_in
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience, change
from ansible_collections.mailops.smtp.plugins.module_utils._provider.transports import Client, client_of

MOST_PAGES = 1000


class Refused(ProviderError):
    """A list could not be had. C(stop): nor could any other; C(temporary): it may be had later."""

    def __init__(self, text: str, *, stop: bool = False, temporary: bool = False) -> None:
        super().__init__(text)
        self.stop, self.temporary = stop, temporary


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
    client = client_of(connection)
    names = [
        name
        for domain in domains
        for item in items_of(client, connection, listing, {"account_domain": domain}, patience)
        for name in find(item, listing.name)
        if isinstance(name, str)
    ]
    logins = {known: account for account, known in connection.account_ids.items()}
    return list(dict.fromkeys(logins.get(name, name) for name in names))


def items_of(
    client: Client, connection: Connection, listing: Listing, values: Mapping[str, str], patience: Patience
) -> Iterator[Any]:
    """Yield the items of a list, page by page.

    :param client: carries the calls
    :param connection: the provider and how to reach it
    :param listing: the call
    :param values: the value of each placeholder, but for those of the pages
    :param patience: how often to repeat a call
    :raises ProviderError: if the provider does not answer it, or the list does not end
    """
    cursor = ""
    for page in range(MOST_PAGES):
        places = {
            "offset": str(page * listing.page_size),
            "limit": str(listing.page_size),
            "page": str(page + 1),
            "cursor": cursor,
        }
        asked = listing if cursor else _without_cursor(listing)
        found, cursor = _page(client, connection, asked, {**values, **places}, patience)
        yield from found
        if listing.paging == "cursor" and not cursor:
            return
        if listing.paging == "none" or (listing.paging != "cursor" and len(found) < listing.page_size):
            return
    raise Refused(f"{connection.definition.name}: the list of {_what(listing)} does not end after {MOST_PAGES} pages")


def _without_cursor(listing: Listing) -> Listing:
    """Return the call for the first page, which has no cursor: an empty one is none."""
    request = listing.request
    query = {name: value for name, value in request.query.items() if "cursor" not in names_in(value)}
    body = request.body and {name: value for name, value in request.body.items() if "cursor" not in names_in(value)}
    return replace(listing, request=replace(request, query=query, body=body))


def _page(
    client: Client, connection: Connection, listing: Listing, values: Mapping[str, str], patience: Patience
) -> tuple[list[Any], str]:
    """Return the items of one page, and the cursor of the next one, empty if there is none."""
    reply = _asked(client, connection, listing, values, patience)
    items = _items(connection, listing, reply)
    if items is None and listing.fallback_method and reply.status in (404, 405):
        other = replace(listing, request=replace(listing.request, method=listing.fallback_method))
        second = _asked(client, connection, other, values, patience)
        items = _items(connection, listing, second)
        reply = reply if items is None else second
    if items is None and reply.status in listing.empty_statuses and isinstance(decoded(reply.text), dict):
        return [], ""
    if items is None:
        raise Refused(
            f"the {_what(listing)} cannot be listed: {_sentence(connection, reply)}", stop=reply.status in (401, 403)
        )
    cursors = [one for one in find(decoded(reply.text), listing.next) if one] if listing.next else []
    return items, str(cursors[0]) if cursors else ""


def _what(listing: Listing) -> str:
    return "credentials" if listing.label or listing.created else "accounts"


def _items(connection: Connection, listing: Listing, reply: Reply) -> list[Any] | None:
    """Return the items in an answer, None if it is not a complete list."""
    body = decoded(reply.text)
    if not 200 <= reply.status < 300 or reply.status == 207:
        return None
    if any(holds(dict(condition), body) for condition in connection.definition.answer.refused):
        return None
    if listing.is_of_one:
        return [body] if find(body, listing.id) else None
    found = find(body, listing.items)
    # Some providers write an empty list as an empty object.
    if found == [{}]:
        return []
    if not found or not all(isinstance(one, list) for one in found):
        return None
    items = [item for one in found for item in one]
    wanted, kinds = (listing.name, (str,)) if listing.name else (listing.id, (str, int))
    whole = all(len([one for one in find(item, wanted) if isinstance(one, kinds)]) == 1 for item in items)
    return items if whole else None


def _sentence(connection: Connection, reply: Reply) -> str:
    # The other hints are about the call that sets a password.
    secrets = connection.credentials.values()
    body = body_of(connection.definition.answer, reply)
    return sentence(connection.definition, reply.status, body, secrets, hints=("401", "403"))


def _asked(
    client: Client, connection: Connection, listing: Listing, values: Mapping[str, str], patience: Patience
) -> Reply:
    """Return a definite answer, repeating the call until there is one or no retries are left."""
    replies: list[Reply] = []

    def attempt() -> Meaning:
        reply, failure = sent(client, connection, listing.request, values)
        replies.append(reply)
        return failure or _meaning(connection, reply)

    outcome = change(attempt, patience=patience, sleep=time.sleep)
    if outcome.kind is not Kind.ACCEPTED:
        raise Refused(f"the {_what(listing)} cannot be listed: {outcome.message}", temporary=True)
    return replies[-1]


def _meaning(connection: Connection, reply: Reply) -> Meaning:
    """Return whether to ask again: reading is harmless, so every answer that is not a temporary error is accepted."""
    text = _sentence(connection, reply)
    if reply.status == 429 or is_any(connection.definition.answer.throttled, reply):
        return Meaning(Kind.THROTTLED, text, retry_after=reply.headers.get("retry-after"))
    return Meaning(Kind.UNKNOWN if reply.status >= 500 or reply.status == 408 else Kind.ACCEPTED, text)
