# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the ID by which the API knows an account."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.conditions import find
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import (
    ACCOUNT_PLACEHOLDERS,
    Connection,
    Listing,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import Refused, items_of
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import (
    account_values,
    check_accounts,
    names_in,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience
from ansible_collections.mailops.smtp.plugins.module_utils._provider.transports import Client


class Lookup:
    """Finds what the API calls an account. For several threads; what was found is not asked for again.

    :param connection: the provider and how to reach it
    :param patience: how often to repeat a call
    """

    def __init__(self, connection: Connection, patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self._lock = threading.Lock()
        self._every: list[Any] | None = None
        self._refusal: Refused | None = None

    def id_of(self, client: Client, account: str) -> str | None:
        """Return the ID of an account, None if the API knows it by its login.

        :param client: carries the calls
        :param account: the account
        :raises Refused: if the provider does not list it, or lists two of that name
        :raises InputError: if no call can be made with its ID
        """
        known, listing = self._connection.account_ids.get(account), self._connection.definition.find_account
        if known is not None or listing is None:
            return known
        found = _ids(self._items(client, listing, account), listing, account)
        if len(found) != 1:
            name = self._connection.definition.name
            what = f"knows no account {account!r}; check its name" if not found else f"lists {account!r} more than once"
            raise Refused(f"{name} {what}, or set account_ids")
        places = {**self._connection.settings, "label": "label", "id": "id"}
        check_accounts([account], self._connection.definition.change, {account: found[0]}, places)
        return found[0]

    def known(self, accounts: Iterable[str]) -> dict[str, str]:
        """Return the IDs of accounts that a list of all of them has.

        :param accounts: the accounts; an ID that was not found, or not once only, is left out
        """
        listing, every = self._connection.definition.find_account, self._every
        if listing is None or every is None:
            return {}
        wanted: dict[str, list[str]] = {account: [] for account in accounts}
        for item in every:
            for name in find(item, listing.name):
                if name in wanted:
                    wanted[name] += _ids([item], listing, name)
        return {account: ids[0] for account, ids in wanted.items() if len(set(ids)) == 1}

    def _items(self, client: Client, listing: Listing, account: str) -> Iterable[Any]:
        request = listing.request
        if names_in([request.path, request.query, request.headers, request.body]) & set(ACCOUNT_PLACEHOLDERS):
            return items_of(client, self._connection, listing, account_values(account), self._patience)
        with self._lock:
            if self._refusal is not None:
                raise self._refusal
            if self._every is None:
                try:
                    self._every = list(items_of(client, self._connection, listing, {}, self._patience))
                except Refused as error:
                    # It was asked for as often as it may be, and the other accounts would wait for the same answer.
                    self._refusal = error
                    raise
            return self._every


def _ids(items: Iterable[Any], listing: Listing, account: str) -> list[str]:
    """Return what an account is called by the items with its name, each once."""
    named = (item for item in items if listing.is_of_one or account in find(item, listing.name))
    found = [one for item in named for one in find(item, listing.id)]
    return list(dict.fromkeys(str(one) for one in found if one and isinstance(one, (str, int)) and one is not True))
