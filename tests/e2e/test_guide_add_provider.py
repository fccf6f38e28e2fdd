# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide "Add a provider", tried: its examples, as they are printed, each against a server of that shape."""

from __future__ import annotations

import http.server
import json
import re
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from support.controller import Controller

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_add_provider.rst"
ACCOUNT = "news@shop.example"
KEY = "key-of-the-gateway-1"


@dataclass(frozen=True)
class Asked:
    """A request as a server sees it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


# What a server answers: status and body; None to close the connection without an answer.
Answers = Callable[[Asked], "tuple[int, Any] | None"]


@contextmanager
def served(answers: Answers) -> Iterator[str]:
    """Serve answers on loopback, at an address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            query, body = dict(parse_qsl(parts.query)), json.loads(text) if text else None
            found = answers(Asked(self.command, parts.path, query, {**self.headers}, body))
            if found is None:
                self.close_connection = True
                return
            raw = json.dumps(found[1]).encode()
            self.send_response(found[0])
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_DELETE = do_GET = do_POST = answer

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def examples() -> dict[str, dict[str, Any]]:
    """Return the variables of each example in the guide, by the name of its provider."""
    blocks = re.findall(r"\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)", GUIDE.read_text())
    found = [yaml.safe_load(textwrap.dedent(block)) for block in blocks]
    return {one["smtp_rotation_provider_definition"]["name"]: one for one in found}


def task(controller: Controller, url: str, name: str, example: str, **options: Any) -> dict[str, Any]:
    """Return a task that rotates with an example of the guide."""
    variables = examples()[example]
    found = {
        "accounts": [ACCOUNT],
        "provider_definition": variables["smtp_rotation_provider_definition"],
        "api_url": url,
        "api_key": KEY,
        "vault_file": str(controller.store),
        "retries": 0,
    }
    if "smtp_rotation_provider_settings" in variables:
        found["provider_settings"] = variables["smtp_rotation_provider_settings"]
    return {"name": name, "ignore_errors": True, "mailops.smtp.smtp_account_password": {**found, **options}}


def test_every_flow_has_an_example() -> None:
    """Catches: a flow that the guide does not show, or an example that no test here runs."""
    flows = {name: one["smtp_rotation_provider_definition"].get("flow", "set") for name, one in examples().items()}
    assert flows == {"tencent": "set", "relay": "regenerate", "sending": "create"}


def test_example_that_sets_a_password(tmp_path: Path) -> None:
    """Catches: a guide whose example is not valid or does not do what the guide says."""
    passwords: dict[str, str] = {ACCOUNT: ""}

    def answers(asked: Asked) -> tuple[int, Any]:
        answer: dict[str, Any] = {"RequestId": "r-1"}
        known = asked.body["EmailAddress"] in passwords
        if asked.headers["Authorization"] != f"Bearer {KEY}":
            answer["Error"] = {"Code": "AuthFailure.SecretIdNotFound", "Message": "The key does not exist"}
        elif asked.headers["X-TC-Action"] != "UpdateEmailSmtpPassWord" or not known:
            answer["Error"] = {"Code": "InvalidParameterValue.NotExist", "Message": "No such sender"}
        else:
            passwords[asked.body["EmailAddress"]] = asked.body["Password"]
        return 200, {"Response": answer}

    controller = Controller(tmp_path)
    with served(answers) as url:
        ended = controller.tasks(
            [
                task(controller, url, "good", "tencent"),
                task(controller, url, "gone", "tencent", accounts=["no@shop.example"]),
                task(controller, url, "denied", "tencent", accounts=["no@x.y"], api_key="bad-key"),
            ]
        )
    assert ended.result("good")["accounts"][0]["action"] == "rotated"
    assert 50 < ended.result("good")["seconds_until_effective"] <= 60
    assert controller.decrypted()[ACCOUNT]["password"] == passwords[ACCOUNT]
    assert "No such sender (InvalidParameterValue.NotExist) [request id r-1]" in ended.result("gone")["msg"]
    assert "The key does not exist (AuthFailure.SecretIdNotFound)" in ended.result("denied")["msg"]


@dataclass
class Relay:
    """A relay that knows its logins by numbers, and makes a new password in place of the old one."""

    logins: list[str] = field(default_factory=lambda: [*(f"user-{n}@shop.example" for n in range(60)), ACCOUNT])
    made: list[tuple[str, str]] = field(default_factory=list)
    loses: bool = False

    def __call__(self, asked: Asked) -> tuple[int, Any] | None:
        """Answer a request."""
        if asked.headers["X-Key"] != KEY:
            return 401, {"error": "no such key"}
        if asked.method == "GET":
            start = (int(asked.query["page"]) - 1) * int(asked.query["size"])
            page = list(enumerate(self.logins))[start : start + int(asked.query["size"])]
            return 200, {"logins": [{"number": number, "login": login} for number, login in page]}
        number = int(asked.path.split("/")[2])
        self.made.append((self.logins[number], f"Made-by-the-relay-{len(self.made)}"))
        lost, self.loses = self.loses, False
        return None if lost else (200, {"password": self.made[-1][1]})


def test_example_that_makes_a_password_in_place(tmp_path: Path) -> None:
    """Catches: an example that resets another login, a lost answer after which the store has no password in force."""
    controller, relay = Controller(tmp_path), Relay()
    with served(relay) as url:
        ended = controller.tasks(
            [
                task(controller, url, "good", "relay"),
                task(controller, url, "gone", "relay", accounts=["News@shop.example"]),
                task(controller, url, "denied", "relay", accounts=["user-1@shop.example"], api_key="bad-key"),
            ]
        )
        assert ended.result("good")["accounts"][0]["action"] == "rotated"
        assert relay.made == [(ACCOUNT, controller.decrypted()[ACCOUNT]["password"])]
        assert "relay knows no account 'News@shop.example'; check its name" in ended.result("gone")["msg"]
        assert "relay answered 401: no such key" in ended.result("denied")["msg"]
        relay.loses = True
        again = controller.tasks(
            [task(controller, url, "lost", "relay", rotate="always"), task(controller, url, "again", "relay")]
        )
    assert "did not answer" in again.result("lost")["msg"]
    assert again.result("again")["accounts"][0]["action"] == "recovered"
    assert len(relay.made) == 3 and relay.made[-1] == (ACCOUNT, controller.decrypted()[ACCOUNT]["password"])


@dataclass
class Sending:
    """A service whose project has at most two credentials, each with a user name of its own."""

    there: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    count: int = 0
    loses: bool = False
    bodies: list[Any] = field(default_factory=list)

    def __call__(self, asked: Asked) -> tuple[int, Any] | None:
        """Answer a request."""
        base = "/projects/p-1/credentials"
        if asked.headers["Authorization"] != f"Bearer {KEY}" or not asked.path.startswith(base):
            return 403, {"message": "not yours"}
        if asked.method == "GET":
            return self._page(asked.query)
        if asked.method == "DELETE":
            gone = self.there.pop(asked.path.removeprefix(f"{base}/"), None)
            return (204, None) if gone else (404, {"message": "no such credential"})
        if len(self.there) == 2:
            return 409, {"message": "Two are enough", "code": "limit_reached"}
        self.bodies.append(asked.body)
        assert asked.headers["Idempotency-Key"] == asked.body["name"]
        self.count += 1
        made = {"id": f"c-{self.count}", "username": f"u-{self.count}", "password": f"Made-there-{self.count}"}
        self.there[made["id"]] = (asked.body["name"], made["username"], made["password"])
        lost, self.loses = self.loses, False
        return None if lost else (201, made)

    def _page(self, query: Mapping[str, str]) -> tuple[int, Any]:
        """Return one credential a page, to have several."""
        assert query.get("after") != ""
        start = int(query.get("after", 0))
        page = [{"id": known, "name": one[0]} for known, one in self.there.items()][start : start + 1]
        return 200, {"data": page, "next": str(start + 1) if start + 1 < len(self.there) else None}

    def is_in_store(self, controller: Controller) -> bool:
        """Return whether the store has the credential that was made last."""
        record = controller.decrypted()[ACCOUNT]
        stored = (record["username"], record["password"])
        return self.there[record["credential_id"]][1:] == stored and record["credential_id"] == f"c-{self.count}"


@pytest.fixture(name="sending")
def fixture_sending() -> Sending:
    return Sending()


def test_example_that_creates_a_credential(tmp_path: Path, sending: Sending) -> None:
    """Catches: an old credential deleted too early or never, a user name that stays, a limit that is not told."""
    controller = Controller(tmp_path)
    with served(sending) as url:

        def run(name: str, **options: Any) -> dict[str, Any]:
            return controller.tasks([task(controller, url, name, "sending", **options)]).result(name)

        assert run("first")["accounts"][0]["username"] == "u-1" and sending.is_in_store(controller)
        assert sending.bodies[0]["domains"] == ["shop.example"]
        assert run("second", rotate="always")["accounts"][0]["action"] == "rotated"
        assert sending.is_in_store(controller) and set(sending.there) == {"c-1", "c-2"}
        run("early", keep_old="1s")
        assert set(sending.there) == {"c-1", "c-2"}
        run("verified", state="verified")
        run("settled", state="settled")
        again = task(controller, url, "retired", "sending", keep_old="1s")
        tries = {"register": "found", "until": "found.accounts[0].action == 'retired'", "retries": 20, "delay": 0.5}
        ended = controller.tasks([{**again, **tries}])
        assert ended.result("retired")["accounts"][0]["action"] == "retired" and set(sending.there) == {"c-2"}
        sending.there["x-1"] = ("made by hand", "u", "p")
        told = run("full", rotate="always")["msg"]
    assert "No more credentials are possible. There are: c-2 (made by this collection), x-1" in told
    assert sending.is_in_store(controller)


def test_example_whose_answer_is_lost(tmp_path: Path, sending: Sending) -> None:
    """Catches: a credential whose password nobody has and that stays at the provider, or another one deleted for it."""
    controller = Controller(tmp_path)
    sending.there["x-1"] = ("made by hand", "u", "p")
    sending.loses = True
    with served(sending) as url:
        ended = controller.tasks([task(controller, url, "lost", "sending"), task(controller, url, "again", "sending")])
    assert "did not answer" in ended.result("lost")["msg"]
    assert ended.result("again")["accounts"][0]["action"] == "recovered"
    assert sending.is_in_store(controller) and set(sending.there) == {"x-1", "c-2"}
