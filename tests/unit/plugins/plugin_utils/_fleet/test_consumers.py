# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.consumers import (
    consumers_of,
    logins,
    programs_of,
    symbols_in_doubt,
    with_usernames,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Record

ONE = Record(accounts=["1", "2"])
TWO = Record(accounts=["1", "2", "3", "4"], senders={"s": ["1", "2"], "t": ["3", "4"]})


@pytest.mark.parametrize(
    ("value", "consumers", "programs"),
    [
        ("", [], []),
        ([], [], []),
        ("postfix", ["postfix"], ["postfix"]),
        ("template", ["template"], []),
        (["template", "exim", "exim", ""], ["template", "exim"], ["exim"]),
        (("auto",), ["auto"], ["auto"]),
    ],
)
def test_what_the_option_names(value: Any, consumers: list[str], programs: list[str]) -> None:
    """Catches: a list taken for one name; a template that is asked to hold mail; a program that is held twice."""
    assert consumers_of(value) == consumers
    assert programs_of(value) == programs


@pytest.mark.parametrize(
    ("own", "entries", "senders", "found"),
    [
        (ONE, [], {}, [{"username": "1"}, {"username": "2"}]),
        (ONE, [{"key": "k", "account": "2"}], {}, [{"username": "2", "key": "k"}]),
        (
            ONE,
            [{"key": "k", "account": "2"}, {"key": "m", "account": "2"}],
            {},
            [{"username": "2", "key": "k"}, {"username": "2", "key": "m"}],
        ),
        (
            TWO,
            [],
            {"s": {"in_use": "2"}},
            [{"username": "2", "replaces": ["1"]}, {"username": "3", "replaces": ["4"]}],
        ),
        (
            TWO,
            [{"key": "k", "sender": "t"}, {"key": "m", "account": "1"}],
            {"t": {"in_use": "4"}},
            [{"username": "4", "replaces": ["3"], "key": "k"}, {"username": "1", "key": "m"}],
        ),
        (Record(), [], {}, []),
        (ONE, [{"key": "k"}], {}, [{"username": "", "key": "k"}]),
    ],
)
def test_who_logs_in(own: Record, entries: Any, senders: Any, found: Any) -> None:
    """Catches: an entry with another account's login; one of the idle account that stays beside that in use."""
    assert logins(own, entries, senders) == found


NAMES = {"1": ["1"], "2": ["user2", "2"], "3": ["user3", "user2", "3"], "4": ["4", "user1"]}


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ({"username": "1"}, {"account": "1", "username": "1"}),
        ({"username": "2", "key": "k"}, {"account": "2", "username": "user2", "replaces": ["2"], "key": "k"}),
        ({"username": "3"}, {"account": "3", "username": "user3", "replaces": ["user2", "3"]}),
        ({"username": "4"}, {"account": "4", "username": "4", "replaces": ["user1"]}),
        # The idle account of a pair has had other names, too.
        (
            {"username": "3", "replaces": ["2"]},
            {"account": "3", "username": "user3", "replaces": ["user2", "3", "2"]},
        ),
        ({"username": "1", "replaces": ["4"]}, {"account": "1", "username": "1", "replaces": ["4", "user1"]}),
    ],
)
def test_user_names_of_the_store(user: Any, found: Any) -> None:
    """Catches: a login by the account's name; an entry with an earlier user name that stays beside the new one."""
    assert with_usernames(user, NAMES.__getitem__) == found


def test_symbols_are_tried_where_they_can_stand() -> None:
    """Catches: a symbol that a program takes inside of a password and not at its beginning."""
    assert symbols_in_doubt("^ ") == [
        ("^", "^aA1"),
        ("^", "aA1^aA1"),
        ("^", "aA1^"),
        (" ", " aA1"),
        (" ", "aA1 aA1"),
        (" ", "aA1 "),
    ]
