# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mailgun, in the United States.

Source: documentation.mailgun.com, API reference, "Update Mailgun SMTP credentials". That the same password again is
refused in these words is reported (issues 17 and 22 of the Terraform provider wgebis/mailgun).
"""

from __future__ import annotations

from typing import Any


def definition(name: str, api_url: str) -> dict[str, Any]:
    """Return the definition for one of Mailgun's regions.

    :param name: the region's name, as users name it
    :param api_url: the region's address
    """
    return {
        "name": name,
        "api_url": api_url,
        "credentials": {"api_key": "MAILGUN_API_KEY"},
        "authentication": {"basic": {"username": "api", "password": "{api_key}"}},
        "set_password": {
            "method": "PUT",
            "path": "/v3/domains/{account_domain}/credentials/{account}",
            "encoding": "form",
            "body": {"password": "{password}"},
            "standing": "verified",
            "source": "documentation.mailgun.com",
        },
        "list_accounts": {
            "method": "GET",
            "path": "/v3/domains/{account_domain}/credentials",
            "query": {"skip": "{offset}", "limit": "{limit}"},
            "paging": "offset",
            "page_size": 100,
            "items": "items",
            "name": "login",
            "standing": "verified",
            "source": "documentation.mailgun.com",
        },
        "answer": {
            # A call whose password Mailgun did not find gets a generated one, shown there: it is not the stored one.
            "accepted": [{"path": "message", "exists": True}, {"path": "credentials", "empty": True}],
            "already_set": [{"status": 400, "path": "message", "contains": "cannot be the same as old password"}],
            "message": ["message"],
        },
        "password": {"min_length": 5, "max_length": 32},
        "rate_limit": {"calls": 300, "seconds": 60},
        "hints": {
            "401": "Check api_key, and that the domain is in this region; for the European Union, set provider to "
            "mailgun_eu",
            "404": "Check the account, its domain and the region; for the European Union, set provider to mailgun_eu",
        },
    }


DEFINITION = definition("mailgun", "https://api.mailgun.net")
