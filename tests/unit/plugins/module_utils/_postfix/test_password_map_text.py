# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map_text import (
    Login,
    merge,
    prepare,
    shown,
)

ONE = Login("[a.example]:587", "u", "new")
BASE = "# first\n[b.example] v:w\n[a.example]:587\tu:old\n  more\n\n# last\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "[a.example]:587 u:new\n"),
        ("b c:d", "b c:d\n[a.example]:587 u:new\n"),
        (BASE, "# first\n[b.example] v:w\n[a.example]:587 u:new\n\n# last\n"),
        ("[A.Example]:587 u:old\nb c:d\n[a.example]:587 u:x\n", "[a.example]:587 u:new\nb c:d\n"),
        ("[a.example]:587   u:new  \n", "[a.example]:587   u:new  \n"),
        ("[a.example]:587 u:\n# why\n  old\nb c:d\n", "[a.example]:587 u:new\n# why\nb c:d\n"),
        ("#[a.example]:587 u:new\n", "#[a.example]:587 u:new\n[a.example]:587 u:new\n"),
        ("[a.example] u:x\n", "[a.example] u:x\n[a.example]:587 u:new\n"),
    ],
)
def test_merge(text: str, expected: str) -> None:
    """Catches: an entry, a comment or an order that is lost; a key that stays there twice; an old password left."""
    assert merge(text, [ONE]) == expected
    assert merge(expected, [ONE]) == expected


LINES = st.sampled_from(["x y:z", "[a.example]:587 u:old", "  cont", "# c", "", "[a.example]:587 u:new", "\tt"])


@given(st.lists(LINES), st.sampled_from(["", "\n"]))
def test_merge_any(lines: list[str], end: str) -> None:
    """Catches: a second run that changes something, or a line of another key that is touched."""
    text = "\n".join(lines) + end
    merged = merge(text, [ONE])
    assert merge(merged, [ONE]) == merged
    assert "u:old" not in merged.replace("#", "")
    assert merged.count("x y:z") == text.count("x y:z")
    assert merged.count("# c") == text.count("# c")


def entry(**over: str) -> list[dict[str, str]]:
    return [{"key": "k", "username": "u", "password": "p", **over}]


@pytest.mark.parametrize("password", ["#$ {x}\"'\\`", " begins with a blank", "ü:€:\U0001f600", "a" * 500])
def test_passwords_that_can_be_carried(password: str) -> None:
    """Catches: a password refused that the map can carry."""
    (login,) = prepare(entry(password=password))
    assert login.value == f"u:{password}"
    assert password not in repr(login)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "entries is empty"),
        (entry(password=""), "the password of k is empty"),
        (entry(username=""), "the username of k is empty"),
        (entry(password="secret\nx"), "the password of k contains a line break"),
        (entry(password="secret\0x"), "the password of k contains a line break or a control character"),
        (entry(password="secret "), "the password of k ends with a blank"),
        (entry(username="a:b"), "the username of k contains a colon"),
        (entry(username="a\tb"), r"the username of k contains the control character U\+0009"),
        (entry(username="a\u2028b"), r"the username of k contains the control character U\+2028"),
        (entry(username=" a"), "the username of k begins with a blank"),
        (entry(key=""), "cannot be a key"),
        (entry(key="a b"), "cannot be a key"),
        (entry(key="#a"), "cannot be a key"),
        (entry() + entry(key="K"), "has a key twice"),
    ],
)
def test_refusals(entries: list[dict[str, str]], words: str) -> None:
    """Catches: an entry that Postfix would read as something else; a password in the message."""
    with pytest.raises(InputError, match=words) as error:
        prepare(entries)
    assert "secret" not in str(error.value)


def test_shown() -> None:
    """Catches: a password in the diff; a user name that changes unseen."""
    two = Login("b.example", "v", "secret")
    text = "[A.EXAMPLE]:587 other:secret-old\nb.example v:secret\n"
    assert shown(text, [ONE, two]) == (
        "[a.example]:587 other, password: another one\nb.example v, password: as asked for\n"
    )
    assert shown("", [ONE]) == ""
