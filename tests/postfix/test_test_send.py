# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""smtp_test_send against a real Postfix that takes mail after a login, as most providers' servers do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from standin.certificates import write_certificates
from support.dovecot_auth import DovecotAuth
from support.postfix import Postfix, free_port

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.exchange import log_in_and_send
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import Failure
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request

ACCOUNT, PASSWORD = "1.acme.smtp", "right-horse-battery"
# Services of one Postfix, each with rules of its own.
RULES = {
    "plain": "",
    "demands_certificate": "smtpd_tls_req_ccert=yes smtpd_tls_ask_ccert=yes smtpd_tls_security_level=encrypt",
    "one_connection": "smtpd_client_connection_count_limit=1 smtpd_client_event_limit_exceptions=",
    "greylists": "smtpd_recipient_restrictions=defer",
    "defers_message": "smtpd_end_of_data_restrictions=defer",
    "relays_nothing": "smtpd_relay_restrictions=reject_unauth_destination",
}


class Server:
    """The Postfix, what it asks about logins, and the port of each of its services."""

    def __init__(self, folder: Path) -> None:
        files = write_certificates(folder)
        self.ca_path = str(files.ca_path)
        self.ports = {name: free_port() for name in RULES}
        settings = {
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_type": "dovecot",
            "smtpd_tls_security_level": "may",
            "smtpd_tls_auth_only": "yes",
            "smtpd_tls_chain_files": "{config}/chain.pem",
            "smtpd_sender_login_maps": f"inline:{{a@acme.example={ACCOUNT},other@acme.example=2.acme.smtp}}",
            "smtpd_sender_restrictions": "reject_sender_login_mismatch",
            "smtpd_relay_restrictions": "permit_sasl_authenticated,reject",
            "default_transport": "discard:",
        }
        services = []
        for name, rules in RULES.items():
            services.append(f"127.0.0.1:{self.ports[name]} inet n - n - - smtpd")
            services += [f"  -o {rule}" for rule in rules.split()]
        self.postfix = Postfix(name="submission", settings=settings, services=services)
        chain = files.key_path.read_text() + files.certificate_path.read_text()
        (self.postfix.config / "chain.pem").write_text(chain)
        self.auth = DovecotAuth(self.postfix.folder, {ACCOUNT: PASSWORD})
        with self.postfix.main_cf.open("a") as main_cf:
            main_cf.write(f"smtpd_sasl_path = {self.auth.path}\n")

    def request(self, rules: str = "plain", **options: Any) -> Request:
        """Return a test send that works with the service C(plain), but for the options given."""
        request = Request(
            host="127.0.0.1",
            port=self.ports[rules],
            encryption="starttls",
            username=ACCOUNT,
            password=PASSWORD,
            sender="a@acme.example",
            recipient="friend@there.example",
            subject="test",
            send=True,
            timeout=30,
            validate_certs=True,
            ca_path=self.ca_path,
        )
        return replace(request, **options)

    def fail(self, rules: str = "plain", **options: Any) -> dict[str, Any]:
        """Make a test send that fails, and return its result."""
        with pytest.raises(Failure) as caught:
            log_in_and_send(self.request(rules, **options))
        return caught.value.result


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Postfix that runs."""
    server = Server(tmp_path_factory.mktemp("tls"))
    with server.auth, server.postfix:
        yield server


def test_good_login(server: Server) -> None:
    """Catches: tests below that fail for another reason than theirs."""
    assert log_in_and_send(server.request())["reply"]["code"] == 250


def test_foreign_sender(server: Server) -> None:
    """Catches: a sender that Postfix refuses at RCPT, blamed on the recipient."""
    failure = server.fail(sender="other@acme.example")
    assert failure["reply"]["code"] == 553
    assert failure["reply"]["text"].endswith("Sender address rejected: not owned by user 1.acme.smtp")
    assert failure["reason"] == "sender_refused"
    assert "refused the sender other@acme.example" in failure["msg"]


def test_wrong_password(server: Server) -> None:
    """Catches: older passwords as the first advice, where Postfix says the same while its login service is down."""
    failure = server.fail(password="not-that-horse")
    assert failure["reply"]["text"] == "Error: authentication failed: (reason unavailable)"
    assert failure["reason"] == "auth_rejected"
    assert failure["msg"].index("Run again in a few minutes") < failure["msg"].index("previous_password")


def test_login_service_down(server: Server) -> None:
    """Catches: an outage taken for a wrong password."""
    server.auth.down = True
    try:
        failure = server.fail()
    finally:
        server.auth.down = False
    assert failure["reply"]["code"] == 454
    assert failure["reason"] == "auth_unavailable"
    assert "The server did not check the password. Run again in a few minutes" in failure["msg"]


def test_client_certificate(server: Server) -> None:
    """Catches: a demanded client certificate told as a wrong host or port."""
    failure = server.fail("demands_certificate")
    assert failure["reply"]["text"].endswith("Error: No client certificate presented")
    assert failure["reason"] == "tls"
    assert "The server wants a client certificate, which this module cannot present." in failure["msg"]


def test_too_many_connections(server: Server) -> None:
    """Catches: a busy server told as a wrong host or port."""
    with socket.create_connection(("127.0.0.1", server.ports["one_connection"])) as first:
        assert first.recv(1000).startswith(b"220")
        failure = server.fail("one_connection")
    assert failure["reply"]["code"] == 421
    assert failure["reason"] == "connect"
    assert "takes no more connections from this host for now" in failure["msg"]


@pytest.mark.parametrize(
    ("rules", "reason"), [("greylists", "recipient_refused"), ("defers_message", "message_refused")]
)
def test_temporary_refusal(server: Server, rules: str, reason: str) -> None:
    """Catches: advice to change the recipient or the message where the server only wants to be asked again."""
    failure = server.fail(rules)
    assert failure["reply"]["code"] == 450
    assert failure["reason"] == reason
    assert "the refusal is temporary. Run again in a few minutes." in failure["msg"]


def test_relaying_denied(server: Server) -> None:
    """Catches: a recipient called wrong where the account may not send to other domains."""
    failure = server.fail("relays_nothing")
    assert failure["reply"]["text"].endswith("Relay access denied")
    assert failure["reason"] == "recipient_refused"
    assert "to which domains the account may send" in failure["msg"]
