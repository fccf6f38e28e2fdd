# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twilio SendGrid. The SMTP password is an API key, and the SMTP user name is always C(apikey).

Source: spec/yaml/tsg_api_keys_v3.yaml of twilio/sendgrid-oai, and the page on SMTP. A key that is made without
C(scopes) may do everything. In which words the limit of 100 keys is told is assumed; that its status is 403 is not.
"""

from __future__ import annotations

DEFINITION = {
    "name": "sendgrid",
    "api_url": "https://api.sendgrid.com",
    "flow": "create",
    "credentials": {"api_key": "SENDGRID_API_KEY"},
    "authentication": {"headers": {"Authorization": "Bearer {api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": "/v3/api_keys",
        "body": {"name": "{label}", "scopes": ["mail.send"]},
        "standing": "verified",
        "source": "twilio/sendgrid-oai, spec/yaml/tsg_api_keys_v3.yaml",
    },
    "delete_credential": {
        "method": "DELETE",
        "path": "/v3/api_keys/{id}",
        "standing": "verified",
        "source": "twilio/sendgrid-oai, spec/yaml/tsg_api_keys_v3.yaml",
    },
    "list_credentials": {
        "method": "GET",
        "path": "/v3/api_keys",
        "items": "result",
        "id": "api_key_id",
        "label": "name",
        "standing": "verified",
        "source": "twilio/sendgrid-oai, spec/yaml/tsg_api_keys_v3.yaml",
    },
    "issued": {"secret": "api_key", "login": "apikey", "id": "api_key_id"},
    "limit": {
        "credentials": 100,
        "reached": [{"status": 403, "path": "errors.*.message", "contains": "100"}],
    },
    "answer": {"message": ["errors.*.message"], "secret_fields": ["api_key"]},
    "hints": {
        "401": "Check api_key",
        "403": "Check that api_key may create, read and delete API keys, and that there are fewer than 100 of them",
    },
}
