# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A provider as data: its address, its calls, and how its responses are read. Knows no provider by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ACCOUNT_PLACEHOLDERS = ("account", "account_login", "account_name", "account_domain")


@dataclass(frozen=True)
class Request:
    """One call of the provider's API, with placeholders."""

    method: str
    path: str
    encoding: str = "json"
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    standing: str = "assumed"
    source: str = ""


@dataclass(frozen=True)
class Listing:
    """The call that lists accounts, its paging, and where its response has the names."""

    request: Request
    items: str
    name: str
    fallback_method: str | None = None
    paging: str = "none"
    page_size: int = 100
    empty_statuses: tuple[int, ...] = ()


@dataclass(frozen=True)
class Answer:
    """How to read a response, with conditions and paths as in C(conditions).

    C(accepted): all must hold for a success. C(refused): any of them turns a success into a refusal. C(denied): any of
    them means that the keys were refused, which says nothing about the password. C(already_set): any of them means that
    the account already has this password. C(secret_fields): values that are never shown.
    """

    accepted: tuple[Mapping[str, Any], ...] = ()
    refused: tuple[Mapping[str, Any], ...] = ()
    denied: tuple[Mapping[str, Any], ...] = ()
    already_set: tuple[Mapping[str, Any], ...] = ()
    secret_fields: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    request_id: tuple[str, ...] = ()


@dataclass(frozen=True)
class PasswordRules:
    """The provider's rules for passwords, lengths in characters.

    C(classes): which of lower, upper, digit and symbol a password must contain. C(symbols): those it may contain, None
    for any.
    """

    min_length: int = 8
    max_length: int = 128
    classes: tuple[str, ...] = ()
    symbols: str | None = None


@dataclass(frozen=True)
class Definition:
    """Everything that the engine needs to know about a provider.

    C(credentials) maps each credential to the environment variable that may hold it; C(hints) maps an HTTP status, as
    text, to advice for the user; C(rate_limit) is in calls per second.
    """

    name: str
    api_url: str
    set_password: Request
    answer: Answer
    headers: Mapping[str, str] = field(default_factory=dict)
    basic: Mapping[str, str] | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)
    list_accounts: Listing | None = None
    password: PasswordRules = field(default_factory=PasswordRules)
    propagation_seconds: int = 0
    rate_limit: float | None = None
    hints: Mapping[str, str] = field(default_factory=dict)


def restored(data: Mapping[str, Any]) -> Definition:
    """Return the definition of which C(dataclasses.asdict) made a dict. It was checked where it was made.

    :param data: the dict; fields that were None may be missing
    """
    listing = data.get("list_accounts")
    parts: dict[str, Any] = {
        "set_password": Request(**data["set_password"]),
        "answer": Answer(**data["answer"]),
        "password": PasswordRules(**data["password"]),
        "list_accounts": listing and Listing(**{**listing, "request": Request(**listing["request"])}),
    }
    return Definition(**{**data, **parts})


@dataclass(frozen=True)
class Connection:
    """How the provider is reached: C(timeout) in seconds for one whole exchange, C(verify) as in requests.

    C(account_ids) maps accounts to what the API calls them, where that is not the login.
    """

    definition: Definition
    credentials: Mapping[str, str]
    timeout: float
    verify: bool | str
    account_ids: Mapping[str, str] = field(default_factory=dict)
