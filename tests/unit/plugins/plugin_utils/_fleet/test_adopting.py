# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.adopting import Given, passwords_of, with_adopted
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Plan

USERS = {"a": ["1"], "b": ["2", "3"]}
# Another play has a host for the last one.
KNOWN = {"1", "2", "3", "9"}


def found(*values: Any) -> dict[str, str]:
    return passwords_of([Given(host, "old", value) for host, value in zip("ab", values, strict=False)], USERS, KNOWN)


@pytest.mark.parametrize(
    ("values", "passwords"),
    [
        (["p", None], {"1": "p"}),
        ([{"1": "p", "2": "q"}, {"1": "p", "2": "q"}], {"1": "p", "2": "q"}),
        (["p", {"2": "q", "3": "r"}], {"1": "p", "2": "q", "3": "r"}),
        # A variable of all plays has accounts that are not this one's.
        ([{"1": "p", "9": "s"}], {"1": "p"}),
        ([{}], {}),
    ],
)
def test_what_is_given(values: list[Any], passwords: dict[str, str]) -> None:
    """Catches: a password that is passed over, or that goes to another account."""
    assert found(*values) == passwords


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([None, None], "names is not defined"),
        (["p", "p"], "old is one password, but b uses 2 accounts"),
        ([{"1": "p"}, {"1": "secret-q"}], "old has different passwords of 1"),
        ([{"1": "p", "8": "secret-q"}], "no host uses 8, which old has a password of"),
        ([{"1": 1234}], "put that of 1 in quotes"),
        ([{"1": ""}], "put that of 1 in quotes"),
        ([{"1": None}], "put that of 1 in quotes"),
        ([{"1": ["secret-q"]}], "put that of 1 in quotes"),
        ([1234], "old must be a password in quotes, or map accounts to passwords"),
        ([["secret-q"]], "old must be a password in quotes, or map accounts to passwords"),
        ([""], "old must be a password in quotes, or map accounts to passwords"),
    ],
)
def test_what_is_refused(values: list[Any], message: str) -> None:
    """Catches: an account with a typo that is passed over; a number that has lost its zeros; a value that is shown."""
    with pytest.raises(InputError, match=message) as raised:
        found(*values)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("adopted", "saves", "goes_on", "work"),
    [([], True, False, ["2"]), (["1"], False, False, ["2"]), (["1"], True, True, ["2", "1"])],
)
def test_store_is_saved_after_an_adoption(adopted: list[str], saves: bool, goes_on: bool, work: list[str]) -> None:
    """Catches: adopted passwords that a job throws away, since nothing else was to be done."""
    made = with_adopted(Plan(work=["2"]), adopted, saves=saves)
    assert (made.adopted, made.goes_on, made.work) == (adopted, goes_on, work)
