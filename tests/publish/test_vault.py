# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishing to the key-value engine of a real OpenBao, which speaks the API of HashiCorp Vault."""

from __future__ import annotations

from support.bao import Bao
from support.publishing import Publishing


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
