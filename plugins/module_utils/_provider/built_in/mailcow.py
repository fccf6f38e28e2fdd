# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mailcow, on a server of one's own.

Source: data/web/api/openapi.yaml of mailcow-dockerized. A success and a failure both come with status 200: the type of
each entry in the list that comes back tells them apart.
"""

from __future__ import annotations

DEFINITION = {
    "name": "mailcow",
    "credentials": {"api_key": "MAILCOW_API_KEY"},
    "authentication": {"headers": {"X-API-Key": "{api_key}"}},
    "set_password": {
        "method": "POST",
        "path": "/api/v1/edit/mailbox",
        "encoding": "json",
        "body": {"items": ["{account}"], "attr": {"password": "{password}", "password2": "{password}"}},
        "standing": "verified",
        "source": "mailcow-dockerized, data/web/api/openapi.yaml",
    },
    "list_accounts": {
        "method": "GET",
        "path": "/api/v1/get/mailbox/all",
        "items": "",
        "name": "username",
        "standing": "verified",
        "source": "mailcow-dockerized, data/web/api/openapi.yaml",
    },
    "answer": {
        "accepted": [{"path": "*.type", "equals": "success"}],
        "refused": [{"path": "*.type", "one_of": ["danger", "error"]}, {"path": "type", "one_of": ["danger", "error"]}],
        "denied": [
            {"path": "*.msg", "contains": "access_denied"},
            {"path": "*.msg.*", "contains": "access_denied"},
            {"path": "msg", "contains": "authentication failed"},
            {"path": "msg", "contains": "access denied"},
        ],
        "message": ["*.msg.*", "*.msg", "msg"],
    },
    "password": {"min_length": 8, "max_length": 128},
    "hints": {
        "200": "Check the mailbox's name, that the key has write access, and the server's password policy",
        "401": "Check api_key, and that the server allows the IP address of the host that makes the call "
        "(System > Configuration > Access > API)",
        "403": "The key is read-only; create one with write access (System > Configuration > Access > API)",
    },
}
