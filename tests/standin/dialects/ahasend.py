# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AhaSend: see C(contract/ahasend.yaml)."""

from __future__ import annotations

import base64
import re
import secrets
import threading
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..accounts import Credential, UnknownAccount
from . import Answer, Call, Provider, Route
from ._issuing import CREATE, DELETE, LIST, IssuingDialect
from ._read import first, number, parsed, text_or_none
from ._rest import Operation, json_answer

PATH = r"/v2/accounts/(?P<tenant>[^/]+)/smtp-credentials"
WORDS = {
    400: "The request is not valid",
    401: "Invalid API key",
    403: "The API key does not have the required scope",
    404: "Not found",
    405: "Method not allowed",
    409: "A request with this idempotency key is already in progress",
    422: "Idempotency key was already used with a different request payload",
    429: "Too many requests, rate limited.",
}
REPLAYED_FOR = 24 * 3600.0
LARGEST_PAGE, LONGEST_NAME, LONGEST_KEY = 100, 255, 255


class AhaSend(IssuingDialect):
    """Whoever creates a credential learns its user name and password, once.

    The provider knows no accounts below its customer. Here, a credential is for the account that its name begins with,
    up to a blank.
    """

    operations = (
        Operation(CREATE, re.compile(PATH), "POST"),
        Operation(LIST, re.compile(PATH), "GET"),
        Operation(DELETE, re.compile(PATH + "/(?P<id>[^/]+)"), "DELETE"),
    )

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        self._lock = threading.Lock()
        # Of each key: when it was used, what for, and what that was answered.
        self._replies: dict[str, tuple[float, tuple[str, bytes], Answer]] = {}

    def account(self, operation: str, call: Call, names: Mapping[str, str]) -> str | None:
        if operation == CREATE:
            return _owner(text_or_none(parsed(call).get("name")) or "", names["tenant"])
        return super().account(operation, call, names)

    def carried_out(self, operation: str, call: Call, names: Mapping[str, str]) -> Answer:
        if operation == LIST:
            return self._listing(call)
        return self._once(call, names) if operation == CREATE else self._delete(names["id"])

    def success(self, route: Route) -> Answer:
        """Return what a call is told that has no effect: a credential in it does not exist."""
        if route.operation == LIST:
            return json_answer(200, {"object": "list", "data": [], "pagination": {"has_more": False}})
        if route.operation == DELETE:
            return _told(200, "SMTP credential deleted successfully")
        nothing = Credential(str(uuid.uuid4()), "", "nobody", "nothing", self.provider.accounts.clock(), [])
        return json_answer(201, {**_shown(nothing), "password": secrets.token_urlsafe(24)})

    def failure(self, status: int) -> Answer:
        return _told(status, WORDS.get(status, "Internal server error"))

    def _once(self, call: Call, names: Mapping[str, str]) -> Answer:
        """Carry a call out, unless one with its key was."""
        key = call.headers.get("idempotency-key")
        if key is None:
            return self._create(call, names)
        if not 0 < len(key) <= LONGEST_KEY:
            return self.failure(400)
        asked = (call.path, call.body)
        with self._lock:
            now = self.provider.accounts.clock()
            moment, before, answer = self._replies.get(key, (float("-inf"), asked, Answer(0)))
            if now - moment < REPLAYED_FOR:
                if before != asked:
                    return self.failure(422)
                return answer.but(headers={**answer.headers, "Idempotent-Replayed": "true"}, effect="none")
            answer = self._create(call, names)
            self._replies[key] = (now, asked, answer)
            return answer

    def _create(self, call: Call, names: Mapping[str, str]) -> Answer:
        body = parsed(call)
        name, scope = text_or_none(body.get("name")), body.get("scope")
        if not name or len(name) > LONGEST_NAME or scope not in ("global", "scoped"):
            return self.failure(400)
        domains = [] if scope == "global" else body.get("domains")
        if scope == "scoped" and not (isinstance(domains, list) and domains and all(map(text_or_none, domains))):
            return self.failure(400)
        accounts, owner = self.provider.accounts, _owner(name, names["tenant"])
        most = self.provider.options.most_credentials
        if most is not None and len(accounts.credentials(owner)) >= most:
            return _told(400, f"The limit of {most} SMTP credentials is reached")
        made, password = accounts.create(owner, name)
        value = {**_shown(made), "scope": scope, "domains": domains, "password": password}
        return json_answer(201, value).but(effect="created", credential=made.id)

    def _delete(self, credential_id: str) -> Answer:
        try:
            self.provider.accounts.delete(credential_id)
        except UnknownAccount:
            return _told(404, "SMTP credential not found")
        answer = _told(200, "SMTP credential deleted successfully")
        return answer.but(effect="deleted", credential=credential_id)

    def _listing(self, call: Call) -> Answer:
        limit, after = number(call.query, "limit", LARGEST_PAGE), first(call.query, "after")
        start = _start(after) if after else 0
        if limit is None or not 1 <= limit <= LARGEST_PAGE or start is None:
            return self.failure(400)
        every = self.provider.accounts.credentials()
        page = every[start : start + limit]
        paging: dict[str, Any] = {"has_more": start + limit < len(every)}
        if paging["has_more"]:
            paging["next_cursor"] = base64.urlsafe_b64encode(str(start + limit).encode()).decode()
        return json_answer(200, {"object": "list", "data": [_shown(one) for one in page], "pagination": paging})


def _owner(name: str, tenant: str) -> str:
    account, blank, _label = name.partition(" ")
    return account if blank else tenant


def _start(cursor: str) -> int | None:
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()).decode())
    except ValueError:
        return None


def _shown(one: Credential) -> dict[str, Any]:
    created = datetime.fromtimestamp(one.created_at, timezone.utc).isoformat().replace("+00:00", "Z")
    return {
        "object": "credential_smtp",
        "id": one.id,
        "created_at": created,
        "updated_at": created,
        "name": one.label,
        "username": one.username,
        "sandbox": False,
        "scope": "global",
        "domains": [],
    }


def _told(status: int, words: str) -> Answer:
    return json_answer(status, {"message": words})


DIALECT = AhaSend
