# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cloudflare Email Service. The SMTP password is an API token, and the SMTP user name is always C(api_token).

Source: developers.cloudflare.com, API reference (account API tokens, roll token) and Email Service over SMTP. A new
value ends the old one at once. An account's name is the name of its token; the key that makes the calls is another
token, of the permission "Account API Tokens Write". That a token keeps its ID is assumed: the call names it.
"""

from __future__ import annotations

DEFINITION = {
    "name": "cloudflare",
    "api_url": "https://api.cloudflare.com/client/v4",
    "flow": "regenerate",
    "settings": {"account_id": ""},
    "credentials": {"api_key": "CLOUDFLARE_API_TOKEN"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "regenerate_password": {
        "method": "PUT",
        "path": "/accounts/{account_id}/tokens/{account}/value",
        "body": {},
        "standing": "verified",
        "source": "developers.cloudflare.com, API reference",
    },
    "find_account": {
        "method": "GET",
        "path": "/accounts/{account_id}/tokens",
        "query": {"page": "{page}", "per_page": "{limit}"},
        "paging": "page",
        "page_size": 50,
        "items": "result",
        "name": "name",
        "id": "id",
        "standing": "verified",
        "source": "developers.cloudflare.com, API reference",
    },
    "list_accounts": {
        "method": "GET",
        "path": "/accounts/{account_id}/tokens",
        "query": {"page": "{page}", "per_page": "{limit}"},
        "paging": "page",
        "page_size": 50,
        "items": "result",
        "name": "name",
        "standing": "verified",
        "source": "developers.cloudflare.com, API reference",
    },
    "issued": {"secret": "result", "login": "api_token"},
    "answer": {
        "accepted": [{"path": "success", "equals": True}],
        "refused": [{"path": "success", "equals": False}],
        "message": ["errors.*.message"],
        "code": ["errors.*.code"],
    },
    "hints": {
        "401": "Check api_key",
        "403": "Check that api_key may write account API tokens, and account_id in provider_settings",
        "404": "Check account_id in provider_settings",
    },
}
