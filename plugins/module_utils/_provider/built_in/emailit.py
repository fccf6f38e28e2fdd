# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Emailit. The SMTP password is an API key, and the SMTP user name is always C(emailit).

Source: emailit.com/docs, API keys and SMTP settings; ApiKeyService.php of emailit/emailit-php. A key that is made
without C(scope) may do everything. The status of a deletion is assumed to be one of success.
"""

from __future__ import annotations

DEFINITION = {
    "name": "emailit",
    "api_url": "https://api.emailit.com/v2",
    "flow": "create",
    "credentials": {"api_key": "EMAILIT_API_KEY"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": "/api-keys",
        "body": {"name": "{label}", "scope": "sending"},
        "standing": "verified",
        "source": "emailit.com/docs, API keys",
    },
    "delete_credential": {
        "method": "DELETE",
        "path": "/api-keys/{id}",
        "standing": "verified",
        "source": "emailit/emailit-php, src/Service/ApiKeyService.php",
    },
    "list_credentials": {
        "method": "GET",
        "path": "/api-keys",
        "query": {"page": "{page}", "limit": "{limit}"},
        "paging": "page",
        "page_size": 100,
        "items": "data",
        "id": "id",
        "label": "name",
        "standing": "verified",
        "source": "emailit.com/docs, API keys",
    },
    "issued": {"secret": "key", "login": "emailit", "id": "id"},
    "answer": {"message": ["error.message"], "secret_fields": ["key"]},
    "hints": {
        "401": "Check api_key",
        "403": "Check api_key: it needs full access, a key that may only send cannot make others",
    },
}
