# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import REPORT_SPEC
from ansible_collections.mailops.smtp.plugins.modules import smtp_report
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import REASONS, STATES
from ansible_collections.mailops.smtp.tests.unit.plugins.modules.test_consumers import agree
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import ACCOUNTS, SENDERS, reported

RETURNED = yaml.safe_load(smtp_report.RETURN)


def test_documented_options_are_the_real_ones() -> None:
    """Catches: an option, default, type or choice that the documentation gets wrong."""
    agree(yaml.safe_load(smtp_report.DOCUMENTATION)["options"], REPORT_SPEC)


def test_documented_result_is_the_real_one() -> None:
    """Catches: a field of the JSON that nobody knows of, or one that is promised and missing."""
    data: dict[str, Any] = reported(ACCOUNTS, SENDERS).data()
    assert set(RETURNED) == {*data, "outputs"}
    assert set(RETURNED["totals"]["contains"]) == set(data["totals"])
    assert {*data["accounts"][0]} == set(RETURNED["accounts"]["contains"])
    assert {*data["senders"][0]} == set(RETURNED["senders"]["contains"])


def test_every_state_and_reason_is_documented() -> None:
    """Catches: a word in a report that a playbook cannot know of."""
    fields = RETURNED["accounts"]["contains"]
    assert all(f"V({reason})" in " ".join(fields["attention"]["description"]) for reason in REASONS)
    assert all(f"V({state})" in " ".join(fields["state"]["description"]) for state in STATES)


def test_examples_use_only_options_that_exist() -> None:
    """Catches: an example that does not run."""
    tasks = [task for task in yaml.safe_load(smtp_report.EXAMPLES) if "mailops.smtp.smtp_report" in task]
    assert len(tasks) == 2
    assert all(set(task["mailops.smtp.smtp_report"]) <= set(REPORT_SPEC) for task in tasks)


def test_module_is_documentation_only() -> None:
    """Catches: code that would run on a host, where the store is not."""
    body = ast.parse(Path(smtp_report.__file__).read_text(encoding="utf-8")).body
    assert {type(node) for node in body} == {ast.Expr, ast.ImportFrom, ast.Assign}
