# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer.text import (
    DRAINING,
    HELD,
    marked,
    quoted,
    remotes_of,
    with_login,
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("relay.example", ["relay.example"]),
        ("  h  smtp\t--port=587\r", ["h", "smtp", "--port=587"]),
        ("h smtp '--pass=a b' \"--user=c d\"", ["h", "smtp", "--pass=a b", "--user=c d"]),
        ("h smtp --pass='it'\"'\"'s'", ["h", "smtp", "--pass=it's"]),
        (r"h smtp --pass=a\ b\\c", ["h", "smtp", r"--pass=a b\c"]),
        (r"h smtp --pass='a\b'", ["h", "smtp", r"--pass=a\b"]),
        # What follows an escaped character is not looked at.
        (r"h smtp --pass=\''a", ["h", "smtp", "--pass=''a"]),
        ("h smtp '--pass=open", ["h", "smtp", "--pass=open"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    """Catches: a word that nullmailer reads in another way."""
    assert [one.value for one in remotes_of(line)[0].arguments] == words


def test_comments_and_empty_lines_are_no_remotes() -> None:
    """Catches: a line of the user's own comments that is taken for a remote."""
    assert [one.index for one in remotes_of("# a\n\n  #b\nh\n \t\nh2")] == [3, 5]


def test_what_a_line_says() -> None:
    """Catches: an option that is written without its dashes and not seen, and the first one of two that is taken."""
    remote = remotes_of("h smtp user=a --user=b --pass=1 starttls")[0]
    assert (remote.host, remote.protocol, remote.username, remote.option("pass")) == ("h", "smtp", "b", "1")
    assert remote.handed() == "host=h\nuser=a\nuser=b\npass=1\nstarttls\n\n"
    assert remotes_of("h")[0].protocol == "smtp"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("h smtp --user=old --pass='x y' --starttls", "h smtp '--user=new' '--pass=p w' --starttls"),
        ("h smtp pass=x user=new", "h smtp '--pass=p w' user=new"),
        ("h smtp --user=new '--pass=p w'", "h smtp --user=new '--pass=p w'"),
        ("h", "h smtp '--user=new' '--pass=p w'"),
        ("h smtp --starttls \r", "h smtp --starttls '--user=new' '--pass=p w' \r"),
        ("h smtp --pass=1 --pass=2 --user=new", "h smtp '--pass=p w' '--pass=p w' --user=new"),
    ],
)
def test_login_is_written(line: str, wanted: str) -> None:
    """Catches: a byte that changes beside the login, and a login that stays as it was."""
    text = f"# c\n{line}\nother smtp --user=old"
    written = with_login(text, 1, username="new", password="p w")
    assert written == f"# c\n{wanted}\nother smtp --user=old"
    assert with_login(written, 1, username="new", password="p w") == written
    held = marked(text, {1}, DRAINING)
    assert marked(with_login(held, 1, username="new", password="p w"), set()) == written


def test_stage_is_in_the_line() -> None:
    """Catches: a hold that counts as one before the deliveries under way have ended."""
    text = "a smtp\nb smtp\n"
    assert [one.stage for one in remotes_of(marked(text, {1}, DRAINING))] == ["", DRAINING]
    assert [one.stage for one in remotes_of(marked(marked(text, {1}, DRAINING), {0}))] == [HELD, ""]


@pytest.mark.parametrize("word", ["", "a", "'", "''", "a'b'", '"', "\\", " ", "'\"'\"'", "\\'\""])
def test_quoted_word_is_read_as_it_was(word: str) -> None:
    """Catches: a password with quotes that is not what was given."""
    assert remotes_of(f"h smtp {quoted(f'--pass={word}')} x")[0].option("pass") == word
