# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JetEmail: see C(contract/jetemail.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from . import Answer, Call, Route
from ._read import parsed, same_key, text_or_none
from ._rest import CHANGE, Operation, RestDialect, json_answer

WORDS = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    429: "Too many requests",
}
NAME = re.compile("[a-z0-9-]{1,64}")


class JetEmail(RestDialect):
    """Every answer has C(success); there is no list."""

    defaults: ClassVar[Mapping[str, Any]] = {**RestDialect.defaults, "minimum_length": 8, "maximum_length": 72}
    without: ClassVar[tuple[str, ...]] = ("no_meta", "error_count", "partly_refused")
    operations = (Operation(CHANGE, re.compile("/outbound/smarthost"), "PATCH"),)

    def account(self, call: Call, names: Mapping[str, str]) -> str | None:
        return text_or_none(parsed(call).get("currentUsername"))

    def password(self, call: Call) -> str | None:
        return text_or_none(parsed(call).get("password"))

    def authenticated(self, call: Call) -> bool:
        scheme, _space, token = call.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and same_key(token.strip(), self.provider.options.api_key)

    def wrong_method(self, methods: Sequence[str]) -> Answer:
        return self.failure(404)

    def listing(self, call: Call) -> Answer:
        return self.failure(404)

    def success(self, route: Route) -> Answer:
        return json_answer(200, {"success": True, "message": "Smarthost updated successfully"})

    def failure(self, status: int) -> Answer:
        return _refused(status, WORDS.get(status, "Internal server error"))

    def unknown_account(self, account: str | None) -> Answer:
        if account is None or not NAME.fullmatch(account):
            return self._refused_change(400, "currentUsername must have 1 to 64 characters of a-z, 0-9 and -")
        return self._refused_change(404, "Smarthost not found")

    def refused_value(self, words: str) -> Answer:
        return self._refused_change(400, words)

    def without_password(self, call: Call, account: str) -> Answer:
        return self.refused_value("password must be a text")

    def with_errors(self, answer: Answer) -> Answer:
        return _refused(answer.status, "Smarthost could not be updated")

    def _refused_change(self, status: int, words: str) -> Answer:
        return _refused(200 if self.provider.options.errors_as_success else status, words)


def _refused(status: int, words: str) -> Answer:
    return json_answer(status, {"success": False, "message": words})


DIALECT = JetEmail
