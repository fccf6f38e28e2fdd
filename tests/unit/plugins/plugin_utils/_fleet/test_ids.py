# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.ids import VARIABLE, conflicts, merged

A, B = "a.smtp", "b.smtp"


def hosts(*ids: Any) -> dict[str, dict[str, Any]]:
    return {f"mail{number}": {} if one is None else {VARIABLE: one} for number, one in enumerate(ids, 1)}


def test_ids_of_all_hosts() -> None:
    """Catches: an account that is called by its login, because another host knows its ID."""
    known = hosts({A: "1"}, None, {B: 2})
    assert merged(known, [*known], {"c": "3"}) == {A: "1", B: 2, "c": "3"}
    assert merged(hosts("not a mapping"), ["mail1"], {}) == {}


@pytest.mark.parametrize(
    ("known", "own", "accounts", "messages"),
    [
        (hosts({A: "1"}, {A: 1}), {A: "1"}, [A, B], []),
        (hosts({A: "1"}, {A: "2"}), {}, [A], [f"{VARIABLE} has different IDs for {A}, 1 and 2"]),
        (hosts({A: "1"}), {A: "2"}, [A], [f"{VARIABLE} has different IDs for {A}, 1 and 2"]),
        (
            hosts({A: "1"}, {B: "1"}),
            {},
            [A, B, A],
            [f"{VARIABLE}: {A} and {B} are the same account at the provider, 1"],
        ),
        (hosts({B: A}), {}, [A, B], [f"{VARIABLE}: {A} and {B} are the same account at the provider, {A}"]),
        (hosts({A: "1", B: "1"}), {}, [A], []),
        (hosts(None, None), {}, [A, B], []),
    ],
)
def test_conflicts(known: dict[str, Any], own: dict[str, Any], accounts: list[str], messages: list[str]) -> None:
    """Catches: the password of an account in use that is changed by the ID of an idle one, with nothing held."""
    assert conflicts(known, [*known], own, accounts) == messages
