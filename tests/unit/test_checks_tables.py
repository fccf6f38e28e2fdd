# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the role's defaults, and the tables that are written from the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from checks.tables import cell, described, disagreements, documentation_of, markdown, replaced, shown_default

PLACE = "before\n<!-- begin one: written -->\n{}\n<!-- end one -->\nafter\n"


def option(**over: Any) -> dict[str, Any]:
    return {"description": ["What it is."], "type": "int", "default": 1, **over}


@pytest.mark.parametrize(
    ("defaults", "options", "fault"),
    [
        ({"a": 1}, {}, "a has a default and no documentation"),
        (
            {},
            {"a": option()},
            "a is not required, so defaults/main.yml and",
        ),
        ({"a": 1}, {"a": {"type": "int"}}, "a is not required, so"),
        ({"a": 1}, {"a": {"type": "int", "required": True}}, "a is required and has a default"),
        ({}, {"a": option(required=True)}, "a is required and has a default"),
        ({"a": 2}, {"a": option()}, "a is 2 in defaults/main.yml and 1 in argument_specs.yml"),
        ({"a": True}, {"a": option()}, "a is a int, but True in defaults/main.yml is not"),
        ({"a": 1}, {"a": option(default="1")}, "a is a int, but '1' in argument_specs.yml is not"),
        ({"a": 1}, {"a": option(choices=[2])}, "a is 1 in defaults/main.yml, which is not one of its choices"),
    ],
)
def test_disagreement_is_named(defaults: dict[str, Any], options: dict[str, Any], fault: str) -> None:
    """Catches: a variable without effect, one without documentation, a documented default that is not in force."""
    assert disagreements(defaults, options)[0].startswith(fault)


def test_agreement_is_silent() -> None:
    """Catches: a check that always finds something, and would be switched off."""
    assert disagreements({"a": 1}, {"a": option(), "b": {"type": "str", "required": True}}) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("V(90d) or O(max_age)", "`90d` or `max_age`"),
        ("RV(accounts[].effective_at) of M(mailops.smtp.x)", "`accounts[].effective_at` of `mailops.smtp.x`"),
        ("C(f(x)) is B(assumed)", "`f(x)` is **assumed**"),
        ("the API (of the provider)", "the API (of the provider)"),
    ],
)
def test_markup_becomes_markdown(text: str, expected: str) -> None:
    """Catches: Ansible's markup shown to a reader of the README."""
    assert markdown(text) == expected


def test_choices_are_named_once() -> None:
    """Catches: choices that no reader sees, and choices that stand there twice."""
    assert described(option(choices=[1, 2])) == "What it is. One of `1`, `2`."
    assert described(option(description="V(1) or V(2).", choices=[1, 2])) == "`1` or `2`."


def test_cell_is_one_line() -> None:
    """Catches: a table that a description with a bar or a line break tears apart."""
    assert cell("a | b\n  c") == "a \\| b c"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (option(default=""), "`''`"),
        (option(default="90d"), "`90d`"),
        (option(default=True), "`true`"),
        (option(default={}), "`{}`"),
        ({"required": True}, "required"),
    ],
)
def test_defaults_are_shown_as_yaml(given: dict[str, Any], shown: str) -> None:
    """Catches: a default that a reader cannot copy into a playbook."""
    assert shown_default(given) == shown


def test_only_the_table_is_replaced() -> None:
    """Catches: text around a table that is lost when it is written."""
    assert replaced(PLACE.format("old\nold"), "one", r"new \1") == PLACE.format(r"new \1")


def test_lost_place_is_an_error() -> None:
    """Catches: a README whose marks were removed, and whose table is never written again."""
    with pytest.raises(ValueError, match="begin two"):
        replaced(PLACE.format("old"), "two", "new")


def test_documentation_is_read_without_import(tmp_path: Path) -> None:
    """Catches: a module that has to be importable before it can be described."""
    module = tmp_path / "module.py"
    module.write_text('import missing\nDOCUMENTATION = r"""\nshort_description: Do it\n"""\n')
    assert documentation_of(module) == {"short_description": "Do it"}
