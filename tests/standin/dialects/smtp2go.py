# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP2GO: see C(contract/smtp2go.yaml)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from . import Answer, Call, Route
from ._read import decoded, parsed, same_key, text_or_none
from ._rest import CHANGE, LIST, Operation, RestDialect, json_answer

INVALID = "NON_VALIDATING_IN_PAYLOAD"
PERMISSION = ("You do not have permission to access this API endpoint", "ENDPOINT_PERMISSION_DENIED")
WORDS = {
    400: ("The payload is not valid", INVALID),
    401: PERMISSION,
    403: PERMISSION,
    404: ("There is no such endpoint", "ENDPOINT_NOT_FOUND"),
    405: ("The endpoint does not know this method", "METHOD_NOT_ALLOWED"),
    429: ("Too many requests", "RATE_LIMIT_EXCEEDED"),
}
OTHER_WORDS = ("Something went wrong", "API_EXCEPTION")


class Smtp2go(RestDialect):
    """Every answer has a request id and data; an error is in the data, or beside the request id."""

    defaults: ClassVar[Mapping[str, Any]] = {**RestDialect.defaults, "list_methods": ("POST",), "minimum_entropy": 64.0}
    without: ClassVar[tuple[str, ...]] = ("no_meta", "error_count", "partly_refused")
    operations = (
        Operation(CHANGE, re.compile("/v3/users/smtp/edit"), "PATCH"),
        Operation(LIST, re.compile("/v3/users/smtp/view")),
    )

    def account(self, call: Call, names: Mapping[str, str]) -> str | None:
        return text_or_none(parsed(call).get("username"))

    def password(self, call: Call) -> str | None:
        return text_or_none(parsed(call).get("email_password"))

    def authenticated(self, call: Call) -> bool:
        return same_key(call.headers.get("x-smtp2go-api-key"), self.provider.options.api_key)

    def without_password(self, call: Call, account: str) -> Answer:
        if "email_password" in parsed(call):
            return self.refused_value("The password must be a text")
        # What a PATCH leaves out stays as it is.
        return self.success(Route(CHANGE, account))

    def listing(self, call: Call) -> Answer:
        if not isinstance(decoded(call), dict):
            return self.failure(400)
        accounts = self.provider.accounts
        results = [
            {"username": one, "email_password": accounts.history(one)[-1].password, "status": "allowed"}
            for one in accounts.names()
        ]
        return _envelope(200, {"data": {"results": results}})

    def success(self, route: Route) -> Answer:
        return _envelope(200, {"data": {"results": [{"username": route.account, "status": "allowed"}]}})

    def failure(self, status: int) -> Answer:
        return self._error(status, *WORDS.get(status, OTHER_WORDS))

    def unknown_account(self, account: str | None) -> Answer:
        return self._error(400, "There is no such SMTP user", INVALID, field="username")

    def refused_value(self, words: str) -> Answer:
        return self._error(400, words, INVALID, field="email_password")

    def with_errors(self, answer: Answer) -> Answer:
        return self.failure(400).but(status=answer.status)

    def _error(self, status: int, words: str, code: str, *, field: str | None = None) -> Answer:
        error: dict[str, Any] = {"error": words, "error_code": f"E_ApiResponseCodes.{code}"}
        if field:
            error["field_validation_errors"] = {"fieldname": field, "message": words}
        return _envelope(status, error if self.provider.options.errors_at_top else {"data": error})


def _envelope(status: int, content: Mapping[str, Any]) -> Answer:
    request_id = str(uuid.uuid4())
    return json_answer(status, {"request_id": request_id, **content}, request_id=request_id)


DIALECT = Smtp2go
