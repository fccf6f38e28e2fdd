# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's requests, as they leave, held against each provider's contract."""

from __future__ import annotations

import functools
import http.server
import json
import threading
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from support.contract import document
from support.waiting import PATIENCE
from werkzeug.datastructures import Headers, ImmutableMultiDict

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PROVIDERS
from ansible_collections.mailops.smtp.plugins.module_utils._provider.calls import set_passwords
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import list_accounts
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience


def envelope(*names: str) -> dict[str, t.Any]:
    """Return the envelope of Vercom's platform."""
    meta = {"numberOfErrors": 0, "numberOfData": len(names), "status": 200, "uniqId": "u"}
    return {"meta": meta, "data": [{"smtpAccount": name} for name in names], "errors": []}


@dataclass(frozen=True)
class Example:
    """A provider: its contract, two accounts as it names them, its answers, the bodies and the query to expect.

    C(listing): the answer to the list, with the first account, or None if there is no such call.
    """

    contract: str
    accounts: tuple[str, str]
    changed: t.Any
    listing: t.Any
    body: t.Callable[[str, str], t.Any]
    query: dict[str, str] = field(default_factory=dict)


MAIL = ("a+b@mail.example.com", "c.d@mail.example.com")
VERCOM = Example(
    contract="emaillabs",
    accounts=("1.acme.smtp", "a+b@c.example"),
    changed=envelope(),
    listing=envelope("1.acme.smtp"),
    body=lambda _account, password: {"password": password},
    query={"offset": "0", "limit": "1000"},
)
MAILGUN = Example(
    contract="mailgun",
    accounts=MAIL,
    changed={"message": "Password changed"},
    listing={"total_count": 1, "items": [{"login": MAIL[0], "mailbox": MAIL[0], "created_at": "", "size_bytes": 0}]},
    body=lambda _account, password: {"password": password},
    query={"skip": "0", "limit": "100"},
)
EXAMPLES = {
    "emaillabs": VERCOM,
    "messageflow": VERCOM,
    "redlink": VERCOM,
    "mailgun": MAILGUN,
    "mailgun_eu": MAILGUN,
    "smtp2go": Example(
        contract="smtp2go",
        accounts=MAIL,
        changed={"request_id": "r", "data": {}},
        listing={"request_id": "r", "data": {"results": [{"username": MAIL[0], "email_password": "x", "status": "a"}]}},
        body=lambda account, password: {"username": account, "email_password": password},
    ),
    "mailcow": Example(
        contract="mailcow",
        accounts=MAIL,
        changed=[{"type": "success", "log": [], "msg": ["mailbox_modified", "x"]}],
        listing=[{"username": MAIL[0], "active": 1}],
        body=lambda account, password: {"items": [account], "attr": {"password": password, "password2": password}},
    ),
    "mailu": Example(
        contract="mailu",
        accounts=MAIL,
        changed={"code": 200, "message": "User x has been updated"},
        listing=[{"email": MAIL[0], "password": "hash"}],
        body=lambda _account, password: {"raw_password": password},
    ),
    "modoboa": Example(
        contract="modoboa",
        accounts=("7", "12"),
        changed={"pk": 7, "username": MAIL[0], "is_active": True},
        listing={"count": 1, "next": None, "previous": None, "results": [{"pk": 7, "username": "7"}]},
        body=lambda _account, password: {"password": password},
        query={"page": "1", "page_size": "500"},
    ),
    "jetemail": Example(
        contract="jetemail",
        accounts=("acme-1", "acme-2"),
        changed={"success": True, "message": "Smarthost updated successfully"},
        listing=None,
        body=lambda account, password: {"currentUsername": account, "password": password},
    ),
}
# Vercom's brands and a server of one's own are at other addresses than the one in the contract.
ELSEWHERE = ("messageflow", "redlink", "mailcow", "mailu", "modoboa")
PASSWORDS = ("Abcdefgh12345678", '%41+b&c=d e"f\\{password}')


@dataclass
class Seen:
    """A request as a server sees it, in openapi-core's terms."""

    method: str
    host_url: str
    path: str
    full_url_pattern: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None


@dataclass
class Recorder:
    """A server that gives always the same answer and keeps what it was asked, as if it were at C(origin)."""

    url: str = ""
    origin: str = ""
    answer: t.Any = None
    seen: list[Seen] = field(default_factory=list)


@pytest.fixture(name="recorder")
def fixture_recorder() -> Iterator[Recorder]:
    record = Recorder()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            parameters = RequestParameters(
                query=ImmutableMultiDict(parse_qsl(parts.query)), header=Headers(list(self.headers.items()))
            )
            path = unquote(parts.path)
            kind = self.headers.get("Content-Type", "").partition(";")[0]
            pattern = record.origin + path
            record.seen.append(
                Seen(self.command.lower(), record.origin, path, pattern, parameters, kind, body if kind else None)
            )
            text = json.dumps(record.answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_DELETE = do_GET = do_OPTIONS = do_PATCH = do_POST = do_PUT = answer

        def log_message(self, *_args: object) -> None:
            """Keep silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    record.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield record
    server.shutdown()
    server.server_close()
    thread.join()


@functools.cache
def contract(name: str) -> OpenAPI:
    """Return a provider's contract, ready to hold requests against."""
    return OpenAPI.from_dict(document(name))


def connection(recorder: Recorder, provider: str) -> Connection:
    """Return a connection to the recorder, under the path that the provider's own address has."""
    own = "https://mail.example.com" if provider in ("mailcow", "mailu", "modoboa") else ""
    home = urlsplit(definition_from({"provider": provider, "api_url": own}).api_url)
    server = urlsplit(document(EXAMPLES[provider].contract)["servers"][0]["url"])
    at = server if provider in ELSEWHERE else home
    recorder.origin = f"{at.scheme}://{at.netloc}"
    definition = definition_from({"provider": provider, "api_url": recorder.url + home.path})
    keys = {name: f"a-key-for-{name}" for name in definition.credentials}
    # So that it is not asked for them.
    ids = {one: one for one in EXAMPLES[provider].accounts} if definition.find_account else {}
    return Connection(definition=definition, credentials=keys, timeout=PATIENCE, verify=True, account_ids=ids)


def decoded(request: Seen) -> t.Any:
    """Return the body of a request."""
    text = (request.body or b"").decode()
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(text, strict_parsing=True))
    return json.loads(text)


def test_providers_are_those_that_exist() -> None:
    """Catches: an example of a provider that is gone. The others are in test_contract_issuing.py and rows."""
    assert set(EXAMPLES) <= set(PROVIDERS)


@pytest.mark.parametrize("provider", EXAMPLES)
def test_request_that_sets_a_password_is_as_agreed(recorder: Recorder, provider: str) -> None:
    """Catches: an address, method, path, header, encoding or field that the contract does not have."""
    example = EXAMPLES[provider]
    recorder.answer = example.changed
    passwords = dict(zip(example.accounts, PASSWORDS, strict=True))
    changes = set_passwords(connection(recorder, provider), passwords, patience=Patience(0, 0), concurrency=1)
    assert {change.kind.value for change in changes.values()} == {"accepted"}
    assert len(recorder.seen) == len(passwords)
    for request in recorder.seen:
        contract(example.contract).validate_request(request)
        assert not request.parameters.query
    assert [decoded(request) for request in recorder.seen] == [example.body(*pair) for pair in passwords.items()]


@pytest.mark.parametrize("provider", [name for name, example in EXAMPLES.items() if example.listing is not None])
def test_request_that_lists_accounts_is_as_agreed(recorder: Recorder, provider: str) -> None:
    """Catches: a method, path or body, a page size or an offset that the contract does not allow."""
    example = EXAMPLES[provider]
    recorder.answer = example.listing
    names = list_accounts(connection(recorder, provider), example.accounts, patience=Patience(0, 0))
    assert names == [example.accounts[0]]
    (request,) = recorder.seen
    contract(example.contract).validate_request(request)
    assert dict(request.parameters.query) == example.query


@pytest.mark.parametrize("provider", EXAMPLES)
def test_list_is_there_where_the_contract_has_one(recorder: Recorder, provider: str) -> None:
    """Catches: a list that is known and not described, or one that is made up."""
    paths = document(EXAMPLES[provider].contract)["paths"].values()
    operations = {operation.get("operationId") for path in paths for operation in path.values()}
    assert ("listSmtpAccounts" in operations) is (connection(recorder, provider).definition.list_accounts is not None)
    assert ("listSmtpAccounts" in operations) is (EXAMPLES[provider].listing is not None)


WRONG: list[dict[str, t.Any]] = [
    {"method": "DELETE"},
    {"path": "/nothing/{account}"},
    {"encoding": "form", "body": {"x": "{password}", "y": "{account}"}},
    {"encoding": "json", "body": {"x": "{password}", "y": "{account}"}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=["method", "path", "encoding", "field"])
@pytest.mark.parametrize("provider", EXAMPLES)
def test_contract_refuses_another_request(recorder: Recorder, provider: str, wrong: dict[str, t.Any]) -> None:
    """Catches: a check that lets everything pass."""
    good = connection(recorder, provider)
    own = {"provider": provider, "api_url": good.definition.api_url, "password_request": wrong}
    bad = Connection(definition_from(own), good.credentials, 10, True, good.account_ids)
    set_passwords(bad, {EXAMPLES[provider].accounts[0]: PASSWORDS[0]}, patience=Patience(0, 0), concurrency=1)
    with pytest.raises(OpenAPIError):
        contract(EXAMPLES[provider].contract).validate_request(recorder.seen[0])


@pytest.mark.parametrize("provider", EXAMPLES)
def test_contract_refuses_a_request_without_keys(recorder: Recorder, provider: str) -> None:
    """Catches: a check that does not look at the headers."""
    recorder.answer = EXAMPLES[provider].changed
    accounts = {EXAMPLES[provider].accounts[0]: PASSWORDS[0]}
    set_passwords(connection(recorder, provider), accounts, patience=Patience(0, 0), concurrency=1)
    (request,) = recorder.seen
    request.parameters.header = Headers([("Content-Type", request.content_type)])
    with pytest.raises(OpenAPIError):
        contract(EXAMPLES[provider].contract).validate_request(request)
