# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation under ansible-runner in full time: a window of 150 seconds, ended after 60 seconds of silence.

test_runner.py has the same in less time.
"""

from __future__ import annotations

from pathlib import Path

from support.controller import KEYS
from support.long import LONG
from support.runner import CANARY, Job
from support.search import Search
from support.settings import a_provider, passwords_of, role_variables

ONE = "1.acme.smtp"
VAULT_PASSWORD = "the-vault-password-of-the-job"
WINDOW, IDLE, INTERVAL = 150, 60, 30


@LONG
def test_job_with_the_idle_timeout_of_a_minute(tmp_path: Path) -> None:
    """Catches: a job that a job system ends in its wait, and a secret in anything that it wrote meanwhile."""
    with a_provider({ONE: "the-password-of-before-0"}, propagation=WINDOW) as provider:
        variables = role_variables(
            provider, tmp_path / "smtp.yml", propagation_seconds=WINDOW, progress_interval=INTERVAL
        )
        keys = {f"smtp_rotation_{name}": value for name, value in KEYS.items()}
        job = Job(tmp_path, VAULT_PASSWORD, {**variables, **keys}, settings={"idle_timeout": IDLE}, seconds=900)
        launch = job.launch()
        secrets = {**KEYS, **passwords_of(provider), "vault password": VAULT_PASSWORD}
    assert launch.status == "successful", launch.output
    assert [login["accepted"] for login in provider.record.logins()] == [True]
    assert not provider.record.logins(in_window=True)
    changed, tested = provider.record.changes()[0]["time"], provider.record.logins()[0]["time"]
    searched = Search(secrets).folder(job.artifacts)
    print(f"waited {tested - changed:.0f} s, searched {searched.texts} texts, found {len(searched.hits)}")
    assert tested - changed >= WINDOW
    assert searched.hits == []
    assert Search({"canary": CANARY}).folder(job.artifacts).hits
