# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specifications shared by modules and action plugins."""

from __future__ import annotations

from typing import Any

PROVIDERS = [
    "ahasend",
    "cloudflare",
    "cpanel",
    "elasticemail",
    "emailit",
    "emaillabs",
    "hubspot",
    "jetemail",
    "mailcow",
    "mailersend",
    "mailgun",
    "mailgun_eu",
    "mailinabox",
    "mailu",
    "mailu_token",
    "messageflow",
    "migadu",
    "mittwald",
    "modoboa",
    "purelymail",
    "redlink",
    "resend",
    "sendgrid",
    "ses",
    "smtp2go",
    "wildduck",
    "wildduck_asp",
    "zoho",
]

PROVIDER_SPEC: dict[str, Any] = {
    "provider": {"type": "str", "default": "emaillabs", "choices": PROVIDERS},
    "api_url": {"type": "str"},
    "application_key": {"type": "str", "no_log": True},
    "authorization_key": {"type": "str", "no_log": True},
    "api_key": {"type": "str", "no_log": True},
    "api_credentials": {"type": "dict", "no_log": True},
    "provider_definition": {"type": "dict"},
    "provider_settings": {"type": "dict"},
    "account_ids": {"type": "dict"},
    "timeout": {"type": "int", "default": 30},
    "retries": {"type": "int", "default": 4},
    "retry_after_ceiling": {"type": "int", "default": 120},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}

PASSWORD_SPEC: dict[str, Any] = {
    **PROVIDER_SPEC,
    "accounts": {"type": "list", "elements": "str", "required": True, "aliases": ["account"]},
    "password": {"type": "str", "no_log": True},
    "passwords": {"type": "dict", "no_log": True},
    "rotate": {"type": "str", "default": "when_due", "choices": ["when_due", "always", "never"]},
    "only_at_rest": {"type": "bool", "default": False},
    "failures": {"type": "dict"},
    "max_age": {"type": "str"},
    "state": {
        "type": "str",
        "default": "present",
        "choices": ["present", "staged", "verified", "settled", "adopted", "absent"],
    },
    "keep_old": {"type": "str", "default": "24h"},
    "changed_at": {"type": "str"},
    "logins": {"type": "dict"},
    "force": {"type": "bool", "default": False},
    "password_length": {"type": "int", "default": 32, "no_log": False},
    "password_symbols": {"type": "str", "default": "", "no_log": False},
    "vault_file": {"type": "path", "required": True},
    "vault_id": {"type": "str"},
    "store_survives": {"type": "bool"},
    "propagation_seconds": {"type": "int"},
    "password_request": {
        "type": "dict",
        "no_log": False,
        "options": {
            "method": {"type": "str", "choices": ["POST", "PUT", "PATCH"]},
            "path": {"type": "str"},
            "encoding": {"type": "str", "choices": ["json", "form"]},
            "field": {"type": "str"},
            "body": {"type": "dict"},
        },
    },
    "concurrency": {"type": "int", "default": 8},
    "rate_limit": {"type": "float"},
    "rate_burst": {"type": "int", "default": 0},
    "rate_recent": {"type": "list", "elements": "float", "default": []},
    "requests": {"type": "dict"},
    "pads": {"type": "dict", "no_log": True},
    "lock_timeout": {"type": "int", "default": 60},
}

INFO_SPEC: dict[str, Any] = {
    **PROVIDER_SPEC,
    "accounts": {"type": "list", "elements": "str", "aliases": ["account"]},
    "vault_file": {"type": "path"},
    "max_age": {"type": "str"},
    "list_accounts": {"type": "bool", "default": True},
}

SENDER_SPEC: dict[str, Any] = {
    "senders": {"type": "dict", "required": True},
    "deployed": {"type": "dict"},
    "state": {"type": "str", "default": "present", "choices": ["present", "switched", "settled", "absent"]},
    "force": {"type": "bool", "default": False},
    "rotate": {"type": "str", "default": "when_due", "choices": ["when_due", "always", "never"]},
    "max_age": {"type": "str"},
    "vault_file": {"type": "path", "required": True},
    "vault_id": {"type": "str"},
    "lock_timeout": {"type": "int", "default": 60},
}

STORE_SPEC: dict[str, Any] = {
    "vault_file": {"type": "path", "required": True},
    "state": {"type": "str", "default": "present", "choices": ["present", "rekeyed"]},
    "vault_id": {"type": "str"},
    "old_vault_id": {"type": "str"},
    "renamed": {"type": "dict"},
    "lock_timeout": {"type": "int", "default": 60},
}

# Of a report. Listed here, because they are files on the controller; a test compares them.
REPORT_FORMATS = ("html", "json", "prometheus")

REPORT_SPEC: dict[str, Any] = {
    "vault_file": {"type": "path", "required": True},
    "max_age": {"type": "str"},
    "outputs": {"type": "dict", "options": {name: {"type": "path"} for name in REPORT_FORMATS}},
    "mode": {"type": "raw", "default": "0644"},
    "name": {"type": "str"},
    "propagation_seconds": {"type": "int", "default": 900},
}

PASSWORD_RULES: dict[str, Any] = {"mutually_exclusive": [("password", "passwords")]}
