# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers as AWS does (moto), in this process."""

from __future__ import annotations

import socket
import urllib.request
from importlib import import_module
from typing import Any

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret"}
REGION = "eu-central-1"


class Aws:
    """The server. What it has is kept while it is down."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()
        reset = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310
        urllib.request.urlopen(reset, timeout=20).close()  # noqa: S310

    def start(self) -> None:
        """Start it where it was."""
        self._server = import_module("moto.server").ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Take it down."""
        self._server.stop()

    def client(self, service: str) -> Any:
        """Return a client of one of its services."""
        return import_module("boto3").client(
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

    def has_parameters(self) -> bool:
        """Tell whether there is any parameter."""
        return bool(self.client("ssm").describe_parameters()["Parameters"])

    def target(self, kind: str = "aws_ssm", **more: Any) -> dict[str, Any]:
        """Return a target of this server."""
        options = {"region": REGION, "endpoint_url": self.url}
        return {"name": kind, "kind": kind, "path": "/mail/{account}", "options": options, **more}
