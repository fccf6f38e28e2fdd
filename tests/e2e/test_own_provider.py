# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A provider that the repository has never seen, described in a playbook."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.controller import Controller, Ended

SET, TELL = "Set the passwords", "Tell of the accounts"
ACCOUNT = "newsletter@shop.example"
TOKEN = "token-of-the-team-0123"

DEFINITION = {
    "name": "inhouse",
    "credentials": {"team": "", "token": "INHOUSE_TOKEN"},
    "authentication": {"headers": {"X-Team": "{team}", "Authorization": "Token {token}"}},
    "set_password": {
        "method": "POST",
        "path": "/internal/{account_domain}/reset",
        "encoding": "json",
        "body": {"who": "{account_name}", "secret": {"new": "{password}"}},
    },
    "list_accounts": {"method": "GET", "path": "/internal/{account_domain}/users", "items": "users", "name": "mail"},
    "answer": {
        "accepted": [{"path": "ok", "equals": True}],
        "refused": [{"path": "ok", "equals": False}],
        "already_set": [{"path": "why", "contains": "unchanged"}],
        "message": ["why"],
        "request_id": ["ticket"],
    },
    "password": {"min_length": 16, "max_length": 40, "classes": ["symbol"], "symbols": "-_"},
    "propagation_seconds": 120,
    "hints": {"403": "Ask the mail team"},
}


class InHouse:
    """An API of its own shape: a different path, nesting, credential and answer than any built-in one."""

    def __init__(self) -> None:
        self.passwords = {"newsletter": "old"}
        self.calls: list[tuple[str, str]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.calls.append((self.command, self.path))
                allowed = (self.headers["X-Team"], self.headers["Authorization"]) == (
                    "team-of-the-mail",
                    f"Token {TOKEN}",
                )
                status, answer = (403, {"why": "who are you?"}) if not allowed else outer.act(self.path, body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def act(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if path == "/internal/shop.example/users":
            return 200, {"users": [{"mail": f"{name}@shop.example"} for name in self.passwords]}
        asked = json.loads(body)
        if asked["who"] not in self.passwords:
            return 200, {"ok": False, "why": "no such user", "ticket": "T-2"}
        if self.passwords[asked["who"]] == asked["secret"]["new"]:
            return 200, {"ok": False, "why": "password unchanged"}
        self.passwords[asked["who"]] = asked["secret"]["new"]
        return 200, {"ok": True, "ticket": "T-1"}


@pytest.fixture
def inhouse() -> Iterator[InHouse]:
    api = InHouse()
    thread = threading.Thread(target=api.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield api
    api.server.shutdown()
    api.server.server_close()
    thread.join()


def options(api: InHouse, **over: Any) -> dict[str, Any]:
    return {
        "accounts": [ACCOUNT],
        "provider_definition": DEFINITION,
        "api_url": api.url,
        "api_credentials": {"team": "team-of-the-mail", "token": TOKEN},
        "retries": 0,
        **over,
    }


def rotate(controller: Controller, api: InHouse, **over: Any) -> Ended:
    given = options(api, vault_file=str(controller.store), password_symbols="-", **over)
    return controller.tasks([{"name": SET, "mailops.smtp.smtp_account_password": given}])


def test_definition_in_a_playbook_drives_an_unknown_api(inhouse: InHouse, tmp_path: Path) -> None:
    """Catches: an engine that knows more of its providers than their definitions say."""
    controller = Controller(tmp_path)
    ended = rotate(controller, inhouse)
    assert ended.code == 0, ended.output
    result = ended.result(SET)
    assert result["accounts"][0]["action"] == "rotated"
    assert 100 < result["seconds_until_effective"] <= 120
    assert controller.decrypted()[ACCOUNT]["password"] == inhouse.passwords["newsletter"]
    assert sum(char == "-" for char in inhouse.passwords["newsletter"]) >= 2
    assert inhouse.calls == [("POST", "/internal/shop.example/reset")]
    assert rotate(controller, inhouse).result(SET)["changed"] is False
    assert TOKEN not in ended.output


def test_already_set_ends_a_doubt(inhouse: InHouse, tmp_path: Path) -> None:
    """Catches: a password that landed and is dropped because the provider says that it is the password already."""
    controller = Controller(tmp_path)
    rotate(controller, inhouse, state="staged")
    inhouse.passwords["newsletter"] = controller.decrypted()[ACCOUNT]["staged_password"]
    assert rotate(controller, inhouse).result(SET)["accounts"][0]["action"] == "recovered"
    assert controller.decrypted()[ACCOUNT]["password"] == inhouse.passwords["newsletter"]


def test_refusal_in_its_own_words(inhouse: InHouse, tmp_path: Path) -> None:
    """Catches: a refusal that comes with status 200 and is taken for a success."""
    inhouse.passwords.clear()
    assert rotate(Controller(tmp_path), inhouse).result(SET)["msg"] == (
        f"1 of 1 accounts failed. {ACCOUNT}: inhouse answered 200: no such user [request id T-2]. The new password was "
        "discarded."
    )


def test_hint_and_credentials(inhouse: InHouse, tmp_path: Path) -> None:
    """Catches: a credential that is not checked, a hint that is not shown."""
    controller = Controller(tmp_path)
    wrong = rotate(controller, inhouse, api_credentials={"team": "team-of-the-mail", "token": "another-token"})
    assert "inhouse answered 403: who are you? Ask the mail team" in wrong.result(SET)["msg"]
    missing = rotate(controller, inhouse, api_credentials={"team": "team-of-the-mail"})
    assert missing.result(SET)["msg"] == (
        "api_credentials.token: is missing or empty; set the option, or INHOUSE_TOKEN in the controller's environment"
    )
    unknown = rotate(controller, inhouse, api_credentials={"teem": "team-of-the-mail"})
    assert unknown.result(SET)["msg"] == ("api_credentials: inhouse has no credential 'teem'; it has: team, token")


def test_accounts_of_a_domain_are_listed(inhouse: InHouse, tmp_path: Path) -> None:
    """Catches: a list that needs a domain and is asked without one."""
    given = options(inhouse)
    task = {"name": TELL, "mailops.smtp.smtp_account_info": given}
    (entry,) = Controller(tmp_path).tasks([task]).result(TELL)["accounts"]
    assert (entry["account"], entry["listed"]) == (ACCOUNT, True)
