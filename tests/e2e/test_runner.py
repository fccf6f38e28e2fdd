# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation as a job of ansible-runner, which is how AWX runs it: its prompts, its time-outs, its events.

The window and the idle time-out are scaled down; test_leaks_runner.py has them in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from standin.service import StandIn
from support.controller import KEYS
from support.long import LONG
from support.runner import CANARY, Job
from support.search import Search
from support.settings import a_provider, in_force, passwords_of, role_variables

ONE = "1.acme.smtp"
OLD = "the-password-of-before-0"
VAULT_PASSWORD = "the-vault-password-of-the-job"
CHANGE = "Change the passwords that are due"
ANNOUNCED = "Wait for the SMTP passwords to take effect"
KEYS_AS_VARIABLES = {f"smtp_rotation_{name}": value for name, value in KEYS.items()}
KEYS_IN_ENVIRONMENT = {f"EMAILLABS_{name.upper()}": value for name, value in KEYS.items()}


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with a_provider({ONE: OLD}) as running:
        yield running


def a_job(folder: Path, provider: StandIn, *, window: int, interval: int, idle: int) -> Job:
    """Return a job whose keys come as a credential type gives them: in a file of extra variables."""
    provider.accounts.propagation = window
    variables = role_variables(
        provider,
        folder / "smtp.yml",
        propagation_seconds=window,
        progress_interval=interval,
    )
    return Job(folder, VAULT_PASSWORD, {**variables, **KEYS_AS_VARIABLES}, settings={"idle_timeout": idle})


def secrets(provider: StandIn) -> dict[str, str]:
    return {**KEYS, **passwords_of(provider), "vault password": VAULT_PASSWORD}


def no_secret_is_left(job: Job, provider: StandIn, *outputs: str, keys_in_command: bool = False) -> None:
    """Search all that ansible-runner and Ansible wrote, and see the canary in the same search.

    :param keys_in_command: whether ansible-runner was given the keys as environment, which it writes into a file
    """
    search = Search(secrets(provider))
    for folder in (job.artifacts, job.folder / "home"):
        hits = search.folder(folder).hits
        own = [hit for hit in hits if keys_in_command and Path(hit.place).name == "command" and hit.secret in KEYS]
        assert [hit for hit in hits if hit not in own] == []
    assert [hit for output in outputs for hit in search.text(output, "output").hits] == []
    seen = {Path(hit.place).parent.name for hit in Search({"canary": CANARY}).folder(job.artifacts).hits}
    assert {"job_events"} <= seen
    assert any(CANARY in output for output in outputs)


def is_proved_after_one_change(job: Job, provider: StandIn) -> None:
    record = provider.record
    assert len(record.changes(ONE)) == 1
    assert [(login["accepted"], login["in_window"]) for login in record.logins()] == [(True, False)]
    assert len(record.messages(ONE)) == 1
    assert 'verified_at: "' in (job.folder / "smtp.yml").read_text()
    assert in_force(provider, ONE) != OLD


def announced(artifacts: Path) -> bool:
    """Tell whether the job has come to its wait."""
    return any(f'"task": "{ANNOUNCED}"' in path.read_text() for path in artifacts.glob("job_events/*-*.json"))


def test_job_outlives_an_idle_timeout_and_leaves_no_secret(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a wait that the job system takes for a hang; a secret in events, output, fact cache or arguments."""
    job = a_job(tmp_path, provider, window=30, interval=5, idle=20)
    job.gather_facts = True
    launch = job.launch()
    assert (launch.status, launch.code) == ("successful", 0), launch.output
    is_proved_after_one_change(job, provider)
    assert "5 seconds left" in launch.output or "6 seconds left" in launch.output
    no_secret_is_left(job, provider, launch.output)
    # The facts were kept, with the environment in them: what was searched is not an empty folder.
    assert str(tmp_path / "home") in next((launch.artifacts / "fact_cache").iterdir()).read_text()


@LONG
def test_long_batch_tells_how_far_it_is(tmp_path: Path) -> None:
    """Catches: progress that goes to a terminal only, which a job of hundreds of accounts does not have."""
    with a_provider({f"{number}.acme.smtp": f"{OLD}-{number}" for number in range(200)}) as provider:
        job = a_job(tmp_path, provider, window=1, interval=5, idle=60)
        over = {"smtp_rotation_accounts": provider.accounts.names(), "smtp_rotation_test_send": False}
        job.variables = {**job.variables, **over}
        launch = job.launch()
        assert launch.status == "successful", launch.output
        assert len(provider.record.changes()) == 200
        told = [event["stdout"] for event in launch.events() if "accounts are done" in event["stdout"]]
        assert len(told) == 1
        assert re.search(r"128 of 200 accounts are done, [\d.]+ a second, about \d+ seconds left", told[0])


@LONG
def test_silent_job_is_ended_and_the_next_finishes_it(tmp_path: Path, provider: StandIn) -> None:
    """Catches: an idle time-out that is not in force in these tests; a job that begins anew after it was ended."""
    job = a_job(tmp_path, provider, window=45, interval=900, idle=20)
    ended = job.launch()
    assert ended.status == "timeout"
    assert provider.record.logins() == []
    job.variables = {**job.variables, "smtp_rotation_progress_interval": 4}
    again = job.launch()
    assert again.status == "successful", again.output
    assert again.results(CHANGE)[0]["accounts"][0]["action"] == "unchanged"
    is_proved_after_one_change(job, provider)
    no_secret_is_left(job, provider, ended.output, again.output)


@LONG
def test_job_cancelled_in_the_wait_is_finished_by_the_next(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a second change, a login inside the window, a test that never comes, after someone pressed cancel."""
    job = a_job(tmp_path, provider, window=15, interval=4, idle=60)
    job.variables = {name: value for name, value in job.variables.items() if name not in KEYS_AS_VARIABLES}
    job.environment = KEYS_IN_ENVIRONMENT
    cancelled = job.launch(cancel_when=announced)
    assert cancelled.status == "canceled"
    again = job.launch()
    assert again.status == "successful", again.output
    assert again.results(CHANGE)[0]["accounts"][0]["action"] == "unchanged"
    assert again.results(CHANGE)[0]["seconds_until_effective"] <= 15
    is_proved_after_one_change(job, provider)
    no_secret_is_left(job, provider, cancelled.output, again.output, keys_in_command=True)
