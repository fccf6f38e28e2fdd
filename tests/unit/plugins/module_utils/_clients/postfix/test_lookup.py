# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of Postfix's lookups, as the experiments in tests/clients/test_postfix_find.py saw it."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.lookup import (
    first,
    sender_keys,
    server_keys,
    username_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.nexthops import hops_of

Tables = list[dict[str, str]]


@pytest.mark.parametrize(
    ("hop", "servers", "keys"),
    [
        ("[a.example]:587", (), ["a.example", "[a.example]:587"]),
        ("a.example:587", (), ["a.example", "a.example:587"]),
        ("a.example", (), ["a.example"]),
        ("a.example:587", ("mx1.example", "mx2.example"), ["mx1.example", "mx2.example", "a.example:587"]),
    ],
)
def test_server_keys(hop: str, servers: tuple[str, ...], keys: list[str]) -> None:
    """Catches: the next hop looked up before the name of the server."""
    assert server_keys(hops_of(hop)[0], servers) == keys


@pytest.mark.parametrize(
    ("sender", "delimiters", "local", "keys"),
    [
        ("", "", (), []),
        ("a@b.example", "", (), ["a@b.example", "@b.example"]),
        ("a+c-d@b.example", "+-", (), ["a+c-d@b.example", "a@b.example", "@b.example"]),
        ("a@b.example", "", ("b.example",), ["a@b.example", "a", "@b.example"]),
    ],
)
def test_sender_keys(sender: str, delimiters: str, local: tuple[str, ...], keys: list[str]) -> None:
    """Catches: the entry of a sender that is not seen to hide that of the server."""
    assert sender_keys(sender, delimiters=delimiters, local=local) == keys


@pytest.mark.parametrize(
    ("tables", "found"),
    [
        ([{}, {}], None),
        ([{"dest": "a:1"}, {"host": "b:2"}], (1, "host", "b")),
        ([{"dest": "a:1"}, {"dest": "b:2"}], (0, "dest", "a")),
        ([{"host": ""}, {"dest": "b:2"}], (1, "dest", "b")),
        ([{"host": "no-colon"}, {}], (0, "host", "")),
    ],
)
def test_first(tables: Tables, found: tuple[int, str, str] | None) -> None:
    """Catches: one table asked for all keys before the next: Postfix asks all tables for one key."""
    hit = first(range(len(tables)), ["host", "dest"], lambda table, key: tables[table].get(key))
    assert (hit and (hit.table, hit.key, hit.username)) == found


def test_what_could_be_a_password_is_no_username() -> None:
    """Catches: a message that shows a value without a colon, which could be a password."""
    assert username_of("a:b:c") == "a"
    assert username_of("secret") == ""
