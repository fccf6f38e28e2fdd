# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Email. It creates SMTP credentials whose name is an address of its own, which is the SMTP user name.

Source: api/openapi.yaml of ElasticEmail/elasticemail-java, and the help page on SMTP settings (15 credentials). Each
new name is the label at the domain of the account's name; that such an address need not exist is assumed, as is how a
refusal looks.
"""

from __future__ import annotations

DEFINITION = {
    "name": "elasticemail",
    "api_url": "https://api.elasticemail.com/v4",
    "flow": "create",
    "credentials": {"api_key": "ELASTICEMAIL_API_KEY"},
    "authentication": {"headers": {"X-ElasticEmail-ApiKey": "{api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": "/security/smtp",
        "body": {"Name": "{label}@{account_domain}"},
        "standing": "verified",
        "source": "ElasticEmail/elasticemail-java, api/openapi.yaml",
    },
    "delete_credential": {
        "method": "DELETE",
        "path": "/security/smtp/{id}",
        "standing": "verified",
        "source": "ElasticEmail/elasticemail-java, api/openapi.yaml",
    },
    "list_credentials": {
        "method": "GET",
        "path": "/security/smtp",
        "items": "",
        "id": "Name",
        "label": "Name",
        "standing": "verified",
        "source": "ElasticEmail/elasticemail-java, api/openapi.yaml",
    },
    "issued": {"secret": "Token", "username": "Name", "id": "Name"},
    "limit": {"credentials": 15},
    "answer": {"message": ["Error"], "secret_fields": ["Token"]},
    "hints": {
        "401": "Check api_key, and that it may view and modify access tokens",
        "400": "Check api_key, and that there are fewer than 15 SMTP credentials",
    },
}
