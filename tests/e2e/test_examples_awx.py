# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples for AWX: what AWX checks of them, by its documented rules, and a job with what they make."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2.sandbox
import pytest
import yaml
from support.controller import KEYS
from support.long import LONG
from support.runner import Job
from support.search import Search
from support.settings import a_provider, passwords_of, role_variables

AWX = Path(__file__).resolve().parents[2] / "examples" / "awx"
ACCOUNTS = ("1.acme.smtp", "2.acme.smtp")
VAULT_PASSWORD = "the-vault-password-of-the-job"
QUESTIONS = {"text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect"}


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((AWX / name).read_text())
    return found


def injected(values: Mapping[str, str]) -> dict[str, str]:
    """Return the extra variables that AWX makes of a credential."""
    templates = load("credential_type.yml")["injectors"]["extra_vars"]
    sandbox = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    return {name: sandbox.from_string(text).render(**values) for name, text in templates.items()}


def test_credential_type_is_one_that_awx_takes() -> None:
    """Catches: a key that is shown, a field that no template uses, a template that names no field, another injector."""
    kind = load("credential_type.yml")
    fields = {field["id"]: field for field in kind["inputs"]["fields"]}
    assert kind["kind"] in ("cloud", "net")
    assert set(kind["inputs"]["required"]) == set(fields)
    assert all(field["secret"] and field["type"] == "string" and field["label"] for field in fields.values())
    assert set(kind["injectors"]) == {"extra_vars"}
    values = {name: f"value of {name}" for name in fields}
    assert sorted(injected(values).values()) == sorted(values.values())


def test_survey_is_one_that_awx_takes() -> None:
    """Catches: a question that AWX refuses, and a variable that the playbook does not use."""
    survey = json.loads((AWX / "survey.json").read_text())
    assert {"name", "description", "spec"} == set(survey)
    for question in survey["spec"]:
        assert question["type"] in QUESTIONS
        assert re.fullmatch(r"[a-z_]+", question["variable"])
        assert question["variable"] in (AWX / "rotate.yml").read_text()
        assert question["question_name"] and isinstance(question["required"], bool)
        if question["type"] == "multiplechoice":
            assert question["default"] in question["choices"]


def test_schedule_is_one_that_awx_takes() -> None:
    """Catches: a rule that AWX refuses, and an answer to a question that the survey does not ask."""
    schedule = load("schedule.yml")
    rule = re.fullmatch(r"DTSTART;TZID=[\w/]+:\d{8}T\d{6} RRULE:FREQ=(\w+);INTERVAL=\d+", schedule["rrule"])
    assert rule is not None and rule[1] in ("HOURLY", "DAILY", "WEEKLY", "MONTHLY")
    asked = {question["variable"] for question in json.loads((AWX / "survey.json").read_text())["spec"]}
    assert set(schedule["extra_data"]) == asked


@LONG
@pytest.mark.parametrize(
    ("answers", "rotated"),
    [
        ({"survey_accounts": "2.acme.smtp\n", "survey_rotate": "always"}, [ACCOUNTS[1]]),
        (load("schedule.yml")["extra_data"], list(ACCOUNTS)),
    ],
    ids=["survey", "schedule"],
)
def test_job_of_the_example(tmp_path: Path, answers: dict[str, str], rotated: list[str]) -> None:
    """Catches: answers that the playbook misreads, keys that do not arrive, a key that is left in what AWX keeps."""
    with a_provider(dict.fromkeys(ACCOUNTS, "the-password-of-before-0"), propagation=1) as provider:
        variables = role_variables(provider, tmp_path / "smtp.yml", accounts=None, propagation_seconds=1)
        inventory = {"smtp_accounts_of_this_inventory": list(ACCOUNTS)}
        job = Job(tmp_path, VAULT_PASSWORD, {**variables, **inventory, **answers, **injected(KEYS)})
        job.play = yaml.safe_load((AWX / "rotate.yml").read_text())[0]
        launch = job.launch()
        assert launch.status == "successful", launch.output
        assert sorted(event["account"] for event in provider.record.changes()) == rotated
        assert sorted(event["account"] for event in provider.record.messages()) == rotated
        search = Search({**KEYS, **passwords_of(provider), "vault password": VAULT_PASSWORD})
    assert search.folder(job.artifacts).hits == []
