# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WildDuck, on a server of one's own.

Source: lib/api/users.js and lib/user-handler.js of nodemailer/wildduck. The server itself has no rules for passwords
but a greatest length of 256. A refused key is answered with 403.
"""

from __future__ import annotations

DEFINITION = {
    "name": "wildduck",
    "credentials": {"api_key": "WILDDUCK_ACCESS_TOKEN"},
    "authentication": {"headers": {"X-Access-Token": "{api_key}"}},
    "set_password": {
        "method": "PUT",
        "path": "/users/{account}",
        "body": {"password": "{password}"},
        "standing": "verified",
        "source": "nodemailer/wildduck, lib/api/users.js",
    },
    "find_account": {
        "method": "GET",
        "path": "/users/resolve/{account_login}",
        "id": "id",
        "empty_statuses": [404],
        "standing": "verified",
        "source": "nodemailer/wildduck, lib/api/users.js",
    },
    "answer": {
        "accepted": [{"path": "success", "equals": True}],
        "refused": [{"path": "error", "exists": True}],
        "message": ["error"],
        "code": ["code"],
    },
    "password": {"min_length": 8, "max_length": 128},
    "hints": {"403": "Check api_key, and that it may change users", "404": "Check the account's name"},
}
