# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Postfix asks about logins: Dovecot's authentication protocol, as far as Postfix needs it."""

from __future__ import annotations

import base64
import contextlib
import shutil
import socketserver
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

_HELLO = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0\nDONE\n"


class DovecotAuth:
    """A context manager that answers on a socket in a folder.

    :param folder: where the socket is, for everyone to use
    :param passwords: login to password
    :param down: whether it hangs up when it is asked, as Dovecot does while it is overloaded or restarts
    """

    def __init__(self, folder: Path, passwords: Mapping[str, str]) -> None:
        self.path = folder / "auth"
        self.down = False
        self._passwords = dict(passwords)
        self._server = socketserver.ThreadingUnixStreamServer(str(self.path), self._handler())
        self._server.daemon_threads = True
        # Postfix's processes are another user.
        shutil.chown(self.path, "postfix")

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    self.wfile.write(_HELLO.encode())
                    for line in self.rfile:
                        fields = line.decode().rstrip("\n").split("\t")
                        if fields[0] == "AUTH":
                            if owner.down:
                                return
                            self.wfile.write(owner.answer(fields).encode())

        return Handler

    def answer(self, fields: list[str]) -> str:
        """Return the answer to one request.

        :param fields: the request, split
        """
        response = next(field for field in fields if field.startswith("resp="))[len("resp=") :]
        _nobody, user, password = base64.b64decode(response).decode().split("\0")
        verdict = "OK" if self._passwords.get(user) == password else "FAIL"
        return f"{verdict}\t{fields[1]}\tuser={user}\n"

    def __enter__(self) -> DovecotAuth:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
