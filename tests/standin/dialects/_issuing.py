# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the dialects have in common whose provider makes the passwords itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from . import Answer, Call, Dialect, Route
from ._read import same_key
from ._rest import Operation

CREATE = "createSmtpCredential"
DELETE = "deleteSmtpCredential"
LIST = "listSmtpCredentials"
REGENERATE = "regenerateSmtpPassword"


class IssuingDialect(Dialect):
    """One key as a bearer token, and a tenant in every address: each of its accounts has credentials.

    :cvar operations: the calls that exist, each with the named groups of its path
    """

    credentials = ("api_key",)
    without: ClassVar[tuple[str, ...]] = ("no_meta", "errors", "error_count", "partly_refused", "refused_value")
    operations: ClassVar[tuple[Operation, ...]]

    @abstractmethod
    def carried_out(self, operation: str, call: Call, names: Mapping[str, str]) -> Answer:
        """Carry out a call that is allowed; C(names) are the parts of its path."""

    def account(self, operation: str, call: Call, names: Mapping[str, str]) -> str | None:
        """Return the account that a call concerns, None if it concerns no single one; has no effect."""
        del operation, call
        return self.provider.accounts.owner(names["id"]) if "id" in names else None

    def route(self, call: Call) -> Route:
        found = self._found(call)
        if found is None:
            return Route("unknown")
        operation, names = found
        return Route(operation.name, self.account(operation.name, call, names))

    def authenticated(self, call: Call) -> bool:
        scheme, _space, token = call.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and same_key(token.strip(), self.provider.options.api_key)

    def answer(self, call: Call, route: Route) -> Answer:
        if not self.authenticated(call):
            return self.failure(401)
        if not self.provider.options.ip_authorised:
            return self.failure(403)
        found = self._found(call)
        if found is None:
            there = any(one.path.fullmatch(call.path) for one in self.operations)
            return self.failure(405 if there else 404)
        operation, names = found
        if names["tenant"] != self.provider.options.tenant:
            return self.failure(404)
        return self.carried_out(operation.name, call, names)

    def spoiled(self, kind: str, answer: Answer, call: Call) -> Answer:
        return answer if kind == "clean_status" else super().spoiled(kind, answer, call)

    def _found(self, call: Call) -> tuple[Operation, dict[str, Any]] | None:
        for operation in self.operations:
            match = operation.path.fullmatch(call.path)
            if match and operation.method == call.method:
                return operation, {name: unquote(text) for name, text in match.groupdict().items()}
        return None
