# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's requests, as they leave, held against the provider's contract."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import yaml
from ansible_collections.mailops.smtp.plugins.module_utils._attempts import Patience
from ansible_collections.mailops.smtp.plugins.module_utils._calls import list_accounts, set_passwords
from ansible_collections.mailops.smtp.plugins.module_utils._http import Connection
from ansible_collections.mailops.smtp.plugins.module_utils._registry import definition_from
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

CONTRACT = Path(__file__).resolve().parents[1] / "standin" / "contract" / "emaillabs.yaml"
KEYS = {"application_key": "an-application-key", "authorization_key": "an-authorization-key"}
ENVELOPE = {
    "meta": {"numberOfErrors": 0, "numberOfData": 0, "status": 200, "uniqId": "u"},
    "data": [{"smtpAccount": "1.acme.smtp"}],
    "errors": [],
}


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
    """A server that accepts everything and keeps what it was asked."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    record = Recorder()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            parameters = RequestParameters(
                query=ImmutableMultiDict(parse_qsl(parts.query)), header=Headers(list(self.headers.items()))
            )
            path = unquote(parts.path)
            pattern = f"https://api.emaillabs.io{path}"
            kind = self.headers.get("Content-Type", "")
            record.seen.append(
                Seen(self.command.lower(), "https://api.emaillabs.io", path, pattern, parameters, kind, body)
            )
            text = json.dumps(ENVELOPE).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PUT = do_POST = answer

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    record.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield record
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def contract() -> OpenAPI:
    return OpenAPI.from_dict(yaml.safe_load(CONTRACT.read_text()))


def connection(recorder: Recorder) -> Connection:
    definition = definition_from({"provider": "emaillabs", "api_url": recorder.url})
    return Connection(definition=definition, credentials=KEYS, timeout=10, verify=True)


def test_request_that_sets_a_password_is_as_agreed(recorder: Recorder, contract: OpenAPI) -> None:
    """Catches: a method, path, header, encoding or field that the contract does not have."""
    passwords = {"1.acme.smtp": "Abcdefgh12345678", "a+b@c.example": "ü" * 8}
    changes = set_passwords(connection(recorder), passwords, patience=Patience(0, 0), concurrency=1)
    assert {change.kind.value for change in changes.values()} == {"accepted"}
    assert len(recorder.seen) == len(passwords)
    for request in recorder.seen:
        contract.validate_request(request)
    assert [json.loads(request.body or b"") for request in recorder.seen] == [
        {"password": password} for password in passwords.values()
    ]


def test_request_that_lists_accounts_is_as_agreed(recorder: Recorder, contract: OpenAPI) -> None:
    """Catches: a page size or an offset that the contract does not allow."""
    assert list_accounts(connection(recorder), patience=Patience(0, 0)) == ["1.acme.smtp"]
    (request,) = recorder.seen
    contract.validate_request(request)
    assert dict(request.parameters.query) == {"offset": "0", "limit": "1000"}


def test_contract_refuses_another_request(recorder: Recorder, contract: OpenAPI) -> None:
    """Catches: a check that lets everything pass."""
    set_passwords(connection(recorder), {"1.acme.smtp": "short"}, patience=Patience(0, 0), concurrency=1)
    with pytest.raises(OpenAPIError):
        contract.validate_request(recorder.seen[0])
