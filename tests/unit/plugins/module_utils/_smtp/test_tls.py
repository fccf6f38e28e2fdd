# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import Failure
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.tls import handshake_failure, make_context
from ansible_collections.mailops.smtp.tests.unit.plugins.certificates import ADDRESS, CA, Issued, issue

PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
# This one, and those that a mail host may have.
PYTHONS = [sys.executable, *(str(each) for name in ("3.[89].*", "3.1?.*") for each in PYENV.glob(f"{name}/bin/python"))]


@contextlib.contextmanager
def listening(certificate: str) -> Iterator[int]:
    """Serve TLS with a certificate; yield the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A key that is too weak is the client's to refuse.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _address = listener.accept()
                with contextlib.suppress(OSError), peer, context.wrap_socket(peer, server_side=True) as secured:
                    secured.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def request_for(ca_path: str | None, host: str = "127.0.0.1") -> Request:
    return Request(
        host=host,
        port=465,
        encryption="tls",
        username="u",
        password="p",
        sender=None,
        recipient=None,
        subject="test",
        send=False,
        timeout=10,
        validate_certs=True,
        ca_path=ca_path,
    )


def shake(port: int, request: Request) -> Failure | None:
    """Begin TLS as the dialogue does, and return the failure if there is one."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        try:
            make_context(request).wrap_socket(sock, server_hostname=request.host).close()
        except (OSError, ValueError) as error:
            return handshake_failure(error, request)
    return None


@pytest.fixture(name="authority", scope="module")
def fixture_authority() -> Issued:
    return issue("authority", extensions=[CA])


def test_oldest_tls() -> None:
    """Catches: TLS 1.0 and 1.1, which some systems still allow."""
    assert make_context(request_for(None)).minimum_version == ssl.TLSVersion.TLSv1_2


CLIENT = """
import socket, sys
from types import SimpleNamespace
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.tls import make_context
context = make_context(SimpleNamespace(ca_path=sys.argv[2], validate_certs=True))
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as sock:
    with context.wrap_socket(sock, server_hostname="127.0.0.1"):
        print("trusted")
"""


@pytest.mark.parametrize("trusts", ["authority", "intermediate"])
@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_trusts_the_same(python: str, trusts: str, tmp_path: Path, authority: Issued) -> None:
    """Catches: a private authority that openssl makes by default, refused by Python 3.13 and accepted by those before.

    It has no keyUsage, and what it issues no authorityKeyIdentifier. And an intermediate authority in ca_path, which
    3.13 accepts and those before do not.
    """
    issuer = issue("intermediate", authority, extensions=[CA]) if trusts == "intermediate" else authority
    server = issue("server", issuer, extensions=[ADDRESS]).write(tmp_path / "server.pem")
    ca_path = issuer.write(tmp_path / "ca.pem")
    path = next(folder for folder in sys.path if (Path(folder) / "ansible_collections" / "mailops").exists())
    with listening(server) as port:
        done = subprocess.run(
            [python, "-c", CLIENT, str(port), ca_path],
            env={"PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.stdout, done.stderr) == ("trusted\n", "")


def weak_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 -- to be refused


def fault(kind: str, authority: Issued) -> Issued:
    """Return a server's certificate with a fault."""
    certificates = {
        "expired": lambda: issue("server", authority, extensions=[ADDRESS], days=1),
        "for a client": lambda: issue(
            "server", authority, extensions=[ADDRESS, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])]
        ),
        "weak": lambda: issue("server", authority, extensions=[ADDRESS], key=weak_key()),
        "self-signed": lambda: issue("server", extensions=[ADDRESS]),
        "good": lambda: issue("server", authority, extensions=[ADDRESS]),
    }
    return certificates[kind]()


@pytest.mark.parametrize(
    ("kind", "host", "what", "advice"),
    [
        ("good", "mx.test", "Hostname mismatch", "Set host to a name or address that the certificate is for"),
        ("good", "127.0.0.2", "IP address mismatch", "Set host to a name or address that the certificate is for"),
        ("expired", "127.0.0.1", "certificate has expired", "Check this host's clock."),
        ("for a client", "127.0.0.1", "purpose", "its extendedKeyUsage lacks serverAuth"),
        ("weak", "127.0.0.1", "EE certificate key too weak", "RSA of 2048 bits or an elliptic curve"),
        ("self-signed", "127.0.0.1", "self", "No certificate in ca_path issued it."),
    ],
)
def test_what_a_refused_certificate_lacks(
    kind: str, host: str, what: str, advice: str, tmp_path: Path, authority: Issued
) -> None:
    """Catches: one advice for every fault, such as ca_path for a wrong host name."""
    ca_path = authority.write(tmp_path / "ca.pem")
    with listening(fault(kind, authority).write(tmp_path / "server.pem")) as port:
        failure = shake(port, request_for(ca_path, host))
    assert failure is not None
    assert failure.reason == "tls"
    assert failure.what.startswith("has a certificate that is not trusted: ")
    assert what in failure.what
    assert not failure.what.endswith(".")
    assert advice in failure.advice
    assert failure.advice.endswith("No password was sent.")


def test_an_issuer_that_is_no_authority(tmp_path: Path) -> None:
    """Catches: a certificate named in ca_path that may not issue others, without a word about what it lacks."""
    issuer = issue("issuer", extensions=[x509.BasicConstraints(ca=False, path_length=None)])
    server = issue("server", issuer, extensions=[ADDRESS]).write(tmp_path / "server.pem")
    with listening(server) as port:
        failure = shake(port, request_for(issuer.write(tmp_path / "ca.pem")))
    assert failure is not None
    assert "basicConstraints CA:TRUE" in failure.advice


def test_an_unknown_issuer_without_ca_path(tmp_path: Path, authority: Issued) -> None:
    """Catches: advice that speaks of a ca_path which was not set, or not of the one that could be."""
    with listening(fault("good", authority).write(tmp_path / "server.pem")) as port:
        failure = shake(port, request_for(None))
    assert failure is not None
    assert "This host does not know the authority that issued it. Name" in failure.advice


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "wants a client certificate, which this module cannot present"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "A server that wants a client certificate also ends like this."),
        ("WRONG_VERSION_NUMBER", "Port 465 needs encryption tls, ports 587, 2525 and 25 need starttls"),
    ],
)
def test_broken_handshake(reason: str, advice: str) -> None:
    """Catches: a demanded client certificate told as a wrong port only."""
    error = ssl.SSLError(1, f"[SSL: {reason}] words")
    error.reason = reason
    failure = handshake_failure(error, request_for(None))
    assert failure.reason == "tls"
    assert failure.what.startswith("did not complete the TLS handshake: ")
    assert advice in failure.advice
