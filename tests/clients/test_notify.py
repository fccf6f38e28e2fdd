# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of C(smtp_rotation_notify_tasks) with a real Alertmanager and a real msmtp, of Debian."""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import shutil
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.crash.processes import kill_tree
from support.rooted import Root, why_not
from support.scene import ONE, TWO, Scene, a_scene, variables
from support.waiting import PATIENCE, until

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "notify"
pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture(scope="module")
def root() -> Root:
    """A Debian with Alertmanager and msmtp."""
    return Root("notify", ("prometheus-alertmanager", "msmtp")).make()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene("emaillabs", tmp_path) as made:
        yield made


def run_badly(scene: Scene, example: str, **more: Any) -> None:
    """Run the role with a store that is none, and the tasks of an example."""
    scene.controller.store.write_text("not a store\n")
    values = variables(scene, notify_tasks=str(EXAMPLES / example))
    role = {"role": "mailops.smtp.smtp_rotation", "vars": values}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role], "vars": more}
    ended = scene.controller.play_file(scene.controller.write_play([play]))
    assert ended.code == 2, ended.output
    assert "smtp_rotation_notify_tasks failed" not in ended.output


@contextlib.contextmanager
def alertmanager(root: Root) -> Iterator[str]:
    """Run Alertmanager, which tells nobody, and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    (root.folder / "tmp" / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    files = ("--config.file=/tmp/alertmanager.yml", "--storage.path=/tmp/alertmanager")
    running = root.start(
        "prometheus-alertmanager", *files, "--cluster.listen-address=", f"--web.listen-address={place}"
    )
    try:
        until(lambda: answers(place, "/-/ready"), seconds=PATIENCE)
        yield place
    finally:
        kill_tree(running.pid)
        running.wait()


def answers(place: str, path: str) -> bytes:
    """Return what Alertmanager says, nothing as long as it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{place}{path}", timeout=10) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def test_alertmanager_takes_the_alerts(root: Root, scene: Scene) -> None:
    """Catches: an alert that Alertmanager refuses, does not show as active, or merges with another one."""
    with alertmanager(root) as place:
        run_badly(scene, "alertmanager.yml", smtp_notify_alertmanager=f"http://{place}")
        alerts = json.loads(answers(place, "/api/v2/alerts?active=true"))
    assert sorted(alert["labels"]["kind"] for alert in alerts) == ["failed", "store"]
    assert {alert["status"]["state"] for alert in alerts} == {"active"}
    (failed,) = [alert for alert in alerts if alert["labels"]["kind"] == "failed"]
    assert failed["labels"]["host"] == "localhost"
    assert "smtp.yml" in failed["annotations"]["reason"]


def test_msmtp_sends_the_mail_with_another_account(root: Root, scene: Scene) -> None:
    """Catches: a message that a mail program cannot read the addresses from; one over the account that is rotated."""
    folder = root.folder / "tmp"
    shutil.copy(scene.provider.ca_path, folder / "ca.pem")
    (folder / "msmtprc").write_text(
        f"account default\nhost {scene.provider.smtp_host}\nport {scene.provider.smtp_port}\nauth on\ntls on\n"
        f"tls_trust_file /tmp/ca.pem\nuser {TWO}\npassword the-password-of-before-0\nfrom alerts@acme.example\n"
    )
    (folder / "msmtprc").chmod(0o600)
    command = root.command("msmtp", "--file=/tmp/msmtprc", "-t")
    addresses = {"smtp_notify_sender": "alerts@acme.example", "smtp_notify_recipient": "ops@acme.example"}
    run_badly(scene, "mail.yml", smtp_notify_sendmail=command, **addresses)
    (sent,) = scene.provider.messages
    (login,) = scene.provider.record.logins()
    assert (login["account"], login["accepted"]) == (TWO, True)
    message = email.message_from_bytes(sent.raw, policy=email.policy.default)
    assert (message["To"], message.defects) == ("ops@acme.example", [])
    assert "the store cannot be read" in str(message.get_content())
    assert ONE in str(message.get_content())
