# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written for each format. tests/clients/test_quoting.py asks the real readers."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import QuotingError
from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.quoting import names, quoted

HARD = """a"b'c\\d$e"""


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("alertmanager", HARD, r'''"a\"b'c\\d$e"'''),
        ("alertmanager", "é🔑", '"é🔑"'),
        ("dotenv", "abc-1+2=3", "abc-1+2=3"),
        ("dotenv", 'a"b #$x', "'a\"b #$x'"),
        ("dotenv", "it's #1", '"it\'s #1"'),
        ("dotenv", " ", "' '"),
        ("git_config", HARD, r'''"a\"b'c\\d$e"'''),
        ("mailrc", HARD, "'a\"b'\\''c'\\\\'d$e'"),
        ("monitrc", HARD, r'"a\0x22b\0x27c\0x5cd\0x24e"'),
        ("monitrc", "/1@", r'"\0x2f1\0x40"'),
        ("monitrc", " é ", r'"\0x20é\0x20"'),
        ("msmtprc", HARD, f'"{HARD}"'),
        ("muttrc", HARD, "'a\"b'\\''c\\d$e'"),
        ("netrc", "abc#1", '"abc#1"'),
        ("netrc", "abc-1!", "abc-1!"),
        ("netrc", HARD, r'''"a\"b'c\\d$e"'''),
        ("php", HARD, "'a\"b\\'c\\\\d$e'"),
        ("shell", HARD, "'a\"b'\\''c\\d$e'"),
        ("systemd_environment", HARD, r'''"a\"b'c\\d\$e"'''),
    ],
)
def test_values(name: str, value: str, written: str) -> None:
    """Catches: a quote or a backslash that ends the value, or is read twice."""
    assert quoted(value, name) == written


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("dotenv", "secret\\", r"\ (U+005C)"),
        ("dotenv", "secret${HOME}", "${ (U+0024 U+007B)"),
        ("dotenv", "secret'\"", '" (U+0022)'),
        ("dotenv", "secret'$", "$ (U+0024)"),
        ("dotenv", "secret'`", "` (U+0060)"),
        ("msmtprc", "secret" * 100, "488 bytes"),
        ("msmtprc", "secret" + "é" * 242, "488 bytes"),
    ],
)
def test_refusals(name: str, value: str, refused: str) -> None:
    """Catches: a password that one reader takes and the next one changes; and a message that shows it."""
    with pytest.raises(QuotingError) as caught:
        quoted(value, name)
    assert refused in str(caught.value) and name in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\0", "\x7f", "\u2028"])
def test_no_format_takes_control_characters(name: str, character: str) -> None:
    """Catches: a password that ends its line, and makes a setting of its rest."""
    with pytest.raises(QuotingError, match=rf"{name} .* U\+{ord(character):04X}"):
        quoted(f"secret{character}x", name)


@pytest.mark.parametrize("name", names())
def test_no_format_takes_an_empty_password(name: str) -> None:
    """Catches: a variable of the wrong name, and a program that then sends without a login."""
    with pytest.raises(QuotingError, match="empty"):
        quoted("", name)
