# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JetEmail.

Source: jetemail.com/docs, API reference, "Update SMTP user". How a refusal looks is assumed. A call that lists the
accounts is not known to us.
"""

from __future__ import annotations

DEFINITION = {
    "name": "jetemail",
    "api_url": "https://api.jetemail.com",
    "credentials": {"api_key": "JETEMAIL_API_KEY"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "set_password": {
        "method": "PATCH",
        "path": "/outbound/smarthost",
        "encoding": "json",
        "body": {"currentUsername": "{account}", "password": "{password}"},
        "standing": "verified",
        "source": "jetemail.com/docs, API reference",
    },
    "answer": {
        "accepted": [{"path": "success", "equals": True}],
        "refused": [{"path": "success", "equals": False}],
        "message": ["message", "error"],
    },
    "password": {"min_length": 8, "max_length": 72},
    "hints": {"401": "Check api_key", "403": "Check the permissions of api_key", "404": "Check the account's name"},
}
