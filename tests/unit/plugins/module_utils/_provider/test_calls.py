# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, ProviderError
from ansible_collections.mailops.smtp.plugins.module_utils._provider import calls as provider_calls
from ansible_collections.mailops.smtp.plugins.module_utils._provider import listing
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import mailgun, vercom
from ansible_collections.mailops.smtp.plugins.module_utils._provider.calls import set_passwords
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import list_accounts
from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import Abandoned
from ansible_collections.mailops.smtp.plugins.module_utils._provider.parallel import NOT_SENT
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_http import (  # noqa: F401  # pylint: disable=unused-import
    KEYS,
    Serve,
    Server,
    answer,
    connection_to,
    envelope,
    fixture_serve,
    hang_up,
    make_certificate,
)

CLEAN = answer(200, envelope())
ERROR = {"title": "Bad", "message": "Too weak", "code": "E-1", "meta": {"value": "echo"}}
PASSWORDS = {"1.acme.smtp": "New-Passw0rd-1", "2.acme.smtp": "New-Passw0rd-2", "3.acme.smtp": "New-Passw0rd-3"}
PATIENCE = Patience(retries=2, ceiling=60)


@pytest.fixture(name="pauses", autouse=True)
def fixture_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses in place of making them."""
    pauses: list[float] = []
    for module in (provider_calls, listing):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


class SetPasswords(t.Protocol):
    """Sets passwords; returns kind, doubt and message of each."""

    def __call__(
        self, server: Server, accounts: int = 1, *, concurrency: int = 1, rate: float | None = None
    ) -> dict[str, tuple[Kind, bool, str]]:
        """Return what each account came to."""


@pytest.fixture(name="change")
def fixture_change(pauses: list[float]) -> SetPasswords:
    """Set passwords with a clock that only the pauses advance."""

    def change(
        server: Server, accounts: int = 1, *, concurrency: int = 1, rate: float | None = None
    ) -> dict[str, tuple[Kind, bool, str]]:
        connection = connection_to(server.url)
        found = set_passwords(
            replace(connection, definition=replace(connection.definition, rate_limit=rate)),
            dict(list(PASSWORDS.items())[:accounts]),
            patience=PATIENCE,
            concurrency=concurrency,
            sleep=pauses.append,
            clock=lambda: sum(pauses),
        )
        return {account: (item.kind, item.doubt, item.message) for account, item in found.items()}

    return change


def test_every_account_gets_its_own_password(serve: Serve, change: SetPasswords) -> None:
    """Catches: one account's password set on another."""
    server = serve(CLEAN, CLEAN, CLEAN)
    ok = (Kind.ACCEPTED, False, "emaillabs answered 200 [request id u-1]")
    assert change(server, 3, concurrency=3) == dict.fromkeys(PASSWORDS, ok)
    heard = {item.line.split("/")[4]: json.loads(item.body)["password"] for item in server.heard}
    assert heard == PASSWORDS


def test_an_account_is_called_by_its_id(serve: Serve) -> None:
    """Catches: a login where the API wants its id, and an outcome that is told of an id."""
    server = serve(CLEAN, CLEAN)
    connection = replace(connection_to(server.url), account_ids={"2.acme.smtp": "47/11"})
    two = {account: PASSWORDS[account] for account in ("1.acme.smtp", "2.acme.smtp")}
    assert set(set_passwords(connection, two, patience=PATIENCE, concurrency=1)) == set(two)
    heard = {item.line.split("/")[4]: json.loads(item.body)["password"] for item in server.heard}
    assert heard == {"1.acme.smtp": two["1.acme.smtp"], "47%2F11": two["2.acme.smtp"]}


def test_a_list_of_ids_tells_logins(serve: Serve) -> None:
    """Catches: an account that is shown twice, by its id and by its login, and a domain that is not asked for."""
    items = [{"smtpAccount": name} for name in ("4711", "2.acme.smtp", "c@d.example")]
    ids = {"1.acme.smtp": "4711", "3.acme.smtp": "c@d.example"}
    connection = replace(connection_to(serve(answer(200, envelope(data=items))).url), account_ids=ids)
    assert list_accounts(connection, patience=PATIENCE) == ["1.acme.smtp", "2.acme.smtp", "3.acme.smtp"]


def test_the_domain_of_an_id_is_listed(serve: Serve) -> None:
    """Catches: a list of the login's domain, where the account is known by an address in another one."""
    server = serve(answer(200, {"items": [{"login": "c@d.example"}]}))
    data = {**mailgun.DEFINITION, "api_url": server.url}
    ids = {"a@b.example": "c@d.example"}
    connection = Connection(build(data), {"api_key": "k"}, 10, True, ids)
    assert list_accounts(connection, ["a@b.example"], patience=PATIENCE) == ["a@b.example"]
    assert server.heard[0].line.startswith("GET /v3/domains/d.example/credentials?")
    with pytest.raises(InputError, match=r"^'\.\.' cannot replace \{account_domain\} in the path"):
        list_accounts(connection, ["a@.."], patience=PATIENCE)


def test_the_same_value_again(serve: Serve, change: SetPasswords, pauses: list[float]) -> None:
    """Catches: another value, or no pause, after a call of which nobody knows how it ended."""
    server = serve(hang_up, answer(503, "<html>"), CLEAN)
    message = "emaillabs answered 200 [request id u-1]"
    assert change(server) == {"1.acme.smtp": (Kind.ACCEPTED, True, message)}
    assert pauses == [1, 2] and len({item.body for item in server.heard}) == 1 and len(server.heard) == 3


def test_doubt_outlives_a_refusal(serve: Serve, change: SetPasswords) -> None:
    """Catches: a value that may have landed, forgotten because of the answer to the next attempt."""
    server = serve(hang_up, answer(400, envelope(ERROR)))
    message = "emaillabs answered 400: Too weak (E-1) [request id u-1]"
    assert change(server) == {"1.acme.smtp": (Kind.REFUSED_VALUE, True, message)}


def test_patience_ends(serve: Serve, change: SetPasswords, pauses: list[float]) -> None:
    """Catches: a provider that is down and holds the run for ever."""
    server = serve(hang_up, hang_up, hang_up)
    message = "emaillabs did not answer: the connection was closed without an answer (after 3 attempts)"
    assert change(server) == {"1.acme.smtp": (Kind.UNKNOWN, True, message)}
    assert pauses == [1, 2]


def test_waits_as_asked(serve: Serve, change: SetPasswords, pauses: list[float]) -> None:
    """Catches: a Retry-After that is lost between the answer and the pause."""
    server = serve(answer(429, envelope(), "Retry-After: 17"), answer(429, envelope(), "retry-after: 60"), CLEAN)
    assert change(server)["1.acme.smtp"][:2] == (Kind.ACCEPTED, False)
    assert pauses == [17, 60]


def test_not_faster_than_the_provider_allows(serve: Serve, change: SetPasswords, pauses: list[float]) -> None:
    """Catches: a rate limit of the definition that the calls do not keep, retries included."""
    server = serve(CLEAN, answer(429, "", "Retry-After: 1"), answer(429, "", "Retry-After: 9"), CLEAN, CLEAN)
    assert {item[0] for item in change(server, 3, rate=0.5).values()} == {Kind.ACCEPTED}
    assert pauses == [2, 2, 9, 2]


def test_refused_keys_end_it(serve: Serve, change: SetPasswords) -> None:
    """Catches: a call for every account with keys that were refused on the first."""
    server = serve(answer(401, envelope(ERROR)))
    found = change(server, 3)
    assert found["1.acme.smtp"][0] is Kind.REFUSED_ACCESS and len(server.heard) == 1
    assert found["2.acme.smtp"] == found["3.acme.smtp"] == (NOT_SENT.kind, False, NOT_SENT.message)


def test_untrusted_server_gets_nothing(serve: Serve, change: SetPasswords, tmp_path: t.Any) -> None:
    """Catches: a password that is told to be unknown, or sent, though the server could not prove who it is."""
    server = serve(CLEAN, certificate=make_certificate(tmp_path))
    found = change(server, 2)
    server.close()
    kind, doubt, message = found["1.acme.smtp"]
    assert (kind, doubt, server.heard) == (Kind.REFUSED_ACCESS, False, [])
    assert message.startswith(f"the certificate of {server.url} cannot be verified (self") and "ca_path" in message


# -- the list


def listed(server: Server) -> list[str]:
    """List the accounts."""
    return list_accounts(connection_to(server.url), patience=PATIENCE)


def page(*names: str, status: int = 200) -> bytes:
    """Return a page of the list."""
    return answer(status, envelope(data=[{"smtpAccount": name, "name": "x"} for name in names]))


NO_RESULTS = answer(404, envelope({"message": "No results", "code": "E-0-404"}, status=404))


def test_list_of_one_page(serve: Serve) -> None:
    """Catches: a wrong method, query or field of the list."""
    server = serve(page("1.acme.smtp", "2.acme.smtp"))
    assert listed(server) == ["1.acme.smtp", "2.acme.smtp"]
    assert (
        server.heard[0].line == "GET /v2.1/email/smtpAccount?offset=0&limit=1000 HTTP/1.1"
        and server.heard[0].body == b""
    )
    assert server.heard[0].headers["authorization"] == KEYS["authorization_key"]


def test_list_of_many_pages(serve: Serve) -> None:
    """Catches: accounts that are lost or told twice at the edge of a page."""
    names = [f"{number}.acme.smtp" for number in range(2005)]
    server = serve(page(*names[:1000]), page(*names[1000:1999], names[0]), page(*names[1999:]))
    assert listed(server) == names
    assert [item.line.split("?")[1].split("&")[0] for item in server.heard] == [
        "offset=0",
        "offset=1000",
        "offset=2000",
    ]


def test_list_that_is_empty(serve: Serve) -> None:
    """Catches: 'processed, but no results' taken for a fault."""
    assert listed(serve(page())) == []
    assert listed(serve(NO_RESULTS, answer(405, ""))) == []


def test_list_falls_back(serve: Serve) -> None:
    """Catches: a provider that wants OPTIONS and is never asked that way."""
    server = serve(answer(405, ""), page("1.acme.smtp"))
    assert listed(server) == ["1.acme.smtp"]
    assert [item.line.split(" ")[0] for item in server.heard] == ["GET", "OPTIONS"]


def test_list_is_asked_again(serve: Serve, pauses: list[float]) -> None:
    """Catches: a passing trouble that ends the run."""
    server = serve(answer(503, ""), answer(429, "", "Retry-After: 9"), page("1.acme.smtp"))
    assert listed(server) == ["1.acme.smtp"] and pauses == [1, 9]


REFUSALS: list[tuple[list[t.Any], str]] = [
    ([answer(403, envelope(ERROR))], "emaillabs answered 403: Too weak (E-1) [request id u-1]. "
     + vercom.definition("", "")["hints"]["403"]),
    ([answer(302, "", "Location: /x")],
     "emaillabs answered 302. Redirects are never followed, because the keys would be sent along; check api_url"),
    ([answer(200, "<html>")], "emaillabs answered 200"),
    ([answer(200, {"data": {"a": 1}})], "emaillabs answered 200"),
    ([answer(200, envelope(data=[{"smtpAccount": "a"}, {"other": 1}]))], "emaillabs answered 200 [request id u-1]"),
    ([answer(200, envelope(data=[{"smtpAccount": 5}]))], "emaillabs answered 200 [request id u-1]"),
    ([hang_up] * 3, "emaillabs did not answer: the connection was closed without an answer (after 3 attempts)"),
    ([answer(500, "")] * 3, "emaillabs answered 500 (after 3 attempts)"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "message"), REFUSALS)
def test_list_that_cannot_be_had(serve: Serve, steps: list[t.Any], message: str) -> None:
    """Catches: an empty list in place of a fault, or a message without the provider's words."""
    with pytest.raises(ProviderError) as caught:
        listed(serve(*steps))
    assert str(caught.value) == f"the accounts cannot be listed: {message}"


def test_no_such_call() -> None:
    """Catches: a crash for a provider that lists nothing."""
    data = {"name": "x", "set_password": {"method": "PUT", "path": "/{account}", "body": {"p": "{password}"}}}
    with pytest.raises(ProviderError, match=r"^x has no known API call that lists SMTP accounts$"):
        list_accounts(Connection(build(data), {}, 1, True), patience=PATIENCE)


def test_list_without_end(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a provider that ignores the offset and is asked for ever."""
    monkeypatch.setattr(listing, "MOST_PAGES", 3)
    full = page(*(f"{number}.acme.smtp" for number in range(1000)))
    with pytest.raises(ProviderError, match=r"^emaillabs: the list of accounts does not end after 3 pages$"):
        listed(serve(full, full, full))


@pytest.mark.parametrize(("status", "names"), [(200, ()), (200, ("a",)), (207, ("a",))])
def test_list_with_errors(serve: Serve, status: int, names: tuple[str, ...]) -> None:
    """Catches: accounts that seem not to exist because the provider could not list them."""
    body = {**envelope(ERROR), "data": [{"smtpAccount": name} for name in names]}
    with pytest.raises(ProviderError):
        listed(serve(answer(status, body)))


@pytest.mark.parametrize("status", [200, 204])
def test_options_of_a_web_server(serve: Serve, status: int) -> None:
    """Catches: an empty list told as a fault, because OPTIONS is answered by the web server, as nearly everywhere."""
    assert listed(serve(NO_RESULTS, answer(status, "", "Allow: GET, OPTIONS"))) == []


def test_hint_of_the_list(serve: Serve) -> None:
    """Catches: a hint on password_request for a list that cannot be had."""
    with pytest.raises(ProviderError) as caught:
        listed(serve(answer(404, "<html>"), answer(404, "<html>")))
    assert "password_request" not in str(caught.value)


@pytest.mark.parametrize("first", [answer(429, None, "Retry-After: 60"), answer(503, "<html>"), hang_up])
def test_nothing_is_sent_when_nobody_waits_any_more(serve: Serve, first: t.Any) -> None:
    """Catches: an old password that a module sends after its run was killed and a later one has rotated again."""
    server = serve(first, CLEAN)
    paused: list[float] = []
    with pytest.raises(Abandoned):
        set_passwords(
            connection_to(server.url),
            dict(list(PASSWORDS.items())[:1]),
            patience=PATIENCE,
            concurrency=1,
            sleep=paused.append,
            clock=lambda: sum(paused),
            abandoned=lambda: bool(paused),
        )
    assert paused and len(server.heard) == 1
