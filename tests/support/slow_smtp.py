# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An SMTP server without login that answers a message only when it is told to, and counts its open connections."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from types import TracebackType
from typing import Any

SECONDS = 60.0


class SlowServer:
    """Listens on a port that the kernel chooses; a context manager.

    C(go) lets the answers to messages out: it is set, or a test clears it and sets it later.
    """

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.subjects: list[str] = []
        self.waiting = 0
        self.open = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.slow = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.port: int = self._server.server_address[1]

    def count(self, name: str, by: int) -> None:
        """Add to one of the counters."""
        with self._lock:
            setattr(self, name, getattr(self, name) + by)

    def __enter__(self) -> SlowServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    slow: SlowServer


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        slow = self.server.slow
        slow.count("open", 1)
        try:
            with contextlib.suppress(OSError):
                self._talk(slow)
        finally:
            slow.count("open", -1)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def _talk(self, slow: SlowServer) -> None:
        self._say("220 slow ESMTP")
        answers: dict[str, Any] = {"EHLO": "250 slow", "QUIT": "221 bye", "DATA": "354 go on"}
        while line := self.rfile.readline().decode("ascii", "replace").strip():
            verb = line.split()[0].upper()
            self._say(answers.get(verb, "250 ok"))
            if verb == "QUIT":
                return
            if verb == "DATA":
                self._take(slow)

    def _take(self, slow: SlowServer) -> None:
        subject = ""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            if line.lower().startswith(b"subject: "):
                subject = line[9:].decode().strip()
        slow.count("waiting", 1)
        slow.go.wait(SECONDS)
        slow.count("waiting", -1)
        # Taken, whether or not the client is still there to hear of it.
        slow.subjects.append(subject)
        self._say("250 taken")
