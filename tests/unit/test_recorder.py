# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server that judges what mail programs make of a password."""

from __future__ import annotations

import base64
import smtplib
import ssl
from pathlib import Path

import pytest
from standin.certificates import write_certificates
from support.recorder import Login, Recorder

PASSWORD = ' a"b\\c:é\x7f '.encode()


def log_in(client: smtplib.SMTP, mechanism: str, password: bytes) -> int:
    """Log in by hand: smtplib takes ASCII only."""
    client.ehlo()
    if mechanism == "PLAIN":
        code, _text = client.docmd("AUTH", "PLAIN " + base64.b64encode(b"\0user\0" + password).decode())
        return code
    client.docmd("AUTH", "LOGIN")
    client.docmd(base64.b64encode(b"user").decode())
    code, _text = client.docmd(base64.b64encode(password).decode())
    return code


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_what_was_sent_is_kept(mechanism: str) -> None:
    """Catches: a recorder that changes bytes, and calls a right mail program wrong."""
    with Recorder() as recorder, smtplib.SMTP("127.0.0.1", recorder.port) as client:
        assert log_in(client, mechanism, PASSWORD) == 235
        client.sendmail("a@sender.example", ["b@relay.example", "c@relay.example"], b"Subject: x\r\n\r\n..x\r\n")
    login = Login(mechanism, b"user", PASSWORD)
    assert recorder.logins == [login] and recorder.passwords("user") == [PASSWORD]
    (message,) = recorder.messages
    assert message.login == login and message.sender == "a@sender.example"
    assert message.recipients == ("b@relay.example", "c@relay.example")
    assert message.raw == b"Subject: x\r\n\r\n..x\r\n"


@pytest.mark.parametrize("implicit", [False, True])
def test_tls(tmp_path: Path, *, implicit: bool) -> None:
    """Catches: a recorder that nothing can be said to inside of TLS."""
    files = write_certificates(tmp_path)
    trust = ssl.create_default_context(cafile=str(files.ca_path))
    running = Recorder(context=files.server_context(), implicit=implicit)
    with running as recorder, _connect(recorder, trust, implicit=implicit) as client:
        assert log_in(client, "PLAIN", PASSWORD) == 235
    assert recorder.passwords("user") == [PASSWORD]


def _connect(recorder: Recorder, trust: ssl.SSLContext, *, implicit: bool) -> smtplib.SMTP:
    if implicit:
        return smtplib.SMTP_SSL("127.0.0.1", recorder.port, context=trust)
    client = smtplib.SMTP("127.0.0.1", recorder.port)
    client.starttls(context=trust)
    return client


def test_replies_are_the_tests_choice() -> None:
    """Catches: a refusal that cannot be played."""
    with Recorder(reply=lambda login: "535 5.7.8 No") as recorder, smtplib.SMTP("127.0.0.1", recorder.port) as client:
        assert log_in(client, "LOGIN", b"x") == 535
