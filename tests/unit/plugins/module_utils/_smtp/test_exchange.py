# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import socket
import threading
import typing as t
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._smtp import exchange
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import Failure
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.tls import make_context
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_smtp import (  # noqa: F401  # pylint: disable=unused-import
    CLEAR,
    HELLO,
    LOGGED_IN,
    PASSWORD,
    PLAIN_LINE,
    QUIT,
    SECURED,
    SENT,
    USER,
    Run,
    ScriptedServer,
    encode,
    fixture_certificate,
    fixture_run,
    make_certificate,
    server_context,
)


def test_sends_one_message(run: Run) -> None:
    """Catches: any command too many, too few or in another order, or a wrong result."""
    result = run([*SENT, *QUIT])
    message_id, seconds = result.pop("message_id"), result.pop("seconds")
    assert result == {
        "authenticated": True,
        "tls_version": "TLSv1.3",
        "reply": {"code": 250, "enhanced_code": "2.0.0", "text": "queued as 1"},
    }
    assert re.fullmatch(r"<[0-9a-f-]{36}@example\.com>", message_id)
    assert 0 <= seconds < 10
    assert [line.split(" ")[0] for line in run.server.lines[:7]] == [
        "EHLO",
        "STARTTLS",
        "EHLO",
        "AUTH",
        "MAIL",
        "RCPT",
        "DATA",
    ]
    assert run.server.lines[8:] == ["QUIT"]
    assert not run.server.left
    assert f"Message-ID: {message_id}\n" in run.server.lines[7]


def test_only_logs_in_without_send(run: Run) -> None:
    """Catches: a message sent although none was wanted."""
    result = run([*LOGGED_IN, *QUIT], send=False, sender=None, recipient=None)
    assert result["authenticated"] is True
    assert result["message_id"] is None
    assert result["reply"]["code"] == 235
    assert run.server.lines[3:] == [PLAIN_LINE, "QUIT"]


def test_implicit_tls(run: Run) -> None:
    """Catches: encryption=tls that waits for a greeting in clear text."""
    script = (HELLO[0], ("EHLO", b"250-mx.test\r\n250 AUTH PLAIN\r\n"), *LOGGED_IN[-1:], *QUIT)
    assert run(script, implicit=True, encryption="tls", send=False)["tls_version"] == "TLSv1.3"
    assert run.server.lines[1:] == [PLAIN_LINE, "QUIT"]


def test_login_mechanism(run: Run) -> None:
    """Catches: AUTH LOGIN with its two answers in another order or not in UTF-8."""
    script = [
        *SECURED[:-1],
        ("EHLO", b"250-mx.test\r\n250 AUTH CRAM-MD5 LOGIN\r\n"),
        ("AUTH LOGIN", b"334 VXNlcm5hbWU6\r\n"),
        (encode(USER), b"334 UGFzc3dvcmQ6\r\n"),
        (encode(PASSWORD), b"235 ok\r\n"),
        *QUIT,
    ]
    assert run(script, send=False)["authenticated"] is True
    assert run.server.lines[3:] == ["AUTH LOGIN", encode(USER), encode(PASSWORD), "QUIT"]


def test_wrong_password_is_tried_once(run: Run) -> None:
    """Catches: a second try with AUTH LOGIN, which brings a lock-out twice as soon."""
    result = run.fail([*SECURED, ("AUTH PLAIN", b"535 5.7.8 Error: authentication failed\r\n"), *QUIT])
    assert run.server.auth_commands == [PLAIN_LINE]
    assert run.server.lines[-1] == "QUIT"
    assert not run.server.unexpected
    assert result["reason"] == "auth_rejected"
    assert result["authenticated"] is False
    assert result["reply"] == {"code": 535, "enhanced_code": "5.7.8", "text": "Error: authentication failed"}
    assert result["msg"].startswith(
        f"127.0.0.1:{run.server.port} refused the login of 1.acme.smtp: "
        '"535 5.7.8 Error: authentication failed". If the password was changed recently, wait'
    )


def test_stripped_starttls_sends_no_password(run: Run) -> None:
    """Catches: a login in clear text where somebody removed STARTTLS from the server's offers."""
    result = run.fail([HELLO[0], ("EHLO", b"250-mx.test\r\n250 AUTH PLAIN LOGIN\r\n"), *QUIT])
    assert result["reason"] == "tls"
    assert "does not offer STARTTLS" in result["msg"]
    assert run.server.auth_commands == []
    assert run.server.lines[-1] == "QUIT"


def test_offers_from_before_tls_are_forgotten(run: Run) -> None:
    """Catches: mechanisms taken from the EHLO in clear text."""
    result = run.fail([*HELLO, SECURED[2], ("EHLO", b"250 mx.test\r\n"), *QUIT])
    assert result["reason"] == "auth_unavailable"
    assert "no login at all" in result["msg"]


def test_refused_connection(run: Run) -> None:
    """Catches: a closed port that ends in a traceback."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = run.fail([], port=unused.getsockname()[1])
    assert result["reason"] == "connect"
    assert "could not be reached: Connection refused." in result["msg"]
    assert result["reply"] is None


@pytest.mark.parametrize("host", ["does-not-exist.invalid", "a" * 70 + ".example", "a..b", "[::1]"])
def test_unknown_host(run: Run, host: str) -> None:
    """Catches: a name that cannot be resolved, or not even be asked for, that ends in a traceback."""
    result = run.fail([], host=host)
    assert result["reason"] == "connect"
    assert "could not be resolved" in result["msg"]


def test_unknown_certificate(run: Run) -> None:
    """Catches: a self-signed certificate accepted, or refused without a word about ca_path."""
    result = run.fail([*SECURED, *QUIT], ca_path=None)
    assert result["reason"] == "tls"
    assert result["tls_version"] is None
    assert "self" in result["msg"]
    assert "ca_path" in result["msg"]
    assert run.server.auth_commands == []


def test_certificate_for_another_host(run: Run, tmp_path: Path) -> None:
    """Catches: a certificate from a trusted authority accepted for the wrong host."""
    run.certificate = make_certificate(folder=tmp_path, address="127.0.0.9")
    result = run.fail([*SECURED, *QUIT])
    assert result["reason"] == "tls"
    assert "IP address mismatch" in result["msg"]
    assert run.server.auth_commands == []


def test_certificates_can_be_left_unchecked(run: Run) -> None:
    """Catches: validate_certs=false that still checks, or that reads a ca_path which is not there."""
    assert run([*LOGGED_IN, *QUIT], ca_path="/does/not/exist", validate_certs=False, send=False)["authenticated"]


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_unusable_ca_path(run: Run, tmp_path: Path, content: str | None) -> None:
    """Catches: an unreadable ca_path that is ignored, or found out about after the connection was made."""
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    with pytest.raises(InputError, match=f"^ca_path {re.escape(str(path))} cannot be used: "):
        run([*SECURED], ca_path=str(path))
    assert run.server.lines == []


def test_ca_folder(run: Run, tmp_path: Path) -> None:
    """Catches: a folder given to OpenSSL as if it were a file."""
    assert run.fail([*SECURED, *QUIT], ca_path=str(tmp_path))["reason"] == "tls"


def test_tls_against_a_server_in_clear_text(run: Run) -> None:
    """Catches: the usual mistake, encryption=tls on port 587, without a hint at starttls."""
    result = run.fail([("", b"220 mx.test ESMTP\r\n")], encryption="tls")
    assert result["reason"] == "tls"
    assert "587, 2525 and 25 need starttls" in result["msg"]


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_demanded_client_certificate(run: Run, encryption: str) -> None:
    """Catches: a server that refuses the handshake for want of a client certificate, told as a wrong host or port."""
    script = SECURED if encryption == "starttls" else [("", b"220 mx.test ESMTP\r\n")]
    result = run.fail(script, encryption=encryption, implicit=encryption == "tls", demands_certificate=True)
    assert result["reason"] == "tls"
    assert "a client certificate, which this module cannot present" in result["msg"]
    assert run.server.auth_commands == []


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_hangs_up_after_the_handshake(run: Run, encryption: str) -> None:
    """Catches: a server that hangs up right after TLS began, where only host and port are named as the cause."""
    script = [*SECURED[:3], ("EHLO", b"")] if encryption == "starttls" else [("", b"")]
    result = run.fail(script, encryption=encryption, implicit=encryption == "tls")
    assert result["reason"] == "tls"
    assert "may want a client certificate, which this module cannot present" in result["msg"]


def test_clear_text_on_loopback(run: Run) -> None:
    """Catches: encryption=none that cannot be used where it is allowed."""
    result = run(CLEAR, encryption="none", send=False)
    assert result["authenticated"] is True
    assert result["tls_version"] is None


@pytest.mark.parametrize(
    "addresses", [["192.0.2.1"], ["127.0.0.1", "192.0.2.1"], ["0.0.0.1"], ["::ffff:192.0.2.1"], ["fe80::1%lo"]]
)
def test_clear_text_elsewhere_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    """Catches: a password in clear text to a name of which one address is not loopback."""
    resolve(monkeypatch, addresses)
    result = run.fail(CLEAR, host="relay.test", encryption="none", send=False)
    assert result["reason"] == "tls"
    assert "encryption=none is for loopback only" in result["msg"]
    assert run.server.lines == []


def resolve(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    def getaddrinfo(_host: str, port: int, **_kind: object) -> list[t.Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_connects_to_the_address_that_was_checked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a second resolution between check and connection, which could give another address."""
    asked: list[str] = []

    def once(host: str, port: int, **_kind: object) -> list[t.Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", once)
    assert run(CLEAR, host="relay.test", encryption="none", send=False)["authenticated"] is True
    assert asked == ["relay.test"]


def test_second_address_is_tried(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a host with one dead address that counts as dead."""
    resolve(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    assert run(CLEAR, host="relay.test", encryption="none", send=False)["authenticated"] is True


def test_time_is_shared_between_addresses(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: one address that swallows connections, and with them the time that was left for the others."""
    limits: list[float] = []

    def dial(_family: int, _kind: int, _protocol: int, _address: object, seconds: float) -> socket.socket:
        limits.append(seconds)
        raise TimeoutError("timed out")

    resolve(monkeypatch, ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
    monkeypatch.setattr(exchange, "_dial", dial)
    run.server = ScriptedServer([])
    with pytest.raises(Failure):
        exchange.log_in_and_send(run.request(timeout=12), clock=lambda: 0.0)
    run.server.stop()
    assert limits == [4, 6, 12]


@pytest.mark.parametrize("seconds", [0.05, 0.0])
def test_resolver_is_bounded(run: Run, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Catches: a resolver that hangs and takes the play with it, and a time limit that was over before it was asked."""
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: release.wait(30))
    before = set(threading.enumerate())
    result = run.fail([], timeout=seconds)
    left = set(threading.enumerate()) - before
    assert left
    assert all(thread.daemon for thread in left), "the process would wait for the resolver when it ends"
    release.set()
    assert result["reason"] == "connect"
    assert "could not be resolved: timed out." in result["msg"]


def many(run: Run, count: int) -> list[t.Any]:
    return [run.request(username=f"{n}.acme.smtp", password=f"{PASSWORD}-{n}") for n in range(count)]


def test_many_share_one_context_and_one_resolution(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: the authorities read and the name resolved for each of a thousand accounts."""
    asked: list[str] = []
    made: list[object] = []
    used: list[tuple[str, object]] = []

    def resolved(host: str, port: int, **_kind: object) -> list[t.Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    def counted(request: t.Any) -> t.Any:
        made.append(make_context(request))
        return made[-1]

    def opened(_dialogue: object, request: t.Any, context: object, _outcome: object) -> t.Any:
        used.append((request.username, context))
        raise Failure(reason="auth_unavailable", what="is a test", advice="Do nothing.")

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(exchange, "make_context", counted)
    monkeypatch.setattr(exchange, "_dial", lambda *_arguments: socket.socket())
    monkeypatch.setattr(exchange, "_open", opened)
    run.server = ScriptedServer([])
    requests = many(run, 30)
    results = exchange.log_in_to_all(requests, 3)
    run.server.stop()
    names = [request.username for request in requests]
    assert [result["username"] for result in results] == names
    assert sorted(name for name, _context in used) == sorted(names)
    assert {id(context) for _name, context in used} == {id(made[0])}
    assert len(made) == 1
    # At most those that begin before the first has its answer.
    assert 1 <= len(asked) <= 3


def test_unusable_ca_path_is_one_error_for_many(run: Run) -> None:
    """Catches: a thousand results that say the same, or a connection before the file was read."""
    run.server = ScriptedServer([])
    requests = [run.request(ca_path="/does/not/exist")] * 3
    with pytest.raises(InputError, match=r"^ca_path /does/not/exist cannot be used: "):
        exchange.log_in_to_all(requests, 2)
    run.server.stop()
    assert run.server.lines == []


@pytest.mark.parametrize("length", [0, 470])
def test_another_accounts_password_is_masked(run: Run, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """Catches: a server that mixes up its sessions, and shows one account's password in another's result."""
    other = "quite-another-Zügel"
    echo = f"535 5.7.8 {'x' * length} {other} {encode(other)}".encode()
    run.server = ScriptedServer([*SECURED, ("AUTH PLAIN", echo + b"\r\n"), *QUIT], tls=server_context(run.certificate))
    dials = iter([exchange._dial])

    def dial(*arguments: Any) -> Any:
        return next(dials, refused)(*arguments)

    monkeypatch.setattr(exchange, "_dial", dial)
    requests = [run.request(), run.request(username="2.acme.smtp", password=other)]
    first, second = exchange.log_in_to_all(requests, 1)
    run.server.stop()
    assert (first["reason"], second["reason"]) == ("auth_rejected", "connect")
    assert "quite" not in str(first)
    assert encode(other)[:12] not in str(first)


def refused(*_arguments: object) -> socket.socket:
    raise ConnectionRefusedError("Connection refused")


def test_no_accounts() -> None:
    """Catches: an empty list that ends in a traceback."""
    assert exchange.log_in_to_all([], 4) == []
