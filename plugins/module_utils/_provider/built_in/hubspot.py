# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HubSpot's transactional email. An account's name is the ID of its SMTP token, which is the SMTP user name.

Source: HubSpot's API specification, transactional single send, v3. The call is there in v3 and 2026-03, and is absent
from 2025-09 and 2026-09: it may go. The key is an OAuth access token, which is short-lived, with the scope
C(transactional-email). A new password ends the old one at once.
"""

from __future__ import annotations

DEFINITION = {
    "name": "hubspot",
    "api_url": "https://api.hubapi.com",
    "flow": "regenerate",
    "credentials": {"api_key": "HUBSPOT_ACCESS_TOKEN"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "regenerate_password": {
        "method": "POST",
        "path": "/marketing/v3/transactional/smtp-tokens/{account}/password-reset",
        "standing": "verified",
        "source": "HubSpot's API specification, transactional single send, v3",
    },
    "list_accounts": {
        "method": "GET",
        "path": "/marketing/v3/transactional/smtp-tokens",
        "query": {"limit": "{limit}", "after": "{cursor}"},
        "paging": "cursor",
        "page_size": 100,
        "next": "paging.next.after",
        "items": "results",
        "name": "id",
        "standing": "verified",
        "source": "HubSpot's API specification, transactional single send, v3",
    },
    "issued": {"secret": "password", "username": "id"},
    "answer": {
        "message": ["message"],
        "code": ["category"],
        "request_id": ["correlationId"],
        "secret_fields": ["password"],
    },
    "hints": {
        "401": "Check api_key: an OAuth access token is short-lived, get a new one",
        "403": "Check that api_key has the scope transactional-email, and the account the add-on for it",
        "404": "Either the account or the API call does not exist: newer versions of the API do not have it",
    },
}
