# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A provider that makes the passwords itself. Its SMTP server is the stand-in's, which knows each user name."""

from __future__ import annotations

import contextlib
import http.server
import json
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from standin.accounts import AccountStore

TOKEN = "token-of-the-issuer-0123"
COMMON = {
    "name": "issuer",
    "credentials": {"token": ""},
    "authentication": {"headers": {"Authorization": "Bearer {token}"}},
}
CREATE = {
    **COMMON,
    "flow": "create",
    "create_credential": {"method": "POST", "path": "/{account}/credentials", "body": {"name": "{label}"}},
    "delete_credential": {"method": "DELETE", "path": "/{account}/credentials/{id}"},
    "list_credentials": {
        "method": "GET",
        "path": "/{account}/credentials",
        "items": "data",
        "id": "id",
        "label": "name",
    },
    "issued": {"secret": "password", "username": "username", "id": "id"},
    "limit": {"credentials": 2, "reached": [{"status": 403, "path": "error", "equals": "limit"}]},
}
REGENERATE = {
    **COMMON,
    "flow": "regenerate",
    "regenerate_password": {"method": "POST", "path": "/{account}/rotate", "body": {}},
    "issued": {"secret": "password", "username": "username"},
}


@dataclass
class Issuer:
    """The provider. C(calls): what it was asked, C(made): each credential by its ID, C(silent): it answers nothing.

    C(renames): whether a password that is made in place comes with a user name of its own.
    """

    accounts: AccountStore
    url: str = ""
    renames: bool = False
    silent: bool = False
    calls: list[tuple[str, str]] = field(default_factory=list)
    made: dict[str, dict[str, str]] = field(default_factory=dict)
    current: dict[str, str] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Do what a call asks for, and return the answer."""
        self.calls.append((method, path))
        _empty, account, *rest = path.split("/")
        if rest == ["rotate"]:
            return 200, self._regenerated(account)
        own = {one: made for one, made in self.made.items() if made["account"] == account}
        if method == "GET":
            return 200, {"data": [{"id": one, "name": made["name"]} for one, made in own.items()]}
        if method == "POST":
            return (403, {"error": "limit"}) if len(own) >= 2 else (201, self._created(account, body["name"]))
        if rest[1] not in own:
            return 404, {"error": "no such credential"}
        self.revoke(rest[1])
        return 204, {}

    def revoke(self, credential_id: str) -> None:
        """Delete a credential: nobody can log in with it any more."""
        self.accounts.add(self.made.pop(credential_id)["username"], secrets.token_hex(16))

    def ids(self, account: str) -> list[str]:
        """Return the IDs of the credentials that an account has."""
        return [one for one, made in self.made.items() if made["account"] == account]

    def _created(self, account: str, name: str) -> dict[str, str]:
        number = str(sum(method == "POST" for method, _path in self.calls))
        username = f"user{number}.{account}"
        self.made[number] = {"account": account, "name": name, "username": username}
        return {"id": number, "username": username, "password": self._new_password(username)}

    def _regenerated(self, account: str) -> dict[str, str]:
        before = self.current.get(account, account)
        username = f"{account}.{len(self.calls)}" if self.renames else account
        self.current[account] = username
        made = {"password": self._new_password(username)}
        if self.renames:
            self.accounts.add(before, secrets.token_hex(16))
            made["username"] = username
        return made

    def _new_password(self, username: str) -> str:
        password = secrets.token_urlsafe(24)
        if username not in self.accounts:
            self.accounts.add(username, secrets.token_hex(16))
        self.accounts.change(username, password)
        return password


@contextlib.contextmanager
def an_issuer(accounts: AccountStore) -> Iterator[Issuer]:
    """Run a provider that makes the passwords of these accounts."""
    issuer = Issuer(accounts)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
            status, answer = issuer.answer(self.command, self.path, body) if allowed else (401, {"error": "who?"})
            if issuer.silent:
                self.close_connection = True
                return
            text = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_DELETE = do_POST

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def options(issuer: Issuer, definition: dict[str, Any]) -> dict[str, Any]:
    """Return the role's variables for this provider, without their prefix; they take those of another one out."""
    return {
        "provider": None,
        "provider_definition": definition,
        "api_url": issuer.url,
        "api_credentials": {"token": TOKEN},
        "application_key": None,
        "authorization_key": None,
    }
