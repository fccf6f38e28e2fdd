# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logins in a file table; that smtpd reads them so is seen in tests/clients."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.secrets_text import (
    cannot_carry,
    list_of,
    login_of,
    merged,
)

TEXT = "# logins\n\n Main\t old:p:w #1  \r\nelse: x:y\nmain other:2\nbare word\n"


@pytest.mark.parametrize(
    ("label", "login"),
    [("MAIN", ("other", "2")), ("else", ("x", "y")), ("Bare", ("bare", "word")), ("none", None), ("#", None)],
)
def test_login_of(label: str, login: tuple[str, str] | None) -> None:
    """Catches: the first of two entries taken though smtpd takes the last; a label in another case not found."""
    assert login_of(TEXT, label) == login


def test_merged_keeps_the_rest() -> None:
    """Catches: other lines that change, a line end that is lost, an entry that smtpd does not take."""
    assert merged(TEXT, "main", "u", "p w") == TEXT.replace("main other:2\n", "main u:p w\n")
    assert merged(TEXT, "new", "u", "p") == f"{TEXT}new u:p\n"
    assert merged("a b:c", "new", "u", "p") == "a b:c\nnew u:p\n"
    assert merged("", "new", "u", "p") == "new u:p\n"
    assert merged("a b:c\r\n", "A", "u", "p") == "A u:p\r\n"
    assert merged("a b:c", "a", "u", "p") == "a u:p"


def test_nothing_to_do() -> None:
    """Catches: a line that is written anew though it has the login."""
    assert merged(TEXT, "main", "other", "2") == TEXT


@pytest.mark.parametrize(
    ("username", "password", "part"),
    [
        ("u", "p ", "the password of u ends with a blank"),
        ("u:v", "p", "the username u:v contains a colon"),
        (" u", "p", "the username ' u' begins with a blank"),
        ("u", "a\nb", "the password of 'u' contains U+000A"),
        ("u", "", "the password of u is empty"),
        ("u", "x" * 1500, "the login of u is longer than the 1500 bytes"),
    ],
)
def test_cannot_carry(username: str, password: str, part: str) -> None:
    """Catches: a login that is written and read as another one; a password in a message."""
    told = cannot_carry(username, password)
    assert told.startswith(part)
    assert len(password) < 2 or password not in told


@pytest.mark.parametrize("password", [" p", "p:q", "#", "'\"\\", "é\u2028".replace("\u2028", ""), "x" * 1499])
def test_can_carry(password: str) -> None:
    """Catches: a password that is refused without need."""
    assert cannot_carry("u", password) == ""
    assert login_of(merged("", "l", "u", password), "l") == ("u", password)


def test_list_of() -> None:
    """Catches: a relay URL in a list that is split at its colon."""
    assert list_of("# @list\nsmtp+tls://a@b:587\n") == [("smtp+tls://a@b:587", "")]
