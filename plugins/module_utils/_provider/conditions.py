# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions on a provider's response, as data: a path into it and what must be found there. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

OPERATORS = ("equals", "above", "one_of", "contains", "empty", "exists")


def find(answer: Any, path: str) -> list[Any]:
    """Return every value at a path.

    :param answer: the decoded answer
    :param path: names separated by dots; C(*) means every item of a list, an empty path the whole answer
    """
    values = [answer]
    for step in path.split(".") if path else ():
        values = [found for value in values for found in _step(value, step)]
    return values


def _step(value: Any, step: str) -> list[Any]:
    if step == "*":
        return list(value) if isinstance(value, list) else []
    if isinstance(value, dict) and step in value:
        return [value[step]]
    return []


def holds(condition: dict[str, Any], answer: Any) -> bool:
    """Return whether a condition holds for an answer.

    :param condition: C(path), and one operator: C(equals) (every value found is this one, and there is one),
        C(above) (one of them is a larger number), C(one_of) (one of them is in this list), C(contains) (one of them
        is a text with this part, in either case), C(empty) (true: all are empty; false: one is not), C(exists)
    :param answer: the decoded answer, None if there was none
    """
    values = find(answer, condition.get("path", ""))
    checks: dict[str, Callable[[Any], bool]] = {
        "equals": lambda wanted: bool(values) and all(_same(value, wanted) for value in values),
        "above": lambda limit: any(_is_number(value) and value > limit for value in values),
        "one_of": lambda wanted: any(_same(value, item) for value in values for item in wanted),
        "contains": lambda part: any(isinstance(v, str) and part.lower() in v.lower() for v in values),
        "empty": lambda wanted: all(not value for value in values) is wanted,
        "exists": lambda wanted: bool(values) is wanted,
    }
    return all(check(condition[name]) for name, check in checks.items() if name in condition)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same(value: Any, wanted: Any) -> bool:
    # False == 0 in Python, but an answer with false in place of a count is not the answer that was described.
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def first_text(answer: Any, paths: tuple[str, ...]) -> str:
    """Return the text at the first path that has one; several values are joined with a semicolon.

    :param answer: the decoded answer
    :param paths: paths in order of preference
    """
    for path in paths:
        texts = [str(value).strip() for value in find(answer, path) if isinstance(value, (str, int))]
        texts = [text for text in texts if text]
        if texts:
            return "; ".join(dict.fromkeys(texts))
    return ""
