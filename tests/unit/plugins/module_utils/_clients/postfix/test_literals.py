# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables whose content stands in main.cf, or in patterns."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.literals import (
    literal_entries,
    pattern_values,
    value_of,
    with_name,
)

MAPS = "smtp_sasl_password_maps"


@pytest.mark.parametrize(
    ("kind", "body", "entries"),
    [
        ("static", "a:b", {"*": "a:b"}),
        ("static", "{ a:b c }", {"*": "a:b c"}),
        ("inline", "{a=b:c}", {"a": "b:c"}),
        ("inline", "{ a=b:c, d=e:f=g }", {"a": "b:c", "d": "e:f=g"}),
        ("inline", "{ { [A]:587 = b:c d }, e=f }", {"[A]:587": "b:c d", "e": "f"}),
    ],
)
def test_literal_entries(kind: str, body: str, entries: dict[str, str]) -> None:
    """Catches: a password that is cut off at a blank or an equals sign when it moves into a table."""
    assert literal_entries(kind, body) == entries


def test_value_of() -> None:
    """Catches: a key in other letters that is not found, and a static table that does not answer every key."""
    assert value_of({"[A]:587": "b"}, "[a]:587") == "b"
    assert value_of({"*": "b"}, "whatever") == "b"
    assert value_of({"a": "b"}, "c") is None


def test_pattern_values() -> None:
    """Catches: a transport that stands behind a pattern and is not held."""
    text = "# comment\nif /x/\n/^a b$/i relay:[r]:587\n!/c/ smtp:\nendif\n"
    assert list(pattern_values(text).values()) == ["relay:[r]:587", "smtp:"]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"{MAPS} = static:a:b\n", f"{MAPS} = hash:/t\n"),
        (f"x = 1\n{MAPS} = hash:/a,\n  static:a:b # c\ny = 2\n", None),
        (f"x = 1\n{MAPS} = hash:/a\n  static:a:b\ny = 2\n", f"x = 1\n{MAPS} = hash:/a, hash:/t\ny = 2\n"),
        (f"{MAPS} = other\n{MAPS} = hash:/a static:a:b\n", f"{MAPS} = other\n{MAPS} = hash:/a, hash:/t\n"),
        (f"{MAPS} = hash:/a $login\n", None),
        (f"{MAPS} = $both\n", None),
    ],
)
def test_with_name(text: str, after: str | None) -> None:
    """Catches: main.cf that keeps the login, or loses another table or line."""
    words = 1 if text == f"{MAPS} = static:a:b\n" else 2
    assert with_name(text, parameter=MAPS, kind="static", name="hash:/t", words=words) == after
