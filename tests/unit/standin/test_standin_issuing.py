# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The providers that make the passwords themselves: several credentials of one account, or a new one in place."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
import requests
from standin import AccountStore, Fault, StandIn, UnknownAccount
from support.contract import check_answer, check_request
from support.mail import try_login

from .conftest import Client

ACCOUNT, OTHER = "one@acme.example", "two@acme.example"
OLD = "old-password-1"
START = 1000.0


class IssuingClient(Client):
    """Calls one provider's API, and holds each exchange against its contract."""

    account = ACCOUNT

    def keys(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.standin.api.api_key}"}

    def exchange(self, method: str, path: str, status: int, **options: t.Any) -> t.Any:
        """Make a call, hold it and its answer against the contract, and return the answer's JSON."""
        response = self.call(method, path.format(tenant=self.standin.api.tenant), **options)
        check_answer(self.provider, response)
        assert response.status_code == status
        if 200 <= status < 300:
            check_request(self.provider, response)
        return response.json()

    def login(self, username: str, password: str) -> int:
        """Log in at the submission server, and return the code."""
        at = self.standin
        return try_login(at.smtp_host, at.smtp_port, username, password, at.ca_path)[0]


class AhaSendClient(IssuingClient):
    provider = "ahasend"
    path: t.ClassVar[str] = "/v2/accounts/{tenant}/smtp-credentials"

    def create(self, name: str = f"{ACCOUNT} new", status: int = 201, **options: t.Any) -> t.Any:
        """Create a credential."""
        return self.exchange("POST", self.path, status, json={"name": name, "scope": "global"}, **options)


class CloudflareClient(IssuingClient):
    provider = "cloudflare"
    path: t.ClassVar[str] = "/client/v4/accounts/{tenant}/tokens"

    def roll(self, token: str, status: int = 200, **options: t.Any) -> t.Any:
        """Make a new value in place of a token's."""
        return self.exchange("PUT", f"{self.path}/{token}/value", status, json={}, **options)


Speak = Callable[..., t.Any]


def test_created_credential_works_beside_the_old_one_until_one_is_deleted(speak: Speak) -> None:
    """A second credential that ends the first, or one that works after it was deleted."""
    client = speak(AhaSendClient)
    made = client.create()
    new = (made["username"], made["password"])
    assert (client.login(ACCOUNT, OLD), client.login(*new)) == (235, 235)
    (first, second) = client.exchange("GET", client.path, 200)["data"]
    assert (first["name"], second["name"], second["id"]) == (ACCOUNT, f"{ACCOUNT} new", made["id"])
    client.exchange("DELETE", f"{client.path}/{made['id']}", 200)
    client.exchange("DELETE", f"{client.path}/{made['id']}", 404)
    assert (client.login(ACCOUNT, OLD), client.login(*new)) == (235, 535)
    record = client.standin.record
    seen = [(one["operation"], one["effect"], one["account"], one["credential"]) for one in record.api_calls()]
    assert seen == [
        ("createSmtpCredential", "created", ACCOUNT, made["id"]),
        ("listSmtpCredentials", "none", None, None),
        ("deleteSmtpCredential", "deleted", ACCOUNT, made["id"]),
        ("deleteSmtpCredential", "none", ACCOUNT, None),
    ]
    assert len(record.changes(ACCOUNT)) == len(record.deletions(ACCOUNT)) == 1
    logins = [(one["owner"], one["which"]) for one in record.logins(made["username"])]
    assert logins == [(ACCOUNT, "current"), (ACCOUNT, "previous")]
    assert made["password"] not in repr(record.events()) + repr(client.standin.accounts.credentials())


def test_new_credential_works_after_its_window_only() -> None:
    """A credential that works at once, or whose window closes the old one's."""
    now = [START]
    accounts = AccountStore({ACCOUNT: OLD}, propagation=20, clock=lambda: now[0])
    made, password = accounts.create(ACCOUNT, "new")
    assert [accounts.check(made.username, password).accepted, accounts.check(ACCOUNT, OLD).accepted] == [False, True]
    assert accounts.check(made.username, password).which == "pending" and accounts.in_window(ACCOUNT)
    with pytest.raises(UnknownAccount):
        accounts.current(ACCOUNT)
    now[0] += 20
    assert accounts.check(made.username, password).accepted and accounts.current(ACCOUNT) == password
    assert [one.password for one in accounts.history(ACCOUNT)] == [OLD, password]
    accounts.delete(made.id)
    assert accounts.current(ACCOUNT) == OLD and accounts.owner(made.id) == ACCOUNT
    with pytest.raises(UnknownAccount):
        accounts.delete(made.id)


def test_same_call_twice_makes_one_credential(speak: Speak) -> None:
    """A key that is ignored, or one that replays the answer to another call."""
    client = speak(AhaSendClient)
    key = {"headers": {"Idempotency-Key": "label-1"}}
    client.standin.faults.push(Fault(kind="reset", when="after"))
    with pytest.raises(requests.ConnectionError):
        client.create(**key)
    made, again = client.create(**key), client.create(**key)
    assert made == again and client.login(made["username"], made["password"]) == 235
    assert len(client.standin.accounts.credentials(ACCOUNT)) == 2
    client.create(f"{ACCOUNT} other", status=422, **key)
    client.standin.accounts.clock = lambda: START + 10**10
    assert client.create(**key)["id"] != made["id"]


def test_limit_of_credentials(speak: Speak) -> None:
    """A limit that nobody reaches, or that counts another account's or a deleted credential."""
    client = speak(AhaSendClient, accounts={ACCOUNT: OLD, OTHER: OLD})
    client.standin.api.most_credentials = 2
    made = client.create()
    assert "limit of 2" in client.create(status=400)["message"]
    client.create(f"{OTHER} new")
    client.exchange("DELETE", f"{client.path}/{made['id']}", 200)
    client.create()


def test_list_is_paged(speak: Speak) -> None:
    """A cursor that repeats or leaves out a credential."""
    client = speak(AhaSendClient)
    for number in range(6):
        client.create(f"{ACCOUNT} {number}")
    names: list[str] = []
    query = {"limit": "3"}
    while query:
        page = client.exchange("GET", client.path, 200, params=query)
        names += [one["name"] for one in page["data"]]
        following = page["pagination"].get("next_cursor")
        query = {"limit": "3", "after": following} if following else {}
    assert names == [ACCOUNT, *(f"{ACCOUNT} {number}" for number in range(6))]
    client.exchange("GET", client.path, 400, params={"limit": "101"})
    client.exchange("GET", client.path, 400, params={"after": "?"})


@pytest.mark.parametrize("body", [{}, {"name": "a", "scope": "scoped"}, {"name": "a" * 256, "scope": "global"}])
def test_broken_creation(speak: Speak, body: dict[str, t.Any]) -> None:
    """A credential that is made by a call that the provider does not know."""
    client = speak(AhaSendClient)
    client.exchange("POST", client.path, 400, json=body)
    assert len(client.standin.accounts.credentials()) == 1


def test_roll_ends_the_value_before(speak: Speak) -> None:
    """A new value beside the old one, or another token's that ends with it: all have one user name."""
    client = speak(CloudflareClient, accounts={ACCOUNT: OLD, OTHER: f"{OLD}-other"})
    listed = client.exchange("GET", client.path, 200, params={"per_page": "50"})["result"]
    assert [one["name"] for one in listed] == [ACCOUNT, OTHER]
    value = client.roll(listed[0]["id"])["result"]
    logins = [client.login("api_token", one) for one in (OLD, value, f"{OLD}-other", "wrong")]
    assert logins == [535, 235, 235, 535]
    owners = [(one["owner"], one["which"]) for one in client.standin.record.logins()]
    assert owners[:3] == [(ACCOUNT, "previous"), (ACCOUNT, "current"), (OTHER, "current")]
    (event,) = client.standin.record.changes(ACCOUNT)
    assert (event["operation"], event["credential"]) == ("regenerateSmtpPassword", listed[0]["id"])
    client.roll("no-token", status=404)


@pytest.mark.parametrize("old_works", [False, True])
def test_value_before_in_the_window(speak: Speak, old_works: bool) -> None:
    """An option that does not say when the old value ends."""
    client = speak(CloudflareClient, propagation=60.0, old_works=old_works)
    value = client.roll(client.standin.accounts.credentials()[0].id)["result"]
    assert client.login("api_token", OLD) == (235 if old_works else 535)
    assert client.login("api_token", value) == 535


@pytest.mark.parametrize("kind", [AhaSendClient, CloudflareClient])
def test_keys_addresses_and_other_customers(speak: Speak, kind: type[IssuingClient]) -> None:
    """A wrong key, or another customer's address, that changes or shows something."""
    client = speak(kind)
    before = len(client.standin.accounts.history(ACCOUNT))
    wrong = {"headers": {"Authorization": "Bearer wrong"}}
    client.exchange("GET", client.path, 401, **wrong)
    client.exchange("GET", client.path.replace("{tenant}", "9" * 8 + "-1111-4111-8111-" + "1" * 12), 404)
    client.standin.api.ip_authorised = False
    client.exchange("GET", client.path, 403)
    assert client.call("PATCH", client.path.format(tenant=client.standin.api.tenant)).status_code == 403
    client.standin.api.ip_authorised = True
    assert client.call("PATCH", client.path.format(tenant=client.standin.api.tenant)).status_code == 405
    assert client.call("GET", "/").status_code == 404
    assert len(client.standin.accounts.history(ACCOUNT)) == before


STATUSES = [Fault(kind="status", status=one) for one in (400, 401, 403, 404, 429)]
FAULTS = [*STATUSES, Fault(kind="truncated_json"), Fault(kind="short_body"), Fault(kind="html"), Fault(kind="reset")]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: f"{one.kind} {one.status or ''}")
@pytest.mark.parametrize("kind", [AhaSendClient, CloudflareClient])
def test_faults(speak: Speak, kind: type[IssuingClient], fault: Fault, when: str) -> None:
    """A fault on the wrong side of its effect, or an error in another provider's form."""
    client = speak(kind)
    client.standin.faults.push(Fault(**{**fault.as_dict(), "when": when, "account": ACCOUNT}))

    def make() -> None:
        if isinstance(client, AhaSendClient):
            client.create(status=fault.status or 201)
        else:
            client.roll(client.standin.accounts.credentials()[0].id, status=fault.status or 200)

    if fault.kind == "status":
        make()
    else:
        with pytest.raises(Exception):  # noqa: B017, PT011  (each fault breaks it in its own way)
            make()
    assert len(client.standin.record.changes(ACCOUNT)) == (when == "after")
    assert len(client.standin.accounts.history(ACCOUNT)) == 1 + (when == "after")


def test_dialects_are_told_apart(start: Callable[..., StandIn]) -> None:
    """A fault that a provider of this kind cannot have, and that a test believes in."""
    for provider in ("ahasend", "cloudflare"):
        with pytest.raises(ValueError, match="cannot have refused_value"):
            start(provider=provider).faults.push(Fault("refused_value"))
