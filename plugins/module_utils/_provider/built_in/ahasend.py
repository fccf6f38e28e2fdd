# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AhaSend. It creates SMTP credentials, and tells user name and password only once.

Source: openapi/openapi.yaml of AhaSend/ahasend-go, version 2.0.0 of the API. A new credential can send for the domain
of the account's name only. That a repeated call gets the password again, too, is assumed: the file says so of the
whole answer. How many credentials are possible, and what is answered then, is published nowhere.
"""

from __future__ import annotations

DEFINITION = {
    "name": "ahasend",
    "api_url": "https://api.ahasend.com",
    "flow": "create",
    "settings": {"account_id": ""},
    "credentials": {"api_key": "AHASEND_API_KEY"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": "/v2/accounts/{account_id}/smtp-credentials",
        "headers": {"Idempotency-Key": "{label}"},
        "body": {"name": "{account} {label}", "scope": "scoped", "domains": ["{account_domain}"]},
        "standing": "verified",
        "source": "AhaSend/ahasend-go, openapi/openapi.yaml",
    },
    "delete_credential": {
        "method": "DELETE",
        "path": "/v2/accounts/{account_id}/smtp-credentials/{id}",
        "standing": "verified",
        "source": "AhaSend/ahasend-go, openapi/openapi.yaml",
    },
    "list_credentials": {
        "method": "GET",
        "path": "/v2/accounts/{account_id}/smtp-credentials",
        "query": {"limit": "{limit}", "after": "{cursor}"},
        "paging": "cursor",
        "page_size": 100,
        "next": "pagination.next_cursor",
        "items": "data",
        "id": "id",
        "label": "name",
        "standing": "verified",
        "source": "AhaSend/ahasend-go, openapi/openapi.yaml",
    },
    "issued": {"secret": "password", "username": "username", "id": "id"},
    "answer": {
        # Each of its answers has a body.
        "accepted": [{"path": "", "empty": False}],
        # The same call is still being worked on.
        "throttled": [{"status": 409, "path": "message", "exists": True}],
        "message": ["message"],
    },
    "hints": {
        "401": "Check api_key",
        "403": "Check the scopes of api_key (smtp-credentials: write, read and delete), and from which IP addresses it "
        "may be used",
        "404": "Check account_id in provider_settings",
    },
}
