# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
from pathlib import Path

import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import STORE_SPEC
from ansible_collections.mailops.smtp.plugins.modules import smtp_store


def test_documented_options_are_the_real_ones() -> None:
    """Catches: an option, default, type or choice that the documentation gets wrong."""
    documented = yaml.safe_load(smtp_store.DOCUMENTATION)["options"]
    assert set(documented) == set(STORE_SPEC)
    for name, spec in STORE_SPEC.items():
        assert documented[name]["type"] == spec["type"], name
        assert documented[name].get("required", False) == spec.get("required", False), name
        assert documented[name].get("default") == spec.get("default"), name
        assert list(documented[name].get("choices", [])) == spec.get("choices", []), name


def test_examples_use_only_options_that_exist() -> None:
    """Catches: an example that does not run."""
    tasks = [task for task in yaml.safe_load(smtp_store.EXAMPLES) if "mailops.smtp.smtp_store" in task]
    assert len(tasks) == 3
    assert all(set(task["mailops.smtp.smtp_store"]) <= set(STORE_SPEC) for task in tasks)


def test_module_is_documentation_only() -> None:
    """Catches: code that would run on a host, where the store is not."""
    body = ast.parse(Path(smtp_store.__file__).read_text(encoding="utf-8")).body
    assert {type(node) for node in body} == {ast.Expr, ast.ImportFrom, ast.Assign}
