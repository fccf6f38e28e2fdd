# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailgun: see C(contract/mailgun.yaml)."""

from __future__ import annotations

import base64
import email
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote

from . import Answer, Call, Route
from ._read import content_type, first, number, same_key
from ._rest import CHANGE, LIST, Operation, RestDialect, json_answer

CREDENTIALS = r"/v3/domains/(?P<domain>[^/]+)/credentials"
WORDS = {
    400: "Bad request",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    429: "Too many requests",
}
UNKNOWN_ACCOUNT = "SMTP credentials not found"
UNKNOWN_DOMAIN = "Domain not found"
NOTE = "The password was generated: keep it, it is not shown again"


class Mailgun(RestDialect):
    """A form goes in, JSON comes out. An account is named by its address."""

    defaults: ClassVar[Mapping[str, Any]] = {**RestDialect.defaults, "minimum_length": 5, "maximum_length": 32}
    operations = (
        Operation(CHANGE, re.compile(CREDENTIALS + "/(?P<login>[^/]+)"), "PUT"),
        Operation(LIST, re.compile(CREDENTIALS)),
    )
    same_password = "New password cannot be the same as old password"

    def account(self, call: Call, names: Mapping[str, str]) -> str | None:
        if "login" not in names:
            return None
        login = unquote(names["login"])
        return login if "@" in login else f"{login}@{unquote(names['domain'])}"

    def password(self, call: Call) -> str | None:
        return first(_form(call) or {}, "password")

    def authenticated(self, call: Call) -> bool:
        scheme, _space, token = call.headers.get("authorization", "").partition(" ")
        key = self.provider.options.api_key
        pair = base64.b64encode(f"api:{key}".encode()).decode()
        return bool(key) and scheme.lower() == "basic" and same_key(token.strip(), pair)

    def change(self, call: Call, route: Route) -> Answer:
        domain, login = (unquote(one) for one in call.path.split("/")[3::2])
        form = "address" if "@" in login else "local_part"
        if form not in self.provider.options.login_forms or not str(route.account).endswith(f"@{domain}"):
            return self.unknown_account(route.account)
        if _form(call) is None:
            return self.failure(400)
        return super().change(call, route)

    def without_password(self, call: Call, account: str) -> Answer:
        password = secrets.token_hex(16)
        self.provider.accounts.change(account, password)
        value = {"message": "Password changed", "note": NOTE, "credentials": {account: password}}
        return json_answer(200, value).but(effect="changed")

    def listing(self, call: Call) -> Answer:
        domain = unquote(call.path.split("/")[3])
        skip, limit = number(call.query, "skip", 0), number(call.query, "limit", 100)
        if skip is None or limit is None:
            return _told(400, "skip and limit must be numbers")
        found = [one for one in self.provider.accounts.names() if one.endswith(f"@{domain}")]
        if not found:
            return _told(404, UNKNOWN_DOMAIN)
        items = [self._item(one) for one in found[skip : skip + limit]]
        # The number in items, as the reference has it: who takes it for the number of all never sees a second page.
        return json_answer(200, {"total_count": len(items), "items": items})

    def success(self, route: Route) -> Answer:
        return _told(200, "Password changed")

    def failure(self, status: int) -> Answer:
        if status == 401:
            return Answer(401, b"Forbidden", {"Content-Type": "text/plain"})
        return _told(status, WORDS.get(status, "Internal server error"))

    def unknown_account(self, account: str | None) -> Answer:
        return _told(404, UNKNOWN_ACCOUNT)

    def refused_value(self, words: str) -> Answer:
        return _told(400, words)

    def _item(self, account: str) -> dict[str, Any]:
        created = datetime.fromtimestamp(self.provider.accounts.history(account)[0].changed_at, timezone.utc)
        return {"login": account, "mailbox": account, "created_at": format_datetime(created), "size_bytes": 0}


def _told(status: int, words: str) -> Answer:
    return json_answer(status, {"message": words})


def _form(call: Call) -> dict[str, list[str]] | None:
    """Return the form's fields, none of what is no form, and None for a broken one."""
    try:
        if content_type(call) == "application/x-www-form-urlencoded":
            return parse_qs(call.body.decode(), keep_blank_values=True, errors="strict")
        if content_type(call) == "multipart/form-data":
            return _multipart(call)
    except ValueError:
        return None
    return {}


def _multipart(call: Call) -> dict[str, list[str]]:
    header = f"Content-Type: {call.headers['content-type']}\r\n\r\n"
    message = email.message_from_bytes(header.encode("latin-1", "replace") + call.body)
    if not message.is_multipart():
        raise ValueError("not a form of parts")
    fields: dict[str, list[str]] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields.setdefault(name, []).append(content.decode())
    return fields


DIALECT = Mailgun
