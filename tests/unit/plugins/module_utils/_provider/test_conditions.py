# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._provider.conditions import (
    OPERATORS,
    find,
    first_text,
    holds,
)

ANSWER: dict[str, t.Any] = {"a": {"b": 0, "c": [1, {"d": "x"}, {"d": "y"}]}, "e": [], "f": None, "": 5, "g": False}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", [ANSWER]),
        ("a.b", [0]),
        ("a.c.*", [1, {"d": "x"}, {"d": "y"}]),
        ("a.c.*.d", ["x", "y"]),
        ("e.*", []),
        ("f", [None]),
        ("f.x", []),
        ("a.*", []),
        ("a.c.0", []),
        ("missing", []),
        ("a..b", []),
        (".", []),
    ],
)
def test_find(path: str, found: list[t.Any]) -> None:
    """Catches: a path that leads elsewhere, or an exception for an answer of another shape."""
    assert find(ANSWER, path) == found


@pytest.mark.parametrize(
    ("condition", "answer", "wanted"),
    [
        ({"path": "n", "equals": 0}, {"n": 0}, True),
        ({"path": "n", "equals": 0}, {"n": 0.0}, True),
        ({"path": "n", "equals": 0}, {"n": False}, False),
        ({"path": "n", "equals": False}, {"n": 0}, False),
        ({"path": "n", "equals": False}, {"n": False}, True),
        ({"path": "n", "equals": 0}, {"n": "0"}, False),
        ({"path": "n", "equals": 0}, {}, False),
        ({"path": "n", "equals": None}, {"n": None}, True),
        ({"path": "n", "equals": None}, {}, False),
        ({"path": "*.n", "equals": 1}, [{"n": 1}, {"n": 1}], True),
        ({"path": "*.n", "equals": 1}, [{"n": 1}, {"n": 2}], False),
        ({"path": "*.n", "equals": 1}, [], False),
        ({"path": "n", "equals": []}, {"n": []}, True),
        ({"path": "n", "equals": []}, {"n": {}}, False),
        ({"path": "n", "above": 0}, {"n": 1}, True),
        ({"path": "n", "above": 0}, {"n": 0}, False),
        ({"path": "n", "above": 0}, {"n": True}, False),
        ({"path": "n", "above": 0}, {"n": "1"}, False),
        ({"path": "n", "above": 0}, {}, False),
        ({"path": "n", "one_of": ["a", 0]}, {"n": "a"}, True),
        ({"path": "n", "one_of": ["a", 0]}, {"n": False}, False),
        ({"path": "n", "one_of": []}, {"n": "a"}, False),
        ({"path": "n", "contains": "ALREADY"}, {"n": "is already that"}, True),
        ({"path": "n", "contains": "already"}, {"n": ["already"]}, False),
        ({"path": "", "contains": "already"}, "Already", True),
        ({"path": "n", "empty": True}, {"n": []}, True),
        ({"path": "n", "empty": True}, {}, True),
        ({"path": "n", "empty": True}, {"n": [1]}, False),
        ({"path": "n", "empty": False}, {"n": [1]}, True),
        ({"path": "n", "empty": False}, {}, False),
        ({"path": "n", "exists": True}, {"n": None}, True),
        ({"path": "n", "exists": True}, {}, False),
        ({"path": "n", "exists": False}, {}, True),
        ({"equals": 1}, 1, True),
        ({"path": "n", "exists": True, "equals": 2}, {"n": 1}, False),
    ],
)
def test_holds(condition: dict[str, t.Any], answer: t.Any, wanted: bool) -> None:
    """Catches: false taken for 0, a missing field taken for a clean one, one good item that hides a bad one."""
    assert holds(condition, answer) is wanted


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("a", "b")), inner, max_size=2),
    max_leaves=8,
)
VALUES = {"equals": JSON, "above": st.integers(), "one_of": st.lists(JSON), "contains": st.text()}


@given(data=st.data(), answer=JSON, path=st.sampled_from(("", "a", "*", "a.*", "*.a", "a.b")))
def test_every_answer_gets_a_yes_or_no(data: st.DataObject, answer: t.Any, path: str) -> None:
    """Catches: an exception for an answer that nobody thought of, after the password was sent."""
    for operator in OPERATORS:
        value = data.draw(VALUES.get(operator, st.booleans()))
        assert holds({"path": path, operator: value}, answer) in (True, False)
    assert isinstance(first_text(answer, (path, "b")), str)


@pytest.mark.parametrize(
    ("answer", "paths", "text"),
    [
        ({"m": "one"}, ("m", "t"), "one"),
        ({"m": "  ", "t": "two"}, ("m", "t"), "two"),
        ({"m": None, "t": 3}, ("m", "t"), "3"),
        ([{"m": "a"}, {"m": "b"}, {"m": "a"}, {"m": 1.5}, {"m": {}}], ("*.m",), "a; b"),
        ({}, ("m",), ""),
        ({"m": "x"}, (), ""),
    ],
)
def test_first_text(answer: t.Any, paths: tuple[str, ...], text: str) -> None:
    """Catches: a message that repeats itself, or a dict printed as Python writes it."""
    assert first_text(answer, paths) == text
