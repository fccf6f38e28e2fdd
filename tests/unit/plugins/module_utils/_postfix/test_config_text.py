# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import (
    Entry,
    ended,
    logical_lines,
    physical_lines,
    words_of,
)


@given(st.text(alphabet="a \n\r\u2028\x0b"))
def test_lines_are_the_whole_text(text: str) -> None:
    """Catches: a character that Python takes for a line's end, and Postfix does not."""
    lines = physical_lines(text)
    assert "".join(lines) == text
    assert all(line.count("\n") == line.endswith("\n") for line in lines)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        ("\n \n# a\n  # b\n", []),
        ("a = b", [Entry("a = b", (0,))]),
        ("a = b\n", [Entry("a = b", (0,))]),
        ("a =\n  b\n\tc\nd = e\n", [Entry("a =  b\tc", (0, 1, 2)), Entry("d = e", (3,))]),
        ("a = b\n# no\n\n  # no\n  c\n", [Entry("a = b  c", (0, 4))]),
        ("  lost\na = b\n", [Entry("a = b", (1,))]),
    ],
)
def test_logical_lines(text: str, entries: list[Entry]) -> None:
    """Catches: a line that is continued, or a comment in between, read otherwise than Postfix reads it."""
    assert logical_lines(physical_lines(text)) == entries


@pytest.mark.parametrize(("text", "expected"), [("", ""), ("a", "a\n"), ("a\n", "a\n")])
def test_ended(text: str, expected: str) -> None:
    """Catches: an empty line at the beginning of a new file, two entries on one line."""
    assert ended(text) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", []),
        (" a, b\n\tc,,d ", ["a", "b", "c", "d"]),
        ("inline:{a=b:c, d=e:f}, hash:/x", ["inline:{a=b:c, d=e:f}", "hash:/x"]),
        ("static:{u:p, w} hash:/x", ["static:{u:p, w}", "hash:/x"]),
        ("inline:{ {a = u:p w}, { b = c:d } }hash:/x", ["inline:{ {a = u:p w}, { b = c:d } }hash:/x"]),
        ("a}, b", ["a}", "b"]),
        ("{a, b", ["{a, b"]),
    ],
)
def test_words(value: str, words: list[str]) -> None:
    """Catches: a list that Postfix takes apart in another way; part of a password taken for the name of a table."""
    assert words_of(value) == words
