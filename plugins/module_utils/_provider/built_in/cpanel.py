# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cPanel, on the server of a hosting provider, at C(https://SERVER:2083).

Source: api.docs.cpanel.net, Email::passwd_pop and API tokens. The page describes a GET, which would put the password
into logs; that a form is read, and that the answer has no envelope, is assumed.
"""

from __future__ import annotations

DEFINITION = {
    "name": "cpanel",
    "credentials": {"api_user": "CPANEL_USER", "api_key": "CPANEL_API_TOKEN"},
    "authentication": {"headers": {"Authorization": "cpanel {api_user}:{api_key}"}},
    "set_password": {
        "method": "POST",
        "path": "/execute/Email/passwd_pop",
        "encoding": "form",
        "body": {"email": "{account_name}", "domain": "{account_domain}", "password": "{password}"},
        "standing": "assumed",
        "source": "api.docs.cpanel.net, Email::passwd_pop",
    },
    "answer": {
        "accepted": [{"path": "status", "equals": 1}],
        "refused": [{"path": "status", "equals": 0}, {"path": "result.status", "equals": 0}],
        "message": ["errors.*", "result.errors.*"],
    },
    "hints": {
        "200": "Check the account's name, and the server's password strength",
        "401": "Check api_user and api_key: the cPanel user and an API token of it",
        "403": "Check api_user and api_key: the cPanel user and an API token of it",
    },
}
