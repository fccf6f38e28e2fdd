# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider import call_options, http
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Definition, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import Client, NoAnswer
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import account_values
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_http import (  # noqa: F401  # pylint: disable=unused-import
    CLEAN,
    KEYS,
    PASSWORD,
    Serve,
    Server,
    answer,
    connection_to,
    envelope,
    fixture_serve,
    put,
)

OLD_URLLIB3 = version("urllib3").startswith("1.")


def test_sends_what_the_definition_says(serve: Serve) -> None:
    """Catches: a wrong method, path, key header or body."""
    server = serve(answer(200, envelope(), "Retry-After: 7"))
    reply = put(connection_to(server.url))
    assert reply.status == 200 and reply.headers["retry-after"] == "7" and json.loads(reply.text) == envelope()
    [heard] = server.heard
    assert heard.line == "PUT /v2.1/email/smtpAccount/1.acme.smtp/password HTTP/1.1"
    assert json.loads(heard.body) == {"password": PASSWORD}
    wanted = {
        "authorization": KEYS["authorization_key"],
        "application-key": KEYS["application_key"],
        "content-type": "application/json",
        "accept": "application/json",
        "user-agent": "mailops.smtp",
    }
    assert {name: heard.headers[name] for name in wanted} == wanted


def test_sends_a_form(serve: Serve) -> None:
    """Catches: a form that is sent as JSON, or whose values are not quoted."""
    server = serve(CLEAN)
    connection = connection_to(
        server.url, request={"encoding": "form", "body": {"a&b": "{password}", "u": "{account}"}}
    )
    Client(connection).send(connection.definition.change, {**account_values("a b"), "password": "1&2=ü+"})
    assert server.heard[0].body == b"a%26b=1%262%3D%C3%BC%2B&u=a+b"
    assert server.heard[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_quotes_values_for_their_place(serve: Serve) -> None:
    """Catches: an account that changes the URL, and a value that is filled in a second time."""
    server = serve(CLEAN)
    request = Request("POST", "/x/{account}/y", body={"p": "{password}"}, query={"who": "{account}"})
    account = "a/b?c#d%2e&{password}"
    Client(connection_to(server.url)).send(request, {"account": account, "password": "{account}"})
    quoted = "a%2Fb%3Fc%23d%252e%26%7Bpassword%7D"
    assert server.heard[0].line == f"POST /x/{quoted}/y?who={quoted} HTTP/1.1"
    assert json.loads(server.heard[0].body) == {"p": "{account}"}


ANY_NAME = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=12)
    | st.text("a.~/\\%2eEfF+ @:;=&?#'\"|{}é", min_size=1, max_size=12)
    | st.sampled_from(["%2e%2e", "%2E", "%252e", "a..b", "...", "a%2Fb", "a b+c", "a;b", "é", "e\u0301", "\U0001f4ee"])
)


def test_the_server_sees_the_name(serve: Serve) -> None:
    """Catches: any name that the HTTP client changes, by decoding what need not be encoded or by tidying the path."""
    server = serve(*[CLEAN] * 1000)
    client = Client(connection_to(server.url))
    form = {"encoding": "form", "body": {"who": "{account}"}, "query": {"who": "{account}"}}
    request = Request("POST", "/x/{account}/y", **form)  # type: ignore[arg-type]

    @settings(database=None, deadline=None, print_blob=True)
    @given(ANY_NAME)
    def holds(name: str) -> None:
        try:
            client.send(request, {"account": name})
        except InputError:
            assert {"", ".", ".."} & set(name.replace("\\", "/").split("/"))
            return
        path, _mark, query = server.heard[-1].line.split(" ")[1].partition("?")
        assert [unquote(part) for part in path.split("/")] == ["", "x", name, "y"]
        assert parse_qs(query) == parse_qs(server.heard[-1].body.decode()) == {"who": [name]}

    holds()
    assert len(server.heard) > 50


def test_basic_authentication(serve: Serve) -> None:
    """Catches: credentials of a Basic provider that are missing or badly encoded."""
    server = serve(CLEAN)
    plain = connection_to(server.url).definition
    definition = Definition(
        name="x", api_url=server.url, set_password=plain.set_password, answer=plain.answer,
        basic={"username": "api", "password": "{api_key}"},
    )  # fmt: skip
    put(Connection(definition, {"api_key": "k:ey"}, 10, True))
    assert server.heard[0].headers["authorization"] == "Basic " + base64.b64encode(b"api:k:ey").decode()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_never_follows_a_redirect(serve: Serve, status: int) -> None:
    """Catches: keys and password that follow a redirect to another host."""
    other = serve(CLEAN)
    server = serve(answer(status, None, f"Location: {other.url}/v2.1/elsewhere"))
    assert put(connection_to(server.url)).status == status
    other.close()
    assert other.heard == [] and len(server.heard) == 1


@pytest.mark.parametrize("by_variable", [False, True])
def test_netrc_does_not_replace_the_key(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_variable: bool
) -> None:
    """Catches: requests taking a login for the host from ~/.netrc in place of the Authorization header."""
    file = tmp_path / (".netrc" if not by_variable else "other")
    file.write_text("machine 127.0.0.1 login someone password else\n", encoding="utf-8")
    file.chmod(0o600)
    if by_variable:
        monkeypatch.setenv("NETRC", str(file))
    server = serve(CLEAN)
    put(connection_to(server.url))
    assert server.heard[0].headers["authorization"] == KEYS["authorization_key"]


def test_keeps_a_connection_alive(serve: Serve) -> None:
    """Catches: a TLS handshake for every account, or headers of one call that leak into the next."""
    server = serve(CLEAN, CLEAN, CLEAN)
    connection = connection_to(server.url)
    client = Client(connection)
    for account in "abc":
        put(connection, account, client)
    assert [(heard.connection, heard.line.split("/")[4]) for heard in server.heard] == [(0, "a"), (0, "b"), (0, "c")]


def test_survives_a_connection_that_went_stale(serve: Serve) -> None:
    """Catches: an unknown outcome only because the server closed an idle connection."""
    gone = threading.Event()

    def say_and_close(connection: socket.socket) -> None:
        connection.sendall(CLEAN)
        connection.shutdown(socket.SHUT_WR)
        gone.set()

    server = serve(say_and_close, CLEAN)
    connection = connection_to(server.url)
    client = Client(connection)
    put(connection, "a", client)
    assert gone.wait(PATIENCE)
    assert put(connection, "b", client).status == 200
    assert [heard.connection for heard in server.heard] == [0, 1]


def test_late_answer_never_serves_the_next_call(serve: Serve) -> None:
    """Catches: a session reused after a time-out, so that one account gets another's answer."""
    late = threading.Event()

    def answer_late(connection: socket.socket) -> None:
        late.wait(PATIENCE)
        connection.sendall(answer(200, "late"))

    server = serve(answer_late, answer(200, "own"))
    connection = connection_to(server.url, timeout=0.5)
    client = Client(connection)
    with pytest.raises(NoAnswer):
        put(connection, "a", client)
    # The second call is not about time.
    client._connection = replace(connection, timeout=PATIENCE)
    late.set()
    assert put(connection, "b", client).text == "own"


def test_informational_answer_does_not_shift_the_answers(serve: Serve) -> None:
    """Catches: an answer that belongs to the call before it, because that one ended with a 1xx status."""
    heard_b = threading.Event()
    server: Server

    def early_hints(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        heard_b.wait(2)
        connection.sendall(answer(200, "for a"))

    server = serve(early_hints, answer(200, "for b"))
    connection = connection_to(server.url)
    client = Client(connection)
    assert put(connection, "a", client).status in (103, 200)
    timer = threading.Timer(0.2, heard_b.set)
    timer.start()
    assert put(connection, "b", client).text == "for b"


def test_ipv6_loopback(serve: Serve) -> None:
    """Catches: an address in brackets that is taken apart wrongly."""
    try:
        server = serve(CLEAN, host="::1")
    except OSError:
        pytest.skip("no IPv6 here")
    assert put(connection_to(server.url)).status == 200
    assert server.heard[0].headers["host"] == f"[::1]:{server.port}"


@pytest.mark.parametrize(("module", "heavy"), [(http, {"requests"}), (call_options, {"requests", "ssl"})])
def test_what_is_heavy_is_imported_only_for_a_call(module: ModuleType, heavy: set[str]) -> None:
    """Catches: a module that needs requests where no call is made, and a run without any that pays for it."""
    look = f"sys.exit(bool({heavy!r} & set(sys.modules)))"
    code = f"import sys; sys.path[:] = {sys.path!r}; import {module.__name__}; {look}"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
