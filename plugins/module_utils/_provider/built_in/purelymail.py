# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Purelymail.

Source: the provider's OpenAPI file (modifyUser, listUser). That the answer says C(success) or C(error), with status
200 for both, is reported (a public client). An account with a second factor needs an app password
for SMTP, which this call does not change.
"""

from __future__ import annotations

DEFINITION = {
    "name": "purelymail",
    "api_url": "https://purelymail.com",
    "credentials": {"api_key": "PURELYMAIL_API_TOKEN"},
    "authentication": {"headers": {"Purelymail-Api-Token": "{api_key}"}},
    "set_password": {
        "method": "POST",
        "path": "/api/v0/modifyUser",
        "body": {"userName": "{account}", "newPassword": "{password}"},
        "standing": "verified",
        "source": "the provider's OpenAPI file",
    },
    "list_accounts": {
        "method": "POST",
        "path": "/api/v0/listUser",
        "body": {},
        "items": "result.users",
        "name": "",
        "standing": "verified",
        "source": "the provider's OpenAPI file",
    },
    "answer": {
        "accepted": [{"path": "type", "equals": "success"}],
        "refused": [{"path": "type", "equals": "error"}],
        "message": ["message"],
        "code": ["code"],
    },
    "hints": {
        "200": "Check api_key and the account's name",
        "401": "Check api_key",
        "403": "Check api_key",
    },
}
