# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An SMTP server on loopback that takes every login and keeps what was sent, byte for byte, thousands of times."""

from __future__ import annotations

import base64
import binascii
import socketserver
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

NOT_BASE64 = b"\0not base64\0"


@dataclass(frozen=True)
class Login:
    """What a client logged in with."""

    mechanism: str
    username: bytes
    password: bytes


@dataclass(frozen=True)
class Message:
    """A message that was accepted.

    :param login: of its connection, None if there was none
    """

    login: Login | None
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass
class Recorder:
    """The server, which runs while it is entered. Logins and messages are kept in the order in which they came.

    :param mechanisms: which of PLAIN and LOGIN are offered
    :param context: for STARTTLS, or for TLS from the start; see C(standin.certificates). None for no TLS
    :param implicit: TLS from the start
    :param reply: what a login is answered; the default accepts each
    """

    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    context: ssl.SSLContext | None = None
    implicit: bool = False
    reply: Callable[[Login], str] = lambda login: "235 2.7.0 Authentication successful"
    logins: list[Login] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0

    def __enter__(self) -> Recorder:
        self._server = _Server((self.host, self.port), _Connection)
        self._server.recorder = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def passwords(self, username: str) -> list[bytes]:
        """Return the passwords that a user logged in with.

        :param username: the user
        """
        return [login.password for login in self.logins if login.username == username.encode()]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512
    recorder: Recorder

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what a client did not do is seen in what was not recorded."""


class _Connection(socketserver.StreamRequestHandler):
    """One connection."""

    server: _Server

    def handle(self) -> None:
        self.recorder = self.server.recorder
        self.encrypted = False
        if self.recorder.implicit:
            self._encrypt()
        self._forget()
        self.login: Login | None = None
        self._say("220 recorder.example ESMTP")
        while (line := self.rfile.readline()) and self._answer(line.rstrip(b"\r\n")):
            pass

    def _answer(self, line: bytes) -> bool:
        """Answer a command; tell whether the dialogue goes on."""
        verb, _blank, rest = line.partition(b" ")
        name = verb.upper().decode("ascii", "replace")
        if name == "EHLO":
            self._say(*self._greeting())
        elif name == "STARTTLS":
            self._say("220 2.0.0 Ready to start TLS")
            self._encrypt()
        elif name == "AUTH":
            self._auth(rest)
        elif name == "MAIL":
            self.sender = _address(rest)
            self._say("250 2.1.0 Ok")
        elif name == "RCPT":
            self.recipients.append(_address(rest))
            self._say("250 2.1.5 Ok")
        elif name == "DATA":
            self._data()
        elif name == "QUIT":
            self._say("221 2.0.0 Bye")
        else:
            self._say("250 2.0.0 Ok")
        return name != "QUIT"

    def _greeting(self) -> list[str]:
        lines = ["recorder.example", "8BITMIME", f"AUTH {' '.join(self.recorder.mechanisms)}"]
        if self.recorder.context and not self.encrypted:
            lines.append("STARTTLS")
        return [*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]

    def _auth(self, rest: bytes) -> None:
        mechanism, _blank, initial = rest.partition(b" ")
        name = mechanism.upper().decode("ascii", "replace")
        if name == "PLAIN":
            parts = _decoded(initial or self._ask("")).split(b"\0")
            username, password = [*parts, b"", b""][1:3]
        else:
            username = _decoded(initial or self._ask("Username:"))
            password = _decoded(self._ask("Password:"))
        self.login = Login(name, username, password)
        self.recorder.logins.append(self.login)
        self._say(self.recorder.reply(self.login))

    def _ask(self, prompt: str) -> bytes:
        self._say(f"334 {base64.b64encode(prompt.encode()).decode()}")
        return self.rfile.readline().rstrip(b"\r\n")

    def _data(self) -> None:
        self._say("354 End data with <CR><LF>.<CR><LF>")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b".\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        message = Message(self.login, self.sender, tuple(self.recipients), b"".join(lines))
        self.recorder.messages.append(message)
        self._forget()
        self._say("250 2.0.0 Ok: queued")

    def _forget(self) -> None:
        self.sender, self.recipients = "", list[str]()

    def _encrypt(self) -> None:
        assert self.recorder.context is not None
        self.request = self.connection = self.recorder.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.encrypted = True

    def _say(self, *lines: str) -> None:
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode())


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return NOT_BASE64


def _address(rest: bytes) -> str:
    """Return the address of MAIL or RCPT."""
    return rest.partition(b"<")[2].partition(b">")[0].decode("utf-8", "replace")
