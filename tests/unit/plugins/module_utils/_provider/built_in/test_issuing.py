# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole jobs with the built-in providers that make the passwords: one row a provider, its answers as documented."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider import issue as issuing
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job, Made, issue
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import fill, fill_path
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import BUILT_IN, definition_from
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience

ACCOUNT = "news@shop.example"
LABEL, OLDER = "20260130T001500Z-3f9a1c2b4d5e", "20260129T001500Z-000000000001"
SECRET = "Secret-0123456789-abcdef-0123456789-ABCDEF"
TENANT, CREDENTIAL = "3d1a6f0e-8a52-4c1e-9f63-0b7f5a1d2c34", "7e2b9c10-1f3d-4e5a-8b6c-9d0e1f2a3b4c"
SETTINGS = {"account_id": TENANT, "domain_id": "dom-1"}
KEY = "key-0123456789"


def said(status: int, body: Any = None) -> Reply:
    """Return an answer: a text as it is, nothing as nothing, other things as JSON."""
    return Reply(status, {}, body if isinstance(body, str) else "" if body is None else json.dumps(body))


@dataclass(frozen=True)
class Row:
    """What one provider that creates credentials documents.

    C(call): method, path and body of the call that creates one; C(created): the answer, with C(username) and C(id) as
    they are read. C(removal): method and path of the call that deletes the credential C(id), and its answer.
    C(listing): method and path of the list; C(item) makes one of its items of an ID and a label, C(listed) an answer
    of items. C(found): the call and the answer by which the API's name of the account is found.
    C(refused): answers to the call, what they mean, and words of the message. C(gone): answers to the removal of what
    does not exist.
    """

    call: tuple[str, str, Any]
    created: Reply
    id: str
    removal: tuple[str, str, Reply]
    listing: tuple[str, str]
    item: Any
    listed: Any
    refused: Sequence[tuple[Reply, Kind, str]]
    gone: Sequence[Reply]
    username: str | None = None
    found: tuple[str, str, Reply] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


V, N, T, U = Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS, Kind.THROTTLED, Kind.UNKNOWN
AHASEND = f"/v2/accounts/{TENANT}/smtp-credentials"
MAILERSEND = "/domains/dom-1/smtp-users"
NAME = f"mailops-{LABEL.lower()}"
ADDRESS = f"{NAME}@shop.example"
WILDDUCK_ID = "507f1f77bcf86cd799439011"


def ahasend(known: str, name: str) -> dict[str, Any]:
    """Return a credential as AhaSend shows it."""
    moment = "2026-11-30T00:15:00Z"
    times = {"created_at": moment, "updated_at": moment}
    scope = {"sandbox": False, "scope": "scoped", "domains": ["shop.example"]}
    return {"object": "credential_smtp", "id": known, "name": name, "username": "u-2", **times, **scope}


def errors(*texts: str) -> dict[str, Any]:
    """Return an error of SendGrid's."""
    return {"errors": [{"message": text, "field": "name"} for text in texts]}


ROWS = {
    "ahasend": Row(
        call=("POST", AHASEND, {"name": f"{ACCOUNT} {NAME}", "scope": "scoped", "domains": ["shop.example"]}),
        headers={"Idempotency-Key": NAME},
        created=said(201, {**ahasend(CREDENTIAL, NAME), "password": SECRET}),
        username="u-2",
        id=CREDENTIAL,
        removal=("DELETE", f"{AHASEND}/{CREDENTIAL}", said(200, {"message": "SMTP credential deleted successfully"})),
        listing=("GET", f"{AHASEND}?limit=100"),
        item=ahasend,
        listed=lambda items: {"object": "list", "data": items, "pagination": {"has_more": False}},
        refused=[
            (said(400, {"message": "name is too long"}), V, "name is too long"),
            (said(401, {"message": "Invalid API key"}), N, "Check api_key"),
            (said(403, {"message": "Forbidden"}), N, "Check the scopes of api_key"),
            (said(404, {"message": "Account not found"}), N, "Check account_id"),
            (said(409, {"message": "A request with this idempotency key is already in progress"}), T, "in progress"),
            (said(422, {"message": "idempotency key was already used with a different request payload"}), V, "used"),
            (said(429, {"message": "Too many requests, rate limited."}), T, "rate limited"),
            (said(500, {"message": "Odd"}), U, "Odd"),
        ],
        gone=[said(404, {"message": "Not found"})],
    ),
    "sendgrid": Row(
        call=("POST", "/v3/api_keys", {"name": NAME, "scopes": ["mail.send"]}),
        created=said(201, {"api_key": SECRET, "api_key_id": "k-2", "name": NAME, "scopes": ["mail.send"]}),
        username="apikey",
        id="k-2",
        removal=("DELETE", "/v3/api_keys/k-2", said(204)),
        listing=("GET", "/v3/api_keys"),
        item=lambda known, label: {"api_key_id": known, "name": label},
        listed=lambda items: {"result": items},
        refused=[
            (said(400, errors("name is required")), V, "name is required"),
            (said(401, errors("authorization required")), N, "Check api_key"),
            (said(403, errors("access forbidden")), N, "fewer than 100"),
            (said(403, errors("Cannot create more than 100 API Keys")), N, "No more credentials are possible"),
        ],
        gone=[said(404, errors("not found"))],
    ),
    "resend": Row(
        call=("POST", "/api-keys", {"name": NAME, "permission": "sending_access"}),
        created=said(201, {"id": "k-2", "token": SECRET}),
        username="resend",
        id="k-2",
        removal=("DELETE", "/api-keys/k-2", said(200, {"object": "api_key", "id": "k-2", "deleted": True})),
        listing=("GET", "/api-keys"),
        item=lambda known, label: {"id": known, "name": label, "created_at": "2023-10-06 23:47:56.678+00"},
        listed=lambda items: {"object": "list", "has_more": False, "data": items},
        refused=[
            (said(400, {"statusCode": 400, "name": "validation_error", "message": "Bad"}), V, "(validation_error)"),
            (said(401, {"statusCode": 401, "name": "restricted_api_key", "message": "Only sends"}), N, "full access"),
            (said(403, {"statusCode": 403, "name": "invalid_api_key", "message": "Invalid"}), N, "Check api_key"),
            (said(429, {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Slow"}), T, "Slow"),
        ],
        gone=[said(404, {"statusCode": 404, "name": "not_found", "message": "API key not found"})],
    ),
    "mailersend": Row(
        call=("POST", MAILERSEND, {"name": NAME, "enabled": True}),
        created=said(201, {"data": {"id": "u-2", "name": NAME, "username": "MS_x@shop.example", "password": SECRET}}),
        username="MS_x@shop.example",
        id="u-2",
        removal=("DELETE", f"{MAILERSEND}/u-2", said(204)),
        listing=("GET", f"{MAILERSEND}?page=1&limit=100"),
        item=lambda known, label: {"id": known, "name": label, "username": "MS_y", "password": "In-Clear-1"},
        listed=lambda items: {"data": items, "links": {"next": None}, "meta": {}},
        refused=[
            (said(401, {"message": "Unauthenticated."}), N, "Check api_key"),
            (said(404, {"message": "Resource not found."}), N, "Check domain_id"),
            (said(422, {"message": "The name is too long.", "errors": {"name": ["too long"]}}), V, "too long"),
            (said(429, {"message": "Too Many Attempts."}), T, "Too Many"),
        ],
        gone=[said(404, {"message": "Resource not found."})],
    ),
    "elasticemail": Row(
        call=("POST", "/security/smtp", {"Name": ADDRESS}),
        created=said(201, {"Token": SECRET, "AccessLevel": "SendSmtp", "Name": ADDRESS}),
        username=ADDRESS,
        id=ADDRESS,
        removal=("DELETE", f"/security/smtp/{NAME}%40shop.example", said(200)),
        listing=("GET", "/security/smtp"),
        item=lambda known, label: {"Name": f"{label}@shop.example".lower() if label else known, "LastUse": None},
        listed=lambda items: items,
        refused=[
            (said(400, {"Error": "Name is taken"}), V, "Name is taken"),
            (said(401, {"Error": "Access denied"}), N, "Access denied"),
        ],
        gone=[said(404, {"Error": "Not found"})],
    ),
    "emailit": Row(
        call=("POST", "/api-keys", {"name": NAME, "scope": "sending"}),
        created=said(201, {"object": "api_key", "id": "k-2", "name": NAME, "scope": "sending", "key": SECRET}),
        username="emailit",
        id="k-2",
        removal=("DELETE", "/api-keys/k-2", said(200, {"object": "api_key", "id": "k-2", "deleted": True})),
        listing=("GET", "/api-keys?page=1&limit=100"),
        item=lambda known, label: {"object": "api_key", "id": known, "name": label, "scope": "sending"},
        listed=lambda items: {"data": items, "next_page_url": None},
        refused=[
            (said(409, {"error": {"code": 409, "message": "API key already exists"}, "existing": {"id": "k-1"}}), N,
             "API key already exists"),
            (said(403, {"error": {"code": 403, "message": "Forbidden"}}), N, "full access"),
        ],
        gone=[said(404, {"error": {"code": 404, "message": "API key not found"}})],
    ),
    "mailu_token": Row(
        call=("POST", "/api/v1/tokenuser/news%40shop.example", {"comment": NAME}),
        created=said(200, {"id": 7, "token": SECRET, "email": ACCOUNT, "comment": NAME, "AuthorizedIP": []}),
        id="7",
        removal=("DELETE", "/api/v1/token/7", said(200, {"code": 200, "message": "Token with ID 7 has been deleted"})),
        listing=("GET", "/api/v1/tokenuser/news%40shop.example"),
        item=lambda known, label: {"id": known, "email": ACCOUNT, "comment": label},
        listed=lambda items: items,
        refused=[
            (said(400, {"code": 400, "message": "x is not a valid email address"}), V, "not a valid"),
            (said(401, {"message": "A valid Authorization header is mandatory"}), N, "Check api_key"),
            (said(403, {"message": "Invalid API token"}), N, "API_TOKEN"),
            (said(404, {"code": 404, "message": f"User {ACCOUNT} cannot be found"}), N, "cannot be found"),
            (said(429, {"message": "Too many attempts from your IP (rate-limit)"}), T, "rate-limit"),
        ],
        gone=[said(404, {"code": 404, "message": "Token cannot be found for id 7"})],
    ),
    "wildduck_asp": Row(
        call=("POST", f"/users/{WILDDUCK_ID}/asps", {"description": NAME, "scopes": ["smtp"]}),
        created=said(200, {"success": True, "id": "a-2", "password": SECRET}),
        id="a-2",
        removal=("DELETE", f"/users/{WILDDUCK_ID}/asps/a-2", said(200, {"success": True})),
        listing=("GET", f"/users/{WILDDUCK_ID}/asps?showAll=true"),
        item=lambda known, label: {"id": known, "description": label, "scopes": ["smtp"], "lastUse": {}},
        listed=lambda items: {"success": True, "results": items},
        found=("GET", "/users/resolve/news%40shop.example", said(200, {"success": True, "id": WILDDUCK_ID})),
        refused=[
            (said(400, {"error": "Bad", "code": "InputValidationError"}), V, "(InputValidationError)"),
            (said(403, {"error": "Invalid accessToken value", "code": "InvalidToken"}), N, "Check api_key"),
            (said(403, {"error": "Maximum reached", "code": "TooMany", "allowed": 50}), N, "No more credentials"),
        ],
        gone=[said(404, {"error": "Unknown id", "code": "AspNotFound"})],
    ),
}  # fmt: skip


class Provider:
    """Answers calls by method and path, and keeps them in order."""

    def __init__(self, answers: Mapping[str, Reply]) -> None:
        self.answers = dict(answers)
        self.calls: list[str] = []
        self.bodies: list[Any] = []
        self.headers: list[Any] = []
        self.connection: Connection | None = None

    def send(self, request: Request, values: Mapping[str, str]) -> Reply:
        """Answer one call."""
        assert self.connection is not None
        known = {**self.connection.settings, **self.connection.credentials, **values}
        query = urlencode(fill(request.query, known))
        call = f"{request.method} {fill_path(request.path, known)}" + (f"?{query}" if query else "")
        self.calls.append(call)
        self.bodies.append(fill(request.body, known))
        self.headers.append(fill(request.headers, known))
        return self.answers[call]


@pytest.fixture(name="provider")
def fixture_provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    made = Provider({})

    def client_of(connection: Connection) -> Provider:
        made.connection = connection
        return made

    monkeypatch.setattr(issuing, "client_of", client_of)
    return made


def run(name: str, job: Job, account: str = ACCOUNT) -> Made:
    """Do one job with a built-in provider."""
    definition = definition_from({"provider": name, "api_url": "https://mail.example"})
    connection = Connection(
        definition,
        dict.fromkeys(definition.credentials, KEY),
        10,
        True,
        settings={one: SETTINGS[one] for one in definition.settings},
    )
    found = issue(connection, {account: job}, patience=Patience(0, 0), concurrency=1, sleep=lambda _seconds: None)
    return found[account]


def answers_of(row: Row, *items: Any) -> dict[str, Reply]:
    """Return what a provider answers to all calls, with some credentials there."""
    method, path, _body = row.call
    known = {f"{method} {path}": row.created, " ".join(row.removal[:2]): row.removal[2]}
    known[" ".join(row.listing)] = said(200, row.listed(list(items)))
    if row.found:
        known[" ".join(row.found[:2])] = row.found[2]
    return known


def looked_up(row: Row) -> list[str]:
    """Return the call that finds the account, if there is one."""
    return [" ".join(row.found[:2])] if row.found else []


EACH = pytest.mark.parametrize(("name", "row"), ROWS.items(), ids=ROWS)


def test_every_provider_that_creates_has_a_row() -> None:
    """Catches: a provider that is built in and tested by nobody. Amazon SES is in test_ses.py."""
    assert {*ROWS, "ses"} == {name for name, data in BUILT_IN.items() if data.get("flow") == "create"}
    assert {*REGENERATED} == {name for name, data in BUILT_IN.items() if data.get("flow") == "regenerate"}


@EACH
def test_created(provider: Provider, name: str, row: Row) -> None:
    """Catches: another call than the documented one, a key that may do everything, a part of the answer lost."""
    provider.answers = answers_of(row)
    made = run(name, Job(label=LABEL))
    assert (made.kind, made.secret, made.username, made.id) == (Kind.ACCEPTED, SECRET, row.username, row.id)
    assert provider.calls == [*looked_up(row), " ".join(row.call[:2])]
    assert provider.bodies[-1] == row.call[2] and provider.headers[-1] == row.headers
    assert SECRET not in made.message


@EACH
def test_refused(provider: Provider, name: str, row: Row) -> None:
    """Catches: a limit taken for a wrong key, a refusal for an unknown outcome, or a call that is not made again."""
    for reply, kind, words in row.refused:
        provider.answers = {**answers_of(row, row.item("k-1", "by hand")), " ".join(row.call[:2]): reply}
        made = run(name, Job(label=LABEL))
        assert (made.kind, made.secret) == (kind, None), made.message
        assert words in made.message
        limit = "No more credentials are possible" in made.message
        assert ("There are:" in made.message) is limit
        assert (LABEL in made.idle) is (kind is not U)


@EACH
def test_success_without_a_password(provider: Provider, name: str, row: Row) -> None:
    """Catches: a login page, or an answer in another form, that ends a request whose outcome is unknown."""
    for reply in (said(row.created.status, "<html>Log in</html>"), said(row.created.status, {}), said(204)):
        provider.answers = {**answers_of(row), " ".join(row.call[:2]): reply}
        made = run(name, Job(label=LABEL))
        assert (made.kind, made.doubt, list(made.idle)) == (U, True, [])


@EACH
def test_deleted(provider: Provider, name: str, row: Row) -> None:
    """Catches: an old credential that stays, or one that is gone and stops every later run."""
    for reply in (row.removal[2], *row.gone):
        provider.answers = {**answers_of(row), " ".join(row.removal[:2]): reply}
        provider.calls.clear()
        made = run(name, Job(delete=[row.id]))
        assert (made.kind, list(made.deleted)) == (Kind.ACCEPTED, [row.id]), made.message
        assert provider.calls == [*looked_up(row), " ".join(row.removal[:2])]


@EACH
def test_deletion_is_refused(provider: Provider, name: str, row: Row) -> None:
    """Catches: a credential that counts as deleted although the provider would not, or could not."""
    for reply, kind in ((said(401, ""), N), (said(403, ""), N), (said(500, ""), T), (said(429, ""), T)):
        provider.answers = {**answers_of(row), " ".join(row.removal[:2]): reply}
        made = run(name, Job(label=LABEL, delete=[row.id]))
        assert (made.kind, list(made.deleted), LABEL in made.idle) == (kind, [], True)
        assert "cannot be deleted" in made.message and " ".join(row.call[:2]) not in provider.calls


@EACH
def test_leftover_is_found_by_its_label(provider: Provider, name: str, row: Row) -> None:
    """Catches: a credential that nobody has and that stays for ever, or somebody else's that is deleted."""
    ours = row.item(row.id, NAME)
    others = [row.item("x-1", ""), row.item("x-2", f"mailops-{OLDER.lower()}")]
    if name == "elasticemail":
        # Its own removal call has the address in lower case, as this list has it.
        provider.answers[f"DELETE /security/smtp/{NAME.lower()}%40shop.example"] = said(200)
    provider.answers |= answers_of(row, *others, ours)
    made = run(name, Job(sweep=[LABEL]))
    assert (made.kind, list(made.idle)) == (Kind.ACCEPTED, [LABEL])
    assert [call for call in provider.calls if call.startswith("DELETE")] == [
        call for call in provider.calls[-1:] if row.id.lower().replace("@", "%40") in call.lower()
    ]
    assert provider.calls[-1].startswith("DELETE")


@EACH
def test_nothing_left(provider: Provider, name: str, row: Row) -> None:
    """Catches: an empty list, or one of others' credentials, in which something is found."""
    for items in ([], [row.item("x-1", "by hand"), row.item("x-2", f"mailops-{OLDER.lower()}")]):
        provider.answers = answers_of(row, *items)
        provider.calls.clear()
        made = run(name, Job(sweep=[LABEL]))
        assert (made.kind, list(made.idle)) == (Kind.ACCEPTED, [LABEL])
        assert provider.calls == [*looked_up(row), " ".join(row.listing)]


@EACH
def test_unreadable_list(provider: Provider, name: str, row: Row) -> None:
    """Catches: a list that cannot be read, and that passes for an empty one: the leftover would never be deleted."""
    for reply in (said(200, "<html>Log in</html>"), said(403, ""), said(200, {"odd": 1})):
        provider.answers = {**answers_of(row), " ".join(row.listing): reply}
        made = run(name, Job(label=LABEL, sweep=[OLDER]))
        assert made.kind is N and OLDER not in made.idle and LABEL in made.idle
        assert "the credentials cannot be listed" in made.message


def test_account_that_wildduck_does_not_know(provider: Provider) -> None:
    """Catches: a call with a login in place of the ID, or a message that says nothing of the name."""
    row = ROWS["wildduck_asp"]
    reply = said(404, {"error": "This user does not exist", "code": "UserNotFound"})
    provider.answers = {**answers_of(row), " ".join(looked_up(row)): reply}
    made = run("wildduck_asp", Job(label=LABEL))
    assert made.message == f"wildduck_asp knows no account {ACCOUNT!r}; check its name, or set account_ids"
    assert (made.kind, list(made.idle)) == (N, [LABEL])


def test_second_page(provider: Provider) -> None:
    """Catches: a cursor that is not followed, or one that is sent for the first page."""
    row = ROWS["ahasend"]
    first = {"data": [row.item("x-1", "")], "pagination": {"has_more": True, "next_cursor": "abc="}}
    provider.answers = answers_of(row, row.item(row.id, NAME))
    last = provider.answers[" ".join(row.listing)]
    provider.answers |= {" ".join(row.listing): said(200, first), f"GET {AHASEND}?limit=100&after=abc%3D": last}
    run("ahasend", Job(sweep=[LABEL]))
    assert provider.calls[-1] == " ".join(row.removal[:2])


def test_passwords_of_others_are_not_told(provider: Provider) -> None:
    """Catches: a password of MailerSend's list, which has them in clear, in a message."""
    row = ROWS["mailersend"]
    body = {**row.listed([row.item("u-1", "")]), "message": "see In-Clear-1"}
    provider.answers = {**answers_of(row), " ".join(row.listing): said(403, body)}
    assert "In-Clear" not in run("mailersend", Job(sweep=[LABEL])).message


TOKENS = f"GET /accounts/{TENANT}/tokens?page=1&per_page=50"
ROLL = f"PUT /accounts/{TENANT}/tokens/t-1/value"
RESET = "POST /marketing/v3/transactional/smtp-tokens/tok-1/password-reset"


def cloudflare(result: Any, *texts: str) -> dict[str, Any]:
    """Return an answer of Cloudflare's."""
    told = [{"code": 1000 + number, "message": text} for number, text in enumerate(texts)]
    return {"success": not texts, "errors": told, "messages": [], "result": result}


def tokens(*names: str) -> Reply:
    """Return Cloudflare's list of tokens."""
    return said(
        200, cloudflare([{"id": f"t-{n}", "name": name, "status": "active"} for n, name in enumerate(names, 1)])
    )


REGENERATED: dict[str, tuple[str, dict[str, Reply], str, Any, Reply, str | None, list[tuple[Reply, Kind, str]]]] = {
    "cloudflare": (
        "shop",
        {TOKENS: tokens("shop", "shop 2")},
        ROLL,
        {},
        said(200, cloudflare(SECRET)),
        "api_token",
        [
            (said(400, cloudflare(None, "Invalid request")), V, "Invalid request (1000)"),
            (said(403, cloudflare(None, "Unauthorized to access requested resource")), N, "account API tokens"),
            (said(404, cloudflare(None, "Not found")), N, "Check account_id"),
            (said(200, cloudflare(None, "Odd")), V, "Odd (1000)"),
            (said(200, {"result": SECRET}), U, ""),
            (said(429, cloudflare(None, "Slow down")), T, "Slow down"),
        ],
    ),
    "hubspot": (
        "tok-1",
        {},
        RESET,
        None,
        said(200, {"id": "tok-1", "password": SECRET, "campaignName": "x", "createdBy": "y"}),
        "tok-1",
        [
            (said(401, {"category": "EXPIRED_AUTHENTICATION", "message": "Expired", "correlationId": "c-1"}), N,
             "Expired (EXPIRED_AUTHENTICATION) [request id c-1]"),
            (said(403, {"category": "MISSING_SCOPES", "message": "No scope"}), N, "transactional-email"),
            (said(404, {"category": "OBJECT_NOT_FOUND", "message": "Not found"}), N, "newer versions"),
            (said(400, {"category": "VALIDATION_ERROR", "message": "Bad"}), V, "Bad"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REGENERATED)
def test_regenerated(provider: Provider, name: str) -> None:
    """Catches: another call than the documented one, a token's ID in place of its name, an outcome misread."""
    account, known, call, body, done, username, refused = REGENERATED[name]
    provider.answers = {**known, call: done}
    made = run(name, Job(label=LABEL), account)
    assert (made.kind, made.secret, made.username, made.id) == (Kind.ACCEPTED, SECRET, username, None)
    assert provider.calls == [*known, call] and provider.bodies[-1] == body
    for reply, kind, words in refused:
        provider.answers[call] = reply
        made = run(name, Job(label=LABEL), account)
        assert (made.kind, made.secret) == (kind, None) and words in made.message, made.message
        assert SECRET not in made.message


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (tokens("Shop"), "knows no account 'shop'"),
        (tokens("shop", "shop"), "lists 'shop' more than once"),
        (said(403, cloudflare(None, "Unauthorized")), "the accounts cannot be listed: cloudflare answered 403"),
    ],
)
def test_token_that_is_not_found(provider: Provider, listed: Reply, words: str) -> None:
    """Catches: a token of a like name that is given a new value, which ends the old one."""
    provider.answers = {TOKENS: listed}
    made = run("cloudflare", Job(label=LABEL), "shop")
    assert words in made.message and provider.calls == [TOKENS] and list(made.idle) == [LABEL]
