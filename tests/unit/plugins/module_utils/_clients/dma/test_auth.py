# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.dma.auth import (
    LONGEST_LINE,
    cannot_carry,
    logins_of,
    used_by,
    with_login,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, Login
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

TEXT = "# a|relay:x\n\nb|relay:1\nc|other:2\na|relay 3|4:5\nno login\n"


def used(text: str, *logins: Login) -> tuple[str, list[int]]:
    login, lines = used_by(text, "relay", Job("relay", 587, logins=logins))
    return login.username, [line.index for line in lines]


def test_lines() -> None:
    """Catches: a comment that is taken for a login, and a host that is cut at the wrong place."""
    assert [(one.index, one.username, one.host) for one in logins_of(TEXT)] == [
        (2, "b", "relay"),
        (3, "c", "other"),
        (4, "a", "relay"),
    ]


def test_last_line_is_used() -> None:
    """Catches: a login that is written into a line that dma does not read."""
    assert used(TEXT, Login("a")) == ("a", [4])
    assert used(TEXT, Login("b"), Login("a")) == ("a", [4])
    assert used(TEXT, Login("b", replaces=("a",))) == ("b", [2, 4])
    assert used("c|other:2\n", Login("a")) == ("a", [])
    with pytest.raises(InputError, match="dma logs in to relay as a, since of several lines it uses the last"):
        used(TEXT, Login("b"))
    with pytest.raises(InputError, match="name one of a, b"):
        used("", Login("a"), Login("b"))


def test_login_is_written() -> None:
    """Catches: a byte that changes beside the login, and a new line that is joined to one without an end."""
    lines = [one for one in logins_of(TEXT) if one.username == "a"]
    assert with_login(TEXT, "relay", lines, Login("z", "p|:w ")) == TEXT.replace("a|relay 3|4:5", "z|relay:p|:w ")
    assert with_login("x|y:z", "relay", [], Login("a", "p")) == "x|y:z\na|relay:p\n"
    assert with_login("", "relay", [], Login("a", "p")) == "a|relay:p\n"


def test_what_a_line_cannot_hold() -> None:
    """Catches: a line that dma takes for a comment, for another host, or for two."""
    assert "cannot contain |" in cannot_carry("a|b", "p")
    assert "cannot start with #" in cannot_carry("#a", "p")
    assert f"at most {LONGEST_LINE} bytes" in cannot_carry("a", "é" * 900)
    assert cannot_carry("a#", "#|: p") == ""
