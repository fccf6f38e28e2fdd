# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import (
    INFO_SPEC,
    LIMITS,
    PASSWORD_SPEC,
    PROVIDERS,
    check_limits,
    checked_accounts,
    has_twins,
)
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import BUILT_IN, definition_from

NOT_A_LOGIN = (
    "accounts: {} is not an SMTP login: 1 to 128 of the characters A-Z a-z 0-9 . _ @ + - are accepted, "
    "without two dots in a row"
)


@pytest.mark.parametrize("account", ["1.acme.smtp", "a", "A_b+c-d@example.com", "a" * 128, "-", "a.", ".a"])
def test_accounts_that_are_accepted(account: str) -> None:
    """Catches: a login that providers give out and that is refused."""
    assert checked_accounts([account, "other"]) == [account, "other"]


BAD = ["", " ", "a/b", "..", ".", "...", "a..b", "a?b", "a#b", "a\n", "\na", "a\r", "%2e", "a%2e", "a\\b", "a b",
       "a\tb", "ü", "a{b}", "a:b", "a;b", "a\x00", "a" * 129, "\u0661", "a\u2028", "'",
       "@", "@@", "@example.com", ".@example.com", "a@", "a@.", "a@@b", "a@.@b"]  # fmt: skip


@pytest.mark.parametrize("account", BAD)
def test_accounts_that_are_not(account: str) -> None:
    """Catches: an account that changes the URL, a log line or a YAML key."""
    with pytest.raises(InputError) as caught:
        checked_accounts(["1.acme.smtp", account])
    assert str(caught.value) == NOT_A_LOGIN.format(repr(account))
    assert "\n" not in str(caught.value)


@given(st.text(max_size=5) | st.text(alphabet="a.@/%", max_size=5))
def test_no_account_leaves_its_segment(account: str) -> None:
    """Catches: any accepted account that means something else in a URL."""
    try:
        checked_accounts([account])
    except InputError:
        return
    assert account.isascii() and not set(account) & set("/?#%\\:;&={}\r\n ") and ".." not in account
    assert all(part.strip(".") for part in (account, *account.split("@")))


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


KEYS = ("application_key", "authorization_key", "api_key", "api_credentials")


@pytest.mark.parametrize("spec", [PASSWORD_SPEC, INFO_SPEC])
def test_secrets_are_marked(spec: dict[str, t.Any]) -> None:
    """Catches: a secret that Ansible prints with -vvv."""
    secrets = {name for name, option in spec.items() if option.get("no_log")}
    assert secrets == {*KEYS, "password", "passwords"} & set(spec)
    assert spec["accounts"]["aliases"] == ["account"]


def test_providers_are_those_that_exist() -> None:
    """Catches: a choice that is not there, or a provider that cannot be chosen."""
    assert sorted(BUILT_IN) == sorted(PROVIDERS)
    made = [definition_from({"provider": name, "api_url": "https://mail.example"}) for name in PROVIDERS]
    assert all(item.credentials.keys() <= PASSWORD_SPEC.keys() for item in made)
    assert [item.name for item in made] == PROVIDERS
