# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A provider, as data: where it is, how it is asked, how its answers are read. No provider is known here by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ACCOUNT_PLACEHOLDERS = ("account", "account_name", "account_domain")


@dataclass(frozen=True)
class Request:
    """A call of the provider's API, with placeholders."""

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
    """The call that lists accounts, its paging, and where the names are in its answer."""

    request: Request
    items: str
    name: str
    fallback_method: str | None = None
    paging: str = "none"
    page_size: int = 100
    empty_statuses: tuple[int, ...] = ()


@dataclass(frozen=True)
class Answer:
    """How an answer is read: conditions and paths as in C(conditions).

    C(accepted): all of them hold for a success. C(refused): one of them makes a success a refusal. C(denied): one of
    them means that the keys were refused, and says nothing about the password. C(already_set): one of them means that
    this is the account's password already. C(secret_fields): what stands there is never shown.
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
    """What a password must be, lengths in characters.

    C(classes): of which of lower, upper, digit and symbol it must have one. C(symbols): the ones it may have, None for
    any.
    """

    min_length: int = 8
    max_length: int = 128
    classes: tuple[str, ...] = ()
    symbols: str | None = None


@dataclass(frozen=True)
class Definition:
    """Everything that the engine needs to know of a provider.

    C(credentials) maps each credential to the environment variable that can hold it; C(hints) maps an HTTP status,
    as text, to what the user should look at; C(rate_limit) is in calls a second.
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


@dataclass(frozen=True)
class Connection:
    """How the provider is reached: C(timeout) in seconds for one whole exchange, C(verify) as in requests."""

    definition: Definition
    credentials: Mapping[str, str]
    timeout: float
    verify: bool | str
