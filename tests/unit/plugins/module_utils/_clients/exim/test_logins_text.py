# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of logins of Exim."""

from __future__ import annotations

import random

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.logins_text import (
    cannot_carry,
    lines_of,
    matches,
    merged,
    used,
)

TEXT = """# comment
smtp.provider.example:u:p:w \t
  more
*.provider.example : v:x

"quoted \\"key\\"" w:y
^mx\\d+\\.example$:z:q
*:any:thing"""


def test_lines() -> None:
    """Catches: a continuation, a comment, a quoted key or a blank that is read in another way than Exim reads it."""
    found = [(line.key, line.username, line.password, line.numbers) for line in lines_of(TEXT)]
    assert found == [
        ("smtp.provider.example", "u", "p:w more", (1, 2)),
        ("*.provider.example", "v", "x", (3,)),
        ('quoted "key"', "w", "y", (5,)),
        ("^mx\\d+\\.example$", "z", "q", (6,)),
        ("*", "any", "thing", (7,)),
    ]


@pytest.mark.parametrize(
    ("host", "kind", "username"),
    [
        ("SMTP.provider.example", "nwildlsearch", "u"),
        ("a.provider.example", "nwildlsearch", "v"),
        ("mx12.example", "wildlsearch", "z"),
        ("elsewhere.example", "nwildlsearch", "any"),
        ("elsewhere.example", "lsearch", None),
    ],
)
def test_used(host: str, kind: str, username: str | None) -> None:
    """Catches: another entry than the first that matches."""
    line = used(lines_of(TEXT), host, kind)
    assert (line.username if line else None) == username


def test_a_broken_pattern_matches_nothing() -> None:
    """Catches: a traceback for a pattern that Python does not know."""
    (line,) = lines_of("^(:u:p")
    assert not matches(line, "a.example", "nwildlsearch")


def test_merged() -> None:
    """Catches: an entry that is lost or changed, a continuation that stays, a line that is added to an open one."""
    text = merged(TEXT, {1: "u:new", 3: "v2:new"}, ["b.example:b:c"])
    expected = TEXT.replace("u:p:w \t\n  more\n", "u:new\n").replace(" : v:x", " : v2:new")
    assert text == expected + "\nb.example:b:c\n"
    assert merged(TEXT, {}, []) == TEXT
    assert merged("", {}, ["a:b:c"]) == "a:b:c\n"


def test_what_is_written_is_read() -> None:
    """Catches: a login that is not refused and that reads as another one."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)  # noqa: S311
    for _round in range(2000):
        password = "".join(chance.choice('ab ^:#"\\\t\n\r\u00a0é') for _n in range(chance.randrange(1, 6)))
        if not cannot_carry("user", password):
            (line,) = lines_of(merged("host:a:b\n  c\n", {0: f"user:{password}"}, []))
            assert (line.username, line.password) == ("user", password)


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [
        ("^u", "secret", "the username ^u begins with ^"),
        ("u", "^secret", "begins with ^"),
        ("u", "secret ", "ends with a blank"),
        ("u", "secret\nb", "U+000A"),
        ("u", "secret\tb", "U+0009"),
        ("u:v", "secret", "colon"),
        (" u", "secret", "begins with a blank"),
        ("", "secret", "is empty"),
        ("u", 'a^:#"\\;é', ""),
    ],
)
def test_cannot_carry(username: str, password: str, words: str) -> None:
    """Catches: a login that Exim would not send as it is, one that is refused without need, a password that is told."""
    why = cannot_carry(username, password)
    assert words in why and bool(why) == bool(words)
    assert "secret" not in why
