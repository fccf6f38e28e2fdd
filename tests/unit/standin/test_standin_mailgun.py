# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only Mailgun does."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest
import requests
from support.contract import check_request

from .conftest import NEW, OLD
from .providers import MailgunClient, basic

LOCAL, DOMAIN = MailgunClient.account.split("@")


@pytest.fixture(name="client")
def fixture_client(speak: Callable[..., MailgunClient]) -> MailgunClient:
    """A client with one account."""
    return speak(MailgunClient)


def words(client: MailgunClient, response: requests.Response) -> tuple[int, str]:
    return response.status_code, client.checked(response)["message"]


def test_rotation(client: MailgunClient) -> None:
    """A change that is announced and does not happen."""
    client.assert_rotates()


@pytest.mark.parametrize("login", [LOCAL, MailgunClient.account, MailgunClient.account.replace("@", "%40")])
@pytest.mark.parametrize("form", [{"data": {"password": NEW}}, {"files": {"password": (None, NEW)}}])
def test_forms(client: MailgunClient, login: str, form: dict[str, object]) -> None:
    """A form of the body or of the login that is not understood."""
    response = client.put(login, **form)
    check_request("mailgun", response)
    assert words(client, response) == (200, "Password changed")
    assert client.standin.accounts.current(client.account) == NEW
    assert client.standin.record.changes(client.account)


@pytest.mark.parametrize(("form", "other"), [("address", LOCAL), ("local_part", MailgunClient.account)])
def test_one_login_form(client: MailgunClient, form: str, other: str) -> None:
    """A form of the login that is accepted although the provider was told not to."""
    client.standin.api.login_forms = (form,)
    assert words(client, client.put(other, data={"password": NEW})) == (404, "SMTP credentials not found")
    assert client.standin.record.changes() == []
    mine = {"address": client.account, "local_part": LOCAL}[form]
    assert client.put(mine, data={"password": NEW}).status_code == 200


def test_address_of_another_domain(client: MailgunClient) -> None:
    """An account that can be changed by way of another domain."""
    client.standin.accounts.add("alice@other.example", OLD)
    response = client.put("alice@other.example", data={"password": NEW})
    assert words(client, response) == (404, "SMTP credentials not found")
    assert client.standin.record.changes() == []


@pytest.mark.parametrize("password", ["a b+c&d=e%f", "pässwörd-🔑", " spaces ", 'quote"and\\', "dash--dash--"])
@pytest.mark.parametrize("parts", [True, False])
def test_any_character(client: MailgunClient, password: str, parts: bool) -> None:
    """A password that is another one after the form was read: nobody could log in any more."""
    body = {"files": {"password": (None, password)}} if parts else {"data": {"password": password}}
    assert client.put(LOCAL, **body).status_code == 200
    assert client.standin.accounts.current(client.account) == password


LENGTHS = [(4, 400), (5, 200), (32, 200), (33, 400)]


@pytest.mark.parametrize(("length", "status"), LENGTHS)
def test_lengths(client: MailgunClient, length: int, status: int) -> None:
    """A length that the provider refuses and the stand-in takes."""
    response = client.change("x" * length)
    client.checked(response)
    assert response.status_code == status and bool(client.standin.record.changes()) is (status == 200)


def test_same_password(speak: Callable[..., MailgunClient]) -> None:
    """Other words than those that prove that the first call landed."""
    client = speak(MailgunClient, same_password="refuse")
    assert client.change().status_code == 200
    assert words(client, client.change()) == (400, "New password cannot be the same as old password")
    assert len(client.standin.record.changes()) == 1


@pytest.mark.parametrize("body", [{"json": {"password": NEW}}, {"data": {"passwd": NEW}}, {}])
def test_generated_password(client: MailgunClient, body: dict[str, object]) -> None:
    """A call without the field that changes nothing: the provider makes a password that nobody asked for."""
    response = client.put(LOCAL, **body)
    answer = client.checked(response)
    generated = answer["credentials"][client.account]
    assert generated not in (OLD, NEW) and client.login(generated) == 235 and client.login(OLD) == 535
    (event,) = client.standin.record.changes(client.account)
    assert generated not in str(event)


@pytest.mark.parametrize("body", [b"password=%ff%ff%ff%ff%ff%ff", b"password=\xff\xff\xff\xff\xff"])
def test_password_that_is_not_text(client: MailgunClient, body: bytes) -> None:
    """A password with characters that were replaced."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert words(client, client.put(LOCAL, data=body, headers=headers)) == (400, "Bad request")
    assert client.standin.record.changes() == []


@pytest.mark.parametrize("pair", ["api:x", "apo:{key}", "{key}:", "{key}", ":{key}", "api:{key}x"])
def test_wrong_key_is_plain_text(client: MailgunClient, pair: str) -> None:
    """A wrong user or key that is taken; or a refusal in JSON, so that no client learns to read another."""
    response = client.change(headers=basic(pair.format(key=client.standin.api.api_key)))
    assert client.checked(response) == "Forbidden"
    assert (response.status_code, response.headers["Content-Type"]) == (401, "text/plain")


def test_list(client: MailgunClient) -> None:
    """A list in another form than the reference's, or with another domain's accounts."""
    client.standin.accounts.add("alice@other.example", OLD)
    response = client.listing()
    check_request("mailgun", response)
    (item,) = client.checked(response)["items"]
    assert (item["login"], item["mailbox"], item["size_bytes"]) == (client.account, client.account, 0)
    assert item["created_at"].endswith(" +0000") and parsedate_to_datetime(item["created_at"]).year > 2000


def test_list_is_paged(client: MailgunClient) -> None:
    """A page that repeats or leaves out an account, or a client that takes the page's count for the whole."""
    for number in range(100, 349):
        client.standin.accounts.add(f"{number}@{DOMAIN}", OLD)
    pages = [client.checked(client.listing(params={"skip": str(one), "limit": "100"})) for one in (0, 100, 200, 300)]
    assert [one["total_count"] for one in pages] == [100, 100, 50, 0]
    assert [one["login"] for page in pages for one in page["items"]] == client.standin.accounts.names()
    assert client.checked(client.listing())["total_count"] == 100


@pytest.mark.parametrize("query", [{"skip": "x"}, {"limit": "-1"}])
def test_list_with_an_impossible_page(client: MailgunClient, query: dict[str, str]) -> None:
    """A page that is made up."""
    assert words(client, client.listing(params=query))[0] == 400


def test_list_of_another_domain(speak: Callable[..., MailgunClient]) -> None:
    """A domain with a typing error that looks empty."""
    client = speak(MailgunClient, accounts={"alice@other.example": OLD})
    assert words(client, client.listing()) == (404, "Domain not found")
    assert client.checked(client.listing(headers=basic("api:x"))) == "Forbidden"
