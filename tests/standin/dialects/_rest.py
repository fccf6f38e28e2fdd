# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the dialects have in common that have one key and no envelope."""

from __future__ import annotations

import json
import math
import re
import string
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from . import Answer, Call, Dialect, Effect, Route

CHANGE = "changeSmtpAccountPassword"
LIST = "listSmtpAccounts"
# Longer than any body that is read.
NO_LIMIT = 2**24
POOLS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
OTHER_CHARACTERS = 33


@dataclass(frozen=True)
class Operation:
    """A call that exists; C(method) is that of a change, those of a list are an option."""

    name: str
    path: re.Pattern[str]
    method: str = ""


class RestDialect(Dialect):
    """One key, and answers that say in their own way whether they are good.

    :cvar operations: the calls that exist
    :cvar same_password: the words to a change to the value that was set last, where it is refused
    """

    credentials = ("api_key",)
    defaults: ClassVar[Mapping[str, Any]] = {
        "list_methods": ("GET",),
        "minimum_length": 1,
        "maximum_length": NO_LIMIT,
    }
    without: ClassVar[tuple[str, ...]] = ("no_meta", "errors", "error_count", "partly_refused")
    operations: ClassVar[tuple[Operation, ...]]
    same_password: ClassVar[str] = "The new password cannot be the same as the old one"

    @abstractmethod
    def account(self, call: Call, names: Mapping[str, str]) -> str | None:
        """Return the account that a call concerns; C(names) are the parts of its path."""

    @abstractmethod
    def password(self, call: Call) -> str | None:
        """Return the new password, None if there is none or it is not a text."""

    @abstractmethod
    def listing(self, call: Call) -> Answer:
        """Return the accounts."""

    @abstractmethod
    def unknown_account(self, account: str | None) -> Answer:
        """Return what a change is told when there is no such account; has no effect."""

    @abstractmethod
    def refused_value(self, words: str) -> Answer:
        """Return what a change is told when its password is refused; has no effect."""

    @abstractmethod
    def without_password(self, call: Call, account: str) -> Answer:
        """Carry out a change that has no password."""

    def route(self, call: Call) -> Route:
        for operation in self.operations:
            if match := operation.path.fullmatch(call.path):
                return Route(operation.name, self.account(call, match.groupdict()))
        return Route("unknown")

    def answer(self, call: Call, route: Route) -> Answer:
        refusal = self._refusal(call, route)
        if refusal is not None:
            return refusal
        return self.listing(call) if route.operation == LIST else self.change(call, route)

    def change(self, call: Call, route: Route) -> Answer:
        """Carry out a change."""
        if route.account is None or route.account not in self.provider.accounts:
            return self.unknown_account(route.account)
        password = self.password(call)
        if password is None:
            return self.without_password(call, route.account)
        return self.set_password(route.account, password)

    def set_password(self, account: str, password: str) -> Answer:
        """Set the password of an account that exists, if the rules allow it."""
        words, effect = self.try_password(account, password)
        if words is not None:
            return self.refused_value(words)
        return self.success(Route(CHANGE, account)).but(effect=effect)

    def try_password(self, account: str, password: str) -> tuple[str | None, Effect]:
        """Set the password if the rules allow it; return why not, and what changed."""
        complaint = self._complaint(password)
        if complaint is not None:
            return complaint, "none"
        effect = self.provider.accounts.change(account, password).effect
        return (self.same_password, "none") if effect == "refused" else (None, effect)

    def unauthenticated(self, call: Call) -> Answer:
        """Return what a call without the right key is told."""
        return self.failure(401)

    def wrong_address(self) -> Answer:
        """Return what a call from an address is told that may not use the key."""
        return self.failure(403)

    def wrong_method(self, methods: Sequence[str]) -> Answer:
        """Return what a call by another method is told."""
        answer = self.failure(405)
        return answer.but(headers={**answer.headers, "Allow": ", ".join(methods)})

    def with_errors(self, answer: Answer) -> Answer:
        """Return a success that has errors in it.

        :raises ValueError: if there is no such answer
        """
        raise ValueError(f"no errors in a success of {type(self).__name__}")

    def spoiled(self, kind: str, answer: Answer, call: Call) -> Answer:
        if kind == "clean_status":
            return answer
        if kind == "refused_value":
            return self.refused_value(f"The password {self.password(call)} is not accepted")
        if kind == "errors":
            return self.with_errors(answer)
        return super().spoiled(kind, answer, call)

    def _refusal(self, call: Call, route: Route) -> Answer | None:
        options = self.provider.options
        if not self.authenticated(call):
            return self.unauthenticated(call)
        if not options.ip_authorised:
            return self.wrong_address()
        operation = next((one for one in self.operations if one.name == route.operation), None)
        if operation is None:
            return self.failure(404)
        if operation.name == CHANGE and not options.publishes_password_call:
            return self.failure(options.missing_call_status)
        methods = options.list_methods if operation.name == LIST else (operation.method,)
        return None if call.method in methods else self.wrong_method(methods)

    def _complaint(self, password: str) -> str | None:
        options = self.provider.options
        if not options.minimum_length <= len(password) <= options.maximum_length:
            rule = f"at least {options.minimum_length}"
            if options.maximum_length < NO_LIMIT:
                rule = f"from {options.minimum_length} to {options.maximum_length}"
            return f"The password must have {rule} characters"
        if options.password_pattern is not None and not re.fullmatch(options.password_pattern, password):
            return "The password does not satisfy the password policy"
        if entropy(password) < options.minimum_entropy:
            return f"The password must have at least {options.minimum_entropy:g} bits of entropy"
        return None


def entropy(password: str) -> float:
    """Return the bits of a password whose characters were drawn from the classes that are in it."""
    size = sum(len(pool) for pool in POOLS if set(pool) & set(password))
    if set(password) - set("".join(POOLS)):
        size += OTHER_CHARACTERS
    return len(password) * math.log2(size) if size else 0.0


def json_answer(status: int, value: Any, *, request_id: str | None = None) -> Answer:
    """Return an answer whose body is that value."""
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"}, request_id)
