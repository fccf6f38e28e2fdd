# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-in answers, held against the contract."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable

import pytest
import requests
from standin import Fault, StandIn
from standin.api import RateLimit
from support.contract import check_answer

from .conftest import ACCOUNT, NEW, OLD, PASSWORD_PATH, Client

LIST = "/v2.1/email/smtpAccount"
STATUS = "/v2.1/email"


def checked(response: requests.Response, *, method: str | None = None) -> dict[str, t.Any]:
    """Return the answer's JSON; it agrees with the contract and with itself."""
    check_answer("emaillabs", response, method=method)
    envelope: dict[str, t.Any] = response.json()
    assert envelope["meta"]["status"] == response.status_code
    assert envelope["meta"]["numberOfErrors"] == len(envelope["errors"])
    assert envelope["meta"]["numberOfData"] == len(envelope["data"])
    assert bool(envelope["errors"]) is (response.status_code != 200)
    return envelope


def words(response: requests.Response) -> tuple[int, str]:
    return response.status_code, checked(response)["errors"][0]["message"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_list(client: Client, method: str) -> None:
    """A list in another form than the contract's."""
    envelope = checked(client.call(method, LIST), method="GET")
    assert envelope["data"] == [{"smtpAccount": ACCOUNT, "name": "acme.smtp"}]


def test_list_is_paged(client: Client) -> None:
    """A page that repeats or leaves out an account, or an empty one that is not the provider's 404."""
    for number in range(100, 349):
        client.standin.accounts.add(f"{number}.acme.smtp", OLD)
    pages = [checked(client.call("GET", LIST, params={"offset": str(one)}))["data"] for one in (0, 100, 200)]
    names = [one["smtpAccount"] for page in pages for one in page]
    assert [len(page) for page in pages] == [100, 100, 50] and names == client.standin.accounts.names()
    assert len(checked(client.call("GET", LIST, params={"limit": "1000"}))["data"]) == 250
    assert words(client.call("GET", LIST, params={"offset": "250"})) == (404, "No results")


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"offset": "-1"}])
def test_list_with_an_impossible_page(client: Client, query: dict[str, str]) -> None:
    """A client that asks for more than the provider gives, and never learns of it."""
    assert words(client.call("GET", LIST, params=query))[0] == 404


def test_list_by_options_only(client: Client) -> None:
    """The fall-back to OPTIONS that no test can reach."""
    client.standin.api.list_methods = ("OPTIONS",)
    refused = client.call("GET", LIST)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "OPTIONS")
    assert checked(client.call("OPTIONS", LIST), method="GET")["data"]


def test_change(client: Client) -> None:
    """A change that is announced and does not happen, or is in the record under another request id."""
    envelope = checked(client.change())
    (event,) = client.standin.record.changes(ACCOUNT)
    assert event["request_id"] == envelope["meta"]["uniqId"] and event["authenticated"] is True
    assert client.standin.accounts.current(ACCOUNT) == NEW


@pytest.mark.parametrize(("policy", "status", "effect"), [("accept", 200, "same"), ("refuse", 422, "none")])
def test_same_password(start: Callable[..., StandIn], policy: str, status: int, effect: str) -> None:
    """A repeated value that counts as one more change."""
    standin = start(same_password=policy)
    response = Client(standin).change(OLD)
    checked(response)
    assert (response.status_code, standin.record.api_calls()[0]["effect"]) == (status, effect)


BODIES = [
    pytest.param(b'{"password": "x', 400, id="not JSON"),
    pytest.param(b"\xff", 400, id="not UTF-8"),
    pytest.param(b"[" * 100000, 400, id="too deep"),
    pytest.param(b'["password"]', 400, id="a list"),
    pytest.param(b"{}", 400, id="no password"),
    pytest.param(b'{"password": 12345678}', 400, id="a number"),
    pytest.param(b'{"password": "12345678", "more": 1}', 400, id="more than the password"),
    pytest.param(b'{"password": "1234567"}', 422, id="7 characters"),
    pytest.param(b'{"password": "12345678"}', 200, id="8 characters"),
    pytest.param(json.dumps({"password": "x" * 128}).encode(), 200, id="128 characters"),
    pytest.param(json.dumps({"password": "x" * 129}).encode(), 422, id="129 characters"),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
def test_bodies(client: Client, body: bytes, status: int) -> None:
    """A body that the contract forbids and that is accepted, or the other way round."""
    response = client.call("PUT", PASSWORD_PATH, data=body, headers={"Content-Type": "application/json"})
    checked(response)
    assert response.status_code == status
    assert len(client.standin.record.changes()) == (1 if status == 200 else 0)


def test_body_of_another_type(client: Client) -> None:
    """A form that is accepted where the contract wants JSON."""
    response = client.call("PUT", PASSWORD_PATH, data=b'{"password": "12345678"}', headers={"Content-Type": "text/x"})
    assert words(response)[0] == 400


def test_refused_value_is_echoed(client: Client) -> None:
    """A refusal without the echo: nothing would prove that a client does not print it."""
    client.standin.api.password_pattern = ".*[!].*"
    response = client.change("echoed-password")
    assert words(response) == (422, "The password does not satisfy the password policy")
    assert response.json()["errors"][0]["meta"]["value"] == "echoed-password"
    assert client.change("echoed-password!").status_code == 200


@pytest.mark.parametrize("path", [LIST, PASSWORD_PATH, f"{STATUS}?messageId=x"])
@pytest.mark.parametrize("headers", [{"Application-Key": "x"}, {"Authorization": "x"}, {"Authorization": None}])
def test_wrong_keys(client: Client, path: str, headers: dict[str, str | None]) -> None:
    """A call that one right key is enough for."""
    method = "PUT" if path == PASSWORD_PATH else "GET"
    response = client.call(method, path, json={"password": NEW}, headers=headers)
    assert words(response) == (401, "Authorization data is invalid")
    (event,) = client.standin.record.api_calls()
    assert (event["authenticated"], event["effect"]) == (False, "none")


def test_address_that_is_not_authorised(client: Client) -> None:
    """A 403 that lets the change through."""
    client.standin.api.ip_authorised = False
    assert words(client.change()) == (403, "The IP address is not authorised")
    assert words(client.call("GET", LIST))[0] == 403
    assert words(client.call("GET", f"{STATUS}?messageId=x"))[0] == 401
    assert client.standin.record.changes() == []


@pytest.mark.parametrize("account", ["2.acme.smtp", "1.acme.smtp%2Fx", "x" * 200])
def test_unknown_account(client: Client, account: str) -> None:
    """An account that comes into being by a change."""
    response = client.call("PUT", f"{LIST}/{account}/password", json={"password": NEW})
    assert (response.status_code, response.json()["errors"][0]["message"]) == (404, "SMTP account not found")
    assert client.standin.accounts.names() == [ACCOUNT]


def test_account_in_other_characters(client: Client) -> None:
    """An account that is not found when a client encodes what it need not."""
    path = PASSWORD_PATH.replace("acme", "%61cme")
    assert client.call("PUT", path, json={"password": NEW}).status_code == 200


@pytest.mark.parametrize("status", [404, 405])
def test_no_password_call(client: Client, status: int) -> None:
    """A provider without the call that changes the password all the same."""
    client.standin.api.publishes_password_call = False
    client.standin.api.missing_call_status = status
    response = client.change()
    assert (response.status_code, response.json()["meta"]["status"]) == (status, status)
    assert client.standin.record.changes() == []


def test_rate_limit(client: Client) -> None:
    """A 429 without the time to wait, or that lets the change through."""
    client.standin.api.rate_limit = 0
    response = client.change()
    assert words(response) == (429, "Too many requests")
    assert response.headers["Retry-After"] == "1" and client.standin.record.changes() == []
    client.standin.api.rate_limit = 1000
    assert client.change().status_code == 200


def test_rate_limit_counts_the_last_second() -> None:
    """A limit that refuses for ever, or counts the calls that it refused."""
    now = [0.0]
    rate = RateLimit(clock=lambda: now[0])
    assert [rate.exceeded(2) for _n in range(4)] == [False, False, True, True]
    now[0] = 0.99
    assert rate.exceeded(2)
    now[0] = 1.0
    assert [rate.exceeded(2) for _n in range(3)] == [False, False, True]
    assert not rate.exceeded(None)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 404), ("GET", PASSWORD_PATH, 405)])
def test_other_calls(client: Client, method: str, path: str, status: int) -> None:
    """A call that does not exist and gets an answer that is not the envelope."""
    response = client.call(method, path)
    assert (response.status_code, response.json()["meta"]["numberOfErrors"]) == (status, 1)


@pytest.mark.parametrize("query", ["messageId=x@acme.example", "messageId=<x@acme.example>&smtpAccount=1.acme.smtp"])
def test_message_status(client: Client, query: str) -> None:
    """The status of a message that was sent, and none of one that was not."""
    assert words(client.call("GET", f"{STATUS}?{query}"))[0] == 404
    facts = {"sender": "a@acme.example", "recipients": ["b@acme.example"], "subject": "x", "size": 1}
    client.standin.record.add("message", account=ACCOUNT, message_id="<x@acme.example>", **facts)
    (found,) = checked(client.call("GET", f"{STATUS}?{query}"))["data"]
    assert (found["messageId"], found["smtpAccount"]) == ("<x@acme.example>", ACCOUNT)
    assert words(client.call("GET", f"{STATUS}?messageId=x@acme.example&smtpAccount=2.acme.smtp"))[0] == 404


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429])
def test_faults_keep_to_the_contract(client: Client, status: int) -> None:
    """A pushed refusal that no real provider would send."""
    client.standin.faults.push(Fault(status=status))
    assert words(client.change())[0] == status
