# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in as a whole: what it leaves behind, and its admin listener."""

from __future__ import annotations

import contextlib
import json
import logging
import smtplib
import socket
import ssl
import threading
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from standin import Fault, StandIn
from standin.dialects import dialect_class
from support.mail import try_login
from support.waiting import PATIENCE

from .conftest import ACCOUNT, NEW, OLD, Client


def test_stop_leaves_nothing(start: Callable[..., StandIn]) -> None:
    """A stop that waits for clients, or leaves threads, ports or files: thousands of tests would pile them up."""
    before = set(threading.enumerate())
    standin = start(admin=True)
    folder = Path(standin.ca_path).parent
    ports = [
        standin.smtp_port,
        standin.smtps_port,
        *(int(str(one).rsplit(":", maxsplit=1)[-1]) for one in addresses(standin)),
    ]
    idle = [socket.create_connection(("127.0.0.1", port)) for port in ports for _n in range(3)]
    context = ssl.create_default_context(cafile=standin.ca_path)
    mail = smtplib.SMTP_SSL("127.0.0.1", standin.smtps_port, context=context, timeout=PATIENCE)
    with Client(standin) as client:
        client.change()
        began = time.monotonic()
        standin.stop()
        assert time.monotonic() - began < PATIENCE / 2
    mail.close()
    for connection in idle:
        with contextlib.suppress(ConnectionError), connection:
            connection.settimeout(PATIENCE)
            # Until the end, which must come.
            connection.makefile("rb").read()
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    assert set(threading.enumerate()) - before == set()
    assert not folder.exists() and len(standin.record.changes()) == 1


def addresses(standin: StandIn) -> list[str | None]:
    return [standin.api_url, standin.admin_url]


def test_stop_twice(standin: StandIn) -> None:
    """A second stop, after an explicit one inside a with block, that fails."""
    standin.stop()
    standin.stop()


def test_two_at_once(start: Callable[..., StandIn]) -> None:
    """Two stand-ins that share a port or an account: tests could not run in parallel."""
    one, other = start(), start()
    with Client(one) as client:
        client.change()
    assert (one.accounts.current(ACCOUNT), other.accounts.current(ACCOUNT)) == (NEW, OLD)
    assert len({one.smtp_port, one.smtps_port, other.smtp_port, other.smtps_port}) == 4


def test_calls_at_once(standin: StandIn) -> None:
    """A server that answers one call after the other: a client's concurrency could not be tested."""
    standin.faults.push(Fault("hang", seconds=600))
    waiting = threading.Thread(target=change_or_fail, args=(standin,))
    waiting.start()
    deadline = time.monotonic() + PATIENCE
    while standin.faults.waiting() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert Client(standin).change().status_code == 200
    standin.stop()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()


def change_or_fail(standin: StandIn) -> None:
    with contextlib.suppress(requests.ConnectionError), Client(standin) as client:
        client.change()


@pytest.mark.parametrize("certificate", ["untrusted", "expired", "wrong_name"])
def test_bad_certificates(start: Callable[..., StandIn], certificate: str) -> None:
    """A bad certificate on some ports only; and a refusal that is not in the record."""
    standin = start(certificate=certificate)
    with pytest.raises(requests.exceptions.SSLError):
        Client(standin).change()
    with pytest.raises(ssl.SSLCertVerificationError):
        try_login(standin.smtp_host, standin.smtp_port, ACCOUNT, OLD, standin.ca_path)
    standin.stop()
    assert {one["port"] for one in standin.record.events("tls_error")} == {"api", "starttls"}
    assert standin.record.api_calls() == []


def test_no_secret_is_recorded(start: Callable[..., StandIn], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A password or key in the record, its file, a log or the admin's answers."""
    caplog.set_level(logging.DEBUG)
    standin = start(directory=tmp_path, admin=True, application_key="K" * 20, authorization_key="Q" * 20)
    with Client(standin) as client:
        client.change("first-secret")
        client.change("first-secret")
        client.change("short!")
        standin.faults.push(Fault("refused_value"))
        client.change("second-secret")
        client.call("GET", "/v2.1/email/smtpAccount?key=third-secret", headers={"Authorization": "fourth-secret"})
    for password in ("first-secret", "fifth-secret"):
        try_login(standin.smtp_host, standin.smtp_port, ACCOUNT, password, standin.ca_path)
    options = requests.post(f"{standin.admin_url}/_standin/options", json={}, timeout=PATIENCE)
    assert options.status_code == 200
    shown = [
        *(requests.get(f"{standin.admin_url}/_standin/{one}", timeout=PATIENCE).text for one in READ),
        options.text,
    ]
    # The client's own log is not ours.
    server_side = [one.getMessage() for one in caplog.records if not one.name.startswith("urllib3")]
    text = "\n".join([*shown, *map(str, standin.record.events()), repr([standin.api, standin.accounts])])
    text += "\n".join([(tmp_path / "record.jsonl").read_text(), *server_side])
    assert [one for one in ("secret", "short!", OLD, "K" * 20, "Q" * 20) if one in text] == []


READ = ("record", "accounts", "faults")


@pytest.fixture(name="admin")
def fixture_admin(start: Callable[..., StandIn]) -> tuple[StandIn, Callable[..., t.Any]]:
    """A stand-in with an admin listener, and a function that calls it and returns its JSON."""
    standin = start(admin=True, propagation=900, clock=lambda: 1000.0)

    def call(method: str, path: str, value: object = None, *, status: int = 200) -> t.Any:
        body = None if value is None else json.dumps(value)
        response = requests.request(method, f"{standin.admin_url}/_standin/{path}", data=body, timeout=PATIENCE)
        assert response.status_code == status
        return response.json()

    return standin, call


Admin = tuple[StandIn, Callable[..., t.Any]]


def test_admin_faults(admin: Admin) -> None:
    """Faults from another process that get lost, or a wrong one that is taken."""
    standin, call = admin
    one, other = Fault(status=503), Fault("reset", account=ACCOUNT)
    assert len(call("POST", "faults", one.as_dict())["waiting"]) == 1
    assert len(call("POST", "faults", [other.as_dict(), {"kind": "html"}])["waiting"]) == 3
    assert standin.faults.waiting() == [one, other, Fault("html")]
    assert call("GET", "faults")["waiting"][1]["account"] == ACCOUNT
    assert "kind must be" in call("POST", "faults", [{"kind": "html"}, {"kind": "x"}], status=400)["error"]
    assert len(standin.faults.waiting()) == 3
    assert call("DELETE", "faults") == {"waiting": []} and standin.faults.waiting() == []


def test_admin_accounts_and_record(admin: Admin) -> None:
    """An account or an event that looks otherwise to another process."""
    standin, call = admin
    never: dict[str, object] = {"account": ACCOUNT, "changes": 0, "changed_at": None, "effective_at": None}
    assert call("GET", "accounts") == {"accounts": [{**never, "in_window": False}]}
    assert call("POST", "propagation", {"seconds": 20}) == {"seconds": 20.0}
    with Client(standin) as client:
        client.change()
    changed = {"account": ACCOUNT, "changes": 1, "changed_at": 1000.0, "effective_at": 1020.0, "in_window": True}
    assert call("GET", "accounts") == {"accounts": [changed]}
    assert call("GET", "record") == {"events": standin.record.events()}
    assert call("GET", "record?kind=login") == {"events": []}
    assert len(call("GET", f"record?kind=api&account={ACCOUNT}")["events"]) == 1


def test_admin_options(admin: Admin) -> None:
    """An option with a typing error that is taken, or a key that can be set or read."""
    standin, call = admin
    wanted = {"submission": {"mechanisms": ["LOGIN"], "refuse_recipient": True}, "api": {"rate_limit": 3}}
    shown = call("POST", "options", wanted)
    assert (standin.submission.mechanisms, standin.submission.refuse_recipient) == (("LOGIN",), True)
    assert standin.api.rate_limit == 3 == shown["api"]["rate_limit"]
    for wrong in ({"api": {"authorization_key": "x"}}, {"api": {"__class__": "x"}}, {"x": {"y": 1}}, {"api": 1}, [1]):
        call("POST", "options", wrong, status=400)


def test_admin_stop_and_unknown_calls(admin: Admin) -> None:
    """A stop from another process that nobody hears."""
    standin, call = admin
    assert "POST /_standin/stop" in call("GET", "stop", status=404)["calls"]
    assert not standin.stop_requested.is_set()
    assert call("POST", "stop") == {"stopping": True} and standin.stop_requested.is_set()


def test_unknown_provider() -> None:
    """A provider that is misspelt and taken for another."""
    with pytest.raises(ValueError, match=r"no provider x, there is .*emaillabs"):
        dialect_class("x")


RAW = [
    pytest.param(b"PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411", id="chunked"),
    pytest.param(b"PUT /x HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400", id="no number"),
    pytest.param(b"PUT /x HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", b"413", id="too long"),
    pytest.param(b"PUT /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n{", b"", id="half a body"),
    pytest.param(b"\r\n", b"", id="nothing"),
]


@pytest.mark.parametrize(("request_bytes", "status"), RAW)
def test_broken_requests(
    start: Callable[..., StandIn], request_bytes: bytes, status: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """A broken request that is carried out, or that ends the server."""
    standin = start(tls=False)
    with socket.create_connection(("127.0.0.1", int(standin.api_url.rsplit(":")[-1])), timeout=PATIENCE) as client:
        client.sendall(request_bytes)
        client.shutdown(socket.SHUT_WR)
        assert client.makefile("rb").read().split(b"\r\n")[0][9:12] == status
    assert standin.record.api_calls() == [] and Client(standin).change().status_code == 200
    standin.stop()
    assert capfd.readouterr() == ("", "")
