# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SMTP2GO.

Source: the provider's OpenAPI file (PATCH /users/smtp/edit, POST /users/smtp/view) and its page on response codes,
which shows errors at the top level where the file shows them under C(data).
"""

from __future__ import annotations

DEFINITION = {
    "name": "smtp2go",
    "api_url": "https://api.smtp2go.com/v3",
    "credentials": {"api_key": "SMTP2GO_API_KEY"},
    "authentication": {"headers": {"X-Smtp2go-Api-Key": "{api_key}"}},
    "set_password": {
        "method": "PATCH",
        "path": "/users/smtp/edit",
        "encoding": "json",
        "body": {"username": "{account}", "email_password": "{password}"},
        "standing": "verified",
        "source": "the provider's OpenAPI file",
    },
    "list_accounts": {
        "method": "POST",
        "path": "/users/smtp/view",
        "encoding": "json",
        "body": {},
        "items": "data.results",
        "name": "username",
        "standing": "verified",
        "source": "the provider's OpenAPI file",
    },
    "answer": {
        "accepted": [
            {"path": "request_id", "exists": True},
            {"path": "data", "exists": True},
            {"path": "data.error", "empty": True},
            {"path": "error", "empty": True},
        ],
        "refused": [{"path": "data.error_code", "exists": True}, {"path": "error_code", "exists": True}],
        "denied": [
            {"path": "data.error_code", "contains": "PERMISSION_DENIED"},
            {"path": "error_code", "contains": "PERMISSION_DENIED"},
        ],
        "message": ["data.field_validation_errors.message", "field_validation_errors.message", "data.error", "error"],
        "code": ["data.error_code", "error_code"],
        "request_id": ["request_id"],
        # The list of accounts shows every password in clear.
        "secret_fields": ["data.results.*.email_password"],
    },
    # At least 64 bits of entropy; 12 characters of three classes have 71.
    "password": {"min_length": 12, "max_length": 128, "classes": ["lower", "upper", "digit"]},
    "hints": {
        "400": "Check api_key and that it may use /users/smtp/edit (Sending > API Keys), and the account's name",
        "401": "Check api_key and that it may use /users/smtp/edit (Sending > API Keys)",
    },
}
