# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One SMTP connection: commands out, replies in, every wait bounded by one deadline."""

from __future__ import annotations

import re
import socket
import ssl
import typing as t

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.reply import (
    Reply,
    capabilities,
    classify,
    make_reply,
    secret_forms,
    split_line,
)
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request
from ansible_collections.mailops.smtp.plugins.module_utils._text import printable

REPLY_LIMIT = 16384
QUIT_SECONDS = 2.0

_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_STEP_NAMES = {"GREETING": "the connection", "CHALLENGE": "AUTH", "MESSAGE": "the message"}

_REFUSALS = {
    "GREETING": "does not take connections",
    "EHLO": "refused EHLO",
    "STARTTLS": "refused STARTTLS",
    "CHALLENGE": "refused the login of {0.username}",
    "AUTH": "refused the login of {0.username}",
    "MAIL": "refused the sender {0.sender}",
    "RCPT": "refused the recipient {0.recipient}",
    "DATA": "refused the message",
    "MESSAGE": "refused the message",
}

_ADVICE = {
    "connect": "Check host, port, encryption (port 465 needs tls) and the firewalls in between. No password was sent.",
    "tls": "No password was sent, and clear text is never used instead.",
    "auth_rejected": (
        "If the password was changed less than 15 minutes ago, wait until the time in effective_at is over and run "
        "again. If it is over, try the store's other values for this account by hand (staged_password, "
        "doubtful_passwords, previous_password), one at a time: each wrong login can count towards a lock-out."
    ),
    "auth_unavailable": (
        "The password was not judged. After a temporary answer (4xx) run again later; otherwise check port, "
        "encryption, and whether the account may log in with AUTH PLAIN or AUTH LOGIN."
    ),
    "sender_refused": "The login worked. Use a sender from whom this account may send.",
    "recipient_refused": "The login worked. Check the recipient, or use one that this server delivers to.",
    "message_refused": "The login worked. The server's words say what it does not like about the message.",
    "protocol": "Check that host and port are those of an SMTP submission server, and run again.",
}
_CERTIFICATE_ADVICE = (
    "Check that host is the name in the certificate; for a certificate authority that this host does not know, name "
    "its certificate in ca_path. No password was sent."
)
_HANDSHAKE_ADVICE = (
    "Port 465 needs encryption tls, ports 587, 2525 and 25 need starttls, and the server must speak TLS 1.2 or later. "
    "No password was sent."
)


class Failure(Exception):
    """The exchange failed: the reason, what the server did (a predicate), what to do next, and the module's result."""

    def __init__(self, *, reason: str, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.reason = reason
        self.what = what
        self.advice = advice or _ADVICE[reason]
        self.result: dict[str, t.Any] = {}


class Deadline:
    """The end of the time that the whole exchange has, in the clock's seconds."""

    def __init__(self, *, seconds: float, clock: t.Callable[[], float]) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds left, above 0. Raises socket.timeout when there are none."""
        left = self._end - self._clock()
        if left <= 0:
            raise socket.timeout("timed out")
        return left

    def shorten(self, *, seconds: float) -> None:
        """Leave at most that many seconds."""
        self._end = min(self._end, self._clock() + seconds)


class Dialogue:
    """Commands and replies on one connection; every wait is bounded by the deadline."""

    def __init__(self, *, sock: socket.socket, request: Request, deadline: Deadline) -> None:
        self.last: Reply | None = None
        self._sock = sock
        self._request = request
        self._deadline = deadline
        self._secrets = secret_forms(username=request.username, password=request.password)
        self._buffer = b""
        self._usable = True

    def command(self, *, step: str, line: str) -> Reply:
        """Send one line and return the reply that the step wants. Raises Failure for every other."""
        self.send(step=step, data=f"{line}\r\n".encode("ascii"))
        return self.expect(step=step)

    def send(self, *, step: str, data: bytes) -> None:
        """Send the bytes. Raises Failure."""
        try:
            self._sock.settimeout(self._deadline.left())
            self._sock.sendall(data)
        except OSError as error:
            raise self._broken(step=step, error=error) from error

    def expect(self, *, step: str) -> Reply:
        """Read the reply that the step wants. Raises Failure for every other."""
        self.last = self._read(step=step)
        reason = classify(step=step, code=self.last.code)
        if reason:
            unexpected = "sent an answer that does not belong there"
            what = unexpected if self.last.code < 400 else _REFUSALS[step].format(self._request)
            raise Failure(reason=reason, what=f'{what}: "{self.last.words}"')
        return self.last

    def start_tls(self, *, context: ssl.SSLContext) -> str:
        """Begin TLS and return its version. Raises Failure."""
        self._usable = False
        if self._buffer:
            raise Failure(reason="tls", what="sent more than its answer to STARTTLS before TLS began")
        try:
            self._sock.settimeout(self._deadline.left())
            secured = context.wrap_socket(self._sock, server_hostname=self._request.host.rstrip("."))
        except ssl.SSLCertVerificationError as error:
            what = f"has a certificate that cannot be trusted: {error.verify_message}"
            raise Failure(reason="tls", what=what, advice=_CERTIFICATE_ADVICE) from error
        except (OSError, ValueError) as error:
            what = f"did not complete the TLS handshake: {words(error)}"
            raise Failure(reason="tls", what=what, advice=_HANDSHAKE_ADVICE) from error
        self._sock = secured
        self._usable = True
        return secured.version() or ""

    def hello(self) -> dict[str, list[str]]:
        """Say EHLO and return what the server offers."""
        name = socket.gethostname()
        if not _HOST_NAME.fullmatch(name):
            address = self._sock.getsockname()[0].partition("%")[0]
            name = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        return capabilities(lines=self.command(step="EHLO", line=f"EHLO {name}").lines)

    def close(self) -> None:
        """Say QUIT where that makes sense, and close; never fails."""
        with self._sock:
            if self._usable:
                self._deadline.shorten(seconds=QUIT_SECONDS)
                try:
                    self.send(step="QUIT", data=b"QUIT\r\n")
                    self._read(step="QUIT")
                except Failure:
                    pass

    def _read(self, *, step: str) -> Reply:
        lines: list[bytes] = []
        allowed = REPLY_LIMIT
        while True:
            raw = self._read_line(step=step)
            allowed -= len(raw)
            line = split_line(line=raw)
            if line is None or allowed < 0:
                self._usable = False
                raise Failure(reason="protocol", what="sent something that is not an SMTP reply")
            lines.append(line[2])
            if not line[1]:
                return make_reply(code=line[0], lines=lines, secrets=self._secrets)

    def _read_line(self, *, step: str) -> bytes:
        while b"\n" not in self._buffer and len(self._buffer) <= REPLY_LIMIT:
            try:
                self._sock.settimeout(self._deadline.left())
                received = self._sock.recv(4096)
            except OSError as error:
                raise self._broken(step=step, error=error) from error
            if not received:
                raise self._broken(step=step, error=ConnectionError("the connection was closed"))
            self._buffer += received
        line, newline, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r") + newline

    def _broken(self, *, step: str, error: OSError) -> Failure:
        self._usable = False
        reason, advice = ("connect", "") if step == "GREETING" else ("protocol", "")
        if isinstance(error, ssl.SSLError) and step in ("GREETING", "EHLO"):
            reason, advice = "tls", _HANDSHAKE_ADVICE
        what = f"gave no complete answer to {_STEP_NAMES.get(step, step)}: {words(error)}"
        return Failure(reason=reason, what=what, advice=advice)


def words(error: Exception) -> str:
    """The error's own words, on one line, without a full stop."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return printable(text=text).rstrip(".")
