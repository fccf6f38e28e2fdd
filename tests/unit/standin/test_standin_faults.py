# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to fail, as a client sees it, and what became of the password."""

from __future__ import annotations

import json
import threading
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from standin import Fault, FaultQueue, StandIn
from standin.faults import KINDS
from support.waiting import PATIENCE

from .conftest import ACCOUNT, NEW, OLD, Client

CHANGE = "changeSmtpAccountPassword"
WHENS = pytest.mark.parametrize("when", ["before", "after"])


def changed(client: Client) -> bool:
    """Return whether the password is the new one; the record says the same."""
    is_new = client.standin.accounts.current(ACCOUNT) == NEW
    assert is_new is bool(client.standin.record.changes(ACCOUNT))
    return is_new


def pushed(client: Client, fault: Fault) -> Client:
    client.standin.faults.push(fault)
    return client


ENVELOPES = [
    pytest.param(Fault("status"), (500, 1, 1), id="status"),
    pytest.param(Fault("status", status=503, headers={"Retry-After": "7"}), (503, 1, 1), id="503"),
    pytest.param(Fault("clean_status"), (207, 0, 0), id="clean_status"),
    pytest.param(Fault("errors"), (200, 0, 1), id="errors"),
    pytest.param(Fault("error_count"), (200, 1, 0), id="error_count"),
    pytest.param(Fault("partly_refused"), (207, 1, 1), id="partly_refused"),
    pytest.param(Fault("refused_value"), (422, 1, 1), id="refused_value"),
]


@WHENS
@pytest.mark.parametrize(("fault", "expected"), ENVELOPES)
def test_envelopes(client: Client, fault: Fault, expected: tuple[int, int, int], when: str) -> None:
    """A fault whose effect is on the wrong side of it, or that is another fault than its name says."""
    response = pushed(client, Fault(**{**fault.as_dict(), "when": when})).change()
    envelope = response.json()
    found = (response.status_code, envelope["meta"]["numberOfErrors"], len(envelope["errors"]))
    assert found == expected and envelope["meta"]["status"] == expected[0]
    assert dict(fault.headers).items() <= response.headers.items()
    assert changed(client) is (when == "after")
    (event,) = client.standin.record.api_calls()
    assert event["fault"] == f"{fault.kind} {when}" and event["request_id"] == envelope["meta"]["uniqId"]


def test_refused_value_echoes(client: Client) -> None:
    """A refusal without the echo: nothing would prove that a client does not print it."""
    assert pushed(client, Fault("refused_value")).change().json()["errors"][0]["meta"]["value"] == NEW


@WHENS
def test_no_meta(client: Client, when: str) -> None:
    """An answer that is still a whole envelope."""
    response = pushed(client, Fault("no_meta", when=when)).change()
    assert (response.status_code, sorted(response.json())) == (200, ["data", "errors"])
    assert changed(client) is (when == "after")


@WHENS
def test_truncated_json(client: Client, when: str) -> None:
    """An answer that is valid after all, or that the connection's end gives away."""
    response = pushed(client, Fault("truncated_json", when=when)).change()
    assert response.headers["Content-Length"] == str(len(response.content))
    with pytest.raises(json.JSONDecodeError):
        response.json()
    assert changed(client) is (when == "after")


@WHENS
def test_html(client: Client, when: str) -> None:
    """A page that says it is JSON."""
    response = pushed(client, Fault("html", when=when)).change()
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.text.startswith("<!DOCTYPE html>") and changed(client) is (when == "after")


def test_raw_body(client: Client) -> None:
    """A body that is wrapped in the envelope although a test asked for it as it is."""
    fault = Fault(status=502, body="Bad gateway", headers={"Content-Type": "text/plain"})
    response = pushed(client, fault).change()
    assert (response.status_code, response.text) == (502, "Bad gateway")
    assert response.headers["Content-Type"] == "text/plain" and client.standin.record.api_calls()[0]["status"] == 502


def test_redirect(client: Client) -> None:
    """A redirect without its address."""
    response = pushed(client, Fault("redirect", location="https://other.example/x")).change()
    assert (response.status_code, response.headers["Location"]) == (307, "https://other.example/x")
    assert response.content == b"" and not changed(client)


def test_status_without_a_body(client: Client) -> None:
    """A 204 with a body: the next answer on the connection would be read wrongly."""
    assert pushed(client, Fault(status=204)).change().content == b""
    assert client.change().status_code == 200


@pytest.mark.parametrize("tls", [True, False])
@WHENS
def test_reset(start: Callable[..., StandIn], when: str, tls: bool) -> None:
    """A reset that is an orderly end, or that leaves the server without an answer for the next call."""
    with Client(start(tls=tls)) as client:
        # Python's TLS layer can tell a reset as an end without an answer.
        words = "without response|reset by peer" if tls else "reset by peer"
        with pytest.raises(requests.ConnectionError, match=words):
            pushed(client, Fault("reset", when=when)).change()
        assert changed(client) is (when == "after")
        assert client.standin.record.api_calls()[0]["status"] is None
        assert client.change().status_code == 200


def test_reset_of_an_unread_request(client: Client) -> None:
    """A call in the record that was never read."""
    with pytest.raises(requests.ConnectionError):
        pushed(client, Fault("reset", when="unread")).change()
    assert client.standin.record.api_calls() == [] and len(client.standin.record.events("reset_unread")) == 1
    assert not changed(client) and client.change().status_code == 200


@WHENS
def test_hang_then_close(client: Client, when: str) -> None:
    """A silence that ends with an answer."""
    with pytest.raises(requests.ConnectionError):
        pushed(client, Fault("hang", when=when, seconds=0.01)).change()
    assert changed(client) is (when == "after")


@WHENS
def test_hang_then_continue(client: Client, when: str) -> None:
    """A slow answer that is none."""
    response = pushed(client, Fault("hang", when=when, seconds=0.01, then="continue")).change()
    assert response.status_code == 200 and changed(client)
    assert client.standin.record.api_calls()[0]["fault"] == f"hang {when}"


@pytest.mark.parametrize(("then", "lands"), [("continue", True), ("close", False)])
def test_change_that_lands_after_the_client_gave_up(client: Client, then: str, lands: bool) -> None:
    """A late change that never lands: the worst case of an unknown outcome could not be tested."""
    with pytest.raises(requests.Timeout):
        pushed(client, Fault("hang", seconds=0.5, then=then)).change(timeout=(PATIENCE, 0.05))
    deadline = time.monotonic() + PATIENCE
    while not client.standin.record.api_calls() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert changed(client) is lands


@pytest.mark.parametrize(
    "fault",
    [Fault("hang", seconds=600), Fault("slow_drip", seconds=600), Fault("hang", seconds=600, when="after")],
)
def test_stop_ends_a_wait(start: Callable[..., StandIn], fault: Fault) -> None:
    """A stand-in that cannot be stopped while a client is kept waiting."""
    standin = start()
    outcome: list[BaseException] = []

    def call() -> None:
        with Client(standin) as client:
            try:
                client.change(timeout=PATIENCE)
            except requests.RequestException as error:
                outcome.append(error)

    standin.faults.push(fault)
    caller = threading.Thread(target=call)
    caller.start()
    deadline = time.monotonic() + PATIENCE
    while standin.faults.waiting() and time.monotonic() < deadline:
        time.sleep(0.01)
    began = time.monotonic()
    standin.stop()
    caller.join(PATIENCE)
    assert time.monotonic() - began < PATIENCE / 2 and isinstance(outcome[0], requests.RequestException)
    assert not isinstance(outcome[0], requests.Timeout)


@WHENS
def test_short_body(client: Client, when: str) -> None:
    """A body that is short, but whole."""
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        pushed(client, Fault("short_body", when=when)).change()
    assert changed(client) is (when == "after")


def test_big_body(client: Client) -> None:
    """A body of another size, or whose size is known beforehand, or that is not JSON."""
    with pushed(client, Fault("big_body", size=3_000_000, when="after")).change(stream=True) as response:
        assert "Content-Length" not in response.headers
        assert len(response.content) == 3_000_000 and response.json()["errors"] == []
    assert changed(client)


def test_client_that_leaves_a_big_body(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    """A client that goes away in the middle: the server must neither complain nor stop to serve."""
    with pushed(client, Fault("big_body", size=50_000_000)).change(stream=True) as response:
        response.raw.read(10)
    assert client.change().status_code == 200
    client.standin.stop()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("part", ["headers", "body"])
def test_slow_drip(client: Client, part: str) -> None:
    """A drip that loses bytes."""
    response = pushed(client, Fault("slow_drip", part=part, chunk=20, seconds=0.001)).change()
    assert response.json()["meta"]["status"] == 200 and not changed(client)


@pytest.mark.parametrize("part", ["headers", "body"])
def test_slow_drip_is_slow(client: Client, part: str) -> None:
    """A drip that sends everything at once."""
    with pytest.raises((requests.Timeout, requests.ConnectionError), match="timed out"):
        pushed(client, Fault("slow_drip", part=part, seconds=30)).change(timeout=(PATIENCE, 0.1))


@WHENS
def test_broken_tls(client: Client, when: str) -> None:
    """An end of the connection that is orderly for TLS."""
    with pytest.raises((requests.exceptions.SSLError, requests.ConnectionError), match=r"(?i)ssl|tls|record"):
        pushed(client, Fault("broken_tls", when=when)).change()
    assert changed(client) is (when == "after")


def test_fault_after_a_refusal(client: Client) -> None:
    """A fault that turns a refused call into a change."""
    response = pushed(client, Fault("status", when="after")).change("short")
    assert response.status_code == 500 and client.standin.accounts.current(ACCOUNT) == OLD
    assert client.standin.record.changes() == []


def test_every_kind_is_tested() -> None:
    """A kind that is added and never tried."""
    source = Path(__file__).read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f'Fault("{kind}"' not in source] == []


def test_queue_matches() -> None:
    """A fault that hits another call than the one it is for."""
    queue = FaultQueue()
    mine = Fault(operation=CHANGE, account=ACCOUNT, times=2)
    queue.push(mine)
    queue.push(Fault("html", operation="listSmtpAccounts"))
    assert queue.take(CHANGE, "2.acme.smtp") is None and queue.take("messageStatus", ACCOUNT) is None
    assert queue.take_unread() is None
    assert [getattr(queue.take(CHANGE, ACCOUNT), "kind", None) for _n in range(3)] == ["status", "status", None]
    assert [one.kind for one in queue.waiting()] == ["html"]
    queue.clear()
    assert queue.waiting() == []


def test_queue_skips() -> None:
    """The third call that is to fail, and the first that does."""
    queue = FaultQueue()
    queue.push(Fault(skip=2))
    assert [queue.take(CHANGE, ACCOUNT) is not None for _n in range(4)] == [False, False, True, False]


def test_queue_and_threads() -> None:
    """A fault that is used more often than it says when calls come at the same time."""
    queue = FaultQueue()
    queue.push(Fault(times=100))
    taken: list[Fault | None] = []

    def take() -> None:
        taken.extend(queue.take(CHANGE, ACCOUNT) for _n in range(50))

    threads = [threading.Thread(target=take) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in taken if one]) == 100


@pytest.mark.parametrize("kind", KINDS)
def test_json(kind: str) -> None:
    """A fault that another process cannot push."""
    fault = Fault(kind, headers={"X": "y"}, account=ACCOUNT)
    assert Fault(**json.loads(json.dumps(fault.as_dict()))) == fault


MISTAKES = [{"kind": "x"}, {"when": "x"}, {"when": "unread"}, {"then": "x"}, {"part": "x"}, {"times": 0}, {"chunk": 0}]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake: dict[str, t.Any]) -> None:
    """A fault with a typing error that is pushed, and fails nothing."""
    with pytest.raises(ValueError, match=next(iter(mistake)) if mistake != {"when": "unread"} else "reset"):
        Fault(**mistake)
