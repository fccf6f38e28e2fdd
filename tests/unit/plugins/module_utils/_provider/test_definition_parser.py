# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import typing as t
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import restored
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import BUILT_IN

FULL: dict[str, t.Any] = {
    "name": "own",
    "api_url": "https://api.example.com",
    "credentials": {"api_key": "OWN_KEY", "other": ""},
    "authentication": {"headers": {"X-Key": "{api_key}"}, "basic": {"username": "api", "password": "{other}"}},
    "set_password": {
        "method": "PATCH",
        "path": "/v1/{account_domain}/{account_name}",
        "encoding": "form",
        "body": {"login": "{account}", "new": "{password}"},
        "query": {"who": "{account}"},
        "headers": {"X-Other": "{other}"},
        "standing": "verified",
        "source": "a page",
    },
    "list_accounts": {
        "method": "GET", "path": "/v1", "query": {"o": "{offset}", "l": "{limit}", "p": "{page}"}, "items": "data",
        "name": "login", "fallback_method": "POST", "paging": "page", "page_size": 50, "empty_statuses": [404],
    },
    "answer": {
        "accepted": [{"path": "ok", "equals": 1}],
        "refused": [{"status": 200, "path": "n", "above": 0.5}, {"path": "t", "one_of": ["a"]}],
        "already_set": [{"status": 400, "path": "m", "contains": "same"}, {"path": "e", "empty": False},
                        {"path": "x", "exists": True}],
        "message": "m", "code": ["c"], "request_id": [],
    },
    "password": {"min_length": 5, "max_length": 32, "symbols": "!", "classes": ["digit"]},
    "propagation_seconds": 60,
    "rate_limit": {"calls": 300, "seconds": 60},
    "hints": {"404": "look there"},
}  # fmt: skip
LEAST = {
    "name": "own",
    "set_password": {"method": "PUT", "path": "/{account}", "body": {"p": "{password}"}},
}


def with_field(path: str, value: t.Any) -> dict[str, t.Any]:
    """Return the full definition with one field changed; ... takes it away."""
    data = copy.deepcopy(FULL)
    *parents, last = path.split("/")
    inner: t.Any = data
    for step in parents:
        inner = inner[int(step) if isinstance(inner, list) else step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return data


def test_full() -> None:
    """Catches: a field that is read from another place, or not at all."""
    made = build(FULL)
    assert made.basic == {"username": "api", "password": "{other}"} and made.headers == {"X-Key": "{api_key}"}
    assert made.change.encoding == "form" and made.change.headers == {"X-Other": "{other}"}
    assert made.list_accounts is not None and made.list_accounts.request.query["p"] == "{page}"
    assert (made.list_accounts.paging, made.list_accounts.page_size, made.list_accounts.empty_statuses) == (
        "page",
        50,
        (404,),
    )
    assert made.list_accounts.fallback_method == "POST"
    assert made.answer.accepted == ({"path": "ok", "equals": 1},) and made.answer.message == ("m",)
    assert made.answer.refused[0] == {"path": "n", "above": 0.5, "status": 200}
    assert (made.password.min_length, made.password.max_length, made.password.symbols) == (5, 32, "!")
    assert made.password.classes == ("digit",) and made.change.source == "a page"
    assert (made.rate_limit, made.propagation_seconds, made.change.standing, made.hints) == (
        5,
        60,
        "verified",
        {"404": "look there"},
    )


def test_least() -> None:
    """Catches: a field that is required although it has a default."""
    made = build(LEAST)
    assert made.list_accounts is None and made.basic is None and made.api_url == ""


W = "provider_definition"
IN_BODY = "{password} is allowed in the body only, because paths, queries and headers are logged"
WRONG_PATHS = (
    "x/{account}",
    "//x/{account}",
    "/x//{account}",
    "/../{account}",
    "/x?y={account}",
    "https://evil.example/{account}",
)
PATH = f"{W}.set_password.path: must start with one '/' and must not contain '//', '.', '..', '?' or '#'"
CONTROL = "contains a line break or another control character"
HINT = "must map an HTTP status, such as 403, to one line of text"
NO_KEY = "has no placeholder; put the secret in api_key or api_credentials, and its name in braces here"
METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
BAD: list[tuple[str, t.Any, str]] = [
    ("name", ..., f"{W}.name: is required"),
    ("name", "", f"{W}.name: is empty"),
    ("name", 5, f"{W}.name: must be a str, not int"),
    ("name", "a\nb", f"{W}.name: {CONTROL}"),
    ("nmae", "x",
     f"{W}: unknown field nmae; known fields: answer, api_url, authentication, credentials, find_account, flow, "
     "hints, list_accounts, name, password, propagation_seconds, rate_limit, set_password, settings, transport"),
    ("credentials", ["a"], f"{W}.credentials: must be a Mapping, not list"),
    ("credentials/Key", "X", f"{W}.credentials.Key: is not a valid credential name (use a-z and _)"),
    ("credentials/password", "X", f"{W}.credentials.password: is not a valid credential name (use a-z and _)"),
    ("credentials/account", "X", f"{W}.credentials.account: is not a valid credential name (use a-z and _)"),
    ("credentials/other", "A B", f"{W}.credentials.other: 'A B' is not a valid name of an environment variable"),
    ("credentials/other", 1, f"{W}.credentials.other: must be a str, not int"),
    ("authentication/headers/X", "{password}", f"{W}.authentication.headers: {IN_BODY}"),
    ("authentication/headers/X", "{account}",
     f"{W}.authentication.headers: unknown placeholder {{account}}; available here: {{api_key}}, {{other}}"),
    ("authentication/headers/X", "a\r\nb", f"{W}.authentication.headers.X: {CONTROL}"),
    ("authentication/headers/X", "a-key", f"{W}.authentication.headers.X: {NO_KEY}"),
    ("authentication/basic/password", "a-key", f"{W}.authentication.basic.password: {NO_KEY}"),
    ("password/classes", ["digits"],
     f"{W}.password.classes: may contain only lower, upper, digit, symbol, not 'digits'"),
    ("authentication/basic", {"username": "a"}, f"{W}.authentication.basic.password: is required"),
    ("authentication/basic/x", "a", f"{W}.authentication.basic: unknown field x; known fields: password, username"),
    ("authentication/token", "a", f"{W}.authentication: unknown field token; known fields: basic, headers"),
    ("set_password", ..., f"{W}.set_password: is required with flow set"),
    ("set_password", "PUT", f"{W}.set_password: must be a Mapping, not str"),
    ("set_password/method", ..., f"{W}.set_password.method: is required"),
    ("set_password/method", "put", f"{W}.set_password.method: must be one of {METHODS}, not 'put'"),
    ("set_password/encoding", "xml", f"{W}.set_password.encoding: must be one of json, form, not 'xml'"),
    *(("set_password/path", path, PATH) for path in WRONG_PATHS),
    ("set_password/path", "/{password}", f"{W}.set_password.path: {IN_BODY}"),
    ("set_password/path", "/{api_key}",
     f"{W}.set_password.path: unknown placeholder {{api_key}}; available here: {{account}}, "
     "{account_login}, {account_name}, {account_domain}"),
    ("set_password/query/p", "{password}", f"{W}.set_password.query: {IN_BODY}"),
    ("set_password/query/{password}", "p", f"{W}.set_password.query: {IN_BODY}"),
    ("set_password/headers/X-P", "{password}", f"{W}.set_password.headers: {IN_BODY}"),
    ("set_password/body/x", "{page}", f"{W}.set_password.body: unknown placeholder {{page}}; available here: "
     "{account}, {account_login}, {account_name}, {account_domain}, {password}, {api_key}, {other}"),
    ("set_password/body", {"new": "x"}, f"{W}.set_password.body: must contain {{password}}"),
    ("set_password/body", ..., f"{W}.set_password.body: must contain {{password}}"),
    ("set_password/body/list", ["x"], f"{W}.set_password.body: form fields must be strings, not lists or dicts"),
    ("set_password/x", 1, f"{W}.set_password: unknown field x; known fields: body, encoding, headers, method, path, "
                          f"query, "
     "source, standing"),
    ("list_accounts/fallback_method", "HEAD",
     f"{W}.list_accounts.fallback_method: must be one of , {METHODS}, not 'HEAD'"),
    ("list_accounts/paging", "cursor",
     f"{W}.list_accounts.next: is the path to the next cursor, and goes with paging: cursor"),
    ("list_accounts/page_size", 0, f"{W}.list_accounts.page_size: must be from 1 to 10000, not 0"),
    ("list_accounts/page_size", True, f"{W}.list_accounts.page_size: must be a int, not bool"),
    ("list_accounts/empty_statuses", 404, f"{W}.list_accounts.empty_statuses: must be a list, not int"),
    ("answer/accepted", {"path": "x"}, f"{W}.answer.accepted: must be a list, not dict"),
    ("answer/accepted", ["x"], f"{W}.answer.accepted[0]: must be a dict, not str"),
    ("answer/accepted", [{"path": "x"}],
     f"{W}.answer.accepted[0]: needs exactly one of equals, above, one_of, contains, empty, exists"),
    ("answer/refused/1/above", 1,
     f"{W}.answer.refused[1]: needs exactly one of equals, above, one_of, contains, empty, exists"),
    ("answer/refused/0/above", "1", f"{W}.answer.refused[0].above: must be a int or float, not str"),
    ("answer/refused/0/status", "200", f"{W}.answer.refused[0].status: must be a int, not str"),
    ("answer/refused/1/one_of", "a", f"{W}.answer.refused[1].one_of: must be a list, not str"),
    ("answer/already_set/1/empty", "no", f"{W}.answer.already_set[1].empty: must be a bool, not str"),
    ("answer/already_set/0/is", 1,
     f"{W}.answer.already_set[0]: unknown field is; known fields: above, contains, empty, equals, "
     "exists, one_of, path, status"),
    ("answer/message", [1], f"{W}.answer.message: must be a path such as meta.id, or a list of such paths"),
    ("answer/message", 1, f"{W}.answer.message: must be a str or list, not int"),
    ("password/max_length", 11, f"{W}.password.max_length: must be at least 12 and at least min_length, not 11"),
    ("password/min_length", 33, f"{W}.password.max_length: must be at least 12 and at least min_length, not 32"),
    ("password/min_length", 0, f"{W}.password.min_length: must be from 1 to 128, not 0"),
    ("password/symbols", 1, f"{W}.password.symbols: must be a str, not int"),
    ("propagation_seconds", -1, f"{W}.propagation_seconds: must be from 0 to 604800, not -1"),
    ("propagation_seconds", 1.5, f"{W}.propagation_seconds: must be a int, not float"),
    ("rate_limit/calls", 0, f"{W}.rate_limit.calls: must be from 1 to 1000000, not 0"),
    ("hints/404", "a\nb", f"{W}.hints.404: {HINT}"),
    ("hints/forbidden", "a", f"{W}.hints.forbidden: {HINT}"),
    ("hints/404", 5, f"{W}.hints.404: {HINT}"),
    ("set_password/standing", "sure",
     f"{W}.set_password.standing: must be one of verified, reported, assumed, not 'sure'"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), BAD)
def test_messages_whole(path: str, value: t.Any, message: str) -> None:
    """Catches: a mistake that is let through, or a message that does not name the field."""
    with pytest.raises(InputError) as caught:
        build(with_field(path, value))
    assert str(caught.value) == message


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_not_a_dict(data: t.Any) -> None:
    """Catches: an exception of Python's in place of a message."""
    with pytest.raises(InputError, match=rf"^here: must be a dict, not {type(data).__name__}$"):
        build(data, "here")


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(("{password}", "{account}", "/")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=2),
    max_leaves=5,
)
PLACES = sorted({path for path, _value, _message in BAD})


@given(path=st.sampled_from(PLACES), value=JUNK)
def test_whatever_a_field_is(path: str, value: t.Any) -> None:
    """Catches: an exception that is not ours, whatever a user writes; the password in what gets logged."""
    try:
        made = build(with_field(path, value))
    except InputError as error:
        told = str(error)
    else:
        logged = [made.change.path, made.change.query, made.change.headers, made.headers]
        assert "{password}" not in str(logged)
        assert "{password}" in str(made.change.body)
        told = W
    assert told.startswith(W)


@pytest.mark.parametrize("value", [True, False])
def test_equals_a_boolean(value: bool) -> None:
    """Catches: a provider that answers {"success": true} and cannot be described."""
    assert build(with_field("answer/accepted/0/equals", value)).answer.accepted[0]["equals"] is value


@pytest.mark.parametrize("operator", ["above", "one_of", "contains", "empty", "exists"])
def test_operator_without_a_value(operator: str) -> None:
    """Catches: a condition that fails with a TypeError on the answer, after the password was sent."""
    data = with_field("answer/accepted", [{"path": "x", operator: None}])
    with pytest.raises(InputError):
        build(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("set_password/query/who", "{offset}"),
        ("list_accounts/path", "/v1/{account}"),
        ("list_accounts/path", "/v1/{page}"),
        ("list_accounts/empty_statuses", ["404"]),
        ("set_password/path", "/x#/{account}"),
        ("set_password/path", "/{Id}/{account}"),
        ("set_password/path", "/{account }/{account}"),
        ("set_password/body/{password}", "x"),
    ],
)
def test_mistakes_that_show_only_in_the_call(path: str, value: t.Any) -> None:
    """Catches: a definition that fails, or calls something else, after the password is staged."""
    data = with_field(path, value)
    if path == "set_password/body/{password}":
        del data["set_password"]["body"]["new"]
    with pytest.raises(InputError):
        build(data)


def test_password_in_the_body_of_a_list() -> None:
    """Catches: a message that contradicts what the user sees."""
    with pytest.raises(InputError) as caught:
        build(with_field("list_accounts/body", {"p": "{password}"}))
    assert "is allowed in the body only" not in str(caught.value)


@pytest.mark.parametrize("data", [FULL, LEAST, *BUILT_IN.values()], ids=lambda data: str(data["name"]))
def test_a_definition_survives_the_way_to_a_module(data: dict[str, t.Any]) -> None:
    """Catches: a part of a definition that stays a dict on the host, or differs from what the controller checked."""
    sent = json.dumps(asdict(build(data)))
    arrived = restored(json.loads(sent, object_hook=lambda part: {k: v for k, v in part.items() if v is not None}))
    assert json.dumps(asdict(arrived)) == sent
    parts = build(data)
    for name in ("set_password", "answer", "password", "list_accounts"):
        assert getattr(arrived, name).__class__ is getattr(parts, name).__class__
