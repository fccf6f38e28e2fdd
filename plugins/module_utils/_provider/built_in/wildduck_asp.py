# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WildDuck's application-specific passwords, on a server of one's own: passwords beside the one of the user.

Source: lib/api/asps.js and lib/user-handler.js of nodemailer/wildduck. A password that is made without C(scopes) is
of no use. At most 50 (the server's C(const:asp:limit)); at the limit the status is 403, as for a refused key.
"""

from __future__ import annotations

DEFINITION = {
    "name": "wildduck_asp",
    "flow": "create",
    "credentials": {"api_key": "WILDDUCK_ACCESS_TOKEN"},
    "authentication": {"headers": {"X-Access-Token": "{api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": "/users/{account}/asps",
        "body": {"description": "{label}", "scopes": ["smtp"]},
        "standing": "verified",
        "source": "nodemailer/wildduck, lib/api/asps.js",
    },
    "delete_credential": {
        "method": "DELETE",
        "path": "/users/{account}/asps/{id}",
        "standing": "verified",
        "source": "nodemailer/wildduck, lib/api/asps.js",
    },
    # Without showAll, those that expire are left out.
    "list_credentials": {
        "method": "GET",
        "path": "/users/{account}/asps",
        "query": {"showAll": "true"},
        "items": "results",
        "id": "id",
        "label": "description",
        "standing": "verified",
        "source": "nodemailer/wildduck, lib/api/asps.js",
    },
    "find_account": {
        "method": "GET",
        "path": "/users/resolve/{account_login}",
        "id": "id",
        "empty_statuses": [404],
        "standing": "verified",
        "source": "nodemailer/wildduck, lib/api/users.js",
    },
    "issued": {"secret": "password", "id": "id"},
    "limit": {"credentials": 50, "reached": [{"status": 403, "path": "code", "equals": "TooMany"}]},
    "answer": {
        "accepted": [{"path": "success", "equals": True}],
        "refused": [{"path": "error", "exists": True}],
        "message": ["error"],
        "code": ["code"],
        "secret_fields": ["password"],
    },
    "hints": {"403": "Check api_key, and that it may change users", "404": "Check the account's name"},
}
