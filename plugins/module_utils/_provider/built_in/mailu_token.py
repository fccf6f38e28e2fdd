# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mailu's authentication tokens, on a server of one's own: passwords beside the one of the mailbox.

Source: core/admin/mailu/api/v1/token.py and common.py of Mailu. The API is at C(/api) unless the server's C(WEB_API)
says otherwise.
"""

from __future__ import annotations

DEFINITION = {
    "name": "mailu_token",
    "flow": "create",
    "credentials": {"api_key": "MAILU_API_TOKEN"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": "/api/v1/tokenuser/{account}",
        "body": {"comment": "{label}"},
        "standing": "verified",
        "source": "Mailu, core/admin/mailu/api/v1/token.py",
    },
    "delete_credential": {
        "method": "DELETE",
        "path": "/api/v1/token/{id}",
        "standing": "verified",
        "source": "Mailu, core/admin/mailu/api/v1/token.py",
    },
    "list_credentials": {
        "method": "GET",
        "path": "/api/v1/tokenuser/{account}",
        "items": "",
        "id": "id",
        "label": "comment",
        "standing": "verified",
        "source": "Mailu, core/admin/mailu/api/v1/token.py",
    },
    "issued": {"secret": "token", "id": "id"},
    "answer": {
        # Each of its answers has a body.
        "accepted": [{"path": "", "empty": False}],
        "message": ["message"],
        "secret_fields": ["token"],
    },
    "hints": {
        "401": "Check api_key",
        "403": "Check api_key: it must be the server's API_TOKEN",
        "404": "Check the account's name, and that the server's API is enabled at /api (API, WEB_API)",
    },
}
