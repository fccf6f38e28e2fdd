# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placeholders in a provider definition. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def names_in(value: Any) -> set[str]:
    """Return the names of all placeholders in a text, or in the texts of a dict or a list.

    :param value: a part of a definition
    """
    if isinstance(value, str):
        return set(PLACEHOLDER.findall(value))
    if isinstance(value, Mapping):
        return {name for pair in value.items() for part in pair for name in names_in(part)}
    if isinstance(value, (list, tuple)):
        return {name for item in value for name in names_in(item)}
    return set()


def fill(value: Any, values: Mapping[str, str]) -> Any:
    """Return the value with every placeholder filled in verbatim, for JSON and form bodies and for headers.

    :param value: a part of a definition
    :param values: the value of each placeholder
    """
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: values[match.group(1)], value)
    if isinstance(value, Mapping):
        return {fill(key, values): fill(item, values) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill(item, values) for item in value]
    return value


def fill_path(path: str, values: Mapping[str, str]) -> str:
    """Return a URL path with each value percent-encoded, so that it stays one segment.

    :param path: the path of a definition
    :param values: the value of each placeholder
    """
    return PLACEHOLDER.sub(lambda match: quote(values[match.group(1)], safe=""), path)


def account_values(account: str) -> dict[str, str]:
    """Return what an account gives to a request: itself, and the parts of an address.

    :param account: the SMTP login
    """
    name, at, domain = account.rpartition("@")
    return {"account": account, "account_name": name if at else account, "account_domain": domain if at else ""}


def check_account(account: str, used: set[str]) -> None:
    """Refuse an account that lacks a part that the definition asks for.

    :param account: the SMTP login
    :param used: the placeholders that the definition uses
    :raises InputError: if the definition needs a domain and the account has none
    """
    if "account_domain" in used and not account_values(account)["account_domain"]:
        raise InputError(
            f"account {account!r} has no domain, which this provider's API needs: write it as name@example.com"
        )
