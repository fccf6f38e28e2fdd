# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mittwald mStudio.

Source: packages/mittwald/spec/openapi.json of mittwald/api-client-js. A success has no body. An account's name is the
email address of the mailbox. The rules for passwords are published nowhere.
"""

from __future__ import annotations

DEFINITION = {
    "name": "mittwald",
    "api_url": "https://api.mittwald.de",
    "credentials": {"api_key": "MITTWALD_API_TOKEN"},
    "authentication": {"headers": {"X-Access-Token": "{api_key}"}},
    "set_password": {
        "method": "PATCH",
        "path": "/v2/mail-addresses/{account}/password",
        "body": {"password": "{password}"},
        "standing": "verified",
        "source": "mittwald/api-client-js, packages/mittwald/spec/openapi.json",
    },
    "find_account": {
        "method": "GET",
        "path": "/v2/mail-addresses/",
        "query": {"skip": "{offset}", "limit": "{limit}"},
        "paging": "offset",
        "page_size": 1000,
        "items": "",
        "name": "address",
        "id": "id",
        "standing": "verified",
        "source": "mittwald/api-client-js, packages/mittwald/spec/openapi.json",
    },
    "list_accounts": {
        "method": "GET",
        "path": "/v2/mail-addresses/",
        "query": {"skip": "{offset}", "limit": "{limit}"},
        "paging": "offset",
        "page_size": 1000,
        "items": "",
        "name": "address",
        "standing": "verified",
        "source": "mittwald/api-client-js, packages/mittwald/spec/openapi.json",
    },
    "answer": {
        "accepted": [{"status": 204, "path": "", "empty": True}],
        "message": ["validationErrors.*.message", "message"],
        "code": ["type"],
    },
    "hints": {
        "401": "Check api_key",
        "403": "Check api_key, and that it may change the mail addresses of the project",
        "404": "Check the account's name",
    },
}
