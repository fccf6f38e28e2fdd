# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.candidates import (
    closed_until,
    login_of,
    others,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW

WINDOW = timedelta(minutes=15)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({}, None),
        ({"password": "a"}, None),
        ({"password": "a", "changed_at": ago(20), "effective_at": ago(5)}, None),
        ({"password": "a", "changed_at": ago(10), "effective_at": ago(-5)}, ago(-5)),
        # Edited by hand: the window counts from the change.
        ({"password": "a", "changed_at": ago(10)}, ago(-5)),
        # Over at this very moment.
        ({"password": "a", "changed_at": ago(15), "effective_at": NOW}, None),
        # Sent, and its answer lost: the old window is over, and a new one may be open.
        ({"password": "a", "effective_at": ago(99), "staged_password": "b", "staged_at": ago(3)}, ago(-12)),
        ({"password": "a", "effective_at": ago(99), "staged_password": "b", "staged_at": ago(15)}, None),
        # Refused after it may have landed.
        ({"password": "a", "doubtful_passwords": ("b",), "staged_at": ago(1)}, ago(-14)),
        ({"password": "a", "changed_at": ago(1), "effective_at": ago(-14), "staged_at": ago(9)}, ago(-14)),
    ],
)
def test_closed_until(fields: dict[str, Any], until: datetime | None) -> None:
    """Catches: a login inside a window, also one that nobody was told of; an account that is never looked at."""
    assert closed_until(Record(**fields), WINDOW, NOW) == until


def test_others_with_their_names_the_likeliest_first() -> None:
    """Catches: a wrong login spent on an old value; a name by which another value is found; an empty value."""
    assert others(Record(password="a")) == []
    record = Record(password="a", previous_password="b", staged_password="c", doubtful_passwords=("d", "e"))
    assert others(record) == [
        ("staged_password", "c"),
        ("doubtful_passwords[1]", "e"),
        ("doubtful_passwords[0]", "d"),
        ("previous_password", "b"),
    ]


@pytest.mark.parametrize(
    ("fields", "name", "login"),
    [
        ({}, "previous_password", "a"),
        ({"username": "u2"}, "staged_password", "u2"),
        ({"username": "u2"}, "previous_password", "u2"),
        ({"username": "u2", "previous_id": "1"}, "previous_password", "a"),
        ({"username": "u2", "previous_id": "1", "previous_username": "u1"}, "previous_password", "u1"),
        ({"username": "u2", "previous_id": "1", "previous_username": "u1"}, "doubtful_passwords[0]", "u2"),
    ],
)
def test_login_of_a_value(fields: dict[str, Any], name: str, login: str) -> None:
    """Catches: a credential's password tried with another one's user name, which never works."""
    assert login_of(Record(**fields), "a", name) == login
