# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only mailcow does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from standin import Fault
from support.contract import check_request

from .conftest import NEW, OLD
from .providers import MailcowClient

ALICE, BOB = MailcowClient.account, MailcowClient.other


@pytest.fixture(name="client")
def fixture_client(speak: Callable[..., MailcowClient]) -> MailcowClient:
    """A client with one account."""
    return speak(MailcowClient)


def entries(client: MailcowClient, response: requests.Response) -> list[tuple[str, Any]]:
    """Return the types and messages of an answer with status 200."""
    assert response.status_code == 200
    return [(one["type"], one["msg"]) for one in client.checked(response)]


def told(client: MailcowClient, response: requests.Response) -> tuple[int, str]:
    """Return the status and the message of an error that is alone."""
    return response.status_code, client.checked(response)["msg"]


def test_rotation(client: MailcowClient) -> None:
    """A change that is announced and does not happen."""
    client.assert_rotates()
    response = client.change("third-password-3")
    assert entries(client, response) == [("success", ["mailbox_modified", ALICE])]
    assert response.json()[0]["log"][3] == {"password": "*", "password2": "*"}


REFUSED = [
    pytest.param(ALICE, "short", "short", "password_complexity", id="weak"),
    pytest.param(ALICE, NEW, NEW + "x", "password_mismatch", id="mismatch"),
    pytest.param(ALICE, NEW, None, "password_mismatch", id="once only"),
    pytest.param(BOB, NEW, NEW, "access_denied", id="unknown"),
    pytest.param("alice", NEW, NEW, "access_denied", id="no address"),
]


@pytest.mark.parametrize(("account", "password", "password2", "message"), REFUSED)
def test_refusals(client: MailcowClient, account: str, password: str, password2: str | None, message: str) -> None:
    """A refusal that a client takes for a success because its status is 200, or that sets the password."""
    response = client.edit({"items": [account], "attr": {"password": password, "password2": password2}})
    assert entries(client, response) == [("danger", message)] and client.standin.record.changes() == []


def test_several_mailboxes(client: MailcowClient) -> None:
    """An answer whose first entry speaks for all."""
    client.standin.accounts.add("carol@example.com", OLD)
    items = [ALICE, BOB, "carol@example.com"]
    response = client.edit({"items": items, "attr": {"password": NEW, "password2": NEW}})
    assert [one for one, _message in entries(client, response)] == ["success", "danger", "success"]
    assert {client.standin.accounts.current(one) for one in (ALICE, "carol@example.com")} == {NEW}
    assert [one["account"] for one in client.standin.record.changes()] == [None]


@pytest.mark.parametrize("attributes", [{"active": "1"}, {"password": "", "password2": ""}])
def test_missing_password_changes_nothing(client: MailcowClient, attributes: dict[str, str]) -> None:
    """A success without a password, and a client that believes it was changed."""
    response = client.edit({"items": ALICE, "attr": attributes})
    assert entries(client, response) == [("success", ["mailbox_modified", ALICE])]
    assert client.standin.record.changes() == []


@pytest.mark.parametrize("body", [{}, {"items": [ALICE]}, {"items": [], "attr": {"password": NEW}}, [1]])
def test_incomplete(client: MailcowClient, body: object) -> None:
    """An error with status 200 that is no list."""
    assert told(client, client.edit(body)) == (200, "Cannot find attributes in post data")


def test_body_that_is_not_json(client: MailcowClient) -> None:
    """A broken body with the status of a good one."""
    headers = {"Content-Type": "application/json"}
    response = client.call("POST", "/api/v1/edit/mailbox", data=b"{", headers=headers)
    assert told(client, response) == (400, "Request body doesn't contain valid json!")


def test_wrong_key_and_address(client: MailcowClient) -> None:
    """Words that do not tell whether the key or the address is wrong."""
    assert told(client, client.change(headers={"X-API-Key": "x"})) == (401, "authentication failed")
    assert told(client, client.listing(headers={"X-API-Key": "x"})) == (401, "authentication failed")
    client.standin.api.ip_authorised = False
    assert told(client, client.change()) == (401, "api access denied for ip 127.0.0.1")


def test_read_only_key(client: MailcowClient) -> None:
    """A key that may read only and changes a password, or that cannot even read."""
    headers = {"X-API-Key": client.standin.api.read_only_key}
    assert told(client, client.change(headers=headers)) == (403, "API read/write access denied")
    assert client.standin.record.changes() == []
    assert client.checked(client.listing(headers=headers))[0]["username"] == ALICE


def test_errors_beside_a_success(client: MailcowClient) -> None:
    """A success that is the only entry: a client that reads the first one would pass."""
    client.standin.faults.push(Fault("errors"))
    expected = [("success", ["mailbox_modified", ALICE]), ("danger", "access_denied")]
    assert entries(client, client.change()) == expected


def test_list(client: MailcowClient) -> None:
    """A list in another form than the provider's."""
    response = client.listing()
    check_request("mailcow", response)
    assert [(one["username"], one["active"]) for one in client.checked(response)] == [(ALICE, 1)]


def test_empty_list(speak: Callable[..., MailcowClient]) -> None:
    """A list of none that is a list, so that no client learns to read an empty object."""
    client = speak(MailcowClient, accounts={})
    assert client.checked(client.listing()) == {}


def test_other_calls(client: MailcowClient) -> None:
    """A method that the provider does not allow."""
    refused = client.call("GET", "/api/v1/edit/mailbox")
    assert (refused.status_code, refused.json()["msg"]) == (405, "only POST method is allowed")
    assert client.call("GET", "/api/v1/get/x").json() == {"type": "error", "msg": "route not found"}
