# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples for a fleet, with hosts that are this machine; what restarts a service writes a line instead.

relays.yml needs a Postfix and is only read here; the role's scenario for Postfix runs the same.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from standin.service import StandIn
from support.controller import BIN, KEYS, Controller, Ended
from support.long import LONG
from support.mail import try_login
from support.settings import a_provider, in_force, role_variables

FLEET = Path(__file__).resolve().parents[2] / "examples" / "fleet"
PLAYBOOKS = sorted(path.name for path in FLEET.glob("*.yml") if path.name != "inventory.yml")
ACCOUNTS = [f"{number}.acme.smtp" for number in range(1, 6)]
OLD = "the-password-of-before-0"
SERVICE = "ansible.builtin.systemd_service"


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with a_provider(dict.fromkeys(ACCOUNTS, OLD), propagation=1) as running:
        yield running


class Fleet:
    """The example in a folder of the test's, its hosts local, its files below that folder."""

    def __init__(self, folder: Path, provider: StandIn) -> None:
        self.controller = Controller(folder)
        self.provider = provider
        self.restarts = folder / "restarts"
        self.restarts.touch()
        for path in FLEET.rglob("*"):
            if path.is_file():
                self._place(path, folder / path.relative_to(FLEET))

    def _place(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        content = yaml.safe_load(source.read_text()) if source.suffix == ".yml" else source.read_text()
        target.write_text(content if isinstance(content, str) else yaml.safe_dump(self._local(content)))

    def _local(self, content: Any) -> Any:
        """Return the YAML with a line in a file in place of what restarts a service."""
        if isinstance(content, list):
            return [self._local(item) for item in content]
        if not isinstance(content, dict):
            return content
        if SERVICE in content:
            said = f"{{{{ inventory_hostname }}}} {content[SERVICE]['name']} {content[SERVICE]['state']}"
            return {"name": content["name"], "ansible.builtin.shell": f"echo {said} >>{self.restarts}"}
        return {name: self._local(value) for name, value in content.items()}

    def file_of(self, host: str) -> Path:
        """Return where a host's file with the password is."""
        return self.controller.folder / host / "file"

    def run(self, playbook: str) -> Ended:
        """Run a playbook of the example with the test's provider."""
        settings = role_variables(
            self.provider, self.controller.store, accounts=None, propagation_seconds=1, progress_interval=5
        )
        over = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_become": False,
            "smtp_rotation_template_dest": f"{self.controller.folder}/{{{{ inventory_hostname }}}}/file",
            "smtp_rotation_template_owner": "",
            "smtp_rotation_template_group": "",
            **{f"smtp_rotation_{name}": key for name, key in KEYS.items()},
            **settings,
        }
        (self.controller.folder / "over.yml").write_text(yaml.safe_dump(over))
        inventory = self.controller.folder / "inventory.yml"
        return self.controller.play_file(
            self.controller.folder / playbook, "-i", str(inventory), "-e", f"@{self.controller.folder}/over.yml"
        )

    def make_folders(self, *hosts: str) -> None:
        """Make the folders that exist on real hosts."""
        for host in hosts:
            self.file_of(host).parent.mkdir()

    def login(self, host: str) -> int:
        """Log in as the program on a host does, with what its file says, and return the answer's code."""
        values = dict(re.findall(r"^SMTP_(\w+)=(.*)$", self.file_of(host).read_text(), re.MULTILINE))
        at = (self.provider.smtp_host, self.provider.smtp_port)
        return try_login(*at, values["USERNAME"], values["PASSWORD"], self.provider.ca_path)[0]


def test_playbooks_are_valid(tmp_path: Path) -> None:
    """Catches: a playbook or an inventory that Ansible does not read."""
    controller = Controller(tmp_path)
    _command, environment, _results = controller.command(tmp_path, [])
    command = [str(BIN / "ansible-playbook"), "--syntax-check", "-i", "inventory.yml", *PLAYBOOKS]
    checked = subprocess.run(
        command, cwd=FLEET, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "WARNING" not in checked.stderr
    assert PLAYBOOKS == ["alternate.yml", "hooks.yml", "relays.yml", "template.yml"]


def test_template_has_the_password_in_force(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a file that is not written, has another password, or can be read by all; a program not restarted."""
    fleet = Fleet(tmp_path, provider)
    hosts = ("web1.acme.example", "web2.acme.example")
    fleet.make_folders(*hosts)
    ended = fleet.run("template.yml")
    assert ended.code == 0, ended.output
    assert [fleet.login(host) for host in hosts] == [235, 235]
    assert [fleet.file_of(host).stat().st_mode & 0o777 for host in hosts] == [0o600, 0o600]
    assert sorted(fleet.restarts.read_text().splitlines()) == [f"{host} shop restarted" for host in hosts]
    again = fleet.run("template.yml")
    assert again.code == 0, again.output
    assert len(fleet.restarts.read_text().splitlines()) == 2
    assert len(provider.record.changes()) == 1


@LONG
def test_hooks_run_in_their_order(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a worker that runs while its password changes, or that is not started again."""
    fleet = Fleet(tmp_path, provider)
    hosts = ("web1.acme.example", "web2.acme.example")
    fleet.make_folders(*hosts)
    deploy = tmp_path / "hooks" / "deploy.yml"
    text = re.sub(r"^ +(owner|group): .*\n", "", deploy.read_text(), flags=re.MULTILINE)
    deploy.write_text(re.sub(r"(dest): .*", rf"\1: '{tmp_path}/{{{{ inventory_hostname }}}}/file'", text))
    ended = fleet.run("hooks.yml")
    assert ended.code == 0, ended.output
    for host in hosts:
        said = [line.split()[2] for line in fleet.restarts.read_text().splitlines() if line.startswith(host)]
        assert said == ["stopped", "started"]
        assert f'password "{in_force(provider, "3.acme.smtp")}"' in fleet.file_of(host).read_text()


@LONG
def test_alternate_switches_user_name_and_password_together(tmp_path: Path, provider: StandIn) -> None:
    """Catches: hosts that get a password that was not tested, or the user name of the other account."""
    fleet = Fleet(tmp_path, provider)
    hosts = ("news1.acme.example", "news2.acme.example")
    fleet.make_folders(*hosts)
    ended = fleet.run("alternate.yml")
    assert ended.code == 0, ended.output
    assert [fleet.login(host) for host in hosts] == [235, 235]
    assert all("SMTP_USERNAME=5.acme.smtp" in fleet.file_of(host).read_text() for host in hosts)
    assert [event["account"] for event in provider.record.changes()] == ["5.acme.smtp"]
    assert not provider.record.logins(in_window=True)
