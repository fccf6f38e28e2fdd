# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads out of the source every message that a user can get: of the plugins by their syntax trees, of the role by YAML.

What is filled in when the message is made is an ellipsis here: C(the {option} is empty) becomes C(the … is empty).
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

GAP = "…"
# Exceptions of ours end like this; the argument that comes first, C(what) and C(advice) are what they say.
OURS = re.compile(r"NoAnswer|Untrusted|Refused|Failure|\w+Error")
PYTHONS = {name for name in dir(builtins) if name.endswith("Error")} | {"AnsibleError", "URLError", "DemoError"}
# Calls that make a message, by the argument that it is in: its place, its name.
MADE = {"fail_json": (9, "msg"), "Meaning": (1, "message"), "Change": (3, "message"), "wait_until": (9, "otherwise")}
# Names that messages are put into before they are used, and functions that return one.
CONSTANT = re.compile(r"NEXT|_?([A-Z]+_)?ADVICE|_REFUSALS|_REASONS|NO_[A-Z_]+|HOW_[A-Z_]+")
VARIABLE = re.compile(r"what|message|words|text|reason|unexpected|trouble|told|warning")
TELLS = re.compile(r"_?(told|failure|unexpected|with_attempts)")
SHORTEST = 10
# What a report says is for everybody, and no message about a run.
NO_MESSAGES = "plugins/plugin_utils/_reports/"
# Options and variables of the role's tasks that say what is wrong.
TOLD = re.compile(r"trouble|unkept|__smtp_rotation_told_\w+")


def squeezed(text: str) -> str:
    """Return a message with its gaps and white space in one form."""
    text = re.sub(r"\s+", " ", re.sub(r"\{0\.\w+\}", GAP, text))
    return re.sub(rf"{GAP}(\s*{GAP})+", GAP, text).strip()


def _template(node: ast.expr) -> str | None:
    """Return the text of an expression that makes one, None if it has no text of its own."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(part) or GAP for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (_template(node.left) or GAP) + (_template(node.right) or GAP)
    return None


def _choices(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.IfExp):
        yield from _choices(node.body)
        yield from _choices(node.orelse)
    else:
        yield node


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call that are messages."""
    name = _name(call.func)
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if OURS.fullmatch(name) and name not in PYTHONS:
        yield from call.args[:1]
        yield from (named[one] for one in ("what", "advice") if one in named)
    elif name in MADE:
        place, keyword = MADE[name]
        yield from call.args[place : place + 1]
        yield from [named[keyword]] if keyword in named else []
    elif name == "append" and isinstance(call.func, ast.Attribute) and _name(call.func.value) == "warnings":
        yield from call.args


def _values(node: ast.expr) -> Iterator[ast.expr]:
    yield from node.values if isinstance(node, ast.Dict) else [node]


def _kept(node: ast.Assign | ast.AugAssign) -> Iterator[ast.expr]:
    """Yield what is put under a name for messages."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    if any(CONSTANT.fullmatch(name) or VARIABLE.fullmatch(name) for name in names):
        yield from _values(node.value)


def _expressions(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions of a node that make messages."""
    if isinstance(node, ast.Call):
        yield from _arguments(node)
    elif isinstance(node, ast.Assign | ast.AugAssign):
        yield from _kept(node)
    elif isinstance(node, ast.Dict):
        hints = [
            v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant) and k.value == "hints"
        ]
        yield from (value for hint in hints for value in _values(hint))
    elif isinstance(node, ast.Yield) and node.value:
        yield node.value
    elif isinstance(node, ast.FunctionDef) and TELLS.fullmatch(node.name):
        yield from (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value)


def of_python(source: str) -> set[str]:
    """Return the messages in a Python file."""
    nodes = list(ast.walk(ast.parse(source)))
    choices = [one for node in nodes for expression in _expressions(node) for one in _choices(expression)]
    texts = [squeezed(_template(choice) or "") for choice in choices]
    return {text for text in texts if len(text.replace(GAP, "")) >= SHORTEST}


def of_yaml(source: str) -> set[str]:
    """Return the messages in a file of tasks: those of failures, and of modules that are told what to say."""
    found: set[str] = set()

    def look(node: Any, module: str) -> None:
        if isinstance(node, list):
            for item in node:
                look(item, module)
        if isinstance(node, dict):
            for name, value in node.items():
                told = name == "fail_msg" or TOLD.fullmatch(name)
                failure = told or (name == "msg" and not module.endswith(".debug"))
                if failure and isinstance(value, str):
                    found.add(squeezed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", GAP, value, flags=re.DOTALL)))
                look(value, name)

    look(yaml.safe_load(source), "")
    return {text for text in found if len(text.replace(GAP, "")) >= SHORTEST}


def all_messages(root: Path) -> dict[str, str]:
    """Return every message of the collection, with the file that it is made in."""
    found: dict[str, str] = {}
    for path in sorted(root.glob("plugins/**/*.py")):
        if NO_MESSAGES in str(path):
            continue
        found |= dict.fromkeys(of_python(path.read_text(encoding="utf-8")), str(path.relative_to(root)))
    for path in sorted(root.glob("roles/*/tasks/**/*.yml")):
        found |= dict.fromkeys(of_yaml(path.read_text(encoding="utf-8")), str(path.relative_to(root)))
    return found
