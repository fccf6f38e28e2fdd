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

    @property
    def is_repeatable(self) -> bool:
        """Return whether the provider carries the same call out only once, however often it is sent."""
        keys = [value for name, value in self.headers.items() if name.lower() == "idempotency-key"]
        return any("{label}" in value for value in keys)


@dataclass(frozen=True)
class Listing:
    """A call that returns a list, its paging, and where each item has what is wanted of it.

    C(items): the path to the list; the lists of several places are one list. C(name): an account's login. C(id): what
    the API calls an account or a credential. C(label): where our label of a credential stands, C(created): where the
    time stands at which it was created. C(next): the path to the cursor of the next page.
    """

    request: Request
    items: str
    name: str = ""
    id: str = ""
    label: str = ""
    created: str = ""
    next: str = ""
    fallback_method: str | None = None
    paging: str = "none"
    page_size: int = 100
    empty_statuses: tuple[int, ...] = ()

    @property
    def is_of_one(self) -> bool:
        """Return whether the call asks for one account only, so that the answer is about it and no list."""
        return bool(self.id) and not (self.name or self.label or self.created)


@dataclass(frozen=True)
class Issued:
    """Where an answer has the credential that the provider made.

    C(secret), C(username), C(id): paths. C(login): the user name, with placeholders, where no answer has it.
    C(derive): the name of the function that makes the SMTP password of the secret, see C(derivations).
    """

    secret: str
    username: str = ""
    login: str = ""
    id: str = ""
    derive: str = ""


@dataclass(frozen=True)
class Limit:
    """How many credentials an account can have side by side (0: unknown), and how the provider says that it has them.

    C(reached): any of these conditions on the answer means that there are too many.
    """

    credentials: int = 0
    reached: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Answer:
    """How to read a response, with conditions and paths as in C(conditions).

    C(accepted): all must hold for a success. C(refused): any of them turns a success into a refusal. C(denied): any of
    them means that the keys were refused, which says nothing about the password. C(throttled): any of them means that
    nothing was done, and that the same call may be made later. C(already_set): any of them means that the account
    already has this password. C(gone): any of them means that a credential that is to be deleted does not exist.
    C(text): whether an answer can be one line of plain text in place of JSON; it is at the empty path.
    C(secret_fields): values that are never shown.
    """

    accepted: tuple[Mapping[str, Any], ...] = ()
    refused: tuple[Mapping[str, Any], ...] = ()
    denied: tuple[Mapping[str, Any], ...] = ()
    throttled: tuple[Mapping[str, Any], ...] = ()
    already_set: tuple[Mapping[str, Any], ...] = ()
    gone: tuple[Mapping[str, Any], ...] = ()
    secret_fields: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    request_id: tuple[str, ...] = ()
    text: bool = False


@dataclass(frozen=True)
class PasswordRules:
    """The provider's rules for passwords, lengths in characters.

    C(classes): which of lower, upper, digit and symbol a password must contain. C(symbols): those it may contain, None
    for any. C(trimmed): whether the provider cuts blanks off at the ends, and says that all is well.
    """

    min_length: int = 8
    max_length: int = 128
    classes: tuple[str, ...] = ()
    symbols: str | None = None
    trimmed: bool = False


@dataclass(frozen=True)
class Definition:
    """Everything that the engine needs to know about a provider.

    C(flow): C(set), the caller chooses the password; C(regenerate), the provider makes a new one in place of the old
    one; C(create), the provider makes another credential beside the old one. Which calls there are depends on it.
    C(settings): values that are no secrets and that the user gives. C(transport): what carries the calls.
    C(credentials) maps each credential to the environment variable that may hold it; C(hints) maps an HTTP status, as
    text, to advice for the user; C(rate_limit) is in calls per second.
    """

    name: str
    api_url: str
    answer: Answer
    flow: str = "set"
    transport: str = "http"
    set_password: Request | None = None
    regenerate_password: Request | None = None
    create_credential: Request | None = None
    delete_credential: Request | None = None
    list_credentials: Listing | None = None
    find_account: Listing | None = None
    issued: Issued | None = None
    limit: Limit = field(default_factory=Limit)
    settings: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    basic: Mapping[str, str] | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)
    list_accounts: Listing | None = None
    password: PasswordRules = field(default_factory=PasswordRules)
    propagation_seconds: int = 0
    rate_limit: float | None = None
    hints: Mapping[str, str] = field(default_factory=dict)

    @property
    def issues(self) -> bool:
        """Return whether the provider makes the passwords."""
        return self.flow != "set"

    @property
    def change(self) -> Request:
        """Return the call that gives an account another password."""
        calls = {"set": self.set_password, "regenerate": self.regenerate_password, "create": self.create_credential}
        request = calls[self.flow]
        if request is None:
            raise ValueError(f"{self.name} has no call for the flow {self.flow}")
        return request


_REQUESTS = ("set_password", "regenerate_password", "create_credential", "delete_credential")
_LISTINGS = ("list_accounts", "list_credentials", "find_account")


def restored(data: Mapping[str, Any]) -> Definition:
    """Return the definition of which C(dataclasses.asdict) made a dict. It was checked where it was made.

    :param data: the dict; fields that were None may be missing
    """
    parts: dict[str, Any] = {
        "answer": Answer(**data["answer"]),
        "password": PasswordRules(**data["password"]),
        "limit": Limit(**data["limit"]),
        "issued": Issued(**data["issued"]) if data.get("issued") else None,
    }
    parts.update({name: Request(**data[name]) for name in _REQUESTS if data.get(name)})
    parts.update({name: _listing(data[name]) for name in _LISTINGS if data.get(name)})
    return Definition(**{**data, **parts})


def _listing(data: Mapping[str, Any]) -> Listing:
    return Listing(**{**data, "request": Request(**data["request"])})


@dataclass(frozen=True)
class Connection:
    """How the provider is reached: C(timeout) in seconds for one whole exchange, C(verify) as in requests.

    C(account_ids) maps accounts to what the API calls them, where that is not the login. C(settings): the value of each
    of the definition's settings.
    """

    definition: Definition
    credentials: Mapping[str, str]
    timeout: float
    verify: bool | str
    account_ids: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
