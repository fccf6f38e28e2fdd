# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of an msmtprc, and what is written into it. tests/clients/test_msmtp.py asks msmtp itself."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.msmtp.text import accounts, changed

FILE = """\
defaults
port 587
password shared
account a
host h1
user u
account b : a
host h2
account c
user v
"""


def test_accounts_inherit() -> None:
    """Catches: an account whose host, user or password stands in another one, and is not seen."""
    seen = {
        name: [account.value(setting) for setting in ("host", "port", "user", "password")]
        for name, account in accounts(FILE).items()
    }
    assert seen == {
        "a": ["h1", "587", "u", "shared"],
        "b": ["h2", "587", "u", "shared"],
        "c": ["", "587", "v", "shared"],
    }


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("user x", "x"),
        ("  user\tx y \t", "x y"),
        ('user "x "y" "', 'x "y" '),
        ('user "', '"'),
        ("user x # y", "x # y"),
        ("user x\r", "x"),
        ("user", ""),
        ("#user x", ""),
        ("users x", ""),
    ],
)
def test_values(line: str, value: str) -> None:
    """Catches: a value that is read in another way than msmtp does."""
    assert accounts(f"account a\n{line}\n")["a"].value("user") == value


def test_lines_before_the_first_account() -> None:
    """Catches: the short file without any account line."""
    assert list(accounts("host h\nuser u\naccount b\n")) == ["default", "b"]


@pytest.mark.parametrize(
    ("text", "wanted", "after"),
    [
        ("account a\nuser u\npassword x\n", {"a": ("u", "n")}, 'account a\nuser u\npassword "n"\n'),
        ("account a\nuser u\npassword n\n", {"a": ("u", "n")}, "account a\nuser u\npassword n\n"),
        ("account a\n\tuser u\r\n#\n", {"a": ("u", "n")}, 'account a\n\tuser u\r\n\tpassword "n"\r\n#\n'),
        ("account a\nuser u", {"a": ("u", "n")}, 'account a\nuser u\npassword "n"'),
        ("account a\nuser u\npassword\n", {"a": ("u", "n")}, 'account a\nuser u\npassword "n"\n'),
        # What all share is changed where it is; what others share is not.
        (
            "defaults\npassword x\naccount a\nuser u\n",
            {"a": ("u", "n")},
            'defaults\npassword "n"\naccount a\nuser u\n',
        ),
        (
            "defaults\npassword x\naccount a\nuser u\naccount b\nuser v\n",
            {"a": ("u", "n")},
            'defaults\npassword x\naccount a\nuser u\npassword "n"\naccount b\nuser v\n',
        ),
        # Two accounts, one of which takes the other's settings.
        (
            "account a\nuser u\npassword x\naccount b : a\nuser v\n",
            {"a": ("u", "n"), "b": ("v", "m")},
            'account a\nuser u\npassword "n"\naccount b : a\nuser v\npassword "m"\n',
        ),
        (
            "account a\nuser u\npassword x\naccount b : a\n",
            {"a": ("v", "n"), "b": ("v", "n")},
            'account a\nuser "v"\npassword "n"\naccount b : a\n',
        ),
    ],
)
def test_changes(text: str, wanted: dict[str, tuple[str, str]], after: str) -> None:
    """Catches: a line too many, or one that is not ours, which changes; or one of ours that does not."""
    assert changed(text, wanted) == after
    assert changed(after, wanted) == after


def test_an_indent_gives_way_to_a_long_password() -> None:
    """Catches: a line that msmtp does not read, in a file that it then does not read at all."""
    after = changed(f"account a\n{' ' * 50}password x\n", {"a": ("", "n" * 480)})
    assert f'\npassword "{"n" * 480}"\n' in after
