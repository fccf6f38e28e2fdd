# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishing to the key-value engine of a real OpenBao, which speaks the API of HashiCorp Vault."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.controller import BIN
from support.publishing import Publishing, a_publishing
from support.waiting import until

pytest.importorskip("hvac", reason="hvac is not installed: run make publish")
PROGRAM = shutil.which("bao", path=str(BIN))
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="OpenBao is not installed: run make publish")
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


@pytest.fixture
def bao(tmp_path: Path) -> Iterator[Bao]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(PROGRAM), "server", "-dev", f"-dev-root-token-id={ROOT}", f"-dev-listen-address=127.0.0.1:{port}"]
    with (tmp_path / "bao.log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        )
        try:
            made = Bao(f"http://127.0.0.1:{port}")
            until(made.is_ready, seconds=30)
            yield made
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def publishing(tmp_path: Path) -> Iterator[Publishing]:
    with a_publishing(tmp_path, {}) as made:
        yield made


def test_secret_of_the_kv_engine(publishing: Publishing, bao: Bao) -> None:
    """Catches: a token that would have to read, other fields than documented, a new version in every run."""
    publishing.scene.controller.environment["VAULT_TOKEN"] = bao.token()
    target = {"kind": "vault_kv2", "path": "smtp/{account}", "options": {"url": bao.url}}
    first = publishing.run([target])
    assert first.code == 0, first.output
    server = publishing.scene.provider
    expected = {
        "username": "1.acme.smtp",
        "password": publishing.in_force(),
        "host": server.smtp_host,
        "port": str(server.smtp_port),
    }
    assert bao.secret("smtp/1.acme.smtp") == (expected, 1)
    again = publishing.run([target])
    assert (again.code, again.recap["changed"]) == (0, 0), again.output
    assert bao.secret("smtp/1.acme.smtp")[1] == 1
    assert publishing.run([target], rotate="always").code == 0
    assert bao.secret("smtp/1.acme.smtp") == ({**expected, "password": publishing.in_force()}, 2)


def test_token_that_may_not_write(publishing: Publishing, bao: Bao) -> None:
    """Catches: a refusal that stops the rotation, or whose reason is not told; a shape that is not the one named."""
    publishing.scene.controller.environment["VAULT_TOKEN"] = bao.token()
    value = {"dsn": "{url}", "login": "{user}"}
    target = {"name": "bao", "kind": "vault_kv2", "path": "smtp/{account}", "options": {"url": bao.url}, "value": value}
    elsewhere = {**target, "options": {"url": bao.url, "engine_mount_point": "cubbyhole"}}
    refused = publishing.run([elsewhere])
    assert refused.code == 2
    assert "The password of 1.acme.smtp was not published to bao: Permission denied writing" in refused.said
    assert len(publishing.scene.provider.record.changes("1.acme.smtp")) == 1
    mended = publishing.run([target])
    assert mended.code == 0, mended.output
    server = publishing.scene.provider
    address = f"{server.smtp_host}:{server.smtp_port}"
    dsn = f"smtp://1.acme.smtp:{publishing.in_force()}@{address}"
    assert bao.secret("smtp/1.acme.smtp") == ({"dsn": dsn, "login": "1.acme.smtp"}, 1)
    assert len(publishing.scene.provider.record.changes("1.acme.smtp")) == 1
