# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import typing as t
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import (
    account_values,
    check_account,
    fill,
    fill_path,
    names_in,
)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", set()),
        ("/a/{account}/{account_name}", {"account", "account_name"}),
        ({"{a}": ["{b}", ("{c}", 1, None)], "d": {"e": "{f}"}}, {"a", "b", "c", "f"}),
        ("{{a}} {} {A} {a1} { a }", {"a", "A", "a1", " a "}),
        (None, set()),
        (5, set()),
    ],
)
def test_names(value: t.Any, names: set[str]) -> None:
    """Catches: a placeholder, wherever it stands, that no check sees."""
    assert names_in(value) == names


def test_fill_is_not_repeated() -> None:
    """Catches: a password that looks like a placeholder and is filled in itself."""
    values = {"password": "{account}\\1\\g<0>", "account": "{password}"}
    assert fill({"{account}": ["{password}", 1, None, True]}, values) == {
        "{password}": ["{account}\\1\\g<0>", 1, None, True]
    }


def test_fill_leaves_the_template_alone() -> None:
    """Catches: the password of one account in the template of the next."""
    body = {"items": ["{account}"], "attr": {"password": "{password}"}}
    before = repr(body)
    fill(body, {"account": "a", "password": "b"})
    assert repr(body) == before


@pytest.mark.parametrize(
    ("account", "path"),
    [
        ("1.acme.smtp", "/x/1.acme.smtp/y"),
        ("a/b?c", "/x/a%2Fb%3Fc/y"),
        ("a b#c%2e;d", "/x/a%20b%23c%252e%3Bd/y"),
        ("ü@b+c", "/x/%C3%BC%40b%2Bc/y"),
        ("a\r\nb\\", "/x/a%0D%0Ab%5C/y"),
    ],
)
def test_fill_path(account: str, path: str) -> None:
    """Catches: an account that leaves its segment of the URL."""
    assert fill_path("/x/{account}/y", {"account": account}) == path


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_value_is_one_segment(value: str) -> None:
    """Catches: any character that ends a segment."""
    filled = fill_path("/x/{account}", {"account": value})
    assert re.fullmatch(r"/x/[A-Za-z0-9._~%-]*", filled) and unquote(filled[3:]) == value


@pytest.mark.parametrize(
    ("account", "name", "domain"),
    [
        ("1.acme.smtp", "1.acme.smtp", ""),
        ("a@b.example", "a", "b.example"),
        ("a@b@c", "a@b", "c"),
        ("a@", "a", ""),
        ("@b", "", "b"),
    ],
)
def test_account_values(account: str, name: str, domain: str) -> None:
    """Catches: an address that is taken apart at the wrong place."""
    assert account_values(account) == {"account": account, "account_name": name, "account_domain": domain}


def test_check_account() -> None:
    """Catches: an account without a domain, sent to a provider whose path needs one."""
    check_account("a@b.example", {"account_domain"})
    check_account("1.acme.smtp", {"account", "account_name"})
    for account in ("1.acme.smtp", "a@"):
        with pytest.raises(InputError) as caught:
            check_account(account, {"account_domain"})
        assert str(caught.value) == (
            f"account {account!r} has no domain, which this provider's API needs: write it as name@example.com"
        )
