# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only SMTP2GO does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from standin import Fault
from support.contract import check_request

from .conftest import NEW, OLD
from .providers import Smtp2goClient

INVALID = "E_ApiResponseCodes.NON_VALIDATING_IN_PAYLOAD"
SHAPES = pytest.mark.parametrize("at_top", [False, True])


@pytest.fixture(name="client")
def fixture_client(speak: Callable[..., Smtp2goClient]) -> Smtp2goClient:
    """A client with one account."""
    return speak(Smtp2goClient)


def error(client: Smtp2goClient, response: requests.Response) -> Any:
    """Return the error, wherever it is."""
    answer = client.checked(response)
    at_top = client.standin.api.errors_at_top
    assert ("data" in answer) is not at_top
    return answer if at_top else answer["data"]


def test_rotation(client: Smtp2goClient) -> None:
    """A change that is announced and does not happen, or is in the record under another request id."""
    client.assert_rotates()
    answer = client.change("third-password-3").json()
    assert client.standin.record.changes()[-1]["request_id"] == answer["request_id"]
    assert "third-password-3" not in str(answer)


@SHAPES
def test_error_shapes(client: Smtp2goClient, at_top: bool) -> None:
    """A form of errors that is published and that no client meets here."""
    client.standin.api.errors_at_top = at_top
    found = error(client, client.change("weak"))
    assert found["error_code"] == INVALID
    assert found["field_validation_errors"] == {"fieldname": "email_password", "message": found["error"]}
    assert error(client, client.change_of("bob", NEW))["field_validation_errors"]["fieldname"] == "username"
    assert client.standin.record.changes() == []


@SHAPES
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
def test_pushed_errors(client: Smtp2goClient, status: int, at_top: bool) -> None:
    """A pushed refusal in one form only."""
    client.standin.api.errors_at_top = at_top
    client.standin.faults.push(Fault(status=status))
    response = client.change()
    assert response.status_code == status
    assert (error(client, response)["error_code"] == INVALID) is (status == 400)


def test_wrong_key(client: Smtp2goClient) -> None:
    """Another code than the one that a client knows."""
    found = error(client, client.change(headers=client.wrong_keys()))
    assert found["error_code"] == "E_ApiResponseCodes.ENDPOINT_PERMISSION_DENIED"


@pytest.mark.parametrize(("password", "taken"), [("aaaaaaaaaaaaa", False), ("aB3aB3aB3aB", True), ("Ü" * 12, False)])
def test_entropy(client: Smtp2goClient, password: str, taken: bool) -> None:
    """A weak password that is accepted by default."""
    client.checked(client.change(password))
    assert bool(client.standin.record.changes()) is taken


def test_missing_password_changes_nothing(client: Smtp2goClient) -> None:
    """A PATCH that leaves the password out, and a client that believes it was changed."""
    response = client.edit({"username": client.account})
    client.checked(response)
    assert response.status_code == 200 and client.standin.record.changes() == []
    wrong: list[object] = [{"username": client.account, "email_password": 12345678}, {"username": ["alice"]}, []]
    for body in wrong:
        assert error(client, client.edit(body))["error_code"] == INVALID


def test_list_has_the_passwords(client: Smtp2goClient) -> None:
    """A list without passwords: nothing would prove that a client does not print them."""
    client.change()
    client.standin.accounts.add("bob", OLD)
    response = client.listing()
    check_request("smtp2go", response)
    results = client.checked(response)["data"]["results"]
    expected = [("alice", NEW, "allowed"), ("bob", OLD, "allowed")]
    assert [(one["username"], one["email_password"], one["status"]) for one in results] == expected


def test_list_is_a_post(client: Smtp2goClient) -> None:
    """A list that comes without asking as the provider wants it."""
    refused = client.call("GET", "/v3/users/smtp/view")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert error(client, client.call("POST", "/v3/users/smtp/view"))["error_code"] == INVALID
    error(client, client.listing(headers=client.wrong_keys()))
