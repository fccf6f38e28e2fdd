# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What refusals mean. The words in the tables are those of real servers, which are named beside them.

Seen with Postfix 3.7.11, Dovecot 2.3.19.1, Exim 4.96, OpenSMTPD 7.4, sendmail 8.17.1, Courier 1.0.16, chasquid 1.11,
Haraka 3.3.4 and aiosmtpd 1.4.6. A name with "documented" is what its maker or an RFC says; it was not seen.
"""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.advice import (
    BROKEN_ADVICE,
    CONNECTION_ADVICE,
    LOGIN_ADVICE,
    MAIL_ADVICE,
)
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import Failure, broken_advice, failure_of
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.reply import make_reply
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request

REQUEST = Request(
    host="mx.test",
    port=587,
    encryption="starttls",
    username="1.acme.smtp",
    password="correct horse",
    sender="a@example.com",
    recipient="b@example.org",
    subject="test",
    send=True,
    timeout=30,
    validate_certs=True,
    ca_path=None,
)


def failed(step: str, words: str, request: Request = REQUEST) -> Failure:
    """Return the failure that a reply of the server's is."""
    failure = failure_of(step, make_reply(int(words[:3]), [words[4:].encode()], ()), request)
    assert failure is not None
    return failure


@pytest.mark.parametrize(
    ("step", "codes"),
    [
        ("GREETING", [220]),
        ("EHLO", [250]),
        ("STARTTLS", [220]),
        ("CHALLENGE", [334]),
        ("AUTH", [235]),
        ("MAIL", [250]),
        ("RCPT", [250, 251, 252]),
        ("DATA", [354]),
        ("MESSAGE", [250]),
    ],
)
def test_what_each_step_wants(step: str, codes: list[int]) -> None:
    """Catches: an answer that is right taken for a failure, or one that is right elsewhere only taken for right."""
    for code in (220, 221, 235, 250, 251, 252, 334, 354):
        failure = failure_of(step, make_reply(code, [b"ok"], ()), REQUEST)
        assert (failure is None) is (code in codes), code
        if failure:
            assert failure.reason == "protocol"
            assert failure.what == f'sent a reply that is not valid at this point: "{code} ok"'


LOGINS = [
    ("535 5.7.8 Incorrect user or password", "password", "chasquid"),
    ("535 5.7.8 Authentication failed.", "password", "Dovecot submission"),
    ("535 5.7.8 Error: authentication failed: authentication failure", "password", "Postfix with saslauthd or sasldb"),
    ("535 Incorrect authentication data", "password", "Exim"),
    ("535 Authentication failed", "password", "OpenSMTPD"),
    ("535 5.7.0 authentication failed", "password", "sendmail"),
    ("535 Authentication failed.", "password", "Courier"),
    ("535 5.7.8 Authentication credentials invalid", "password", "aiosmtpd"),
    ("535 5.7.8 Error: authentication failed: (reason unavailable)", "unclear", "Postfix with Dovecot, both cases"),
    ("535 5.7.8 Error: authentication failed: generic failure", "outage", "Postfix with Cyrus SASL"),
    ("535 5.7.8 Error: authentication failed: Connection lost to authentication server", "outage", "Postfix"),
    ("535 Authentication failed: the grant is invalid, expired, or revoked", "password", "made up: a list of causes"),
    ("535 Username or password incorrect, or account is inactive", "password", "made up: a list of causes"),
    ("535 Invalid login; after too many failed logins the account is blocked", "password", "made up: a warning"),
    ("535 Authentication server rejected your credentials", "password", "made up"),
    ("535 Try again later or reset your password", "password", "made up"),
    ("535 Too many invalid logins", "blocked", "made up"),
    ("535 Temporary authentication failure", "outage", "smtp-server with an application's words"),
    ("535 Internal server error, try again later", "outage", "smtp-server with an application's words"),
    ("535 database unavailable", "outage", "smtp-server with an application's words"),
    ("535 5.7.8 The temporary password is wrong", "password", "words that only look like an outage"),
    ("454 4.7.0 Temporary authentication failure: Connection lost to authentication server", "later", "Postfix"),
    ("454 4.7.0 Temporary authentication failure: generic failure", "later", "Postfix without saslauthd"),
    ("454 4.7.0 Temporary authentication failure. [mx:2026-11-23]", "later", "Dovecot without its database"),
    ("421 4.7.0 mx.test Error: too many errors", "later", "Postfix"),
    ("421 4.5.0 Too many errors, bye", "later", "chasquid"),
    ("432 4.7.12 A password transition is needed", "later", "RFC 4954, documented"),
    ("525 5.7.13 Account is closed", "disabled", "Dovecot, nologin"),
    ("535 5.7.13 no", "disabled", "RFC 5248, documented"),
    ("535 5.7.139 SmtpClientAuthentication is disabled for the Tenant", "disabled", "Exchange Online, documented"),
    ("535 5.7.8 Account suspended", "disabled", "usual words"),
    ("550 5.7.1 go away", "blocked", "blocked after failed logins"),
    ("554 5.7.1 go away", "blocked", "blocked after failed logins"),
    ("535 5.7.8 Too many failed logins, temporarily locked", "blocked", "usual words"),
    ("454 4.7.0 Too many login attempts, please try again later", "blocked", "Gmail, documented"),
    ("500 5.5.2 Line too long", "line", "Dovecot submission, password of 1000 characters"),
    ("500 5.5.6 Authentication exchange line is too long", "line", "RFC 4954, documented"),
    ("521 line too long", "line", "Haraka, password of 360 characters"),
    ("501 5.5.2 Cannot decode", "malformed", "bad base64"),
    ("503 5.7.10 You feel vulnerable", "sequence", "chasquid before TLS"),
    ("503 AUTH command used when not advertised", "sequence", "Exim before TLS"),
    ("504 5.3.3 AUTH mechanism PLAIN not available", "mechanism", "sendmail before TLS"),
    ("502 5.5.1 Command not implemented", "mechanism", "RFC 5321, documented"),
    ("534 5.7.9 Application-specific password required", "mechanism", "Gmail, documented"),
    ("530 5.7.0 Must issue a STARTTLS command first", "encryption", "Postfix"),
    ("538 Error: Must issue a STARTTLS command first", "encryption", "smtp-server"),
    ("523 5.7.10 Encryption needed", "encryption", "RFC 5248, documented"),
    ("535 5.7.8 No client certificate presented", "certificate", "a server that also wants a client certificate"),
    ("571 5.7.1 no", "other", "a code that no row knows"),
]


@pytest.mark.parametrize("step", ["AUTH", "CHALLENGE"])
@pytest.mark.parametrize(("words", "kind", "server"), LOGINS, ids=[f"{each[0][:3]}-{each[2]}" for each in LOGINS])
def test_refused_login(step: str, words: str, kind: str, server: str) -> None:
    """Catches: a wrong password seen where the server has not looked at it, or not seen where it has."""
    failure = failed(step, words)
    assert failure.reason == ("auth_rejected" if kind in ("password", "unclear") else "auth_unavailable"), server
    assert failure.advice == LOGIN_ADVICE[kind]
    adverb = "temporarily " if kind == "later" else ""
    assert failure.what == f'{adverb}refused the login of 1.acme.smtp: "{words}"'


@pytest.mark.parametrize("kind", sorted(LOGIN_ADVICE))
def test_older_passwords_are_tried_last(kind: str) -> None:
    """Catches: advice to try older passwords at once, or after a refusal that is about something else."""
    advice = LOGIN_ADVICE[kind]
    if kind not in ("password", "unclear"):
        assert "previous_password" not in advice
        assert "did not check the password" in advice or "does not say that the password is wrong" in advice
        return
    assert 0 < advice.index("un again") < advice.index("previous_password") < advice.index("does not prove")


@pytest.mark.parametrize("kind", ["disabled", "blocked"])
def test_who_is_locked_out_is_not_told_to_try_again(kind: str) -> None:
    """Catches: another login that prolongs a lockout."""
    assert "Do not try again now" in LOGIN_ADVICE[kind]
    assert "in a few minutes" not in LOGIN_ADVICE[kind]


SENDERS = [
    ("RCPT", "553 5.7.1 <a@example.com>: Sender address rejected: not owned by user 1.acme.smtp", "Postfix"),
    ("RCPT", "553 5.7.1 <a@example.com>: Sender address rejected: not logged in", "Postfix"),
    ("RCPT", "550 5.1.8 <a@example.com>: refused", "by its enhanced code"),
    ("RCPT", "550 Sender verify failed", "Exim"),
    ("RCPT", "550 5.7.1 <A@Example.com> may not be used with this login", "named without the word"),
    ("DATA", "554 5.7.1 <a@example.com>: Sender address rejected: Access denied", "Postfix, at DATA"),
    ("MESSAGE", "550 5.7.60 Client does not have permissions to send as this sender", "Exchange, documented"),
    ("MESSAGE", "550 The from address does not match a verified Sender Identity", "SendGrid, documented"),
    ("MAIL", "530 Sender rejected", "OpenSMTPD"),
    ("MAIL", "553 5.7.1 no", "any refusal of MAIL"),
]


@pytest.mark.parametrize(("step", "words", "server"), SENDERS)
def test_refused_sender(step: str, words: str, server: str) -> None:
    """Catches: a sender that the server refuses late, blamed on the recipient or the message."""
    failure = failed(step, words)
    assert failure.reason == "sender_refused", server
    assert failure.what == f'refused the sender a@example.com: "{words}"'
    assert failure.advice == MAIL_ADVICE["MAIL"]


OTHERS = [
    ("RCPT", "550 5.1.1 <b@example.org>: Recipient address rejected: User unknown", "recipient_refused", "RCPT"),
    ("RCPT", "550 5.1.1 Recipient address rejected: a@example.com is unknown here", "recipient_refused", "RCPT"),
    ("RCPT", "550 5.7.1 <a@example.com> may not write to <b@example.org>", "recipient_refused", "RCPT"),
    ("RCPT", "550 5.1.1 no such user", "recipient_refused", "RCPT"),
    ("RCPT", "550 I cannot deliver mail for <b@example.org>", "recipient_refused", "RCPT"),  # Haraka
    ("RCPT", "554 5.7.1 <b@example.org>: Relay access denied", "recipient_refused", "relay"),  # Postfix
    ("RCPT", "550 relay not permitted", "recipient_refused", "relay"),  # Exim
    ("RCPT", "554 5.7.1 <h[192.0.2.1]>: Client host rejected: Access denied", "recipient_refused", "host"),  # Postfix
    ("RCPT", "530 5.7.0 Authentication required", "recipient_refused", "login"),
    ("DATA", "554 5.5.1 Error: no valid recipients", "message_refused", "DATA"),
    ("MESSAGE", "554 5.7.1 Message refused", "message_refused", "MESSAGE"),
    ("MESSAGE", "550 5.7.1 spam of this sender", "message_refused", "MESSAGE"),
    ("MAIL", "530 5.7.0 Authentication required", "sender_refused", "login"),  # Dovecot, sendmail, aiosmtpd
    ("MAIL", "530 5.5.1 Invalid command: Must issue an AUTH command first", "sender_refused", "login"),  # OpenSMTPD
    ("MAIL", "550 5.7.9 Mail to submission port must be authenticated", "sender_refused", "login"),  # chasquid
    ("MAIL", "535 Authentication required.", "sender_refused", "login"),  # Courier
    ("RCPT", "554 5.7.1 client certificate required", "recipient_refused", "certificate"),
]


@pytest.mark.parametrize(("step", "words", "reason", "kind"), OTHERS)
def test_other_refusals_after_the_login(step: str, words: str, reason: str, kind: str) -> None:
    """Catches: advice on the recipient where the login, the host or relaying is what the server refuses."""
    failure = failed(step, words)
    assert (failure.reason, failure.advice) == (reason, MAIL_ADVICE[kind])


@pytest.mark.parametrize(
    ("step", "words", "reason", "what"),
    [
        ("MAIL", "451 4.3.0 later", "sender_refused", "temporarily refused the sender a@example.com"),
        ("MAIL", "421 4.3.2 mx.test is closing", "sender_refused", "temporarily refused the sender a@example.com"),
        ("RCPT", "450 4.2.0 Greylisted", "recipient_refused", "temporarily refused the recipient b@example.org"),
        ("RCPT", "421 4.7.0 too busy", "recipient_refused", "temporarily refused the recipient b@example.org"),
        ("RCPT", "450 4.1.8 Sender address rejected", "sender_refused", "temporarily refused the sender a@example.com"),
        ("DATA", "451 4.3.0 later", "message_refused", "temporarily refused the message"),
        ("MESSAGE", "452 4.3.1 no space", "message_refused", "temporarily refused the message"),
    ],
)
def test_temporary_refusals_after_the_login(step: str, words: str, reason: str, what: str) -> None:
    """Catches: greylisting told as something that the user has to change."""
    failure = failed(step, words)
    assert (failure.reason, failure.what) == (reason, f'{what}: "{words}"')
    assert failure.advice == MAIL_ADVICE["later"]


@pytest.mark.parametrize(
    ("step", "words", "reason", "kind"),
    [
        ("GREETING", "421 4.7.0 mx.test Error: too many connections from 192.0.2.1", "connect", "busy"),  # Postfix
        ("GREETING", "554 5.7.1 blocked", "connect", "GREETING"),
        ("EHLO", "421 4.3.2 too many connections", "protocol", "busy"),
        ("EHLO", "502 what", "protocol", "EHLO"),
        ("EHLO", "421 4.7.1 mx.test Error: No client certificate presented", "tls", "certificate"),  # Postfix
        ("STARTTLS", "454 4.7.0 TLS not available", "tls", "busy"),
        ("STARTTLS", "501 no", "tls", "STARTTLS"),
    ],
)
def test_refusals_before_the_login(step: str, words: str, reason: str, kind: str) -> None:
    """Catches: a busy server, or one that wants a client certificate, blamed on host and port."""
    failure = failed(step, words)
    assert (failure.reason, failure.advice) == (reason, CONNECTION_ADVICE[kind])
    assert failure.what.startswith("temporarily refused") is (kind == "busy")


@pytest.mark.parametrize(
    ("changes", "step", "words", "reason"),
    [
        ({"username": "locked.acme.smtp"}, "AUTH", "535 locked.acme.smtp: authentication failed", "auth_rejected"),
        ({"username": "a"}, "AUTH", "525 Account disabled", "auth_unavailable"),
        ({"recipient": "a@example.com"}, "RCPT", "550 5.1.1 <a@example.com>: no such user", "recipient_refused"),
        ({"recipient": "sender@example.org"}, "MESSAGE", "550 not for sender@example.org", "message_refused"),
    ],
)
def test_names_of_the_user_are_no_words_of_the_server(
    changes: dict[str, Any], step: str, words: str, reason: str
) -> None:
    """Catches: an account called locked.acme.smtp that is locked whatever the server says."""
    assert failed(step, words, Request(**{**vars(REQUEST), **changes})).reason == reason


def test_every_step_has_advice_if_the_server_hangs_up() -> None:
    """Catches: a KeyError in place of the failure, and a login of which nobody says whether it counted."""
    advice = {step: broken_advice(step) for step in ("GREETING", "EHLO", "STARTTLS", "CHALLENGE", "AUTH", "QUIT")}
    assert "not known whether the server counted this login" in advice["AUTH"]
    assert advice["CHALLENGE"] == advice["AUTH"]
    assert broken_advice("MAIL") == broken_advice("RCPT") == broken_advice("DATA") == BROKEN_ADVICE["MAIL"]
