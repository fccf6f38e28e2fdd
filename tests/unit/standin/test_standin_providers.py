# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-in does alike for every provider but emaillabs, each in its own form."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
import requests
from standin import Fault, StandIn
from standin.dialects import dialect_class, names
from standin.faults import KINDS
from support.contract import document
from support.waiting import PATIENCE

from .conftest import NEW, OLD, Client
from .providers import CLIENTS, ProviderClient

Speak = Callable[..., ProviderClient]
EACH = pytest.mark.parametrize("kind", CLIENTS, ids=[one.provider for one in CLIENTS])
NOT_FOR_ALL = ("no_meta", "errors", "error_count", "partly_refused")


def unchanged(client: ProviderClient) -> bool:
    """Return whether nothing became of a change; the record says the same."""
    assert {one["effect"] for one in client.standin.record.api_calls()} == {"none"}
    return client.standin.accounts.current(client.account) == OLD


def good(answer: t.Any) -> bool:
    """Return whether an answer with status 200 says that the change was accepted, in any provider's way."""
    if isinstance(answer, list):
        return all(one["type"] == "success" for one in answer)
    return answer.get("success", True) is True and "error" not in {*answer, *answer.get("data", {})}


def test_names() -> None:
    """A provider that nobody can name, or a file of helpers that passes for one."""
    set_by_the_caller = {"emaillabs", "jetemail", "mailcow", "mailgun", "mailu", "messageflow", "redlink", "smtp2go"}
    assert set(names()) == set_by_the_caller | {"ahasend", "cloudflare"}
    assert set_by_the_caller == {one.provider for one in CLIENTS} | {"emaillabs", "messageflow", "redlink"}
    assert {dialect_class(one) for one in ("messageflow", "redlink")} == {dialect_class("emaillabs")}


@pytest.mark.parametrize("provider", ["messageflow", "redlink"])
def test_same_platform(start: Callable[..., StandIn], provider: str) -> None:
    """A name of the same platform behind which something else answers."""
    with Client(start(provider=provider)) as client:
        assert client.change().json()["meta"]["numberOfErrors"] == 0
        assert len(client.standin.record.changes()) == 1


@pytest.mark.parametrize("provider", [*(one.provider for one in CLIENTS), "emaillabs"])
def test_contract_tells_how_sure_it_is(provider: str) -> None:
    """An assumption that reads like the provider's word."""
    contract = document(provider)
    for path in contract["paths"].values():
        for operation in path.values():
            assert operation["x-standing"].split(" ")[0].rstrip(",") in ("verified", "reported", "assumed")
            assert provider == "emaillabs" or operation["x-source"]


@EACH
def test_window(speak: Speak, kind: type[ProviderClient]) -> None:
    """A change that is in force at once although the provider was told to take its time."""
    now = [1000.0]
    client = speak(kind, propagation=900, clock=lambda: now[0])
    client.change()
    assert (client.login(OLD), client.login(NEW)) == (535, 535)
    now[0] += 900
    assert (client.login(OLD), client.login(NEW)) == (535, 235)
    assert client.change().status_code == 200
    assert [one["in_window"] for one in client.standin.record.api_calls()] == [False, False]


@EACH
def test_own_key(speak: Speak, kind: type[ProviderClient]) -> None:
    """A key that cannot be chosen, or that is not the only one."""
    client = speak(kind, api_key="another-key")
    assert client.change().status_code == 200
    client.standin.api.api_key = "one-more-key"
    assert client.change("third-password-3").status_code in (401, 403)


@EACH
def test_wrong_key(speak: Speak, kind: type[ProviderClient]) -> None:
    """A wrong key that is refused and changes the password all the same."""
    client = speak(kind)
    response = client.change(headers=client.wrong_keys())
    client.checked(response)
    assert response.status_code == (403 if kind.provider == "mailu" else 401)
    absent = client.change(headers=dict.fromkeys(client.keys()))
    client.checked(absent)
    assert absent.status_code == 401 and unchanged(client)
    assert [one["authenticated"] for one in client.standin.record.api_calls()] == [False, False]


@EACH
def test_empty_key(speak: Speak, kind: type[ProviderClient]) -> None:
    """A stand-in without a key that lets in everybody who has none."""
    client = speak(kind, api_key="")
    client.standin.api.read_only_key = ""
    assert client.change(headers=client.keys()).status_code in (401, 403) and unchanged(client)


@EACH
def test_address_that_is_not_authorised(speak: Speak, kind: type[ProviderClient]) -> None:
    """A refused address whose change lands."""
    client = speak(kind)
    client.standin.api.ip_authorised = False
    response = client.change()
    client.checked(response)
    assert response.status_code == (401 if kind.provider == "mailcow" else 403) and unchanged(client)


@EACH
def test_unknown_account(speak: Speak, kind: type[ProviderClient]) -> None:
    """An account that comes into being by a change."""
    client = speak(kind)
    response = client.change_of(kind.other, NEW)
    answer = client.checked(response)
    assert response.status_code == kind.unknown and not (kind.unknown == 200 and good(answer))
    assert client.standin.accounts.names() == [kind.account] and unchanged(client)
    assert client.standin.record.api_calls(account=kind.other)


@EACH
def test_same_password(speak: Speak, kind: type[ProviderClient]) -> None:
    """A repeated value that counts as one more change."""
    client = speak(kind)
    assert good(client.checked(client.change(OLD)))
    assert client.standin.record.api_calls()[0]["effect"] == "same"
    client = speak(kind, same_password="refuse")
    response = client.change(OLD)
    answer = client.checked(response)
    assert response.status_code == kind.refused and not (kind.refused == 200 and good(answer)) and unchanged(client)


@EACH
@pytest.mark.parametrize("rule", [{"minimum_length": 15}, {"maximum_length": 13}, {"password_pattern": "[0-9]+"}])
def test_rules(speak: Speak, kind: type[ProviderClient], rule: dict[str, t.Any]) -> None:
    """A rule for passwords that is not kept, or a refused password that is set."""
    client = speak(kind)
    vars(client.standin.api).update(rule)
    response = client.change()
    answer = client.checked(response)
    assert response.status_code == kind.refused and not (kind.refused == 200 and good(answer)) and unchanged(client)


@EACH
def test_entropy(speak: Speak, kind: type[ProviderClient]) -> None:
    """A weak password that passes because it is long enough."""
    client = speak(kind)
    client.standin.api.minimum_entropy = 64.0
    client.checked(client.change("abcdefghijklm"))
    assert unchanged(client)
    client.checked(client.change("abcdefghijklmn"))
    assert len(client.standin.record.changes()) == 1


@EACH
def test_rate_limit(speak: Speak, kind: type[ProviderClient]) -> None:
    """A 429 that tells how long to wait where the provider does not, or that lets the change through."""
    client = speak(kind)
    client.standin.api.rate_limit = 0
    response = client.change()
    client.checked(response)
    assert response.status_code == 429 and unchanged(client)
    assert [one for one in response.headers if one.lower().startswith(("retry-", "ratelimit", "x-rate"))] == []


@EACH
@pytest.mark.parametrize("status", [404, 405])
def test_no_password_call(speak: Speak, kind: type[ProviderClient], status: int) -> None:
    """A provider without the call that changes the password all the same."""
    client = speak(kind)
    client.standin.api.publishes_password_call = False
    client.standin.api.missing_call_status = status
    assert client.change().status_code == status and unchanged(client)


@EACH
def test_other_calls(speak: Speak, kind: type[ProviderClient]) -> None:
    """A call that does not exist and is taken for one that does."""
    client = speak(kind)
    path = str(client.change("short-lived-0", headers=client.wrong_keys()).request.path_url)
    for method, address in (("GET", "/"), ("DELETE", path), ("PATCH", path + "/more")):
        assert client.call(method, address).status_code in (404, 405)
    assert unchanged(client)


BROKEN = [b"{", b"\xff", b"[" * 100000, b"[]", b"null", b"12", b'{"items": 1, "attr": 2}']


@EACH
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_broken_bodies(speak: Speak, kind: type[ProviderClient], content_type: str) -> None:
    """A broken body that ends the server, or changes something."""
    client = speak(kind)
    example = client.change(headers=client.wrong_keys()).request
    headers = {"Content-Type": content_type}
    for body in BROKEN:
        client.checked(client.call(str(example.method), example.path_url, data=body, headers=headers))
    if kind.provider == "mailgun" and not content_type.startswith("multipart"):
        # It makes a password itself where it finds no form.
        assert len(client.standin.record.changes()) == len(BROKEN)
    else:
        assert unchanged(client)
    assert client.change().status_code == 200


@EACH
@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
@pytest.mark.parametrize("when", ["before", "after"])
def test_pushed_status(speak: Speak, kind: type[ProviderClient], status: int, when: str) -> None:
    """An error in another provider's form, or with its effect on the wrong side."""
    client = speak(kind)
    client.standin.faults.push(Fault(status=status, when=when, operation="changeSmtpAccountPassword"))
    response = client.change()
    assert response.status_code == status
    if str(status) in operation(kind)["responses"]:
        client.checked(response)
    elif status >= 500:
        assert response.headers["Content-Type"] == "application/json" and "meta" not in response.json()
    assert bool(client.standin.record.changes(kind.account)) is (when == "after")


def operation(kind: type[ProviderClient]) -> dict[str, t.Any]:
    found = [one for path in document(kind.provider)["paths"].values() for one in path.values()]
    (change,) = (one for one in found if one["operationId"] == "changeSmtpAccountPassword")
    return dict(change)


@EACH
@pytest.mark.parametrize("when", ["before", "after"])
def test_refused_value_echoes(speak: Speak, kind: type[ProviderClient], when: str) -> None:
    """A refusal without the echo: nothing would prove that a client does not print it."""
    client = speak(kind)
    client.standin.faults.push(Fault("refused_value", when=when))
    response = client.change("echoed-password-1")
    answer = client.checked(response)
    assert response.status_code == kind.refused and "echoed-password-1" in response.text
    assert not (kind.refused == 200 and good(answer))
    assert bool(client.standin.record.changes()) is (when == "after")


@EACH
def test_clean_status(speak: Speak, kind: type[ProviderClient]) -> None:
    """A success that changes its words together with its status."""
    client = speak(kind)
    client.standin.faults.push(Fault("clean_status", status=202, when="after"))
    response = client.change()
    assert response.status_code == 202 and good(response.json()) and client.standin.record.changes()


@pytest.mark.parametrize("kind", [one for one in CLIENTS if "errors" not in dialect_class(one.provider).without])
@pytest.mark.parametrize("when", ["before", "after"])
def test_errors(speak: Speak, kind: type[ProviderClient], when: str) -> None:
    """A success with errors in it that has none, or a fault that is taken and does nothing."""
    client = speak(kind)
    client.standin.faults.push(Fault("errors", when=when))
    response = client.change()
    assert response.status_code == 200 and not good(client.checked(response))
    assert bool(client.standin.record.changes()) is (when == "after")


@EACH
@pytest.mark.parametrize("name", NOT_FOR_ALL)
def test_impossible_faults(speak: Speak, kind: type[ProviderClient], name: str) -> None:
    """A fault that means nothing here and that a test believes in."""
    client = speak(kind, admin=True)
    words = KINDS[name].rpartition("(")[2].rstrip(")").split(", ")
    faults = [Fault(), Fault(name)]
    if kind.provider in words:
        client.standin.faults.push(*faults)
        assert client.standin.faults.waiting() == faults
        return
    with pytest.raises(ValueError, match=f"the answers of this provider cannot have {name}"):
        client.standin.faults.push(*faults)
    sent = [one.as_dict() for one in faults]
    answer = requests.post(f"{client.standin.admin_url}/_standin/faults", json=sent, timeout=PATIENCE)
    assert answer.status_code == 400 and client.standin.faults.waiting() == []


@EACH
@pytest.mark.parametrize("fault", [Fault("truncated_json", when="after"), Fault("html", when="after")])
def test_unreadable(speak: Speak, kind: type[ProviderClient], fault: Fault) -> None:
    """An answer that can be read after all."""
    client = speak(kind)
    client.standin.faults.push(fault)
    with pytest.raises(requests.JSONDecodeError):
        client.change().json()
    assert client.standin.record.changes(kind.account)


@EACH
def test_no_answer(speak: Speak, kind: type[ProviderClient]) -> None:
    """A change that got lost together with its answer."""
    client = speak(kind)
    client.standin.faults.push(Fault("reset", when="after", account=kind.account))
    with pytest.raises(requests.ConnectionError):
        client.change()
    assert client.standin.record.changes(kind.account) and client.login(NEW) == 235


@EACH
def test_no_secret_is_recorded(speak: Speak, kind: type[ProviderClient]) -> None:
    """A password or key in the record or in the admin's answers."""
    client = speak(kind, admin=True, api_key="K" * 20)
    for password in ("first-secret-12", "first-secret-12", "s!"):
        client.change(password)
    client.standin.faults.push(Fault("refused_value"))
    client.change("second-secret-2")
    options = requests.post(f"{client.standin.admin_url}/_standin/options", json={}, timeout=PATIENCE)
    assert options.status_code == 200
    text = "\n".join([options.text, repr(client.standin.api), *map(str, client.standin.record.events())])
    secrets = ("secret", "s!", OLD, "K" * 20, client.standin.api.read_only_key)
    assert [one for one in secrets if one in text] == []
