# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modoboa, on a server of one's own.

Source: modoboa/admin/api/v2 of Modoboa, and runs of version 2.12.0. The API knows an account by its C(pk), which its
list has; the server's names are in lower case. The rules are those of its settings.py. All changes count as one view
of at most 5 a second. The server cuts off blanks at the ends of a password.
"""

from __future__ import annotations

DEFINITION = {
    "name": "modoboa",
    "credentials": {"api_key": "MODOBOA_API_TOKEN"},
    "authentication": {"headers": {"Authorization": "Token {api_key}"}},
    "set_password": {
        "method": "PATCH",
        "path": "/api/v2/accounts/{account}/",
        "body": {"password": "{password}"},
        "standing": "verified",
        "source": "modoboa, modoboa/admin/api/v2/viewsets.py",
    },
    "find_account": {
        "method": "GET",
        "path": "/api/v2/accounts/",
        "query": {"page": "{page}", "page_size": "{limit}"},
        "paging": "page",
        "page_size": 500,
        "items": "results",
        "name": "username",
        "id": "pk",
        "empty_statuses": [404],
        "standing": "verified",
        "source": "modoboa, modoboa/admin/api/v2/viewsets.py",
    },
    "list_accounts": {
        "method": "GET",
        "path": "/api/v2/accounts/",
        "query": {"page": "{page}", "page_size": "{limit}"},
        "paging": "page",
        "page_size": 500,
        "items": "results",
        "name": "username",
        "empty_statuses": [404],
        "standing": "verified",
        "source": "modoboa, modoboa/admin/api/v2/viewsets.py",
    },
    "answer": {
        "accepted": [{"path": "pk", "exists": True}],
        "message": ["password.*", "password", "detail"],
    },
    "password": {"min_length": 8, "max_length": 128, "classes": ["lower", "upper", "digit"]},
    "rate_limit": {"calls": 4, "seconds": 1},
    "hints": {
        "401": "Check api_key: it is the token of a super administrator (Settings > API)",
        "403": "Check api_key: it is the token of a super administrator (Settings > API)",
        "404": "Check the account's name",
    },
}
