# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP server on the loopback address that can misbehave and that stops at once, whatever its clients do."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

LARGEST_BODY = 1024 * 1024
IDLE_SECONDS = 120.0
BODILESS = (204, 304)


class Stopped(Exception):
    """The server is stopping: the exchange ends here."""


class Server(socketserver.ThreadingMixIn, HTTPServer):
    """A thread for each connection; a connection is kept until the client or the server ends it.

    :param handler: what answers
    :param tls: the server's certificate, None for plain HTTP
    :param on_tls_error: told the reason when a handshake fails
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        handler: type[Handler],
        *,
        tls: ssl.SSLContext | None = None,
        on_tls_error: Callable[[str], object] = str,
    ) -> None:
        self.stopping = threading.Event()
        self.on_tls_error = on_tls_error
        self._tls = tls
        self._lock = threading.Lock()
        self._connections: dict[Any, threading.Thread] = {}
        self._acceptor = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Answer calls, in threads of its own."""
        self._acceptor.start()

    def stop(self) -> None:
        """End every exchange, close every connection, and leave no thread."""
        self.stopping.set()
        if self._acceptor.is_alive():
            self.shutdown()
            self._acceptor.join()
        self.server_close()
        with self._lock:
            connections = dict(self._connections)
        for connection, thread in connections.items():
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown: it would take the TLS layer away from under the thread that reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            thread.join(5)

    def server_bind(self) -> None:
        """Bind without asking the name service for this machine's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        connection.settimeout(IDLE_SECONDS)
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._connections[request] = thread
        thread.start()

    def _serve(self, request: Any, client_address: Any) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._connections.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], (OSError, Stopped)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection: reads requests, hands each to C(respond), and has the tools to answer badly."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        if isinstance(self.connection, ssl.SSLSocket):
            try:
                self.connection.do_handshake()
            except ssl.SSLError as error:
                self.server.on_tls_error(error.reason or type(error).__name__)
                return
        super().handle()

    def handle_one_request(self) -> None:
        if not self.rfile.peek(1):  # type: ignore[attr-defined]
            self.close_connection = True
        elif not self.before_request():
            super().handle_one_request()

    def before_request(self) -> bool:
        """Called when a request has arrived and has not been read; return whether the connection was ended."""
        return False

    def respond(self, body: bytes) -> None:
        """Answer the request that has been read."""
        raise NotImplementedError

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing: what happens is in the record."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self._refuse(411)
        elif not (length.isascii() and length.isdigit()):
            self._refuse(400)
        elif int(length) > LARGEST_BODY:
            self._refuse(413)
        else:
            body = self.rfile.read(int(length))
            # A client that went away in the middle of its request has not made it.
            if len(body) == int(length):
                self.respond(body)
            else:
                self.close_connection = True

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self.send_bytes(self.head(status, {"Content-Length": "0", "Connection": "close"}))

    def head(self, status: int, headers: Mapping[str, str]) -> bytes:
        """Return the status line and the headers as they are sent."""
        phrase = self.responses[HTTPStatus(status)][0] if status in set(HTTPStatus) else "Unknown"
        lines = [f"HTTP/1.1 {status} {phrase}", f"Date: {self.date_time_string()}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer, in one piece."""
        head, body = self.whole(status, headers, body)
        self.send_bytes(head + body)

    def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> tuple[bytes, bytes]:
        """Return head and body as they are sent, with the length unless the headers have one."""
        if status in BODILESS:
            return self.head(status, headers), b""
        return self.head(status, {"Content-Length": str(len(body)), **headers}), body

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.wfile.write(data)

    def send_raw(self, data: bytes) -> None:
        """Send bytes under the TLS layer, if there is one."""
        with socket.socket(fileno=os.dup(self.connection.fileno())) as under:
            under.sendall(data)

    def reset(self) -> None:
        """End the connection with RST."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Closing the file descriptor itself: socket.close waits for the files that are made of the socket.
        os.close(self.connection.detach())

    def pause(self, seconds: float) -> None:
        """Wait.

        :raises Stopped: if the server stops meanwhile
        """
        if self.server.stopping.wait(max(seconds, 0.0)):
            raise Stopped
