# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer.plan import plan
from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer.text import remotes_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, Login
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

ONE = (Login("a", replaces=("b",)),)
TWO = (Login("a"), Login("c"))


def planned(text: str, logins: tuple[Login, ...] = ONE) -> list[tuple[int, str | None]]:
    job = Job("relay.example", 587, logins=logins)
    lines = plan(remotes_of(text), job, lambda host: host == "alias.example")
    return [(line.remote.index, line.login.username if line.login else None) for line in lines]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("relay.example smtp --user=a", [(0, "a")]),
        ("RELAY.example. smtp --user=b\nother smtp --user=a", [(0, "a")]),
        ("relay.example smtp --port=587", [(0, "a")]),
        ("relay.example", [(0, "a")]),
        ("alias.example smtp --user=a\nrelay.example smtp --user=b", [(0, "a"), (1, "a")]),
        ("alias.example smtp --user=x\nrelay.example smtp --user=a", [(1, "a")]),
        ("relay.example smtp --user=a\nrelay.example smtp --user=x", [(0, "a"), (1, None)]),
        ("relay.example qmqp\nrelay.example smtp --user=a", [(1, "a")]),
    ],
)
def test_lines_of_the_provider(text: str, lines: list[tuple[int, str | None]]) -> None:
    """Catches: a line that would go on with the old password, and one of another provider that would get ours."""
    assert planned(text) == lines


def test_several_logins() -> None:
    """Catches: a login that gets the line of another one, and a run that ends because nullmailer uses only one."""
    assert planned("relay.example smtp --user=c\nrelay.example smtp --user=a", TWO) == [(0, "c"), (1, "a")]
    assert planned("relay.example smtp --user=c\nrelay.example smtp", TWO) == [(0, "c"), (1, "a")]
    assert planned("relay.example smtp --user=c", TWO) == [(0, "c")]


def test_key_names_the_line() -> None:
    """Catches: a login that is written under another key than the playbook says."""
    assert planned("other smtp --user=a\nrelay.example smtp --user=x", (Login("a", key="other"),)) == [
        (0, "a"),
        (1, None),
    ]


@pytest.mark.parametrize(
    ("text", "logins", "words"),
    [
        ("", ONE, "names nobody"),
        ("other smtp --user=a", ONE, "names other"),
        ("relay.example smtp --user=x", ONE, "no line for a at relay.example, only for x"),
        ("relay.example smtp", TWO, "no line for a, c at relay.example, only for no login"),
        ("relay.example smtp --user=x\nrelay.example smtp --user=a", ONE, "line 1 of .* with x, before line 2 with a"),
    ],
)
def test_refused(text: str, logins: tuple[Login, ...], words: str) -> None:
    """Catches: a password that is written where nullmailer does not read it, or reads it only if another one fails."""
    with pytest.raises(InputError, match=words):
        planned(text, logins)
