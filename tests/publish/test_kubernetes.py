# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishing to Kubernetes, with its collection and its client, at a counterpart of the API: not run at a real one."""

from __future__ import annotations

import base64
from typing import Any

from support.kube import KubernetesApi
from support.publishing import Publishing


def fields_of(api: KubernetesApi) -> dict[str, str]:
    """Return the fields of the secret, decoded."""
    data = api.data("mail", "smtp-1.acme.smtp")
    return {name: base64.b64decode(text).decode() for name, text in data.items()}


def test_secret_of_a_namespace(publishing: Publishing, kubernetes_api: KubernetesApi) -> None:
    """Catches: a password that is not encoded as Kubernetes has it, a change in every run, fields of others removed."""
    options = {"host": kubernetes_api.url, "api_key": "token-of-the-tests", "validate_certs": False}
    target: dict[str, Any] = {"kind": "kubernetes", "path": "mail/smtp-{account}", "options": options}
    first = publishing.run([target])
    assert first.code == 0, first.output
    server = publishing.scene.provider
    expected = {
        "username": "1.acme.smtp",
        "password": publishing.in_force(),
        "host": server.smtp_host,
        "port": str(server.smtp_port),
    }
    assert fields_of(kubernetes_api) == expected
    kubernetes_api.data("mail", "smtp-1.acme.smtp")["of_others"] = "eA=="
    assert publishing.run([target]).code == 0
    again = publishing.run([target], publish_again=True)
    assert again.code == 0, again.output
    assert kubernetes_api.writes == 1
    assert publishing.run([target], rotate="always").code == 0
    assert fields_of(kubernetes_api) == {**expected, "password": publishing.in_force(), "of_others": "x"}
