# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MailerSend. It creates SMTP users, each with a user name and a password of its own.

Source: developers.mailersend.com, SMTP users; recorded answers in mailersend/mailersend-python. The status of a
success is assumed, as is how a refusal looks. The list of users shows every password in clear. C(domain_id) is what
the API calls the domain, not its name.
"""

from __future__ import annotations

DEFINITION = {
    "name": "mailersend",
    "api_url": "https://api.mailersend.com/v1",
    "flow": "create",
    "settings": {"domain_id": ""},
    "credentials": {"api_key": "MAILERSEND_API_KEY"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": "/domains/{domain_id}/smtp-users",
        "body": {"name": "{label}", "enabled": True},
        "standing": "verified",
        "source": "developers.mailersend.com, SMTP users",
    },
    "delete_credential": {
        "method": "DELETE",
        "path": "/domains/{domain_id}/smtp-users/{id}",
        "standing": "verified",
        "source": "developers.mailersend.com, SMTP users",
    },
    "list_credentials": {
        "method": "GET",
        "path": "/domains/{domain_id}/smtp-users",
        "query": {"page": "{page}", "limit": "{limit}"},
        "paging": "page",
        "page_size": 100,
        "items": "data",
        "id": "id",
        "label": "name",
        "standing": "verified",
        "source": "developers.mailersend.com, SMTP users",
    },
    "issued": {"secret": "data.password", "username": "data.username", "id": "data.id"},
    "answer": {"message": ["message"], "secret_fields": ["data.password", "data.*.password"]},
    "rate_limit": {"calls": 60, "seconds": 60},
    "hints": {
        "401": "Check api_key",
        "403": "Check the permissions of api_key",
        "404": "Check domain_id in provider_settings: it is the ID that the API gives the domain, not its name",
    },
}
