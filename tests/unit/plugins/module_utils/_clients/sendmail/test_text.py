# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of logins of sendmail."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.text import (
    LIMIT,
    cannot_carry,
    lines_of,
    with_line,
    with_login,
)


@pytest.mark.parametrize(
    ("line", "key", "username"),
    [
        ('AuthInfo:relay.example "U:u" "P:p"', "relay.example", "u"),
        ('authinfo:Relay.Example\t"U:u" "I:i" "P:p" "M:PLAIN"', "relay.example", "i"),
        ('AuthInfo: "U=dXNlcg==" "P=cA=="', "", "user"),
        ('AuthInfo:[192.0.2.1] "P:p"', "[192.0.2.1]", ""),
        ('AuthInfo:a "U=?"', "a", ""),
    ],
)
def test_lines_are_read(line: str, key: str, username: str) -> None:
    """Catches: a login that is not found, since it is written in another of the forms that sendmail knows."""
    (found,) = lines_of(f"# comment\nConnect:x OK\n{line}\n")
    assert (found.index, found.key, found.username) == (2, key, username)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"U:old" "P:old" "M:PLAIN"', '"U=bmV3" "P=cHc=" "M:PLAIN"'),
        ('"U:new" "P:old" "M:PLAIN"', '"U:new" "P=cHc=" "M:PLAIN"'),
        ('"U:root" "I:old" "P:old"', '"U:root" "I=bmV3" "P=cHc="'),
        ('"U:old" "I:old" "P:old"', '"U=bmV3" "I=bmV3" "P=cHc="'),
        ('"U:new"  "P=cHc="\t', '"U:new"  "P=cHc="\t'),
        ('"U:new"', '"U:new" "P=cHc="'),
    ],
)
def test_only_the_login_changes(before: str, after: str) -> None:
    """Catches: a setting of the user's that is lost, and a line that is written anew though nothing has changed."""
    text = f"x\nAuthInfo:a {before}\ny\n"
    assert with_login(text, 1, "new", "pw") == f"x\nAuthInfo:a {after}\ny\n"


def test_line_is_added() -> None:
    """Catches: a line that is glued to one without a line end, and one whose mechanisms sendmail does not try."""
    assert with_line("x", "a", "u", "p") == 'x\nAuthInfo:a\t"U=dQ==" "P=cA==" "M:PLAIN LOGIN"\n'


def test_what_sendmail_cannot_carry() -> None:
    """Catches: a login that sendmail cuts off, or does not use at all."""
    assert cannot_carry("u", "é" * (LIMIT // 2)) == ""
    assert "189 bytes" in cannot_carry("u", "é" * (LIMIT // 2 + 1))
    assert "189 bytes" in cannot_carry("u" * (LIMIT + 1), "p")
    assert "zero byte" in cannot_carry("u\0", "p")
