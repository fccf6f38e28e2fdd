# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailu: see C(contract/mailu.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from . import Answer, Call, Route
from ._read import decoded, parsed, same_key, text_or_none
from ._rest import CHANGE, LIST, Operation, RestDialect, json_answer

WORDS = {
    400: "Input payload validation failed",
    404: "The requested URL was not found on the server",
    405: "The method is not allowed for the requested URL",
}
# Those that come from before the call itself have no code.
BARE_WORDS = {
    401: "A valid Authorization header is mandatory",
    403: "Invalid API token",
    429: "Too many attempts from your IP (rate-limit)",
}
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
HASH = "$bcrypt-sha256$v=2,t=2b,r=12$of.the.stand.in$and.of.no.password"


class Mailu(RestDialect):
    """An account is named by its address."""

    operations = (
        Operation(CHANGE, re.compile("/api/v1/user/(?P<email>[^/]+)"), "PATCH"),
        Operation(LIST, re.compile("/api/v1/user")),
    )

    def account(self, call: Call, names: Mapping[str, str]) -> str | None:
        return unquote(names["email"]) if "email" in names else None

    def password(self, call: Call) -> str | None:
        return text_or_none(parsed(call).get("raw_password"))

    def authenticated(self, call: Call) -> bool:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        return same_key(token, self.provider.options.api_key)

    def unauthenticated(self, call: Call) -> Answer:
        return self.failure(403 if call.headers.get("authorization") else 401)

    def change(self, call: Call, route: Route) -> Answer:
        if not isinstance(decoded(call), dict):
            return self.failure(400)
        if not ADDRESS.fullmatch(str(route.account)):
            return _told(400, f"Provided email address {route.account} is not a valid email address")
        return super().change(call, route)

    def without_password(self, call: Call, account: str) -> Answer:
        if "raw_password" in parsed(call):
            return self.failure(400)
        # What a PATCH leaves out stays as it is.
        return self.success(Route(CHANGE, account))

    def listing(self, call: Call) -> Answer:
        names = self.provider.accounts.names()
        return json_answer(200, [{"email": one, "password": HASH, "enabled": True} for one in names])

    def success(self, route: Route) -> Answer:
        return _told(200, f"User {route.account} has been updated")

    def failure(self, status: int) -> Answer:
        if status in BARE_WORDS:
            return json_answer(status, {"message": BARE_WORDS[status]})
        return _told(status, WORDS.get(status, "Internal Server Error"))

    def unknown_account(self, account: str | None) -> Answer:
        return _told(404, f"User {account} cannot be found")

    def refused_value(self, words: str) -> Answer:
        return _told(400, words)


def _told(status: int, words: str) -> Answer:
    return json_answer(status, {"code": status, "message": words})


DIALECT = Mailu
