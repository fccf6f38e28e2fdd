# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server that follows a script: one step for each request, every request recorded as it came."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import struct
import threading
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import Client
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import account_values
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from

KEYS = {"application_key": "app-key-0123456789", "authorization_key": "auth-key-0123456789"}
PASSWORD = "New-Passw0rd-12345678"
ENVIRONMENT = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle", "netrc")
# A step: the bytes to answer with, or a function that does with the connection what it likes and then closes it.
Step = t.Union[bytes, t.Callable[[socket.socket], None]]  # noqa: UP007  # evaluated, also by an older Python


@dataclass(frozen=True)
class Heard:
    """One request; C(connection) counts from 0."""

    connection: int
    line: str
    headers: dict[str, str]
    body: bytes


def answer(status: int, body: t.Any = None, *headers: str) -> bytes:
    """Return a whole HTTP answer: a text as it is, bytes as they are, other things as JSON."""
    if isinstance(body, str):
        body = body.encode()
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    length = [] if any(line.lower().startswith(("content-length", "transfer")) for line in headers) else [len(raw)]
    lines = [f"HTTP/1.1 {status} Said", *headers, *(f"Content-Length: {count}" for count in length)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def envelope(*errors: dict[str, t.Any], status: int = 200, data: t.Sequence[t.Any] = ()) -> dict[str, t.Any]:
    """Return the provider's envelope."""
    meta = {"numberOfErrors": len(errors), "numberOfData": len(data), "status": status, "uniqId": "u-1"}
    return {"meta": meta, "data": list(data), "errors": list(errors)}


CLEAN = answer(200, envelope())


def reset(connection: socket.socket) -> None:
    """Break the connection so that the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(connection: socket.socket) -> None:
    """Close the connection without a word."""


class Server:
    """Serves a script on a port of the kernel's choice, step after step, whatever the connection."""

    def __init__(self, steps: t.Sequence[Step], certificate: Path | None = None, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._context = _server_context(certificate) if certificate else None
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.steps = list(steps)
        self.heard: list[Heard] = []
        self.raw: list[bytes] = []
        self.ended = threading.Event()
        self.port: int = self._listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if certificate else 'http'}://{shown}:{self.port}"
        self._start(self._accept)

    def _start(self, target: t.Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=target, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        count = 0
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self._listener.accept()
                self._open.append(connection)
                self._start(lambda sock=connection, number=count: self._serve(sock, number))  # type: ignore[misc]
                count += 1

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection.makefile("rb") as stream:
                while self._hear(stream, number):
                    step = self.steps.pop(0)
                    if callable(step):
                        step(connection)
                        break
                    connection.sendall(step)
        connection.close()

    def _hear(self, stream: t.BinaryIO, number: int) -> bool:
        line = stream.readline()
        if not line:
            return False
        head = list(iter(stream.readline, b"\r\n"))
        pairs = [item.decode("latin-1").rstrip("\r\n").split(": ", 1) for item in head]
        headers = {pair[0].lower(): pair[1] for pair in pairs}
        body = stream.read(int(headers.get("content-length", "0")))
        self.raw.append(line + b"".join(head) + body)
        self.heard.append(Heard(number, line.decode("latin-1").rstrip("\r\n"), headers, body))
        return True

    def close(self) -> None:
        """End every connection and wait until all is recorded."""
        self.ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)


def _server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def make_certificate(folder: Path, *, address: str = "127.0.0.1", years: tuple[int, int] = (2020, 2120)) -> Path:
    """Write a self-signed certificate for an address, and its key, to one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"test {address}")])
    usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
    more = dict.fromkeys(("crl_sign", "encipher_only", "decipher_only"), False)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.datetime(years[0], 1, 1, tzinfo=datetime.timezone.utc))
        .not_valid_after(datetime.datetime(years[1], 1, 1, tzinfo=datetime.timezone.utc))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage, **more), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{address}-{years[1]}.pem"
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return file


Serve = t.Callable[..., Server]


@pytest.fixture(name="serve")
def fixture_serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> t.Iterator[Serve]:
    """Start servers that follow a script; nothing of the machine's own settings has a say."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    servers: list[Server] = []

    def serve(*steps: Step, certificate: Path | None = None, host: str = "127.0.0.1") -> Server:
        servers.append(Server(steps, certificate, host))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


def connection_to(
    url: str, *, timeout: float = PATIENCE, verify: bool | str = True, request: dict[str, t.Any] | None = None
) -> Connection:
    """Return a connection to the emaillabs provider at another address."""
    definition = definition_from({"provider": "emaillabs", "api_url": url, "password_request": request})
    return Connection(definition=definition, credentials=KEYS, timeout=timeout, verify=verify)


def put(connection: Connection, account: str = "1.acme.smtp", client: Client | None = None) -> Reply:
    """Set a password, as the module does it."""
    values = {**account_values(account), "password": PASSWORD}
    return (client or Client(connection)).send(connection.definition.change, values)
