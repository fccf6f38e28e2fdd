# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resend. The SMTP password is an API key, and the SMTP user name is always C(resend).

Source: resend.yaml of resend/resend-openapi, and the pages on API keys, errors, pagination and SMTP. How many keys are
possible is published nowhere. Two requests a second is the default of an account.
"""

from __future__ import annotations

DEFINITION = {
    "name": "resend",
    "api_url": "https://api.resend.com",
    "flow": "create",
    "credentials": {"api_key": "RESEND_API_KEY"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": "/api-keys",
        "body": {"name": "{label}", "permission": "sending_access"},
        "standing": "verified",
        "source": "resend/resend-openapi, resend.yaml",
    },
    "delete_credential": {
        "method": "DELETE",
        "path": "/api-keys/{id}",
        "standing": "verified",
        "source": "resend/resend-openapi, resend.yaml",
    },
    # Without a limit, all keys come in one answer.
    "list_credentials": {
        "method": "GET",
        "path": "/api-keys",
        "items": "data",
        "id": "id",
        "label": "name",
        "standing": "verified",
        "source": "resend.com/docs, API reference, pagination",
    },
    "issued": {"secret": "token", "login": "resend", "id": "id"},
    "answer": {"message": ["message"], "code": ["name"], "secret_fields": ["token"]},
    "rate_limit": {"calls": 2, "seconds": 1},
    "hints": {
        "401": "Check api_key: it needs full access, a key that may only send cannot make others",
        "403": "Check api_key: it needs full access, a key that may only send cannot make others",
    },
}
