# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modoboa, on a server of one's own.

Source: modoboa/admin/api/v2 of Modoboa 2.12.0, and runs against it. The API knows accounts by numbers. For each of its
users, the server allows five changes a second and 300 calls a minute: four changes leave something for other calls.
"""

from __future__ import annotations

# All of them at once: a search finds parts of names as well, and only 200 are allowed a minute.
ACCOUNTS = {
    "method": "GET",
    "path": "/api/v2/accounts/",
    "query": {"page": "{page}", "page_size": "{limit}"},
    "paging": "page",
    "page_size": 500,
    # After the last page.
    "empty_statuses": [404],
    "items": "results",
    "name": "username",
    "standing": "verified",
    "source": "Modoboa 2.12.0, modoboa/admin/api/v2/viewsets.py",
}
DEFINITION = {
    "name": "modoboa",
    "credentials": {"api_key": "MODOBOA_API_TOKEN"},
    "authentication": {"headers": {"Authorization": "Token {api_key}"}},
    "set_password": {
        "method": "PATCH",
        "path": "/api/v2/accounts/{account}/",
        "encoding": "json",
        "body": {"password": "{password}"},
        "standing": "verified",
        "source": "Modoboa 2.12.0, modoboa/admin/api/v2/serializers.py",
    },
    "list_accounts": ACCOUNTS,
    "find_account": {**ACCOUNTS, "id": "pk"},
    "answer": {
        "accepted": [{"path": "pk", "exists": True}],
        "message": ["detail", "password.*"],
    },
    "password": {"min_length": 8, "max_length": 128, "classes": ["lower", "upper", "digit"], "trimmed": True},
    "rate_limit": {"calls": 4, "seconds": 1},
    "hints": {
        "401": "Check api_key: it must be the API token of an administrator who is active",
        "403": "Check api_key: its user must be an administrator",
        "404": "Check that the user of api_key manages the account's domain; account_ids, if set, must have the "
        "account's number (pk)",
    },
}
