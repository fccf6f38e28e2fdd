# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform of Vercom, sold as EmailLabs, MessageFlow and Redlink: one API at three addresses.

Source: the providers' help pages (headers, envelope, the 15 minutes), public clients (the list of SMTP accounts).
The call that changes a password is published nowhere: it is assumed here, and C(password_request) replaces it.
"""

from __future__ import annotations

from typing import Any

NO_SUCH_CALL = (
    "Either the account or the API call does not exist: the provider does not publish the call that changes an SMTP "
    "password, so the one used here is assumed. Check the account's name; ask the provider's support for the right "
    "call, and set "
    "password_request"
)


def definition(name: str, api_url: str) -> dict[str, Any]:
    """Return the platform's definition for one of its brands.

    :param name: the brand, as users name it
    :param api_url: the brand's address
    """
    return {
        "name": name,
        "api_url": api_url,
        "credentials": {
            "application_key": "EMAILLABS_APPLICATION_KEY",
            "authorization_key": "EMAILLABS_AUTHORIZATION_KEY",
        },
        "authentication": {
            "headers": {"Application-Key": "{application_key}", "Authorization": "{authorization_key}"},
        },
        "set_password": {
            "method": "PUT",
            "path": "/v2.1/email/smtpAccount/{account}/password",
            "encoding": "json",
            "body": {"password": "{password}"},
            "standing": "assumed",
            "source": "published nowhere",
        },
        "list_accounts": {
            "method": "GET",
            "fallback_method": "OPTIONS",
            "path": "/v2.1/email/smtpAccount",
            "query": {"offset": "{offset}", "limit": "{limit}"},
            "paging": "offset",
            "page_size": 1000,
            "items": "data",
            "name": "smtpAccount",
            "empty_statuses": [404],
            "standing": "reported",
            "source": "public API clients",
        },
        "answer": {
            "accepted": [{"path": "meta.numberOfErrors", "equals": 0}, {"path": "errors", "equals": []}],
            "refused": [{"path": "meta.numberOfErrors", "above": 0}, {"path": "errors", "empty": False}],
            "message": ["errors.*.message", "errors.*.title"],
            "code": ["errors.*.code"],
            "request_id": ["meta.uniqId"],
            "secret_fields": ["errors.*.meta.value"],
        },
        "password": {"min_length": 8, "max_length": 128},
        "propagation_seconds": 900,
        "hints": {
            "401": "Check application_key and authorization_key; a new key can take a few minutes to become active",
            "403": "Check that the key may change SMTP accounts, and that the API allows the IP address of the host "
            "that makes the call (Account > Settings > API, IP authorisation); use delegate_to to call from another "
            "host",
            "404": NO_SUCH_CALL,
            "405": NO_SUCH_CALL,
        },
    }
