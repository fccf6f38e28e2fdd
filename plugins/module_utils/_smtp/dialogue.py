# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One SMTP connection: commands out, replies in, every wait bounded by one deadline."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import Failure, broken_advice, failure_of
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.reply import (
    Reply,
    capabilities,
    make_reply,
    secret_forms,
    split_line,
)
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.tls import handshake_failure, tls_advice, words

REPLY_LIMIT = 16384
QUIT_SECONDS = 2.0
# Two classes before Python 3.10.
TIMEOUT = (socket.timeout, TimeoutError)

_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_STEP_NAMES = {"GREETING": "the connection", "CHALLENGE": "AUTH", "MESSAGE": "the message"}
_INJECTED_ADVICE = (
    "Someone in between may have added it: check the network, then run again. No password was sent, and clear text is "
    "never used instead."
)


class Deadline:
    """The end of the time that the whole exchange has.

    :param seconds: how long it may take
    :param clock: the time in seconds, from any start
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Return the seconds that are left, more than 0.

        :raises socket.timeout: if there are none
        """
        left = self._end - self._clock()
        if left <= 0:
            raise socket.timeout("timed out")
        return left

    def shorten(self, seconds: float) -> None:
        """Leave no more than some seconds.

        :param seconds: how many
        """
        self._end = min(self._end, self._clock() + seconds)


class Dialogue:
    """Commands and replies on one connection. Each method that waits keeps to the deadline.

    :param sock: the connection
    :param request: what is tried
    :param deadline: when the whole exchange has to end
    :param masked: masks in a text what is not this login's own
    """

    def __init__(
        self, sock: socket.socket, request: Request, deadline: Deadline, masked: Callable[[str], str] = str
    ) -> None:
        self.last: Reply | None = None
        self._sock = sock
        self._request = request
        self._deadline = deadline
        self._secrets = secret_forms(request.username, request.password)
        self._masked = masked
        self._buffer = b""
        self._usable = True

    def command(self, step: str, line: str) -> Reply:
        """Send one line and return the reply that the step wants.

        :param step: the step of the dialogue
        :param line: the command, without its line end
        :raises Failure: if another reply comes, or none
        """
        self.send(step, f"{line}\r\n".encode("ascii"))
        return self.expect(step)

    def send(self, step: str, data: bytes) -> None:
        """Send some bytes.

        :param step: the step of the dialogue
        :param data: the bytes
        :raises Failure: if they cannot be sent
        """
        try:
            self._sock.settimeout(self._deadline.left())
            self._sock.sendall(data)
        except OSError as error:
            raise self._broken(step, error) from error

    def expect(self, step: str) -> Reply:
        """Return the reply that the step wants.

        :param step: the step of the dialogue
        :raises Failure: if another reply comes, or none
        """
        self.last = self._read(step)
        failure = failure_of(step, self.last, self._request)
        if failure:
            raise failure
        return self.last

    def start_tls(self, context: ssl.SSLContext) -> str:
        """Begin TLS and return its version.

        :param context: what is trusted
        :raises Failure: if TLS cannot be had, or the server is not trusted
        """
        self._usable = False
        if self._buffer:
            what = "sent more than its answer to STARTTLS before TLS began"
            raise Failure(reason="tls", what=what, advice=_INJECTED_ADVICE)
        try:
            self._sock.settimeout(self._deadline.left())
            secured = context.wrap_socket(self._sock, server_hostname=self._request.host.rstrip("."))
        except (OSError, ValueError) as error:
            raise handshake_failure(error, self._request) from error
        self._sock = secured
        self._usable = True
        return secured.version() or ""

    def hello(self) -> dict[str, list[str]]:
        """Say EHLO and return what the server offers.

        :raises Failure: if it refuses
        """
        name = socket.gethostname()
        if not _HOST_NAME.fullmatch(name):
            address = self._sock.getsockname()[0].partition("%")[0]
            name = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        return capabilities(self.command("EHLO", f"EHLO {name}").lines)

    def close(self) -> None:
        """Say QUIT where that makes sense, and close; never fail."""
        with self._sock:
            if self._usable:
                self._deadline.shorten(QUIT_SECONDS)
                try:
                    self.send("QUIT", b"QUIT\r\n")
                    self._read("QUIT")
                except Failure:
                    pass

    def _read(self, step: str) -> Reply:
        lines: list[bytes] = []
        allowed = REPLY_LIMIT
        while True:
            raw = self._read_line(step)
            allowed -= len(raw)
            line = split_line(raw)
            if line is None or allowed < 0:
                self._usable = False
                what = "sent something that is not an SMTP reply"
                raise Failure(reason="protocol", what=what, advice=broken_advice(step))
            lines.append(line[2])
            if not line[1]:
                return make_reply(line[0], lines, self._secrets, self._masked)

    def _read_line(self, step: str) -> bytes:
        while b"\n" not in self._buffer and len(self._buffer) <= REPLY_LIMIT:
            try:
                self._sock.settimeout(self._deadline.left())
                received = self._sock.recv(4096)
            except OSError as error:
                raise self._broken(step, error) from error
            if not received:
                raise self._broken(step, ConnectionError("the connection was closed"))
            self._buffer += received
        line, newline, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r") + newline

    def _broken(self, step: str, error: OSError) -> Failure:
        self._usable = False
        reason, advice = "connect" if step == "GREETING" else "protocol", broken_advice(step)
        # With TLS 1.3 only the server's first answer shows that it has accepted the handshake.
        if isinstance(self._sock, ssl.SSLSocket) and step in ("GREETING", "EHLO") and not isinstance(error, TIMEOUT):
            reason, advice = "tls", tls_advice(error)
        what = f"gave no complete answer to {_STEP_NAMES.get(step, step)}: {words(error)}"
        return Failure(reason=reason, what=what, advice=advice)
