# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specifications shared by modules and action plugins, and checks that argument types cannot express."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

PROVIDERS = [
    "emaillabs",
    "jetemail",
    "mailcow",
    "mailgun",
    "mailgun_eu",
    "mailu",
    "messageflow",
    "redlink",
    "smtp2go",
]

PROVIDER_SPEC: dict[str, Any] = {
    "provider": {"type": "str", "default": "emaillabs", "choices": PROVIDERS},
    "api_url": {"type": "str"},
    "application_key": {"type": "str", "no_log": True},
    "authorization_key": {"type": "str", "no_log": True},
    "api_key": {"type": "str", "no_log": True},
    "api_credentials": {"type": "dict", "no_log": True},
    "provider_definition": {"type": "dict"},
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
    "max_age": {"type": "str"},
    "state": {"type": "str", "default": "present", "choices": ["present", "staged", "verified"]},
    "password_length": {"type": "int", "default": 32, "no_log": False},
    "password_symbols": {"type": "str", "default": "", "no_log": False},
    "vault_file": {"type": "path", "required": True},
    "vault_id": {"type": "str"},
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
    "state": {"type": "str", "default": "present", "choices": ["present", "switched", "settled"]},
    "rotate": {"type": "str", "default": "when_due", "choices": ["when_due", "always", "never"]},
    "max_age": {"type": "str"},
    "vault_file": {"type": "path", "required": True},
    "vault_id": {"type": "str"},
    "lock_timeout": {"type": "int", "default": 60},
}

PASSWORD_RULES: dict[str, Any] = {"mutually_exclusive": [("password", "passwords")]}

LIMITS = {
    "concurrency": (1, 64),
    "rate_limit": (0.01, 1000),
    "rate_burst": (0, 1000),
    "timeout": (1, 600),
    "retries": (0, 20),
    "retry_after_ceiling": (0, 3600),
    "lock_timeout": (0, 86400),
    "propagation_seconds": (0, 604800),
}
ACCOUNT = re.compile(r"[A-Za-z0-9._@+-]{1,128}")


def check_limits(params: Mapping[str, Any]) -> None:
    """Refuse a number that is out of range.

    :param params: the task's options
    :raises InputError: naming the option
    """
    for name, (low, high) in LIMITS.items():
        value = params.get(name)
        if value is not None and not low <= value <= high:
            raise InputError(f"{name}: must be from {low} to {high}, not {value}")


def checked_accounts(accounts: list[str]) -> list[str]:
    """Return the accounts, none of which can change the URL that it is put into.

    :param accounts: the option
    :raises InputError: if there is none, one is listed twice, or one has characters that no SMTP login has
    """
    if not accounts:
        raise InputError("accounts: is empty; name at least one SMTP account, such as 1.name.smtp")
    for account in accounts:
        # A part that is empty or a dot would be another path: quoting does not help there.
        parts = account.split("@")
        if not ACCOUNT.fullmatch(account) or ".." in account or not all(part.strip(".") for part in parts):
            raise InputError(
                f"accounts: {account!r} is not an SMTP login: 1 to 128 of the characters A-Z a-z 0-9 . _ @ + - are "
                "accepted, without two dots in a row"
            )
    twice = sorted({account for account in accounts if accounts.count(account) > 1}) if has_twins(accounts) else []
    if twice:
        raise InputError(f"accounts: listed more than once: {', '.join(twice)}")
    return accounts


def checked_senders(senders: Mapping[Any, Any]) -> dict[str, tuple[str, str]]:
    """Return the senders, each with two accounts that no other sender has.

    :param senders: the option
    :raises InputError: if there is none, or one does not have two logins of its own
    """
    if not senders:
        raise InputError("senders: is empty; name at least one sender with its two accounts")
    checked: dict[str, tuple[str, str]] = {}
    owners: dict[str, str] = {}
    for key, value in senders.items():
        name, accounts = str(key), value
        if not isinstance(accounts, (list, tuple)) or len(accounts) != 2:
            raise InputError(f"senders['{name}']: must be a list of two accounts: the one in use, then the one at rest")
        try:
            first, second = checked_accounts([str(account) for account in accounts])
        except InputError as error:
            raise InputError(str(error).replace("accounts:", f"senders['{name}']:", 1)) from None
        for account in (first, second):
            if account in owners:
                raise InputError(f"senders: {account} belongs to two senders, '{owners[account]}' and '{name}'")
            owners[account] = name
        checked[name] = (first, second)
    return checked


def has_twins(accounts: list[str]) -> bool:
    """Return whether an account is listed twice."""
    return len(set(accounts)) < len(accounts)
