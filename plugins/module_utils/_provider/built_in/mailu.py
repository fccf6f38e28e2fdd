# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mailu, on a server of one's own.

Source: core/admin/mailu/api of Mailu. The API is at C(/api) unless the server's C(WEB_API) says otherwise; then
C(password_request) names the path.
"""

from __future__ import annotations

DEFINITION = {
    "name": "mailu",
    "credentials": {"api_key": "MAILU_API_TOKEN"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "set_password": {
        "method": "PATCH",
        "path": "/api/v1/user/{account}",
        "encoding": "json",
        "body": {"raw_password": "{password}"},
        "standing": "verified",
        "source": "Mailu, core/admin/mailu/api/v1/user.py",
    },
    "list_accounts": {
        "method": "GET",
        "path": "/api/v1/user",
        "items": "",
        "name": "email",
        "standing": "verified",
        "source": "Mailu, core/admin/mailu/api/v1/user.py",
    },
    "answer": {
        "accepted": [{"path": "code", "equals": 200}],
        "message": ["message"],
        "secret_fields": ["*.password"],
    },
    "password": {"min_length": 8, "max_length": 128},
    "hints": {
        "401": "Check api_key",
        "403": "Check api_key: it must be the server's API_TOKEN",
        "404": "Check the account's name, and that the server's API is enabled at /api (API, WEB_API)",
    },
}
