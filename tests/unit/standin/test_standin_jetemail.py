# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only JetEmail does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from standin import Fault

from .conftest import NEW
from .providers import JetEmailClient


@pytest.fixture(name="client")
def fixture_client(speak: Callable[..., JetEmailClient]) -> JetEmailClient:
    """A client with one account."""
    return speak(JetEmailClient)


def words(client: JetEmailClient, response: requests.Response) -> tuple[int, bool, str]:
    answer = client.checked(response)
    return response.status_code, answer["success"], answer["message"]


def test_rotation(client: JetEmailClient) -> None:
    """A change that is announced and does not happen."""
    client.assert_rotates()
    assert words(client, client.change("third-password-3")) == (200, True, "Smarthost updated successfully")


REFUSED = [
    pytest.param({"currentUsername": "alice", "password": "x" * 7}, 400, id="7 characters"),
    pytest.param({"currentUsername": "alice", "password": "x" * 73}, 400, id="73 characters"),
    pytest.param({"currentUsername": "alice", "password": 12345678}, 400, id="a number"),
    pytest.param({"currentUsername": "alice"}, 400, id="no password"),
    pytest.param({"password": NEW}, 400, id="no name"),
    pytest.param({"currentUsername": "1.acme.smtp", "password": NEW}, 400, id="a name that cannot be"),
    pytest.param({"currentUsername": "a" * 65, "password": NEW}, 400, id="a name that is too long"),
    pytest.param({"currentUsername": "bob", "password": NEW}, 404, id="unknown"),
]


@pytest.mark.parametrize("as_success", [False, True])
@pytest.mark.parametrize(("body", "status"), REFUSED)
def test_refusals(client: JetEmailClient, body: dict[str, object], status: int, as_success: bool) -> None:
    """A refusal with status 200 that a client takes for a success, or that sets the password."""
    client.standin.api.errors_as_success = as_success
    found = words(client, client.update(body))
    assert found[:2] == (200 if as_success else status, False) and client.standin.record.changes() == []


@pytest.mark.parametrize("length", [8, 72])
def test_lengths(client: JetEmailClient, length: int) -> None:
    """A length that the provider takes and the stand-in refuses."""
    assert client.change("x" * length).status_code == 200


def test_errors(client: JetEmailClient) -> None:
    """A success that is none and that says so only in its status."""
    client.standin.faults.push(Fault("errors"))
    assert words(client, client.change())[:2] == (200, False)


@pytest.mark.parametrize("authorization", ["Bearer x", "Bearer", "{key}", "Basic {key}"])
def test_wrong_keys(client: JetEmailClient, authorization: str) -> None:
    """A key that is taken without its scheme."""
    headers = {"Authorization": authorization.format(key=client.standin.api.api_key)}
    assert words(client, client.change(headers=headers)) == (401, False, "Unauthorized")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
def test_no_list(client: JetEmailClient, method: str) -> None:
    """A list that nobody knows of, and that a client relies on."""
    response = client.call(method, "/outbound/smarthost")
    assert (response.status_code, response.json()["success"]) == (404, False)
