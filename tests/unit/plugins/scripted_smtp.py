# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An SMTP server that follows a script: an ordered dialogue on one connection, recorded word for word."""

from __future__ import annotations

import base64
import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.exchange import log_in_and_send
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import Failure
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request

Script = t.Sequence[t.Tuple[str, bytes]]  # noqa: UP006 -- evaluated by Python 3.8
MESSAGE = "(message)"


def make_certificate(*, folder: Path, address: str = "127.0.0.1") -> Path:
    """Write a self-signed certificate for the address and its key to one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test server")])
    today = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today)
        .not_valid_after(today + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{address}.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


def server_context(certificate: Path) -> ssl.SSLContext:
    """The TLS context of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


class ScriptedServer:
    """Answers each line that begins as the script says with the script's bytes; after STARTTLS's 220 it speaks TLS.

    A line that the script does not expect ends the connection and stands in C(unexpected). Empty bytes close.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None, implicit: bool = False) -> None:
        self.lines: list[str] = []
        self.unexpected: list[str] = []
        self.left = list(script)
        self._tls = tls
        self._implicit = implicit
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the server; its records are complete afterwards."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)

    @property
    def auth_commands(self) -> list[str]:
        """The AUTH commands that came."""
        return [line for line in self.lines if line.upper().startswith("AUTH")]

    def _serve(self) -> None:
        try:
            peer, _address = self._listener.accept()
            peer.settimeout(PATIENCE)
            if self._tls and self._implicit:
                peer = self._tls.wrap_socket(peer, server_side=True)
            self._follow(peer)
        except (OSError, ValueError):
            pass

    def _follow(self, peer: socket.socket) -> None:
        stream = peer.makefile("rb")
        while self.left:
            expected, answer = self.left.pop(0)
            if expected and not self._matches(stream, expected):
                break
            if not answer:
                break
            peer.sendall(answer)
            if expected == "STARTTLS" and answer == b"220 go ahead\r\n" and self._tls:
                peer = self._tls.wrap_socket(peer, server_side=True)
                stream = peer.makefile("rb")
        peer.close()
        stream.close()

    def _matches(self, stream: t.IO[bytes], expected: str) -> bool:
        line = stream.readline().decode("utf-8", "replace").rstrip("\r\n")
        if expected == MESSAGE:
            content = [line]
            while content[-1] != ".":
                content.append(stream.readline().decode("ascii").rstrip("\r\n"))
            line = "\n".join(content)
        self.lines.append(line)
        if expected != MESSAGE and not line.startswith(expected):
            self.unexpected.append(line)
            return False
        return True


HELLO = (("", b"220 mx.test ESMTP\r\n"), ("EHLO", b"250-mx.test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"))
SECURED = (*HELLO, ("STARTTLS", b"220 go ahead\r\n"), ("EHLO", b"250-mx.test\r\n250 AUTH LOGIN PLAIN\r\n"))
LOGGED_IN = (*SECURED, ("AUTH PLAIN ", b"235 2.7.0 welcome\r\n"))
SENT = (
    *LOGGED_IN,
    ("MAIL FROM:<a@example.com>", b"250 2.1.0 ok\r\n"),
    ("RCPT TO:<b@example.com>", b"250 2.1.5 ok\r\n"),
    ("DATA", b"354 go on\r\n"),
    (MESSAGE, b"250 2.0.0 queued as 1\r\n"),
)
QUIT = (("QUIT", b"221 bye\r\n"),)
CLEAR = (HELLO[0], ("EHLO", b"250-mx.test\r\n250 AUTH PLAIN\r\n"), LOGGED_IN[-1], *QUIT)


def encode(text: str) -> str:
    """Base64 of the text's UTF-8."""
    return base64.b64encode(text.encode()).decode()


USER = "1.acme.smtp"
PASSWORD = "Zügel-und-Pferd"
PLAIN_LINE = "AUTH PLAIN " + encode(f"\0{USER}\0{PASSWORD}")


class Run:
    """One exchange with one scripted server."""

    def __init__(self, certificate: Path) -> None:
        self.certificate = certificate
        self.server: ScriptedServer

    def request(self, **options: t.Any) -> Request:
        values: dict[str, t.Any] = {
            "host": "127.0.0.1",
            "port": self.server.port,
            "encryption": "starttls",
            "username": USER,
            "password": PASSWORD,
            "sender": "a@example.com",
            "recipient": "b@example.com",
            "subject": "test",
            "send": True,
            "timeout": PATIENCE,
            "validate_certs": True,
            "ca_path": str(self.certificate),
        }
        return Request(**{**values, **options})

    def __call__(
        self, script: Script, *, implicit: bool = False, demands_certificate: bool = False, **options: t.Any
    ) -> dict[str, t.Any]:
        context = server_context(self.certificate)
        context.verify_mode = ssl.CERT_REQUIRED if demands_certificate else ssl.CERT_NONE
        self.server = ScriptedServer(script, tls=context, implicit=implicit)
        try:
            return log_in_and_send(self.request(**options))
        finally:
            self.server.stop()

    def fail(self, script: Script, **options: t.Any) -> dict[str, t.Any]:
        with pytest.raises(Failure) as caught:
            self(script, **options)
        assert PASSWORD not in str(caught.value.result)
        return caught.value.result


@pytest.fixture(name="certificate", scope="session")
def fixture_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(folder=tmp_path_factory.mktemp("tls"))


@pytest.fixture(name="run")
def fixture_run(certificate: Path) -> Run:
    return Run(certificate)
