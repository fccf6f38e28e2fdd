# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples for GitHub Actions and GitLab CI: their own shell, with a real remote and runners that vanish."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from standin.faults import Fault
from standin.service import StandIn
from support.controller import KEYS, VAULT_PASSWORD
from support.jobs import Ran, Service, github_steps, gitlab_job
from support.long import LONG
from support.search import Search
from support.settings import a_provider, in_force, passwords_of, role_variables

CI = Path(__file__).resolve().parents[2] / "examples" / "ci"
ONE = "1.acme.smtp"
OLD = "the-password-of-before-0"
STORE = "group_vars/all/smtp.yml"
WINDOW = 2
SECRETS = {"VAULT_PASSWORD": VAULT_PASSWORD, **{f"EMAILLABS_{name.upper()}": key for name, key in KEYS.items()}}
WORKFLOW, PIPELINE = CI / "github-rotate.yml", CI / "gitlab-ci.yml"


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with a_provider({ONE: OLD}, propagation=WINDOW) as running:
        yield running


@pytest.fixture
def service(tmp_path: Path, provider: StandIn) -> Service:
    variables = role_variables(provider, STORE, propagation_seconds=WINDOW, max_age="90d")
    files: dict[str, Path | str] = {name: CI / name for name in ("rotate.yml", "report.yml", "push-store")}
    files |= {"vault-password": CI / "vault-password", "group_vars/all/rotation.yml": yaml.safe_dump(variables)}
    return Service(tmp_path, files, SECRETS)


def values(record: dict[str, Any]) -> set[str]:
    """Return every password that a record of the store has."""
    names = ("password", "previous_password", "staged_password")
    return {record[name] for name in names if name in record} | set(record.get("doubtful_passwords", []))


def nothing_is_lost(service: Service, provider: StandIn) -> None:
    """Hold the repository against the provider: the password in force is the one of before, or is in the store."""
    now = in_force(provider, ONE)
    assert now == OLD or now in values(service.pushed(STORE)[ONE])


def is_finished(service: Service, provider: StandIn) -> None:
    record = service.pushed(STORE)[ONE]
    assert record["password"] == in_force(provider, ONE) != OLD
    assert record["verified_at"] and "staged_password" not in record
    assert len(provider.record.changes(ONE)) == 1
    assert provider.record.logins(in_window=True) == []
    assert provider.record.logins(ONE)[-1]["accepted"]


def no_secret_is_left(service: Service, provider: StandIn) -> None:
    search = Search({**SECRETS, **passwords_of(provider)})
    for text in (*service.outputs, service.history()):
        assert search.text(text, "output").hits == []
    assert "changed_at" in service.history()


def gitlab(service: Service, script: list[str], variables: dict[str, str]) -> Ran:
    """Run lines of GitLab's script on a new runner, as one shell, and throw the runner away."""
    given = {
        "CI_SERVER_URL": f"file://{service.folder}",
        "CI_PROJECT_PATH": "remote",
        "CI_COMMIT_BRANCH": "main",
        "CI_PROJECT_DIR": str(service.runner),
        "GITLAB_CI": "true",
        "GITHUB_ACTIONS": "",
        "GITHUB_STEP_SUMMARY": "",
    }
    service.clone()
    ran = service.shell("\n".join(script), {**given, **variables, **SECRETS})
    service.lose()
    return ran


def test_runner_of_github_vanishes_between_any_two_steps(service: Service, provider: StandIn) -> None:
    """Catches: a password that only the lost runner knew; a run that cannot go on where another one was lost."""
    steps = github_steps(WORKFLOW)
    assert [step.script.split()[0] for step in steps] == [
        "ansible-playbook",
        "ansible-playbook",
        "./push-store",
        "ansible-playbook",
        "./push-store",
    ]
    for count in range(1, len(steps)):
        service.steps(steps[:count])
        nothing_is_lost(service, provider)
    service.steps(steps)
    is_finished(service, provider)
    no_secret_is_left(service, provider)


@pytest.mark.parametrize("at", ["github", "gitlab"])
def test_store_that_nobody_pushes_is_refused(service: Service, provider: StandIn, at: str) -> None:
    """Catches: a job without the steps that push, which ends green and takes the only copy of the password with it."""
    if at == "github":
        service.clone()
        ran = service.shell("ansible-playbook rotate.yml", {**github_steps(WORKFLOW)[3].environment})
    else:
        ran = gitlab(service, ["ansible-playbook rotate.yml"], gitlab_job(PIPELINE)[1])
    assert ran.code == 2
    assert "would not outlive this run" in " ".join(ran.output.split()), ran.output
    assert provider.record.events() == []


@LONG
def test_nothing_is_pushed_when_nothing_is_due(service: Service, provider: StandIn) -> None:
    """Catches: a commit every night, a report that is empty, a report that needs the Vault password."""
    steps = github_steps(WORKFLOW)
    service.steps(steps)
    assert f"| {ONE} | none | never | unknown | changes or finishes it |" in service.summary.read_text()
    before, calls = service.history(), len(provider.record.events())
    service.steps(steps)
    assert service.history() == before and len(provider.record.events()) == calls
    line = re.search(rf"\| {ONE} \| verified \| 20\S+ \| 20\S+ \| leaves it \|", service.summary.read_text())
    assert line is not None
    assert steps[0].environment == {}


@LONG
def test_runner_of_gitlab_vanishes_in_the_job(service: Service, provider: StandIn) -> None:
    """Catches: lines that do not fit together in one shell; a password that only the lost runner knew."""
    script, variables = gitlab_job(PIPELINE)
    for last in ("Stage new", "store_survives=true ||"):
        count = next(number for number, line in enumerate(script, 1) if last in line)
        assert gitlab(service, script[:count], variables).code == 0
        nothing_is_lost(service, provider)
    ended = gitlab(service, script, variables)
    assert ended.code == 0, ended.output
    is_finished(service, provider)
    no_secret_is_left(service, provider)


@LONG
def test_job_of_gitlab_fails_after_it_has_pushed(service: Service, provider: StandIn) -> None:
    """Catches: a job that is green although the rotation failed, or that does not push what the failure left."""
    script, variables = gitlab_job(PIPELINE)
    provider.faults.push(Fault(kind="refused_value"))
    ended = gitlab(service, script, variables)
    assert ended.code == 2
    # It was staged by an earlier process, so nobody knows that it was never sent before.
    assert "kept in doubtful_passwords" in " ".join(ended.output.split()), ended.output
    assert list(service.pushed(STORE)[ONE]) == ["staged_at", "doubtful_passwords"]


@LONG
def test_push_that_was_overtaken_is_repeated(service: Service) -> None:
    """Catches: a job that ends because somebody pushed something else meanwhile, or that pushes over it."""
    service.clone()
    service.shell("mkdir -p group_vars/all; echo 'smtp_accounts: {}' >group_vars/all/smtp.yml")
    other = service.folder / "other"
    service.shell(f"git clone -q {service.remote} {other} && cd {other} && touch new && git add new")
    service.shell(f"cd {other} && git commit -qm 'Something else' && git push -q origin HEAD:main")
    ran = service.shell("./push-store 'Rotate SMTP passwords'")
    assert ran.code == 0, ran.output
    assert {"Something else", "Rotate SMTP passwords"} <= {line.strip() for line in service.history().splitlines()}


@pytest.mark.parametrize(
    ("schema", "path"),
    [("vendor.github-workflows", WORKFLOW), ("vendor.gitlab-ci", PIPELINE)],
    ids=["github", "gitlab"],
)
def test_workflow_is_what_the_service_reads(schema: str, path: Path) -> None:
    """Catches: a key that the service does not know or reads otherwise, by its public schema."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    if "gitlab" in schema:
        command += ["--data-transform", "gitlab-ci"]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_actions_are_pinned_and_may_do_little() -> None:
    """Catches: an action that somebody else can change, a workflow with all permissions."""
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {"contents": "write"}
    uses = re.findall(r"uses: (\S+)", WORKFLOW.read_text())
    assert uses and all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", one) for one in uses)
