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
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import (
    account_values,
    check_accounts,
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
        ("a\r\nb\\c", "/x/a%0D%0Ab%5Cc/y"),
        ("a..b", "/x/a..b/y"),
        ("...", "/x/.../y"),
        (".a/b.", "/x/.a%2Fb./y"),
        ("100%", "/x/100%25/y"),
        ('o\'neil="1"|2', "/x/o%27neil%3D%221%22%7C2/y"),
        ("a:b&c", "/x/a%3Ab%26c/y"),
    ],
)
def test_fill_path(account: str, path: str) -> None:
    """Catches: an account that leaves its segment of the URL."""
    assert fill_path("/x/{account}/y", {"account": account}) == path


@given(st.text(alphabet=st.characters(codec="utf-8")) | st.text(alphabet="a./\\%"))
def test_a_value_is_one_segment(value: str) -> None:
    """Catches: any character that ends a segment, and any value that leads to another path once it is decoded."""
    pieces = value.replace("\\", "/").split("/")
    try:
        filled = fill_path("/x/{account}", {"account": value})
    except InputError:
        assert {"", ".", ".."} & set(pieces)
        return
    assert re.fullmatch(r"/x/[A-Za-z0-9._~%-]+", filled) and unquote(filled[3:]) == value
    assert not {"", ".", ".."} & set(pieces)


@pytest.mark.parametrize(
    ("path", "account"),
    [
        ("/x/{account}/y", ".."),
        ("/x/{account}/y", "."),
        ("/x/{account}/y", ""),
        ("/x/{account}/y", "a/../b"),
        ("/x/{account}/y", "a\\..\\b"),
        ("/x/{account}/y", "../a"),
        ("/x/{account}/y", "/a"),
        ("/x/{account}/y", "a//b"),
        ("/x/.{account}", "."),
    ],
)
def test_fill_path_refuses_what_leads_elsewhere(path: str, account: str) -> None:
    """Catches: a password that is set for another account, because client or server takes '..' away."""
    with pytest.raises(InputError) as caught:
        fill_path(path, {"account": account})
    assert str(caught.value) == (
        f"{account!r} cannot replace {{account}} in the path {path}: an empty part, '.' or '..' between slashes would "
        "lead to another path. If the provider's API knows the account by an ID, set account_ids"
    )


@pytest.mark.parametrize(
    ("account", "account_id", "values"),
    [
        ("1.acme.smtp", None, ("1.acme.smtp", "1.acme.smtp", "")),
        ("a@b.example", None, ("a@b.example", "a", "b.example")),
        ("a@b@c", None, ("a@b@c", "a@b", "c")),
        ("a@", None, ("a@", "a", "")),
        ("@b", None, ("@b", "", "b")),
        ("1.acme.smtp", "4711", ("4711", "4711", "")),
        ("a@b.example", "4711", ("4711", "a", "b.example")),
        ("a@b.example", "c@d.example", ("c@d.example", "c", "d.example")),
        ("1.acme.smtp", "c@d.example", ("c@d.example", "c", "d.example")),
    ],
)
def test_account_values(account: str, account_id: str | None, values: tuple[str, str, str]) -> None:
    """Catches: an address that is taken apart at the wrong place, and a login where the API wants an id."""
    found = account_values(account, account_id)
    assert (found["account"], found["account_name"], found["account_domain"]) == values
    assert found["account_login"] == account and len(found) == 4


def check(account: str, request: Request, **ids: str) -> str:
    """Return the message about an account, an empty text if there is none."""
    try:
        check_accounts([account], request, ids)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "request_",
    [
        Request("PUT", "/{account_domain}/x"),
        Request("PUT", "/x", body={"a": ["{account_domain}"]}),
        Request("PUT", "/x", query={"a": "{account_domain}"}),
        Request("PUT", "/x", headers={"a": "{account_domain}"}),
    ],
)
def test_check_domain(request_: Request) -> None:
    """Catches: an account without a domain, sent to a provider whose call needs one."""
    assert check("a@b.example", request_) == ""
    for account in ("1.acme.smtp", "a@"):
        assert check(account, request_) == (
            f"account {account!r} has no domain, which this provider's API needs: write it as name@example.com"
        )
    check_accounts(["1.acme.smtp"], request_, {"1.acme.smtp": "a@b.example"})


def test_check_path() -> None:
    """Catches: an account that is found to be another path only when its password is staged."""
    request = Request("PUT", "/x/{account}", body={"password": "{password}"})
    assert check("a/b", request) == ""
    assert check("..", request).startswith("'..' cannot replace {account} in the path /x/{account}")
    check_accounts([".."], request, {"..": "4711"})
    assert check("..", Request("POST", "/x", body={"name": "{account}"})) == ""


@pytest.mark.parametrize("account", ["zażółć", "a @b", "\u00a0@b"])
def test_check_header(account: str) -> None:
    """Catches: an account that breaks the call in the middle of a batch, since a header cannot carry it."""
    request = Request("PUT", "/x", headers={"X-Who": "{api_key} {account_name}"})
    assert check("a b@ü", request) == ""
    name = account.split("@", maxsplit=1)[0]
    assert check(account, request) == (
        f"{name!r} cannot replace {{account_name}} in a header: only ASCII is possible there, without blanks at the "
        "ends. If the provider's API knows the account by an ID, set account_ids"
    )
