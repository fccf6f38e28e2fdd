# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the role's defaults with its argument specs, and keeps the tables of the READMEs as the documentation says.

C(make docs-tables) writes the tables, C(make lint) tells whether they are current. A table stands between two comments,
C(<!-- begin NAME ... -->) and C(<!-- end NAME -->).
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TYPES: Mapping[str, type] = {
    "str": str,
    "path": str,
    "int": int,
    "float": float,
    "bool": bool,
    "dict": dict,
    "list": list,
}
MARKUP = re.compile(r"\b([VOCEMPBI]|RV)\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
DOCUMENTATION = "DOCUMENTATION"


def load(path: Path) -> Any:
    """Return what a YAML file holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def options_of(role: Path, entry_point: str = "main") -> dict[str, Any]:
    """Return the documented options of a role's entry point."""
    options: dict[str, Any] = load(role / "meta" / "argument_specs.yml")["argument_specs"][entry_point]["options"]
    return options


def disagreements(defaults: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each variable whose default and documentation differ."""
    found = [f"{name} has a default and no documentation" for name in defaults if name not in options]
    for name, option in options.items():
        found += [f"{name} {fault}" for fault in _faults(name, option, defaults)]
    return found


def _faults(name: str, option: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    if option.get("required"):
        return ["is required and has a default"] if name in defaults or "default" in option else []
    if name not in defaults or "default" not in option:
        return ["is not required, so defaults/main.yml and argument_specs.yml must both give its default"]
    found = []
    for where, value in (("defaults/main.yml", defaults[name]), ("argument_specs.yml", option["default"])):
        kind = option.get("type", "str")
        # By the class itself: in Python, a bool is an int too. Raw is of several types.
        if kind != "raw" and value.__class__ is not TYPES[kind]:
            found.append(f"is a {kind}, but {value!r} in {where} is not")
        if "choices" in option and value not in option["choices"]:
            found.append(f"is {value!r} in {where}, which is not one of its choices")
    if defaults[name] != option["default"]:
        found.append(f"is {defaults[name]!r} in defaults/main.yml and {option['default']!r} in argument_specs.yml")
    return found


def markdown(text: str) -> str:
    """Return a documentation's text with its markup in Markdown."""
    return MARKUP.sub(lambda match: f"**{match[2]}**" if match[1] in "BI" else f"`{match[2]}`", text)


def cell(text: str) -> str:
    """Return a text as it can stand in a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def shown_default(option: Mapping[str, Any]) -> str:
    """Return an option's default as YAML writes it, or that it is required."""
    if option.get("required"):
        return "required"
    value = option["default"]
    return f"`{value}`" if isinstance(value, str) and value else f"`{_flow(value)}`"


def _flow(value: Any) -> str:
    return "''" if value == "" else json.dumps(value)


def described(option: Mapping[str, Any]) -> str:
    """Return an option's description, and its choices where the description does not name them all."""
    text = option["description"] if isinstance(option["description"], str) else " ".join(option["description"])
    unnamed = [choice for choice in option.get("choices", []) if f"V({choice})" not in text]
    choices = f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}." if unnamed else ""
    return cell(markdown(text) + choices)


def role_table(root: Path, entry_point: str = "main") -> str:
    """Return the table of the role's variables."""
    lines = ["| variable | type | default | |", "|---|---|---|---|"]
    for name, option in options_of(root / "roles" / "smtp_rotation", entry_point).items():
        lines.append(f"| `{name}` | {option.get('type', 'str')} | {shown_default(option)} | {described(option)} |")
    return "\n".join(lines)


def report_table(root: Path) -> str:
    """Return the table of the variables of the role's reports."""
    return role_table(root, "report")


def documentation_of(module: Path) -> dict[str, Any]:
    """Return what a module's DOCUMENTATION says."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == DOCUMENTATION:
            found: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return found
    raise ValueError(f"{module} has no {DOCUMENTATION}")


def content_table(root: Path) -> str:
    """Return the table of what is in the collection."""
    roles = sorted((root / "roles").glob("*/meta/argument_specs.yml"))
    modules = sorted((root / "plugins" / "modules").glob("[!_]*.py"))
    # The role's own: nobody else uses it.
    modules = [path for path in modules if path.stem != "smtp_rotation_step"]
    playbooks = sorted((root / "playbooks").glob("*.yml"))
    rows = [
        *(("role", path.parents[1].name, load(path)["argument_specs"]["main"]["short_description"]) for path in roles),
        *(("module", path.stem, documentation_of(path)["short_description"]) for path in modules),
        *(("playbook", path.stem, load(path)[0]["name"]) for path in playbooks),
    ]
    lines = [f"| {kind} `mailops.smtp.{name}` | {cell(markdown(text))} |" for kind, name, text in rows]
    return "\n".join(["| | |", "|---|---|", *lines])


# Name of a table: the file that it stands in, and what makes it.
TABLES: Mapping[str, tuple[str, Callable[[Path], str]]] = {
    "variables": ("roles/smtp_rotation/README.md", role_table),
    "report": ("roles/smtp_rotation/README.md", report_table),
    "content": ("README.md", content_table),
}


def replaced(text: str, name: str, table: str) -> str:
    """Return a text with the table of this name replaced.

    :raises ValueError: the text has no place for it
    """
    place = re.compile(rf"(<!-- begin {name}\b[^\n]*-->\n).*?(\n<!-- end {name} -->)", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"no '<!-- begin {name} -->' with its end")
    return place.sub(lambda match: match[1] + table + match[2], text)


def update(root: Path, *, write: bool) -> list[str]:
    """Bring every table up to date, or return how those that are not would change."""
    stale = []
    for name, (file, make) in TABLES.items():
        old = (root / file).read_text(encoding="utf-8")
        new = replaced(old, name, make(root))
        if write and new != old:
            (root / file).write_text(new, encoding="utf-8")
            print(f"written: the table '{name}' of {file}")
        elif new != old:
            change = difflib.unified_diff(old.splitlines(), new.splitlines(), file, file, lineterm="", n=0)
            stale += [f"{file} is not current, run: make docs-tables", *change]
    return stale


def main() -> int:
    """Check, or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the tables instead of checking them")
    write = parser.parse_args().write
    role = ROOT / "roles" / "smtp_rotation"
    wrong = disagreements(load(role / "defaults" / "main.yml"), options_of(role)) + update(ROOT, write=write)
    print("\n".join(wrong) or "The role's defaults, its argument specs and the tables agree.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
