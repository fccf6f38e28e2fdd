# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
from pathlib import Path

import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import SENDER_SPEC
from ansible_collections.mailops.smtp.plugins.modules import smtp_sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import Step


def test_documented_options_are_the_real_ones() -> None:
    """Catches: an option, default, type or choice that the documentation gets wrong."""
    documented = yaml.safe_load(smtp_sender.DOCUMENTATION)["options"]
    assert set(documented) == set(SENDER_SPEC)
    for name, spec in SENDER_SPEC.items():
        assert documented[name]["type"] == spec["type"], name
        assert documented[name].get("required", False) == spec.get("required", False), name
        assert documented[name].get("default") == spec.get("default"), name
        assert list(documented[name].get("choices", [])) == spec.get("choices", []), name


def test_documented_steps_are_those_that_exist() -> None:
    """Catches: a step that a playbook cannot know of."""
    fields = yaml.safe_load(smtp_sender.RETURN)["senders"]["contains"]
    documented = " ".join(fields["step"]["description"])
    assert all(f"V({step.value})" in documented for step in Step)


def test_examples_use_only_options_that_exist() -> None:
    """Catches: an example that does not run."""
    tasks = [task for task in yaml.safe_load(smtp_sender.EXAMPLES) if "mailops.smtp.smtp_sender" in task]
    assert len(tasks) == 3
    assert all(set(task["mailops.smtp.smtp_sender"]) <= set(SENDER_SPEC) for task in tasks)


def test_module_is_documentation_only() -> None:
    """Catches: code that would run on a host, where the store is not."""
    body = ast.parse(Path(smtp_sender.__file__).read_text(encoding="utf-8")).body
    assert {type(node) for node in body} == {ast.Expr, ast.ImportFrom, ast.Assign}
