# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole conversations with providers that make passwords, or are asked for an ID, held against their contracts."""

from __future__ import annotations

import io
import json
import typing as t
from collections.abc import Callable, Mapping

import pytest
import requests
from openapi_core.exceptions import OpenAPIError
from requests.adapters import BaseAdapter
from support.contract import check_answer, check_request, document
from urllib3.response import HTTPResponse

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.calls import set_passwords
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job, issue
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import list_accounts
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import BUILT_IN, definition_from
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience
from ansible_collections.mailops.smtp.tests.unit.plugins.module_utils._provider.built_in.test_issuing import (
    ACCOUNT,
    LABEL,
    NAME,
    REGENERATED,
    ROWS,
    SETTINGS,
    answers_of,
    said,
)

PASSWORD, PATIENCE = "Abcdefgh-12345678", Patience(0, 0)
# Provider to its contract. The others have none of their own, but rows of documented answers.
OWN = ("ahasend", "sendgrid", "resend", "elasticemail", "mailersend")
CREATING = {name: name for name in OWN} | {"wildduck_asp": "wildduck"}
UUID, USER_ID = "7e2b9c10-1f3d-4e5a-8b6c-9d0e1f2a3b4c", "507f1f77bcf86cd799439011"


def boxed(name: str) -> dict[str, t.Any]:
    """Return a user as Mail-in-a-Box shows it."""
    return {"email": name, "privileges": [], "status": "active", "mailbox": f"/home/user-data/mail/{name}"}


FINDING: dict[str, dict[str, Reply]] = {
    "mailinabox": {
        "GET /mail/users?format=json": said(
            200,
            [
                {"domain": "other.example", "users": [boxed("a@other.example")]},
                {"domain": "shop.example", "users": [boxed(ACCOUNT)]},
            ],
        ),
        "POST /mail/users/password": said(200, "OK"),
    },
    "mittwald": {
        "GET /v2/mail-addresses/?skip=0&limit=1000": said(200, [{"id": UUID, "address": ACCOUNT}]),
        f"PATCH /v2/mail-addresses/{UUID}/password": said(204),
    },
    "wildduck": {
        "GET /users/resolve/news%40shop.example": said(200, {"success": True, "id": USER_ID}),
        f"PUT /users/{USER_ID}": said(200, {"success": True}),
    },
}  # fmt: skip


def _response(request: requests.PreparedRequest, reply: Reply) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = reply.status, request, str(request.url)
    response.headers["Content-Type"] = "application/json" if reply.text[:1] in ("{", "[") else "text/html"
    response.raw = HTTPResponse(io.BytesIO(reply.text.encode()), preload_content=False)
    return response


class Adapter(BaseAdapter):
    """Answers requests by method and path, and keeps them with the answers."""

    def __init__(self, base: str, answers: Mapping[str, Reply]) -> None:
        super().__init__()
        self._base, self._answers = base, answers
        self.exchanges: list[requests.Response] = []

    def send(self, request: requests.PreparedRequest, *_args: t.Any, **_options: t.Any) -> requests.Response:
        """Answer a request."""
        reply = self._answers[f"{request.method} {str(request.url).removeprefix(self._base)}"]
        kept = _response(request, reply)
        kept._content = reply.text.encode()
        self.exchanges.append(kept)
        return _response(request, reply)

    def close(self) -> None:
        """Have nothing to close."""


Play = Callable[[str, str, Mapping[str, Reply]], tuple[Connection, Adapter]]


@pytest.fixture(name="play")
def fixture_play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Return a connection to a provider that answers as given, as if it were at its own address."""

    def play(name: str, contract: str, answers: Mapping[str, Reply]) -> tuple[Connection, Adapter]:
        base = str(BUILT_IN[name].get("api_url") or document(contract)["servers"][0]["url"])
        definition = definition_from({"provider": name, "api_url": base})
        adapter = Adapter(base, answers)
        monkeypatch.setattr(requests.Session, "get_adapter", lambda _session, **_options: adapter)
        keys = {one: f"a-key-for-{one}" for one in definition.credentials}
        settings = {one: SETTINGS[one] for one in definition.settings}
        return Connection(definition, keys, 10, True, settings=settings), adapter

    return play


def check(contract: str, adapter: Adapter) -> None:
    """Hold every request and every answer against the contract."""
    assert adapter.exchanges
    for exchange in adapter.exchanges:
        check_request(contract, exchange)
        check_answer(contract, exchange)


def job(connection: Connection, work: Job, account: str = ACCOUNT) -> Kind:
    """Do one job and return its outcome."""
    found = issue(connection, {account: work}, patience=PATIENCE, concurrency=1, sleep=lambda _seconds: None)
    return found[account].kind


@pytest.mark.parametrize(("name", "contract"), CREATING.items())
def test_created_listed_and_deleted_as_agreed(play: Play, name: str, contract: str) -> None:
    """Catches: a call that the contract does not have, or a row whose answers are not the provider's."""
    row = ROWS[name]
    connection, adapter = play(name, contract, answers_of(row, row.item(row.id, NAME)))
    assert job(connection, Job(label=LABEL)) is Kind.ACCEPTED
    assert job(connection, Job(delete=[row.id])) is Kind.ACCEPTED
    if name != "elasticemail":
        assert job(connection, Job(sweep=[LABEL])) is Kind.ACCEPTED
    check(contract, adapter)


@pytest.mark.parametrize(("name", "contract"), CREATING.items())
def test_failures_are_as_agreed(play: Play, name: str, contract: str) -> None:
    """Catches: a row of failures in another form than the provider's."""
    row = ROWS[name]
    # What a broken server answers is in no contract.
    for reply, kind, _words in (one for one in row.refused if one[0].status < 500):
        connection, adapter = play(name, contract, {**answers_of(row), " ".join(row.call[:2]): reply})
        assert job(connection, Job(label=LABEL)) is kind
        check(contract, adapter)


def test_token_is_rolled_as_agreed(play: Play) -> None:
    """Catches: a call that Cloudflare's contract does not have, or a row whose answers are not the provider's."""
    _account, known, call, _body, done, _username, refused = REGENERATED["cloudflare"]
    for reply in (done, *(one for one, _kind, _words in refused if one.status >= 400)):
        connection, adapter = play("cloudflare", "cloudflare", {**known, call: reply})
        job(connection, Job(label=LABEL), "shop")
        check("cloudflare", adapter)
        assert len(adapter.exchanges) == 2


@pytest.mark.parametrize("name", FINDING)
def test_found_and_set_as_agreed(play: Play, name: str) -> None:
    """Catches: another account's ID, a call that the contract does not have, a success that is not seen."""
    connection, adapter = play(name, name, FINDING[name])
    changes = set_passwords(connection, {ACCOUNT: PASSWORD}, patience=PATIENCE, concurrency=1)
    assert changes[ACCOUNT].kind is Kind.ACCEPTED, changes[ACCOUNT].message
    if connection.definition.list_accounts:
        assert ACCOUNT in list_accounts(connection, [ACCOUNT], patience=PATIENCE)
    check(name, adapter)
    sent = [one.request for one in adapter.exchanges if one.request.method != "GET"]
    assert len(sent) == 1 and PASSWORD in str(sent[0].body)


WRONG = ({"path": "/nothing/{account}"}, {"method": "OPTIONS"}, {"body": {"other": "{password}", "a": "{account}"}})


@pytest.mark.parametrize("wrong", WRONG, ids=["path", "method", "body"])
@pytest.mark.parametrize("name", FINDING)
def test_contract_refuses_another_call(
    play: Play, monkeypatch: pytest.MonkeyPatch, name: str, wrong: dict[str, t.Any]
) -> None:
    """Catches: a check that lets everything pass."""
    request = {**BUILT_IN[name]["set_password"], **wrong}
    monkeypatch.setitem(BUILT_IN, name, {**BUILT_IN[name], "set_password": request})

    class Anything(dict[str, Reply]):
        def __missing__(self, _key: str) -> Reply:
            return said(200, {})

    connection, adapter = play(name, name, Anything(FINDING[name]))
    set_passwords(connection, {ACCOUNT: PASSWORD}, patience=PATIENCE, concurrency=1)
    with pytest.raises(OpenAPIError):
        check(name, adapter)


def test_contracts_say_how_sure_they_are() -> None:
    """Catches: an assumption that reads like the provider's word."""
    for contract in {*CREATING.values(), *FINDING}:
        for path in document(contract)["paths"].values():
            for method, operation in path.items():
                if method != "parameters":
                    assert operation["x-standing"].split(" ")[0] in ("verified", "reported", "assumed")
                    assert operation["x-source"]


def test_json_is_json() -> None:
    """Catches: a row whose answer is no JSON although it looks so."""
    for answers in FINDING.values():
        for reply in answers.values():
            if reply.text[:1] in ("{", "["):
                json.loads(reply.text)
