# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mailcow: see C(contract/mailcow.yaml)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from . import Answer, Call, Effect, Route
from ._read import content_type, decoded, parsed, same_key, text_or_none
from ._rest import CHANGE, LIST, Operation, RestDialect, json_answer

WORDS = {
    400: "Request body doesn't contain valid json!",
    401: "authentication failed",
    403: "API read/write access denied",
    404: "route not found",
    429: "too many requests",
}
INCOMPLETE = "Cannot find attributes in post data"


class Mailcow(RestDialect):
    """A change is answered 200 whatever became of it, with a list that says what."""

    defaults: ClassVar[Mapping[str, Any]] = {**RestDialect.defaults, "minimum_length": 6}
    without: ClassVar[tuple[str, ...]] = ("no_meta", "error_count", "partly_refused")
    operations = (
        Operation(CHANGE, re.compile("/api/v1/edit/mailbox"), "POST"),
        Operation(LIST, re.compile("/api/v1/get/mailbox/all")),
    )

    def account(self, call: Call, names: Mapping[str, str]) -> str | None:
        items = _items(call)
        return items[0] if len(items) == 1 else None

    def password(self, call: Call) -> str | None:
        return text_or_none(_attributes(call).get("password"))

    def authenticated(self, call: Call) -> bool:
        options = self.provider.options
        return any(same_key(call.headers.get("x-api-key"), key) for key in (options.api_key, options.read_only_key))

    def wrong_address(self) -> Answer:
        return _error(401, "api access denied for ip 127.0.0.1")

    def change(self, call: Call, route: Route) -> Answer:
        if not same_key(call.headers.get("x-api-key"), self.provider.options.api_key):
            return self.failure(403)
        if content_type(call) == "application/json" and decoded(call) is None:
            return self.failure(400)
        if not (_attributes(call) and _items(call)):
            return _error(200, INCOMPLETE)
        done = [self._edit(one, _attributes(call)) for one in _items(call)]
        effects = [effect for _entry_of_it, effect in done]
        effect: Effect = "changed" if "changed" in effects else "same" if "same" in effects else "none"
        return json_answer(200, [entry for entry, _effect in done]).but(effect=effect)

    def listing(self, call: Call) -> Answer:
        names = self.provider.accounts.names()
        return json_answer(200, [_mailbox(one) for one in names] if names else {})

    def success(self, route: Route) -> Answer:
        return json_answer(200, [_entry("success", ["mailbox_modified", route.account])])

    def failure(self, status: int) -> Answer:
        return _error(status, WORDS.get(status, "internal error"))

    def wrong_method(self, methods: Sequence[str]) -> Answer:
        return _error(405, f"only {methods[0]} method is allowed")

    def unknown_account(self, account: str | None) -> Answer:
        return json_answer(200, [_entry("danger", "access_denied")])

    def refused_value(self, words: str) -> Answer:
        return json_answer(200, [_entry("danger", ["password_complexity", words])])

    def without_password(self, call: Call, account: str) -> Answer:
        return self.success(Route(CHANGE, account))

    def with_errors(self, answer: Answer) -> Answer:
        found = json.loads(answer.body)
        entries = found if isinstance(found, list) else [found]
        return answer.but(body=json.dumps([*entries, _entry("danger", "access_denied")]).encode())

    def _edit(self, account: str, attributes: Mapping[str, Any]) -> tuple[dict[str, Any], Effect]:
        if account not in self.provider.accounts:
            return _entry("danger", "access_denied"), "none"
        password = attributes.get("password")
        if password in (None, ""):
            return _entry("success", ["mailbox_modified", account]), "none"
        if password != attributes.get("password2"):
            return _entry("danger", "password_mismatch"), "none"
        words, effect = self.try_password(account, str(password))
        if words is not None:
            return _entry("danger", "password_complexity"), effect
        return _entry("success", ["mailbox_modified", account]), effect


def _items(call: Call) -> list[str]:
    items = parsed(call).get("items")
    found = items if isinstance(items, list) else [items]
    return [one for one in found if isinstance(one, str)]


def _attributes(call: Call) -> dict[str, Any]:
    attributes = parsed(call).get("attr")
    return attributes if isinstance(attributes, dict) else {}


def _entry(kind: str, message: object) -> dict[str, Any]:
    log = ["mailbox", "edit", "mailbox", {"password": "*", "password2": "*"}, None]
    return {"type": kind, "log": log, "msg": message}


def _error(status: int, message: str) -> Answer:
    return json_answer(status, {"type": "error", "msg": message})


def _mailbox(account: str) -> dict[str, Any]:
    local_part, _at, domain = account.partition("@")
    return {"username": account, "active": 1, "domain": domain, "local_part": local_part, "name": local_part}


DIALECT = Mailcow
