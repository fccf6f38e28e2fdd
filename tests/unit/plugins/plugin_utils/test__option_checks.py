# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PASSWORD_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._option_checks import (
    LIMITS,
    check_limits,
    checked_accounts,
    checked_ids,
    has_twins,
)

NO_NAME = "cannot be the name of an account"
CONTROL = "a line break or another control character"


@pytest.mark.parametrize(
    "account",
    ["1.acme.smtp", "a", "A_b+c-d@example.com", "x" * 320, "-", "a..b", "..", "a b", "DOMAIN\\user", "a/b", "a=b",
     "a|b", "100%", "o'neil", 'the "one"', "a:b", "#1", "who?", "r&d", "zażółć@köln.example", "ユーザー", "\U0001f4ee",
     "{account}", "a\u00a0b", "user@", "@example.com", "~", "*", "$HOME", "123", "null"],
)  # fmt: skip
def test_accounts_that_are_accepted(account: str) -> None:
    """Catches: a login that some provider gives out and that is refused."""
    assert checked_accounts([account, "other"]) == [account, "other"]


@pytest.mark.parametrize(
    ("account", "fault"),
    [
        ("", "it is empty"),
        (" ", "it begins or ends with a space"),
        (" a", "it begins or ends with a space"),
        ("a\u00a0", "it begins or ends with a space"),
        ("a\n", f"character 2 is U+000A, {CONTROL}"),
        ("\na", f"character 1 is U+000A, {CONTROL}"),
        ("a\tb", f"character 2 is U+0009, {CONTROL}"),
        ("é\x7f", f"character 2 is U+007F, {CONTROL}"),
        ("ab\x00", f"character 3 is U+0000, {CONTROL}"),
        ("a\x85b", f"character 2 is U+0085, {CONTROL}"),
        ("a\u2028b", f"character 2 is U+2028, {CONTROL}"),
        ("a\ud800", f"character 2 is U+D800, {CONTROL}"),
        ("a" * 321, "it has 321 characters, at most 320 are accepted"),
    ],
)
def test_accounts_that_are_not(account: str, fault: str) -> None:
    """Catches: an account that ends a header or a log line, or that programs strip; a message that shows no place."""
    with pytest.raises(InputError) as caught:
        checked_accounts(["1.acme.smtp", account])
    assert str(caught.value) == f"accounts: {account[:64]!r} {NO_NAME}: {fault}"
    assert "\n" not in str(caught.value)


@given(st.text(max_size=5))
def test_an_accepted_account_is_one_line(account: str) -> None:
    """Catches: any accepted account that becomes two lines, or that cannot be written as UTF-8."""
    try:
        checked_accounts([account])
    except InputError:
        return
    assert account.encode() and account.splitlines() == [account] == [account.strip()]


@pytest.mark.parametrize(
    ("ids", "accounts", "checked"),
    [
        (None, ["a"], {}),
        ({}, ["a"], {}),
        ({"a": "4711"}, ["a", "b"], {"a": "4711"}),
        ({"a": 4711}, ["a", "b"], {"a": "4711"}),
        ({"a": "b", "b": "a"}, ["a", "b"], {"a": "b", "b": "a"}),
        ({"a": "a"}, ["a"], {"a": "a"}),
        ({"a": "a b/c%"}, ["a"], {"a": "a b/c%"}),
        ({"a": "1", "elsewhere": "2"}, None, {"a": "1", "elsewhere": "2"}),
    ],
)
def test_ids_that_are_accepted(ids: t.Any, accounts: list[str] | None, checked: dict[str, str]) -> None:
    """Catches: an id that providers give out and that is refused, and a number that stays one."""
    assert checked_ids(ids, accounts) == checked


@pytest.mark.parametrize(
    ("ids", "accounts", "message"),
    [
        ({"acme": "1"}, ["1.acme"], "account_ids['acme']: is not listed in accounts"),
        ({"a": ""}, ["a"], f"account_ids['a']: '' {NO_NAME}: it is empty"),
        ({"a": "1\r2"}, ["a"], f"account_ids['a']: '1\\r2' {NO_NAME}: character 2 is U+000D, {CONTROL}"),
        ({"a": None}, ["a"], "account_ids['a']: must be a string or a number, not NoneType"),
        ({"a": True}, ["a"], "account_ids['a']: must be a string or a number, not bool"),
        ({"a": ["1"]}, ["a"], "account_ids['a']: must be a string or a number, not list"),
        ({"a": 1.5}, ["a"], "account_ids['a']: must be a string or a number, not float"),
        ({"a": "1", "b": "1"}, ["a", "b"], "account_ids: 'a' and 'b' are one account at the provider, '1'"),
        ({"a": "b"}, ["a", "b"], "account_ids: 'a' and 'b' are one account at the provider, 'b'"),
        ({"a": "1", "b": 1}, None, "account_ids: 'a' and 'b' are one account at the provider, '1'"),
    ],
)
def test_ids_that_are_not(ids: t.Any, accounts: list[str] | None, message: str) -> None:
    """Catches: a misspelt account whose login is used without a word, and two passwords for one account."""
    with pytest.raises(InputError) as caught:
        checked_ids(ids, accounts)
    assert str(caught.value) == message


def test_none_and_twice() -> None:
    """Catches: an empty list that succeeds by doing nothing, and one account rotated by two threads."""
    with pytest.raises(
        InputError, match=r"^accounts: is empty; name at least one SMTP account, such as 1\.name\.smtp$"
    ):
        checked_accounts([])
    with pytest.raises(InputError, match=r"^accounts: listed more than once: a, b$"):
        checked_accounts(["b", "a", "c", "a", "b", "b"])
    assert not has_twins(["a", "A"]) and has_twins(["a", "a"])


@pytest.mark.parametrize("name", list(LIMITS))
def test_limits(name: str) -> None:
    """Catches: a number that waits for ever, or makes no attempt, or opens a thousand connections."""
    low, high = LIMITS[name]
    for value in (low, high, None):
        check_limits({name: value})
    for value in (low - 1, high + 1, -1, 10**30):
        with pytest.raises(InputError) as caught:
            check_limits({name: value})
        assert str(caught.value) == f"{name}: must be from {low} to {high}, not {value}"
    check_limits({})


def test_every_number_has_limits() -> None:
    """Catches: a new option in seconds or counts that nothing bounds."""
    numbers = {name for name, option in PASSWORD_SPEC.items() if option["type"] in ("int", "float")}
    assert numbers - {"password_length"} == set(LIMITS)
