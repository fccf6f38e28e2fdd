# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries a job is about."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.choice import Place, places
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Login
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

HOST = "smtp.provider.example"
ME = Login("me", replaces=("old",))
OTHER = Login("other")


def chosen(text: str, *logins: Login, in_use: tuple[str, ...] = (HOST,)) -> list[Place]:
    """Return the places for one host."""
    names = (HOST, "alias.example")
    return places(text, kind="nwildlsearch", in_use=in_use, names=names, logins=logins or (ME,), path="/f")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(HOST, None, "me")]),
        (f"{HOST}:me:p\n", [(HOST, "me", "me")]),
        (f"{HOST}:old:p\n", [(HOST, "old", "me")]),
        ("*:me:p\n", [("*", "me", "me")]),
        (
            f"*:me:p\n{HOST}:me:p\nalias.example:old:p\n",
            [("*", "me", "me"), (HOST, "me", "me"), ("alias.example", "old", "me")],
        ),
        (f"{HOST}:me:p\nelsewhere.example:me:p\n", [(HOST, "me", "me")]),
    ],
)
def test_places(text: str, expected: list[tuple[str, str | None, str]]) -> None:
    """Catches: an entry of the account that keeps the old password, one of another relay that gets the new one."""
    found = [(one.key, one.line.username if one.line else None, one.wanted.username) for one in chosen(text)]
    assert found == expected


def test_two_logins() -> None:
    """Catches: a login that is written for a host that uses another one."""
    (place,) = chosen(f"{HOST}:other:p\n", ME, OTHER)
    assert place.wanted is OTHER
    (place,) = chosen("", ME, Login("third", key=HOST.upper()))
    assert place.wanted.username == "third"


def test_key_of_the_playbook() -> None:
    """Catches: a key that is named and not obeyed."""
    (place,) = chosen(f"{HOST}:somebody:p\n", Login("me", key=HOST))
    assert (place.wanted.username, place.line and place.line.username) == ("me", "somebody")


@pytest.mark.parametrize(
    ("text", "logins", "words"),
    [
        (f"*:somebody:p\n{HOST}:me:p\n", (ME,), "as somebody, by the entry * of /f, and not as me"),
        ("", (ME, OTHER), "and there are 2 logins"),
    ],
)
def test_refused(text: str, logins: tuple[Login, ...], words: str) -> None:
    """Catches: an entry that is written and hidden by another one."""
    with pytest.raises(InputError) as error:
        chosen(text, *logins)
    assert words in str(error.value)


def test_two_hosts() -> None:
    """Catches: an entry that is added twice."""
    found = chosen("", in_use=("a.example", "b.example", "a.example"))
    assert [place.key for place in found] == ["a.example", "b.example"]
