# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail-in-a-Box, on a server of one's own, at C(https://BOX/admin).

Source: management/daemon.py, auth.py and mailconfig.py of mail-in-a-box/mailinabox. It answers in plain text. The keys
are the address of an administrator and its password, or the key that C(/admin/login) returns; an administrator with a
second factor needs the latter.
"""

from __future__ import annotations

DEFINITION = {
    "name": "mailinabox",
    "credentials": {"api_user": "MAILINABOX_USER", "api_key": "MAILINABOX_API_KEY"},
    "authentication": {"basic": {"username": "{api_user}", "password": "{api_key}"}},
    "set_password": {
        "method": "POST",
        "path": "/mail/users/password",
        "encoding": "form",
        "body": {"email": "{account}", "password": "{password}"},
        "standing": "verified",
        "source": "mail-in-a-box/mailinabox, management/daemon.py",
    },
    "list_accounts": {
        "method": "GET",
        "path": "/mail/users",
        "query": {"format": "json"},
        "items": "*.users",
        "name": "email",
        "standing": "verified",
        "source": "mail-in-a-box/mailinabox, api/mailinabox.yml",
    },
    "answer": {
        "text": True,
        "accepted": [{"path": "", "equals": "OK"}],
        "denied": [{"status": 400, "path": "", "contains": "not a user"}],
        "message": ["", "reason"],
    },
    "password": {"min_length": 8, "max_length": 128},
    "hints": {
        "400": "Check the account's name",
        "401": "Check api_user and api_key: the address of an administrator and its password",
        "403": "Check api_user and api_key: the address of an administrator and its password",
    },
}
