# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are late, broken, too large or none at all."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import typing as t
from importlib.metadata import version

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._provider import http as http_client
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import NoAnswer, within
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_http import (  # noqa: F401  # pylint: disable=unused-import
    PASSWORD,
    Serve,
    Server,
    answer,
    connection_to,
    fixture_serve,
    hang_up,
    put,
    reset,
)

OLD_URLLIB3 = version("urllib3").startswith("1.")


def drip(*, header: bool) -> t.Callable[[socket.socket], None]:
    """Return a step that sends a byte now and then for longer than any test waits."""

    def step(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + (b"X: " if header else b"Content-Length: 100000\r\n\r\n"))
        end = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < end:
            connection.sendall(b"a")
            time.sleep(0.1)

    return step


@pytest.mark.parametrize("header", [True, False])
def test_slow_answer_ends_at_the_time_limit(serve: Serve, header: bool) -> None:
    """Catches: a server that sends a byte now and then and holds the run for ever."""
    server = serve(drip(header=header))
    start = time.monotonic()
    with pytest.raises(NoAnswer, match=r"^no complete answer within 0\.5 seconds$"):
        put(connection_to(server.url, timeout=0.5))
    assert 0.4 < time.monotonic() - start < PATIENCE


def test_large_answer_is_none(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: an answer without end that fills the memory."""
    monkeypatch.setattr(http_client, "LARGEST_ANSWER", 1024 * 1024)
    chunked = answer(200, b"10000\r\n" + b"x" * 65536 + b"\r\n", "Transfer-Encoding: chunked")

    def endless(connection: socket.socket) -> None:
        connection.sendall(chunked)
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    bomb = answer(200, gzip.compress(b"x" * 20_000_000), "Content-Encoding: gzip")
    for step in (endless, bomb, answer(200, b"x" * (1024 * 1024 + 1))):
        with pytest.raises(NoAnswer, match=r"^the answer is larger than 1 MiB$"):
            put(connection_to(serve(step).url))
    assert len(put(connection_to(serve(answer(200, b"x" * 1024 * 1024)).url)).text) == 1024 * 1024


SILENCE = "no answer in time"
BROKE = "the connection failed (ConnectionError)"
IN_THE_MIDDLE = "the connection was lost in the middle of the answer"
BROKEN: list[t.Any] = [
    (reset, "the connection was reset"),
    (hang_up, "the connection was closed without an answer"),
    (b"", SILENCE),
    (lambda sock: sock.sendall(answer(200, "2\r\nha", "Transfer-Encoding: chunked")), IN_THE_MIDDLE),
    pytest.param(
        lambda sock: sock.sendall(answer(200, "half", "Content-Length: 10")),
        IN_THE_MIDDLE,
        marks=pytest.mark.skipif(OLD_URLLIB3, reason="an older urllib3 does not count the bytes"),
    ),
    (lambda sock: sock.sendall(b"no http\r\n\r\n"), BROKE),
    (lambda sock: sock.sendall(b"HTTP/1.1 999999 x\r\n\r\n"), BROKE),
    (lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"), BROKE),
    (lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000 + b"\r\n\r\n"), BROKE),
    (lambda sock: sock.sendall(answer(200, "not gzip", "Content-Encoding: gzip")),
     "the connection failed (ContentDecodingError)"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "words"), BROKEN)
def test_broken_connection_is_no_answer(serve: Serve, step: t.Any, words: str) -> None:
    """Catches: a broken exchange that looks like an answer, or a message that quotes the request."""
    server = serve(step)
    with pytest.raises(NoAnswer) as caught:
        put(connection_to(server.url, timeout=1 if words == SILENCE else PATIENCE))
    assert str(caught.value).replace("no complete answer within 1 seconds", SILENCE) == words
    assert len(server.heard) == 1


@pytest.fixture(name="broken", scope="session")
def fixture_broken() -> t.Iterator[Server]:
    """Start a server that answers with whatever its first step is at that moment."""
    server = Server([])
    yield server
    server.close()


HEADS = (
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: ",
    b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n",
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(head=st.sampled_from((b"", b"HTTP/1.1 ", *HEADS)), rest=st.binary(max_size=60))
@example(head=HEADS[-1], rest=b"-A")
def test_whatever_comes_is_an_answer_or_none(broken: Server, head: bytes, rest: bytes) -> None:
    """Catches: an exception of a library for a strange answer, in place of an unknown outcome."""

    def say(connection: socket.socket) -> None:
        connection.sendall(head + rest)
        connection.shutdown(socket.SHUT_WR)

    broken.steps[:] = [say]
    try:
        said = put(connection_to(broken.url, timeout=5)).text
    except NoAnswer as error:
        said = str(error)
    assert PASSWORD not in said


def test_nobody_listens() -> None:
    """Catches: a refused connection that ends the run instead of being unknown."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoAnswer, match=r"^the connection was refused$"):
        put(connection_to(f"http://127.0.0.1:{port}"))


def test_unknown_host(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    """Catches: a message that does not say that the name is wrong."""

    def fail(*args: t.Any, **more: t.Any) -> t.Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(NoAnswer, match=r"^the API's host name cannot be resolved$"):
        put(connection_to("https://api.example.invalid"))


def test_within() -> None:
    """Catches: a result or an error that gets lost on its way out of the thread, and a limit that does not limit."""
    assert within(5, lambda: 3) == 3
    assert within(5, lambda: None) is None
    with pytest.raises(ValueError, match="mine"):
        within(5, lambda: int("mine"))
    never = threading.Event()
    with pytest.raises(NoAnswer, match=r"^no complete answer within 0\.01 seconds$"):
        within(0.01, lambda: never.wait(5))
    never.set()
