# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloudflare: see C(contract/cloudflare.yaml)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from ..accounts import UnknownAccount
from . import Answer, Call, Route
from ._issuing import LIST, REGENERATE, IssuingDialect
from ._read import decoded, number
from ._rest import Operation, json_answer

PATH = r"(?:/client/v4)?/accounts/(?P<tenant>[^/]+)/tokens"
WORDS = {
    400: (6003, "Invalid request"),
    401: (1000, "Invalid API Token"),
    403: (9109, "Unauthorized to access requested resource"),
    404: (7003, "Could not route to the resource"),
    405: (7001, "Method not allowed"),
    429: (10100, "Rate limit exceeded"),
}
OTHER_WORDS = (10000, "Internal error")
NO_TOKEN = (1003, "API Token not found")
PAGES = range(5, 51)


class Cloudflare(IssuingDialect):
    """A token is an account's password, and rolling it makes a new one in its place. All share one user name."""

    login = "api_token"
    without: ClassVar[tuple[str, ...]] = ("no_meta", "error_count", "partly_refused", "refused_value")
    operations = (
        Operation(REGENERATE, re.compile(PATH + "/(?P<id>[^/]+)/value"), "PUT"),
        Operation(LIST, re.compile(PATH), "GET"),
    )

    def carried_out(self, operation: str, call: Call, names: Mapping[str, str]) -> Answer:
        return self._listing(call) if operation == LIST else self._roll(call, names["id"])

    def success(self, route: Route) -> Answer:
        """Return what a call is told that has no effect: a value in it opens nothing."""
        return _taken([] if route.operation == LIST else secrets.token_urlsafe(30))

    def failure(self, status: int) -> Answer:
        return _refused(status, *WORDS.get(status, OTHER_WORDS))

    def spoiled(self, kind: str, answer: Answer, call: Call) -> Answer:
        return self.failure(400).but(status=answer.status) if kind == "errors" else super().spoiled(kind, answer, call)

    def _roll(self, call: Call, token: str) -> Answer:
        if decoded(call) != {}:
            return self.failure(400)
        accounts = self.provider.accounts
        try:
            value = accounts.regenerate(accounts.credential(token).owner)
        except UnknownAccount:
            return _refused(404, *NO_TOKEN)
        return _taken(value).but(effect="changed", credential=token)

    def _listing(self, call: Call) -> Answer:
        page, size = number(call.query, "page", 1), number(call.query, "per_page", 20)
        if page is None or page < 1 or size is None or size not in PAGES:
            return self.failure(400)
        every = self.provider.accounts.credentials()
        shown = [
            {"id": one.id, "name": one.label, "status": "active"} for one in every[(page - 1) * size : page * size]
        ]
        info = {"page": page, "per_page": size, "count": len(shown), "total_count": len(every)}
        return _taken(shown, result_info=info)


def _taken(result: Any, **more: Any) -> Answer:
    return json_answer(200, {"success": True, "errors": [], "messages": [], "result": result, **more})


def _refused(status: int, code: int, words: str) -> Answer:
    error = {"code": code, "message": words}
    return json_answer(status, {"success": False, "errors": [error], "messages": [], "result": None})


DIALECT = Cloudflare
