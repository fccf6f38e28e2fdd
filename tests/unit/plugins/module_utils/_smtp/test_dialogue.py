# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import threading
import time

import pytest
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._smtp import dialogue
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.dialogue import Deadline
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_smtp import (  # noqa: F401  # pylint: disable=unused-import
    HELLO,
    LOGGED_IN,
    MESSAGE,
    PASSWORD,
    PLAIN_LINE,
    QUIT,
    SECURED,
    SENT,
    Run,
    Script,
    encode,
    fixture_certificate,
    fixture_run,
)


def test_injected_answer_before_tls_is_refused(run: Run) -> None:
    """Catches: answers in clear text, sent together with STARTTLS's, believed as if they came over TLS."""
    result = run.fail([*HELLO, ("STARTTLS", b"220 go ahead\r\n250-mx\r\n250 AUTH PLAIN\r\n"), *QUIT])
    assert result["reason"] == "tls"
    assert "before TLS began" in result["msg"]
    assert len(run.server.lines) <= 3
    assert "EHLO" not in run.server.lines[2:]


MAILED, ADDRESSED, ASKED = SENT[:6], SENT[:7], SENT[:8]


@pytest.mark.parametrize(
    ("script", "reason", "words"),
    [
        ([("", b"554 5.3.2 go away\r\n"), *QUIT], "connect", 'refused the connection: "554 5.3.2 go away"'),
        ([("", b"")], "connect", "gave no complete answer to the connection: the connection was closed"),
        ([("", b"HTTP/1.1 400 Bad Request\r\n")], "protocol", "sent something that is not an SMTP reply"),
        ([("", b"220 " + b"x" * 20000)], "protocol", "sent something that is not an SMTP reply"),
        ([("", b"220-x\r\n" * 5000)], "protocol", "sent something that is not an SMTP reply"),
        ([HELLO[0], ("EHLO", b"502 no\r\n"), *QUIT], "protocol", "refused EHLO"),
        ([*HELLO, ("STARTTLS", b"454 4.7.0 no TLS now\r\n"), *QUIT], "tls", 'refused STARTTLS: "454 4.7.0 no TLS now"'),
        ([*HELLO, ("STARTTLS", b"220 go on\r\n")], "tls", "did not complete the TLS handshake"),
        ([*SECURED[:3], ("EHLO", b"250-m\r\n250 AUTH X2\r\n"), *QUIT], "auth_unavailable", "AUTH LOGIN, but X2"),
        ([*SECURED, ("AUTH", b"454 4.7.0 later\r\n"), *QUIT], "auth_unavailable", '"454 4.7.0 later". The server did'),
        ([*SECURED, ("AUTH", b"534 5.7.9 too weak\r\n"), *QUIT], "auth_unavailable", '"534 5.7.9 too weak"'),
        ([*SECURED, ("AUTH", b"")], "protocol", "gave no complete answer to AUTH"),
        ([*SECURED, ("AUTH", b"")], "protocol", "not known whether the server counted this login"),
        ([*SECURED, ("AUTH", b"250 ok\r\n"), *QUIT], "protocol", "not known whether the server counted this login"),
        ([*SECURED, ("AUTH", b"525 5.7.13 closed\r\n"), *QUIT], "auth_unavailable", "Do not try again now"),
        ([*MAILED, ("RCPT", b"")], "protocol", "The login worked. Run again"),
        ([*MAILED, ("RCPT", b"553 5.7.1 Sender address rejected: x\r\n"), *QUIT], "sender_refused", "Use a sender"),
        ([*ASKED, (MESSAGE, b"553 5.7.1 Sender address rejected: x\r\n"), *QUIT], "sender_refused", "Use a sender"),
        ([*LOGGED_IN, ("MAIL", b"553 5.7.1 not yours\r\n"), *QUIT], "sender_refused", "the sender a@example.com: "),
        ([*MAILED, ("RCPT", b"550 5.1.1 unknown\r\n"), *QUIT], "recipient_refused", "the recipient b@example.com"),
        ([*ADDRESSED, ("DATA", b"554 5.5.1 no\r\n"), *QUIT], "message_refused", "refused the message"),
        ([*ASKED, (MESSAGE, b"550 5.7.1 spam\r\n"), *QUIT], "message_refused", '"550 5.7.1 spam". The login worked.'),
        ([*ASKED, (MESSAGE, b"")], "protocol", "Check whether message <"),
    ],
)
def test_reasons(run: Run, script: Script, reason: str, words: str) -> None:
    """Catches: a failure at any step that is given another reason, or a message that does not say what happened."""
    result = run.fail(script)
    assert result["reason"] == reason
    assert words in result["msg"]
    assert not run.server.unexpected
    assert result["authenticated"] is any("235 2.7.0" in answer.decode("latin-1") for _line, answer in script)
    assert bool(result["message_id"]) is ("whether message" in result["msg"])


@pytest.mark.parametrize("hangs_up", [b"", b"not smtp\r\n"])
def test_failed_quit_is_no_error(run: Run, hangs_up: bytes) -> None:
    """Catches: an accepted message reported as a failure because of how the server said goodbye."""
    assert run([*SENT, ("QUIT", hangs_up)])["message_id"]


def test_quit_is_not_waited_for_long(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a server that never says goodbye, and takes the whole timeout after the message was accepted."""
    monkeypatch.setattr(dialogue, "QUIT_SECONDS", 0.05)
    assert run([*SENT, ("QUIT", b"221-wait\r\n"), ("NEVER", b"")])["seconds"] < 5


@pytest.mark.parametrize(
    "echo", [PASSWORD, encode(PASSWORD), PLAIN_LINE, PASSWORD[:10]], ids=["plain", "base64", "blob", "cut"]
)
def test_echo_is_masked_in_the_whole_result(run: Run, echo: str) -> None:
    """Catches: the password, as a server repeats it, in the message or in the reply."""
    result = run.fail([*SECURED, ("AUTH", f"535 5.7.8 no: {echo}\r\n".encode()), *QUIT])
    assert "********" in result["reply"]["text"]
    assert "********" in result["msg"]
    for form in (PASSWORD[:10], encode(PASSWORD)[:10], PLAIN_LINE[11:31]):
        assert form not in str(result)


class DripServer:
    """Sends a start, then a byte every 50 ms, for far longer than the tests' time limit."""

    def __init__(self, start: bytes) -> None:
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(start,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join(10)
        self._listener.close()

    def _serve(self, start: bytes) -> None:
        peer, _address = self._listener.accept()
        with peer:
            try:
                peer.sendall(start)
                for _byte in range(20 * 2 * PATIENCE):
                    peer.sendall(b"x")
                    if self._done.wait(0.05):
                        break
            except OSError:
                pass


@pytest.mark.parametrize(
    ("start", "encryption", "reason"),
    [
        (b"220 ", "starttls", "connect"),
        (b"220 mx\r\n250-", "starttls", "protocol"),
        (b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb", "tls", "tls"),
    ],
    ids=["greeting", "EHLO", "handshake"],
)
def test_drip_is_bounded(run: Run, start: bytes, encryption: str, reason: str) -> None:
    """Catches: a time limit for each read instead of the whole, which a byte now and then outlasts for ever."""
    server = DripServer(start)
    begun = time.monotonic()
    try:
        result = run.fail([], port=server.port, encryption=encryption, timeout=1)
    finally:
        server.stop()
    assert result["reason"] == reason
    assert "timed out" in result["msg"]
    assert 0.9 <= result["seconds"] <= time.monotonic() - begun < PATIENCE


def test_deadline() -> None:
    """Catches: a deadline that grows, or that gives sockets a limit of 0, which means not to wait at all."""
    now = [100.0]
    deadline = Deadline(10, lambda: now[0])
    assert deadline.left() == 10
    deadline.shorten(20)
    now[0] = 103.0
    assert deadline.left() == 7
    deadline.shorten(2)
    assert deadline.left() == 2
    now[0] = 105.0
    with pytest.raises(socket.timeout):
        deadline.left()
