# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control, is_control, printable


@pytest.mark.parametrize("bad", list("\n\r\t\0\x1b\x7f\x85\x9b\udcff\u2028\u2029"), ids=ascii)
def test_control_characters(bad: str) -> None:
    """Catches: a character that ends a line or moves a terminal's cursor, let through in a command or a header."""
    assert is_control(bad) and has_control(f"a{bad}b")


@pytest.mark.parametrize("good", list(" aZ0~é日\xa0\u200b😀"), ids=ascii)
def test_other_characters(good: str) -> None:
    """Catches: letters outside ASCII refused in a password."""
    assert not is_control(good) and not has_control(f"a{good}b")


def test_the_short_cut_agrees() -> None:
    """Catches: a Python for which a character is printable that ends a line."""
    assert not any(is_control(chr(point)) and chr(point).isprintable() for point in range(sys.maxunicode + 1))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, Zügel 日本", "plain text, Zügel 日本"),
        ("\x1b[31mno\x00\x9b\u2028\tway\r\n", "[31mno way"),
        ("a\udcffb", "ab"),
        ("", ""),
    ],
)
def test_printable(text: str, shown: str) -> None:
    """Catches: an escape sequence that reaches a terminal, or words that run together where a tab was."""
    assert printable(text=text) == shown
