# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real OpenBao, which speaks the API of HashiCorp Vault."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.waiting import until

ROOT = "token-of-the-root-user"
WRITER = 'path "secret/data/*" { capabilities = ["create", "update"] }'


@dataclass
class Bao:
    """A server in its development mode, in memory."""

    url: str

    def ask(self, path: str, body: Any = None, method: str = "GET") -> Any:
        """Return what the server answers, as its root user."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/v1/{path}", data, {"X-Vault-Token": ROOT}, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def is_ready(self) -> bool:
        """Tell whether it answers."""
        try:
            return bool(self.ask("sys/health"))
        except OSError:
            return False

    def token(self) -> str:
        """Return a token that may write secrets, and read none."""
        self.ask("sys/policies/acl/writer", {"policy": WRITER}, "PUT")
        made = self.ask("auth/token/create", {"policies": ["writer"], "no_default_policy": True}, "POST")
        token: str = made["auth"]["client_token"]
        return token

    def secret(self, path: str) -> tuple[dict[str, str], int]:
        """Return a secret and its version."""
        found = self.ask(f"secret/data/{path}")["data"]
        return found["data"], found["metadata"]["version"]


@contextlib.contextmanager
def a_bao(program: str, folder: Path) -> Iterator[Bao]:
    """Run a server until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "server", "-dev", f"-dev-root-token-id={ROOT}", f"-dev-listen-address=127.0.0.1:{port}"]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    with (
        (folder / "bao.log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process,
    ):
        try:
            made = Bao(f"http://127.0.0.1:{port}")
            until(made.is_ready, seconds=30)
            yield made
        finally:
            process.kill()
