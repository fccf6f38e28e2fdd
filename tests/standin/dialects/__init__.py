# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialects: how each provider's API is spoken.

A new provider is a new file here, whose name has no underscore at its beginning, with a class C(DIALECT).
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from ..accounts import AccountStore

Effect = Literal["changed", "created", "deleted", "same", "none"]
APPLICATION_KEY = "application-key-of-the-stand-in"
AUTHORIZATION_KEY = "authorization-key-of-the-stand-in"
API_KEY = "api-key-of-the-stand-in"
READ_ONLY_KEY = "read-only-key-of-the-stand-in"
TENANT = "0c5f7a52-6f0e-4d0b-9a3e-2f6f4f1f0a11"
# The same API at another address.
ALIASES = {"messageflow": "emaillabs", "redlink": "emaillabs"}


@dataclass
class ApiOptions:
    """How the API behaves; a test may set each at any time.

    A dialect may begin with other values: see C(defaults) there. Not every option means something to every dialect.

    :param api_key: the key of the providers that have a single one
    :param read_only_key: a key that lists accounts and changes nothing (mailcow)
    :param latency: seconds that every call takes
    :param rate_limit: calls a second, beyond which they are answered 429; None is no limit
    :param publishes_password_call: whether the call that changes a password exists
    :param missing_call_status: what is said where it does not, 404 or 405
    :param list_methods: the methods by which accounts can be listed, any other is answered 405
    :param ip_authorised: whether the key may be used from the caller's address
    :param minimum_length: of a password, in characters
    :param maximum_length: of a password, in characters
    :param password_pattern: a regular expression that a whole password has to match
    :param minimum_entropy: of a password, in bits (all but emaillabs)
    :param login_forms: how a login may be named in the address of a call, C(address), C(local_part) or both (mailgun)
    :param errors_at_top: whether an error is in the answer itself, not in its C(data) (smtp2go)
    :param errors_as_success: whether a refused change is answered 200, with C(success) false (jetemail)
    :param tenant: the ID of the customer, which stands in the address of a call (ahasend, cloudflare)
    :param most_credentials: how many credentials an account can have side by side, None for any number (ahasend)
    """

    application_key: str = field(default=APPLICATION_KEY, repr=False)
    authorization_key: str = field(default=AUTHORIZATION_KEY, repr=False)
    api_key: str = field(default=API_KEY, repr=False)
    read_only_key: str = field(default=READ_ONLY_KEY, repr=False)
    latency: float = 0.0
    rate_limit: float | None = None
    publishes_password_call: bool = True
    missing_call_status: int = 404
    list_methods: tuple[str, ...] = ("GET", "OPTIONS")
    ip_authorised: bool = True
    minimum_length: int = 8
    maximum_length: int = 128
    password_pattern: str | None = None
    minimum_entropy: float = 0.0
    login_forms: tuple[str, ...] = ("address", "local_part")
    errors_at_top: bool = False
    errors_as_success: bool = False
    tenant: str = TENANT
    most_credentials: int | None = None


@dataclass(frozen=True)
class Call:
    """A request: C(path) as it was sent, without the query; the headers' names in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Route:
    """What a call asks for and about which account, as far as the call itself tells."""

    operation: str
    account: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a call is told, and what it did; C(credential) is the ID of the one that it made, changed or deleted."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str | None = None
    effect: Effect = "none"
    credential: str | None = None

    def but(self, **changes: Any) -> Answer:
        """Return the answer with some of it changed."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Provider:
    """What a dialect speaks for; C(messages) returns the messages that were accepted, as recorded."""

    accounts: AccountStore
    options: ApiOptions
    messages: Callable[[], list[dict[str, Any]]]


class Dialect(ABC):
    """One provider's API.

    :cvar credentials: the keys that its callers need, as they are named in the options
    :cvar defaults: the options that begin with another value than their own default
    :cvar without: the kinds of faults that its answers cannot have
    :cvar login: the user name that all credentials have, None if each has its own
    """

    credentials: ClassVar[tuple[str, ...]] = ("authorization_key",)
    defaults: ClassVar[Mapping[str, Any]] = {}
    without: ClassVar[tuple[str, ...]] = ()
    login: ClassVar[str | None] = None

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @abstractmethod
    def route(self, call: Call) -> Route:
        """Return what is asked for; has no effect."""

    @abstractmethod
    def authenticated(self, call: Call) -> bool:
        """Return whether the call carries the right keys."""

    @abstractmethod
    def answer(self, call: Call, route: Route) -> Answer:
        """Carry out the call, with its effect, and return the answer."""

    @abstractmethod
    def success(self, route: Route) -> Answer:
        """Return what a change of the account's password is told when it is accepted; has no effect."""

    @abstractmethod
    def failure(self, status: int) -> Answer:
        """Return the provider's error of that status; has no effect."""

    def spoiled(self, kind: str, answer: Answer, call: Call) -> Answer:
        """Return the answer with a fault of that kind in it, for the kinds that depend on the provider's form.

        :raises ValueError: if the provider's answers cannot have it
        """
        raise ValueError(f"no {kind} in the answers of {type(self).__name__}")


def names() -> list[str]:
    """Return the names of the providers that there are."""
    modules = [module.name for module in pkgutil.iter_modules(__path__)]
    return sorted([*(one for one in modules if not one.startswith("_")), *ALIASES])


def dialect_class(name: str) -> type[Dialect]:
    """Return the dialect of a provider.

    :raises ValueError: if there is none of that name
    """
    if name not in names():
        raise ValueError(f"no provider {name}, there is {', '.join(names())}")
    found: type[Dialect] = importlib.import_module(f"{__name__}.{ALIASES.get(name, name)}").DIALECT
    return found
