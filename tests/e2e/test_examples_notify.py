# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of C(smtp_rotation_notify_tasks), as they are, against a mail program and servers that record."""

from __future__ import annotations

import contextlib
import email
import email.policy
import http.server
import json
import shutil
import stat
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from support.controller import Ended
from support.scene import ONE, Scene, variables

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "notify"
SECRET_PATH = "/services/T0/B0/the-secret-of-the-webhook"


class Recorded(http.server.HTTPServer):
    """A server that keeps what it is sent, and answers as it is told."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Recorded

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/json"
        self.server.calls.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        return


@pytest.fixture
def server() -> Iterator[Recorded]:
    with Recorded() as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def run(scene: Scene, example: str, *, code: int, **more: Any) -> Ended:
    """Run the role with an example's tasks, and variables for these."""
    scene.provider.accounts.propagation = 1
    values = variables(scene, propagation_seconds=1, notify_tasks=str(EXAMPLES / example))
    role = {"role": "mailops.smtp.smtp_rotation", "vars": values}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role], "vars": more}
    ended = scene.controller.play_file(scene.controller.write_play([play]))
    assert ended.code == code, ended.output
    return ended


def refuse(scene: Scene) -> None:
    """Have the server refuse the login of the test message."""
    scene.provider.submission.refuse_login = "535 5.7.8 Error: authentication failed"


def a_mail_program(folder: Path) -> tuple[list[str], Path]:
    """Return the command of a mail program that keeps the message that it is given, and where."""
    program, kept = folder / "sendmail", folder / "message"
    program.write_text(f'#!/bin/sh\necho "$@" >{folder}/arguments\ncat >{kept}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return [str(program), "-t", "-i"], kept


def test_mail(scene: Scene) -> None:
    """Catches: a message that a mail program does not understand, or that does not say what to do."""
    command, kept = a_mail_program(scene.controller.folder)
    refuse(scene)
    addresses = {"smtp_notify_sender": "rotation@acme.example", "smtp_notify_recipient": "ops@acme.example"}
    run(scene, "mail.yml", code=2, smtp_notify_sendmail=command, **addresses)
    message = email.message_from_bytes(kept.read_bytes(), policy=email.policy.default)
    assert message.defects == []
    assert (message["From"], message["To"]) == ("rotation@acme.example", "ops@acme.example")
    assert message["Subject"] == "SMTP passwords: rotation failed on localhost"
    body = message.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert f"the new password of {ONE} has not been tested successfully. Run again: only the test is repeated" in body
    assert f"unverified: {ONE}\n  since: {scene.controller.decrypted()[ONE]['changed_at']}\n" in body
    assert "  reason: auth_rejected\n  next: Run again" in body


def test_chat(scene: Scene, server: Recorded) -> None:
    """Catches: a message in a form that no chat takes; the address of the webhook in the output."""
    refuse(scene)
    ended = run(scene, "chat.yml", code=2, smtp_notify_webhook=server.url + SECRET_PATH)
    ((path, body),) = server.calls
    assert path == SECRET_PATH
    subject, text = body.pop("text").split("\n")
    assert body == {}
    assert subject == "SMTP passwords: rotation failed on localhost"
    assert ONE in text
    assert "the-secret-of-the-webhook" not in ended.output


def test_chat_that_is_down(scene: Scene, server: Recorded) -> None:
    """Catches: a rotation whose outcome is another one as the chat is down; the address in the warning."""
    server.status = 503
    scene.controller.store.write_text("not a store\n")
    ended = run(scene, "chat.yml", code=2, smtp_notify_webhook=server.url + SECRET_PATH)
    assert "smtp_rotation_notify_tasks failed: its message is hidden by no_log" in " ".join(ended.output.split())
    assert "the-secret-of-the-webhook" not in ended.output


def test_alertmanager(scene: Scene, server: Recorded) -> None:
    """Catches: an alert without what tells it from others, without an end, or that begins in the future."""
    refuse(scene)
    run(scene, "alertmanager.yml", code=2, smtp_notify_alertmanager=server.url)
    assert {path for path, _body in server.calls} == {"/api/v2/alerts"}
    alerts = {alert["labels"]["kind"]: alert for _path, body in server.calls for alert in body}
    assert list(alerts) == ["failed", "unverified"]
    alert = alerts["unverified"]
    assert alert["labels"]["account"] == ONE
    assert alert["startsAt"] == scene.controller.decrypted()[ONE]["changed_at"]
    ends = datetime.fromisoformat(alert["endsAt"].replace("Z", "+00:00"))
    assert 25 < (ends - datetime.now(timezone.utc)).total_seconds() / 3600 < 27


def test_playbook(scene: Scene) -> None:
    """Catches: an example that names a file that is not beside it."""
    folder = scene.controller.folder
    for name in ("rotate.yml", "mail.yml"):
        shutil.copy(EXAMPLES / name, folder / name)
    command, kept = a_mail_program(folder)
    own = {"smtp_notify_sender": "a@acme.example", "smtp_notify_recipient": "b@acme.example"}
    values = {**variables(scene, propagation_seconds=1), **own, "smtp_notify_sendmail": command}
    (folder / "group_vars").mkdir()
    (folder / "group_vars" / "all.json").write_text(json.dumps(values))
    scene.provider.accounts.propagation = 1
    assert scene.controller.play_file(folder / "rotate.yml").code == 0
    assert not kept.exists()
    scene.backdate(days=88)
    assert scene.controller.play_file(folder / "rotate.yml").code == 0
    with contextlib.closing(kept.open()) as told:
        assert "Subject: SMTP passwords: due\n" in told.read()
