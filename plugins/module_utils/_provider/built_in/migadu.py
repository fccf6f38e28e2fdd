# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Migadu.

Source: migadu.com/api (addresses, 400 for every failure). That a body with nothing but the password is enough, and
the 60 calls in two minutes, are reported (public clients). The keys are the address of the Migadu account and an API
key.
"""

from __future__ import annotations

DEFINITION = {
    "name": "migadu",
    "api_url": "https://api.migadu.com/v1",
    "credentials": {"api_user": "MIGADU_USER", "api_key": "MIGADU_API_KEY"},
    "authentication": {"basic": {"username": "{api_user}", "password": "{api_key}"}},
    "set_password": {
        "method": "PUT",
        "path": "/domains/{account_domain}/mailboxes/{account_name}",
        "body": {"password": "{password}"},
        "standing": "reported",
        "source": "migadu.com/api; Michaelzag/migadu-mcp",
    },
    "list_accounts": {
        "method": "GET",
        "path": "/domains/{account_domain}/mailboxes",
        "items": "mailboxes",
        "name": "address",
        "standing": "verified",
        "source": "migadu.com/api",
    },
    "answer": {
        "accepted": [{"path": "address", "exists": True}],
        "message": ["error", "message"],
    },
    "rate_limit": {"calls": 60, "seconds": 120},
    "hints": {
        "400": "Check the account's name: the provider answers every failure so",
        "401": "Check api_user and api_key: the address of the account at the provider and an API key of it",
        "404": "Check the account's name",
    },
}
