# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real logins and messages, by the standard library's client."""

from __future__ import annotations

import base64
import gc
import smtplib
import ssl
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
from standin import StandIn
from support.mail import try_login
from support.waiting import PATIENCE

from .conftest import ACCOUNT, NEW, OLD

SENDER, RECIPIENT = "rotation@acme.example", "postmaster@acme.example"


@pytest.fixture(name="mail", params=["starttls", "tls"])
def fixture_mail(standin: StandIn, request: pytest.FixtureRequest) -> Iterator[smtplib.SMTP]:
    """A connection under TLS, on either port, without a login."""
    with connected(standin, request.param) as client:
        yield client


def connected(standin: StandIn, port: str, *, trust: bool = True) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=standin.ca_path if trust else None)
    if port == "tls":
        return smtplib.SMTP_SSL(standin.smtp_host, standin.smtps_port, "localhost", context=context, timeout=PATIENCE)
    client = smtplib.SMTP(standin.smtp_host, standin.smtp_port, "localhost", timeout=PATIENCE)
    client.starttls(context=context)
    return client


def message(sender: str = SENDER) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, RECIPIENT, "Zürich calling"
    made["Message-ID"] = "<1@acme.example>"
    made.set_content("It works.\n.\nA dot alone, too.\n")
    return made


def test_sender_is_taken_with_its_login(mail: smtplib.SMTP) -> None:
    """Catches: a stand-in that refuses what sendmail sends, and what every relay that offers AUTH has to take."""
    mail.login(ACCOUNT, OLD)
    assert mail.mail(SENDER, [f"AUTH={SENDER}"])[0] == 250


def test_login_and_message(standin: StandIn, mail: smtplib.SMTP, request: pytest.FixtureRequest) -> None:
    """A message that is not what was sent, or is recorded under another account or without its Message-ID."""
    mail.login(ACCOUNT, OLD)
    mail.send_message(message(), SENDER, [RECIPIENT])
    (login,), (event,), (kept,) = standin.record.logins(ACCOUNT), standin.record.messages(ACCOUNT), standin.messages
    port = "tls" if isinstance(mail, smtplib.SMTP_SSL) else "starttls"
    assert (login["accepted"], login["which"], login["mechanism"], login["port"]) == (True, "current", "PLAIN", port)
    assert (event["sender"], event["recipients"]) == (SENDER, [RECIPIENT])
    assert (event["message_id"], event["subject"]) == ("<1@acme.example>", "Zürich calling")
    assert b"It works.\r\n.\r\nA dot alone, too.\r\n" in kept.raw and event["size"] == len(kept.raw)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_one_mechanism(standin: StandIn, mechanism: str) -> None:
    """A mechanism that is announced and does not work, or works unannounced."""
    standin.submission.mechanisms = (mechanism,)
    with connected(standin, "starttls") as client:
        client.login(ACCOUNT, OLD)
        assert client.esmtp_features["auth"].split() == [mechanism]
    assert [one["mechanism"] for one in standin.record.logins()] == [mechanism]
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[mechanism]
    with connected(standin, "tls") as client:
        client.ehlo()
        assert client.docmd("AUTH", other)[0] == 504


@pytest.mark.parametrize("port", ["starttls", "tls"])
def test_no_mechanism(standin: StandIn, port: str) -> None:
    """A server that announces AUTH with nothing behind it."""
    standin.submission.mechanisms = ()
    with connected(standin, port) as client:
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login(ACCOUNT, OLD)
        assert "auth" not in client.esmtp_features


def test_wrong_password_is_counted_for_each_mechanism(standin: StandIn, mail: smtplib.SMTP) -> None:
    """One refused login where a client tried two: a lock-out that comes twice as soon would go unseen."""
    with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        mail.login(ACCOUNT, "wrong")
    assert (refused.value.smtp_code, refused.value.smtp_error) == (535, b"5.7.8 Error: authentication failed")
    logins = standin.record.logins(ACCOUNT)
    assert [(one["mechanism"], one["accepted"], one["which"]) for one in logins] == [
        ("PLAIN", False, "wrong"),
        ("LOGIN", False, "wrong"),
    ]


def test_window(start: Callable[..., StandIn]) -> None:
    """A login inside the window that is accepted, or that the record does not show as such."""
    now = [1000.0]
    standin = start(propagation=900, clock=lambda: now[0])

    def log_in(password: str) -> int:
        return try_login(standin.smtp_host, standin.smtp_port, ACCOUNT, password, standin.ca_path)[0]

    standin.accounts.change(ACCOUNT, NEW)
    now[0] += 899
    assert (log_in(OLD), log_in(NEW)) == (535, 535)
    standin.accounts.old_works = True
    assert (log_in(OLD), log_in(NEW)) == (235, 535)
    now[0] += 1
    assert (log_in(OLD), log_in(NEW)) == (535, 235)
    seen = [(one["which"], one["in_window"], one["time"]) for one in standin.record.logins(ACCOUNT)]
    inside = [("current", True, 1899.0), ("pending", True, 1899.0)]
    assert seen == [*inside, *inside, ("previous", False, 1900.0), ("current", False, 1900.0)]


def test_no_login_in_clear_text(standin: StandIn) -> None:
    """A password that is taken without TLS: a client that falls back to clear text would pass."""
    with smtplib.SMTP(standin.smtp_host, standin.smtp_port, "localhost", timeout=PATIENCE) as client:
        client.ehlo()
        assert "auth" not in client.esmtp_features and "starttls" in client.esmtp_features
        assert client.docmd("AUTH", "PLAIN " + base64.b64encode(b"\0a\0b").decode())[0] == 538
    assert standin.record.logins() == []


def test_no_starttls(standin: StandIn) -> None:
    """A server that is to offer no TLS and does."""
    standin.submission.offer_starttls = False
    with smtplib.SMTP(standin.smtp_host, standin.smtp_port, "localhost", timeout=PATIENCE) as client:
        client.ehlo()
        assert not {"auth", "starttls"} & set(client.esmtp_features)
        assert client.docmd("STARTTLS")[0] == 454 and client.docmd("AUTH", "PLAIN AGEAYg==")[0] == 538


def test_no_mail_without_login(mail: smtplib.SMTP) -> None:
    """A message without a login: a test send that never logs in would pass."""
    mail.ehlo()
    assert mail.mail(SENDER)[0] == 530
    assert (mail.rcpt(RECIPIENT)[0], mail.docmd("DATA")[0]) == (503, 503)


REFUSALS = [
    pytest.param({"refuse_sender": True}, smtplib.SMTPSenderRefused, 550, id="sender"),
    pytest.param({"from_domain": "other.example"}, smtplib.SMTPSenderRefused, 550, id="domain"),
    pytest.param({"refuse_message": True}, smtplib.SMTPDataError, 554, id="message"),
]


@pytest.mark.parametrize(("option", "error", "code"), REFUSALS)
def test_refusals(
    standin: StandIn,
    mail: smtplib.SMTP,
    option: dict[str, object],
    error: type[smtplib.SMTPResponseException],
    code: int,
) -> None:
    """A refusal that comes at another step, or a refused message that is kept."""
    vars(standin.submission).update(option)
    mail.login(ACCOUNT, OLD)
    with pytest.raises(error) as refused:
        mail.send_message(message(), SENDER, [RECIPIENT])
    assert refused.value.smtp_code == code and standin.messages == [] and standin.record.messages() == []


def test_refused_recipient(standin: StandIn, mail: smtplib.SMTP) -> None:
    """A recipient that is refused and gets the message."""
    standin.submission.refuse_recipient = True
    mail.login(ACCOUNT, OLD)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        mail.send_message(message(), SENDER, [RECIPIENT])
    assert refused.value.recipients[RECIPIENT][0] == 550 and standin.messages == []


def test_sender_refused_with_the_recipient(standin: StandIn, mail: smtplib.SMTP) -> None:
    """A late refusal of the sender that does not say so in Postfix's words, or comes at MAIL all the same."""
    standin.submission.refuse_sender_late = True
    mail.login(ACCOUNT, OLD)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        mail.send_message(message(), SENDER, [RECIPIENT])
    told = f"5.7.1 <{SENDER}>: Sender address rejected: not owned by user {ACCOUNT}"
    assert refused.value.recipients[RECIPIENT] == (553, told.encode())
    assert standin.messages == []


def test_login_refused_with_other_words(standin: StandIn, mail: smtplib.SMTP) -> None:
    """A right password that is accepted although every login is to be refused, or recorded as accepted."""
    standin.submission.refuse_login = "525 5.7.13 Account disabled"
    with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        mail.login(ACCOUNT, OLD)
    assert (refused.value.smtp_code, refused.value.smtp_error) == (525, b"5.7.13 Account disabled")
    assert {(one["accepted"], one["code"]) for one in standin.record.logins(ACCOUNT)} == {(False, 525)}


@pytest.mark.parametrize(("sender", "taken"), [("x@ACME.example", True), ("X <x@other.example>", False), ("", False)])
def test_from_header(standin: StandIn, mail: smtplib.SMTP, sender: str, taken: bool) -> None:
    """A From header that the provider would refuse and that is taken because MAIL is in order."""
    standin.submission.from_domain = "acme.example"
    mail.login(ACCOUNT, OLD)
    made = message()
    del made["From"]
    if sender:
        made["From"] = sender
    if taken:
        mail.send_message(made, SENDER, [RECIPIENT])
    else:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            mail.send_message(made, SENDER, [RECIPIENT])
        assert refused.value.smtp_code == 550
    assert bool(standin.messages) is taken


def test_temporary_failure(standin: StandIn) -> None:
    """A temporary failure that looks like a wrong password."""
    standin.submission.temporary_auth_failure = True
    code, text = try_login(standin.smtp_host, standin.smtp_port, ACCOUNT, OLD, standin.ca_path)
    assert (code, text) == (454, b"4.7.0 Temporary authentication failure")
    (event,) = standin.record.logins()
    assert (event["accepted"], event["which"], event["code"]) == (False, "current", 454)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_longest_password(standin: StandIn, mechanism: str) -> None:
    """A password that the API takes and no login can carry."""
    password = "🔑" * 128
    standin.accounts.change(ACCOUNT, password)
    standin.submission.mechanisms = (mechanism,)
    with connected(standin, "starttls") as client:
        client.ehlo()
        token = f"\0{ACCOUNT}\0{password}".encode()
        if mechanism == "PLAIN":
            code = client.docmd("AUTH", f"PLAIN {base64.b64encode(token).decode()}")[0]
        else:
            client.docmd("AUTH", f"LOGIN {base64.b64encode(ACCOUNT.encode()).decode()}")
            code = client.docmd(base64.b64encode(password.encode()).decode())[0]
    assert code == 235


@pytest.mark.parametrize("port", ["starttls", "tls"])
def test_client_that_does_not_trust(standin: StandIn, port: str) -> None:
    """A refused certificate that leaves no trace."""
    with pytest.raises(ssl.SSLCertVerificationError):
        connected(standin, port, trust=False)
    # A later login on the same thread of the server comes after it in the record.
    try_login(standin.smtp_host, standin.smtp_port, ACCOUNT, OLD, standin.ca_path)
    (event,) = standin.record.events("tls_error")
    assert event["port"] == port and "UNKNOWN_CA" in event["reason"]


@pytest.mark.parametrize(("error", "told"), [(ConnectionResetError("reset by peer"), False), (ValueError("odd"), True)])
def test_clients_that_hang_up(standin: StandIn, caplog: pytest.LogCaptureFixture, error: Exception, told: bool) -> None:
    """Catches: a traceback on the terminal because a client has reset its connection, and a real error untold."""
    loop, done = standin._mail._loop, threading.Event()
    assert loop

    def leave_it_to_nobody() -> None:
        loop.create_future().set_exception(error)
        gc.collect()
        done.set()

    loop.call_soon_threadsafe(leave_it_to_nobody)
    assert done.wait(PATIENCE)
    assert ("never retrieved" in caplog.text) == told
