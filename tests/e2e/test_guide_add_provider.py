# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide "Add a provider in one page", tried: its example, as it is printed, against a server of that shape."""

from __future__ import annotations

import http.server
import json
import re
import textwrap
import threading
from pathlib import Path
from typing import Any

import yaml
from support.controller import Controller

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_add_provider.rst"
ACCOUNT = "news@shop.example"
KEY = "key-of-the-gateway-1"


def definition_in_the_guide() -> dict[str, Any]:
    block = re.search(r"\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)", GUIDE.read_text())
    assert block is not None
    found: dict[str, Any] = yaml.safe_load(textwrap.dedent(block[1]))["smtp_rotation_provider_definition"]
    return found


def test_example_of_the_guide_rotates_a_password(tmp_path: Path) -> None:
    """Catches: a guide whose example is not valid or does not do what the guide says."""
    passwords: dict[str, str] = {ACCOUNT: ""}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            action, known = self.headers["X-TC-Action"], asked["EmailAddress"] in passwords
            answer: dict[str, Any] = {"RequestId": "r-1"}
            if self.headers["Authorization"] != f"Bearer {KEY}":
                answer["Error"] = {"Code": "AuthFailure.SecretIdNotFound", "Message": "The key does not exist"}
            elif action != "UpdateEmailSmtpPassWord" or not known:
                answer["Error"] = {"Code": "InvalidParameterValue.NotExist", "Message": "No such sender"}
            else:
                passwords[asked["EmailAddress"]] = asked["Password"]
            text = json.dumps({"Response": answer}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    controller = Controller(tmp_path)
    tasks = [
        {
            "name": name,
            "ignore_errors": True,
            "mailops.smtp.smtp_account_password": {
                "accounts": [account],
                "provider_definition": definition_in_the_guide(),
                "api_url": f"http://127.0.0.1:{server.server_port}",
                "api_key": key,
                "vault_file": str(controller.store),
                "retries": 0,
            },
        }
        for name, account, key in (
            ("good", ACCOUNT, KEY),
            ("gone", "no@shop.example", KEY),
            ("denied", "no@x.y", "bad-key"),
        )
    ]
    ended = controller.tasks(tasks)
    server.shutdown()
    server.server_close()
    assert ended.result("good")["accounts"][0]["action"] == "rotated"
    assert 50 < ended.result("good")["seconds_until_effective"] <= 60
    assert controller.decrypted()[ACCOUNT]["password"] == passwords[ACCOUNT]
    assert "No such sender (InvalidParameterValue.NotExist) [request id r-1]" in ended.result("gone")["msg"]
    assert "The key does not exist (AuthFailure.SecretIdNotFound)" in ended.result("denied")["msg"]
