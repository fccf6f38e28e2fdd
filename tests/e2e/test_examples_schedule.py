# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples for cron and systemd: their own command lines, with the paths of the test in place of the machine's."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from standin.service import StandIn
from support.controller import BIN, COLLECTIONS, KEYS
from support.search import Search
from support.settings import a_provider, in_force, passwords_of, role_variables
from support.waiting import until

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
UNITS = [EXAMPLES / "systemd" / f"smtp-rotation.{kind}" for kind in ("service", "timer")]
ONE = "1.acme.smtp"
OLD = "the-password-of-before-0"
# No words in it that a message has too.
VAULT_PASSWORD = "Gh5Jk6Lz7Xc8Vb9Qw4Er"
MOST_EXPOSED = 20  # tenths of the exposure level that systemd gives: up to 2.0 is "OK"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with a_provider({ONE: OLD}, propagation=1) as running:
        yield running


@pytest.fixture
def places(tmp_path: Path, provider: StandIn) -> dict[str, str]:
    """The folders of the examples, each with a folder of the test in its place, filled as the documentation says."""
    found = {
        name: tmp_path / name.strip("/").replace("/", "-") for name in ("/srv/smtp-rotation", "/etc/smtp-rotation")
    }
    for folder in found.values():
        folder.mkdir()
    project, secret = found.values()
    (project / "rotate.yml").write_bytes((EXAMPLES / "ci" / "rotate.yml").read_bytes())
    (project / "group_vars").mkdir()
    variables = role_variables(provider, "smtp.yml", propagation_seconds=1)
    (project / "group_vars" / "all.yml").write_text(yaml.safe_dump(variables))
    (secret / "vault-password").write_text(VAULT_PASSWORD + "\n")
    (secret / "keys.yml").write_text(yaml.safe_dump({f"smtp_rotation_{name}": key for name, key in KEYS.items()}))
    return {**{name: str(folder) for name, folder in found.items()}, "/opt/ansible/bin": str(BIN)}


def placed(text: str, places: Mapping[str, str]) -> str:
    for name, folder in places.items():
        text = text.replace(name, folder)
    return text


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the little that cron and systemd give a job, and where the collection of this checkout is."""
    return {"HOME": str(folder), "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "LC_ALL": "C.UTF-8", **more}


def is_proved(provider: StandIn, store: Path) -> None:
    assert len(provider.record.changes(ONE)) == 1
    assert [login["accepted"] for login in provider.record.logins()] == [True]
    assert in_force(provider, ONE) != OLD
    assert "verified_at" in store.read_text()


def cron_entry(text: str, on: str = "*") -> tuple[dict[str, str], str]:
    """Return a crontab's variables and the command of its only entry, as cron reads them."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    variables = dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))
    (entry,) = [line for line in lines if not re.match(r"\w+=", line)]
    minute, hour, day, month, weekday, user, command = entry.split(maxsplit=6)
    assert (user, day, month, weekday) == ("smtp-rotation", "*", "*", on)
    assert int(minute) < 60 and int(hour) < 24
    assert "%" not in command  # cron ends the command there
    return variables, command


def test_cron_rotates_and_speaks_only_of_failures(tmp_path: Path, provider: StandIn, places: dict[str, str]) -> None:
    """Catches: a command that works in a terminal and not under cron; a mail every night; a silent failure."""
    variables, command = cron_entry(placed((EXAMPLES / "cron" / "smtp-rotation").read_text(), places))
    given = environment(tmp_path, PATH=variables["PATH"])

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [variables["SHELL"], "-c", command],
            cwd=tmp_path,
            env=given,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    project = Path(places["/srv/smtp-rotation"])
    first = run()
    assert (first.returncode, first.stdout, first.stderr) == (0, "", ""), (project / "last-run.log").read_text()
    is_proved(provider, project / "smtp.yml")
    (Path(places["/etc/smtp-rotation"]) / "vault-password").unlink()
    failed = run()
    assert failed.returncode == 1
    assert "vault-password" in failed.stdout
    search = Search({**KEYS, **passwords_of(provider), "vault password": VAULT_PASSWORD})
    assert search.folder(project).hits == []


def test_cron_audits_and_speaks_only_of_failures(tmp_path: Path, provider: StandIn, places: dict[str, str]) -> None:
    """Catches: an audit that needs the API keys, or that says each week that all is well; a silent failure."""
    _variables, rotate = cron_entry(placed((EXAMPLES / "cron" / "smtp-rotation").read_text(), places))
    variables, audit = cron_entry(placed((EXAMPLES / "cron" / "smtp-audit").read_text(), places), on="1")
    given = environment(tmp_path, PATH=variables["PATH"])

    def run(command: str) -> subprocess.CompletedProcess[str]:
        call = [variables["SHELL"], "-c", command]
        return subprocess.run(call, cwd=tmp_path, env=given, capture_output=True, text=True, timeout=300, check=False)

    assert run(rotate).returncode == 0
    (Path(places["/etc/smtp-rotation"]) / "keys.yml").unlink()
    assert (run(audit).returncode, len(provider.record.logins())) == (0, 2)
    provider.accounts.change(ONE, "set-in-the-panel-0Kd7")
    until(lambda: not provider.accounts.in_window(ONE), seconds=30)
    drift = run(audit)
    assert drift.returncode == 1
    assert f"{ONE}: the server refuses the stored password" in " ".join(drift.stdout.split())


@needs_systemd
def test_audit_units_of_the_guide(tmp_path: Path, places: dict[str, str]) -> None:
    """Catches: a command in the guide whose result systemd does not read, or that rotates."""
    guide = (EXAMPLES.parent / "docs" / "docsite" / "rst" / "guide_scheduled.rst").read_text()
    for path in UNITS:
        (tmp_path / path.name).write_text(placed(path.read_text(), places))
    commands = re.findall(r"^    # (sed .* >smtp-audit\.\w+)$", guide, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        subprocess.run(["sh", "-euc", command], cwd=tmp_path, check=True)
    units = [str(tmp_path / f"smtp-audit.{kind}") for kind in ("service", "timer")]
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )
    assert (checked.returncode, [line for line in checked.stderr.splitlines() if "smtp-audit" in line]) == (0, [])
    service = service_of((tmp_path / "smtp-audit.service").read_text())
    assert service["ExecStart"].endswith("--vault-password-file %d/vault-password -e smtp_rotation_state=audited")
    assert "keys.yml:" not in (tmp_path / "smtp-audit.service").read_text()


def service_of(text: str) -> dict[str, str]:
    """Return the settings of a unit's section Service; of one that stands there twice, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return dict(parser["Service"])


def test_service_rotates_with_its_credentials(tmp_path: Path, provider: StandIn, places: dict[str, str]) -> None:
    """Catches: a command line that names a file which is no credential; a secret in the command line or environment."""
    text = placed(UNITS[0].read_text(), places)
    service = service_of(text)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name, source in re.findall(r"^LoadCredential=(\S+?):(\S+)$", text, re.MULTILINE):
        (credentials / name).write_bytes(Path(source).read_bytes())
        (credentials / name).chmod(0o400)
    command = shlex.split(service["ExecStart"].replace("%d", str(credentials)))
    given = dict(word.split("=", 1) for word in service["Environment"].replace("%S", str(tmp_path)).split())
    ran = subprocess.run(
        command,
        cwd=service["WorkingDirectory"],
        env=environment(tmp_path, PATH="/usr/bin:/bin", **given),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    is_proved(provider, Path(places["/srv/smtp-rotation"]) / "smtp.yml")
    search = Search({**KEYS, **passwords_of(provider), "vault password": VAULT_PASSWORD})
    assert search.text(ran.stdout + ran.stderr, "output").hits == []
    assert Search(KEYS).text(" ".join([*command, *given.values()]), "command line").hits == []


@needs_systemd
def test_units_are_what_systemd_reads(tmp_path: Path, places: dict[str, str]) -> None:
    """Catches: a setting that systemd does not know, a program that is not there, a date that it cannot read."""
    units = []
    for path in UNITS:
        unit = tmp_path / path.name
        unit.write_text(placed(path.read_text(), places))
        units.append(str(unit))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )
    own = [line for line in checked.stderr.splitlines() if "smtp-rotation" in line]
    assert (checked.returncode, own) == (0, []), checked.stderr


@needs_systemd
def test_service_is_shut_in() -> None:
    """Catches: a hardening option that is lost."""
    command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(UNITS[0])]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    print(checked.stdout.strip().splitlines()[-1])
    assert checked.returncode == 0, checked.stdout + checked.stderr
