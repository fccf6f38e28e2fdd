# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EmailLabs, and with it MessageFlow and Redlink: see C(contract/emaillabs.yaml)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from . import Answer, Call, Dialect, Effect, Route
from ._read import first, number, parsed, same_key

ACCOUNTS = "/v2.1/email/smtpAccount"
MESSAGES = "/v2.1/email"
PASSWORD = re.compile(re.escape(ACCOUNTS) + r"/([^/]+)/password\Z")
WORDS = {
    400: ("Bad request", "The request is not valid", "E-0-001"),
    401: ("Unauthorized", "Authorization data is invalid", "E-0-004"),
    403: ("Forbidden", "The IP address is not authorised", "E-0-005"),
    404: ("Not found", "No results", "E-0-006"),
    405: ("Method not allowed", "Method not allowed", "E-0-007"),
    408: ("Request timeout", "The request took too long", "E-0-008"),
    422: ("Unprocessable entity", "The value of a parameter is not accepted", "E-0-010"),
    429: ("Too many requests", "Too many requests", "E-0-011"),
}
UNKNOWN_ACCOUNT = "SMTP account not found"
OTHER_WORDS = ("Error", "Something went wrong", "E-0-000")


class EmailLabs(Dialect):
    """The platform of Vercom; every answer is its envelope."""

    credentials = ("application_key", "authorization_key")

    def route(self, call: Call) -> Route:
        if call.path == ACCOUNTS:
            return Route("listSmtpAccounts")
        if match := PASSWORD.match(call.path):
            return Route("changeSmtpAccountPassword", unquote(match[1]))
        if call.path == MESSAGES:
            return Route("messageStatus", first(call.query, "smtpAccount"))
        return Route("unknown")

    def authenticated(self, call: Call) -> bool:
        options = self.provider.options
        wanted = {"application-key": options.application_key, "authorization": options.authorization_key}
        return all(same_key(call.headers.get(name), key) for name, key in wanted.items())

    def answer(self, call: Call, route: Route) -> Answer:
        if not self.authenticated(call):
            return self.failure(401)
        if not self.provider.options.ip_authorised:
            # The contract knows no 403 for this one call.
            return self.failure(401 if route.operation == "messageStatus" else 403)
        if route.operation == "changeSmtpAccountPassword":
            return self._change(call, str(route.account))
        if route.operation == "listSmtpAccounts":
            return self._list(call)
        if route.operation == "messageStatus":
            return self._status(call)
        return self.failure(404)

    def success(self, route: Route) -> Answer:
        return _envelope(200)

    def failure(self, status: int) -> Answer:
        answer = _refusal(status)
        return answer.but(headers={**answer.headers, "Retry-After": "1"}) if status == 429 else answer

    def spoiled(self, kind: str, answer: Answer, call: Call) -> Answer:
        if kind == "partly_refused":
            return _refusal(207, words="One of the parameters was refused")
        if kind == "refused_value":
            return _refused_value(str(parsed(call).get("password")), "The password is not accepted")
        envelope = json.loads(answer.body)
        if kind == "no_meta":
            del envelope["meta"]
        elif kind == "errors":
            envelope["errors"] = [_error(OTHER_WORDS)]
        elif kind == "error_count":
            envelope["meta"]["numberOfErrors"] = 1
        elif kind == "clean_status":
            envelope["meta"]["status"] = answer.status
        return answer.but(body=json.dumps(envelope).encode())

    def _list(self, call: Call) -> Answer:
        methods = self.provider.options.list_methods
        if call.method not in methods:
            return _not_allowed(methods)
        offset, limit = number(call.query, "offset", 0), number(call.query, "limit", 100)
        if offset is None or limit is None or not 1 <= limit <= 1000:
            return _refusal(404, words="offset must be a number, limit one from 1 to 1000")
        names = self.provider.accounts.names()[offset : offset + limit]
        if not names:
            return self.failure(404)
        return _envelope(200, data=[{"smtpAccount": one, "name": one.split(".", 1)[-1]} for one in names])

    def _change(self, call: Call, account: str) -> Answer:
        options = self.provider.options
        if not options.publishes_password_call:
            return _not_allowed(()) if options.missing_call_status == 405 else self.failure(options.missing_call_status)
        if call.method != "PUT":
            return _not_allowed(("PUT",))
        if account not in self.provider.accounts:
            return _refusal(404, words=UNKNOWN_ACCOUNT)
        body = parsed(call)
        if set(body) != {"password"} or not isinstance(body["password"], str):
            return _refusal(400, words="The body must be a JSON object with the text password and nothing else")
        return self._set(account, body["password"])

    def _set(self, account: str, password: str) -> Answer:
        options = self.provider.options
        if not options.minimum_length <= len(password) <= options.maximum_length:
            rule = f"must have from {options.minimum_length} to {options.maximum_length} characters"
            return _refused_value(password, f"The password {rule}")
        if options.password_pattern is not None and not re.fullmatch(options.password_pattern, password):
            return _refused_value(password, "The password does not satisfy the password policy")
        effect = self.provider.accounts.change(account, password).effect
        if effect == "refused":
            return _refused_value(password, "The new password cannot be the same as the old one")
        return _envelope(200, effect=effect)

    def _status(self, call: Call) -> Answer:
        if call.method != "GET":
            return _not_allowed(("GET",))
        wanted, account = first(call.query, "messageId"), first(call.query, "smtpAccount")
        limit = number(call.query, "limit", 100)
        found = [
            {"messageId": one["message_id"], "smtpAccount": one["account"], "status": "delivered"}
            for one in self.provider.messages()
            if wanted and _bare(one["message_id"]) == _bare(wanted) and account in (None, one["account"])
        ]
        if not found or limit is None or not 1 <= limit <= 1000:
            return self.failure(404)
        return _envelope(200, data=found[:limit])


def _envelope(status: int, *, data: Sequence[Any] = (), errors: Sequence[Any] = (), effect: Effect = "none") -> Answer:
    request_id = uuid.uuid4().hex
    meta = {"numberOfErrors": len(errors), "numberOfData": len(data), "status": status, "uniqId": request_id}
    text = json.dumps({"meta": meta, "data": list(data), "errors": list(errors)})
    return Answer(status, text.encode(), {"Content-Type": "application/json"}, request_id, effect)


def _error(words: tuple[str, str, str]) -> dict[str, Any]:
    title, message, code = words
    return {"title": title, "message": message, "code": code}


def _refusal(status: int, *, words: str | None = None) -> Answer:
    title, message, code = WORDS.get(status, OTHER_WORDS)
    return _envelope(status, errors=[_error((title, words or message, code))])


def _refused_value(value: str, words: str) -> Answer:
    title, _message, code = WORDS[422]
    meta = {"parameter": "password", "value": value}
    return _envelope(422, errors=[{**_error((title, words, code)), "meta": meta}])


def _not_allowed(methods: Sequence[str]) -> Answer:
    answer = _refusal(405)
    return answer.but(headers={**answer.headers, "Allow": ", ".join(methods)})


def _bare(message_id: str | None) -> str:
    return (message_id or "").strip().strip("<>")


DIALECT = EmailLabs
