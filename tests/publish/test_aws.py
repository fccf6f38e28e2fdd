# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishing to AWS: its modules and boto3, and a server that answers as AWS does (moto)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.publishing import Publishing, a_publishing

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed: run make publish")
moto = pytest.importorskip("moto.server", reason="moto is not installed: run make publish")

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret"}
REGION = "eu-central-1"


class Aws:
    """A server on this machine. What it has is kept when it stops."""

    def __init__(self) -> None:
        self._server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]
        self.client("ssm").meta  # noqa: B018
        self.post("/moto-api/reset")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, path: str) -> None:
        """Tell the server something that is not of AWS."""
        import requests

        requests.post(f"{self.url}{path}", timeout=20).raise_for_status()

    def client(self, service: str) -> Any:
        """Return a client of one of its services."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )

    def parameter(self, name: str) -> dict[str, Any]:
        """Return a parameter, decrypted."""
        found: dict[str, Any] = self.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]
        return found

    def stop(self) -> None:
        """Take the server down."""
        self._server.stop()

    def start(self) -> None:
        """Start it again where it was."""
        self._server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=self.port)
        self._server.start()


@pytest.fixture
def aws() -> Iterator[Aws]:
    made = Aws()
    yield made
    made.stop()


@pytest.fixture
def publishing(tmp_path: Path) -> Iterator[Publishing]:
    with a_publishing(tmp_path, KEYS) as made:
        yield made


def ssm(aws: Aws, **more: Any) -> dict[str, Any]:
    return {
        "name": "prod",
        "kind": "aws_ssm",
        "path": "/mail/{account}",
        "options": {"region": REGION, "endpoint_url": aws.url},
        **more,
    }


def test_parameter_is_published_once(publishing: Publishing, aws: Aws) -> None:
    """Catches: a value that is not the one in force, a parameter in clear, a new version in every run."""
    target = ssm(aws)
    first = publishing.run([target])
    assert first.code == 0, first.output
    assert ["1.acme.smtp", "prod", "published"] in first.rows
    found = aws.parameter(f"/mail/{publishing.one}")
    assert (found["Value"], found["Type"], found["Version"]) == (publishing.in_force(), "SecureString", 1)
    again = publishing.run([target])
    assert again.code == 0, again.output
    assert again.recap["changed"] == 0
    assert aws.parameter(f"/mail/{publishing.one}")["Version"] == 1
