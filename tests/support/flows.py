# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The providers of the tests that make the passwords themselves, and the mark of what does not hold for them."""

from __future__ import annotations

from typing import Any

import pytest
from standin.dialects import TENANT

# What is about a password that the caller chooses: one that is given, the rules for one, the same value sent again.
SET_ONLY = pytest.mark.flows("set")
FLOWS = ("set", "regenerate", "create")
TENANT_OF_TESTS = {"account_id": TENANT}

CLOUDFLARE: dict[str, Any] = {
    "name": "cloudflare",
    "api_url": "https://api.cloudflare.com/client/v4",
    "flow": "regenerate",
    "settings": {"account_id": ""},
    "credentials": {"api_key": "CLOUDFLARE_API_KEY"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "regenerate_password": {
        "method": "PUT",
        "path": "/accounts/{account_id}/tokens/{account}/value",
        "body": {},
    },
    "find_account": {
        "method": "GET",
        "path": "/accounts/{account_id}/tokens",
        "query": {"page": "{page}", "per_page": "{limit}"},
        "paging": "page",
        "page_size": 50,
        "items": "result",
        "name": "name",
        "id": "id",
    },
    "issued": {"secret": "result", "login": "api_token"},
    "answer": {
        "accepted": [{"path": "success", "equals": True}],
        "refused": [{"path": "success", "equals": False}],
        "message": ["errors.*.message"],
        "code": ["errors.*.code"],
    },
}

CREDENTIALS = "/v2/accounts/{account_id}/smtp-credentials"
# The name begins with the account's, by which the stand-in tells whose a credential is.
AHASEND: dict[str, Any] = {
    "name": "ahasend",
    "api_url": "https://api.ahasend.com",
    "flow": "create",
    "settings": {"account_id": ""},
    "credentials": {"api_key": "AHASEND_API_KEY"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": CREDENTIALS,
        "body": {"name": "{account_login} {label}", "scope": "global"},
    },
    "delete_credential": {"method": "DELETE", "path": CREDENTIALS + "/{id}"},
    "list_credentials": {
        "method": "GET",
        "path": CREDENTIALS,
        "query": {"limit": "{limit}", "after": "{cursor}"},
        "paging": "cursor",
        "page_size": 100,
        "next": "pagination.next_cursor",
        "items": "data",
        "id": "id",
        "label": "name",
    },
    "issued": {"secret": "password", "username": "username", "id": "id"},
    "limit": {"credentials": 2, "reached": [{"status": 400, "path": "message", "contains": "limit of"}]},
    "answer": {"accepted": [{"path": "", "empty": False}], "message": ["message"]},
}
# The same call is carried out once, so it is made again while its outcome is not known.
AHASEND_ONCE: dict[str, Any] = {
    **AHASEND,
    "create_credential": {**AHASEND["create_credential"], "headers": {"Idempotency-Key": "{label}"}},
}


def without(definition: dict[str, Any], *names: str, **more: Any) -> dict[str, Any]:
    """Return a definition without some of its parts, and with others.

    :param definition: the definition
    :param names: what to leave out
    :param more: what to put in
    """
    return {**{name: value for name, value in definition.items() if name not in names}, **more}
