# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only Mailu does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from standin import Fault
from support.contract import check_request

from .conftest import NEW, OLD
from .providers import MailuClient

ALICE, BOB = MailuClient.account, MailuClient.other


@pytest.fixture(name="client")
def fixture_client(speak: Callable[..., MailuClient]) -> MailuClient:
    """A client with one account."""
    return speak(MailuClient)


def words(client: MailuClient, response: requests.Response) -> tuple[int, str]:
    """Return the status and the words; an answer that has a code has the status in it."""
    answer = client.checked(response)
    assert answer.get("code", response.status_code) == response.status_code
    return response.status_code, answer["message"]


def test_rotation(client: MailuClient) -> None:
    """A change that is announced and does not happen."""
    client.assert_rotates()
    assert words(client, client.change("third-password-3")) == (200, f"User {ALICE} has been updated")


def test_account_in_other_characters(client: MailuClient) -> None:
    """An account that is not found when a client encodes what it need not."""
    assert client.change_of(ALICE.replace("@", "%40"), NEW).status_code == 200
    assert client.standin.record.changes(ALICE)


@pytest.mark.parametrize("email", ["alice", "alice@", "@example.com", "1.acme.smtp"])
def test_no_address(client: MailuClient, email: str) -> None:
    """A name that is no address and is only not found."""
    expected = f"Provided email address {email} is not a valid email address"
    assert words(client, client.change_of(email, NEW)) == (400, expected)


def test_unknown_user(client: MailuClient) -> None:
    """Other words than the provider's."""
    assert words(client, client.change_of(BOB, NEW)) == (404, f"User {BOB} cannot be found")


def test_keys(client: MailuClient) -> None:
    """A bare token that is refused, or a missing one that is answered like a wrong one."""
    bare = {"Authorization": client.standin.api.api_key}
    assert client.change(headers=bare).status_code == 200
    mandatory = (401, "A valid Authorization header is mandatory")
    for absent in (None, ""):
        assert words(client, client.change(headers={"Authorization": absent})) == mandatory
    wrong = {"Authorization": f"Basic {client.standin.api.api_key}"}
    assert words(client, client.change(headers=wrong)) == (403, "Invalid API token")
    assert words(client, client.listing(headers=wrong)) == (403, "Invalid API token")


def test_too_many(client: MailuClient) -> None:
    """A 429 in another form than the provider's."""
    client.standin.faults.push(Fault(status=429, times=2))
    expected = (429, "Too many attempts from your IP (rate-limit)")
    assert words(client, client.change()) == words(client, client.listing()) == expected


def test_missing_password_changes_nothing(client: MailuClient) -> None:
    """A PATCH that leaves the password out, and a client that believes it was changed."""
    assert words(client, client.patch_user(ALICE, {"password": NEW})) == (200, f"User {ALICE} has been updated")
    assert client.standin.record.changes() == []
    wrong: list[object] = [{"raw_password": 12345678}, [], None]
    for body in wrong:
        assert words(client, client.patch_user(ALICE, body))[0] == 400


def test_any_length(client: MailuClient) -> None:
    """A rule for passwords that the provider does not have."""
    for password in ("x", "x" * 200):
        assert client.change(password).status_code == 200


def test_list(client: MailuClient) -> None:
    """A list in another form than the provider's, or with a password in it."""
    client.standin.accounts.add(BOB, OLD)
    response = client.listing()
    check_request("mailu", response)
    users = client.checked(response)
    assert [one["email"] for one in users] == [ALICE, BOB]
    assert all(one["password"].startswith("$bcrypt-sha256$") for one in users) and OLD not in response.text


def test_empty_list(speak: Callable[..., MailuClient]) -> None:
    """A list of none that is an error."""
    client = speak(MailuClient, accounts={})
    assert client.checked(client.listing()) == []
