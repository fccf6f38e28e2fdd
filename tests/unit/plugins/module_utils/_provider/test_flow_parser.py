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
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Definition, restored
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.flow_parser import is_free

CREATE: dict[str, t.Any] = {
    "name": "own",
    "flow": "create",
    "settings": {"tenant": "", "region": "eu"},
    "credentials": {"api_key": "OWN_KEY"},
    "authentication": {"headers": {"X-Key": "{api_key}", "X-Two": "{api_key}"}},
    "create_credential": {
        "method": "POST",
        "path": "/{tenant}/{region}/{account_domain}/keys",
        "headers": {"Idempotency-Key": "{label}"},
        "body": {"name": "{label} {account}", "scopes": ["send"]},
    },
    "delete_credential": {"method": "DELETE", "path": "/{tenant}/keys/{id}"},
    "list_credentials": {
        "method": "GET", "path": "/{tenant}/keys", "query": {"after": "{cursor}", "n": "{limit}"}, "paging": "cursor",
        "next": "next", "page_size": 10, "items": "data", "id": "id", "label": "name",
    },
    "find_account": {"method": "GET", "path": "/{tenant}/who/{account_login}", "id": "data.id"},
    "issued": {"secret": "key.value", "login": "{account_name}-{region}-{id}", "id": "key.id"},
    "limit": {"credentials": 2, "reached": [{"status": 409, "path": "code", "equals": "Limit"}]},
    "answer": {
        "gone": [{"path": "code", "equals": "Gone"}], "throttled": [{"path": "code", "equals": "Busy"}], "text": True,
    },
}  # fmt: skip
REGENERATE: dict[str, t.Any] = {
    "name": "own",
    "flow": "regenerate",
    "credentials": {"api_key": ""},
    "regenerate_password": {"method": "POST", "path": "/{account}/reset"},
    "issued": {"secret": "result", "username": "user"},
}
SET: dict[str, t.Any] = {
    "name": "own",
    "settings": {"tenant": "t"},
    "set_password": {"method": "PUT", "path": "/{tenant}/{account}", "body": {"p": "{password}"}},
}
BASES = {"create": CREATE, "regenerate": REGENERATE, "set": SET}


def changed(flow: str, path: str, value: t.Any) -> dict[str, t.Any]:
    """Return a definition with one field changed; ... takes it away."""
    data = copy.deepcopy(BASES[flow])
    *parents, last = path.split("/")
    inner: t.Any = data
    for step in parents:
        inner = inner.setdefault(step, {})
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return data


def test_create() -> None:
    """Catches: a field that is read from another place, or not at all."""
    made = build(CREATE)
    assert made.issues and made.set_password is None and made.change is made.create_credential
    assert made.change.path == "/{tenant}/{region}/{account_domain}/keys" and made.change.is_repeatable
    assert made.change.body == {"name": "{label} {account}", "scopes": ["send"]}
    assert made.delete_credential is not None and made.delete_credential.path == "/{tenant}/keys/{id}"
    listed, found, issued = made.list_credentials, made.find_account, made.issued
    assert listed is not None and (listed.id, listed.label, listed.next, listed.paging, listed.page_size) == (
        "id", "name", "next", "cursor", 10
    )  # fmt: skip
    assert found is not None and found.is_of_one and found.id == "data.id" and not listed.is_of_one
    assert issued is not None and (issued.secret, issued.id, issued.derive) == ("key.value", "key.id", "")
    assert issued.login == "{account_name}-{region}-{id}"
    assert made.limit.credentials == 2 and made.limit.reached[0]["status"] == 409
    assert made.settings == {"tenant": "", "region": "eu"}
    assert made.answer.gone[0]["equals"] == "Gone" and made.answer.throttled[0]["equals"] == "Busy" and made.answer.text


def test_regenerate() -> None:
    """Catches: a flow that needs what it has no use for, or a call that would be repeated."""
    made = build(REGENERATE)
    assert made.issues and made.change is made.regenerate_password and not made.change.is_repeatable
    assert made.issued is not None and (made.issued.secret, made.issued.username) == ("result", "user")
    assert (made.list_credentials, made.delete_credential, made.find_account) == (None, None, None)


def test_set() -> None:
    """Catches: today's definitions, without a flow, that are read as another one."""
    made = build(SET)
    assert (made.flow, made.issues, made.issued, made.transport) == ("set", False, None, "http")
    assert made.change is made.set_password


W = "provider_definition"
KNOWN = "{account}, {account_login}, {account_name}, {account_domain}"
SETTINGS = f"{KNOWN}, {{tenant}}, {{region}}"
IN_BODY = "{password} is allowed in the body only, because paths, queries and headers are logged"
LOST = (
    f"{W}.list_credentials.label: a credential whose answer was lost is found by {{label}} in create_credential and "
    "the path here where it stands again; without a label, by the path created"
)
METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
CALL = {"method": "POST", "path": "/{account}"}
LISTING = {"method": "GET", "path": "/x", "items": "x", "id": "id", "label": "name"}
ISSUED = {"secret": "x", "id": "y"}
BAD: list[tuple[str, str, t.Any, str]] = [
    # Flows that are mixed, or not complete.
    ("set", "flow", "rotate", f"{W}.flow: must be one of set, regenerate, create, not 'rotate'"),
    ("set", "flow", "create", f"{W}.set_password: belongs to the flow set, but flow is create"),
    ("set", "regenerate_password", CALL, f"{W}.regenerate_password: belongs to the flow regenerate, but flow is set"),
    ("set", "issued", ISSUED, f"{W}.issued: belongs to the flow regenerate or create, but flow is set"),
    ("set", "limit", {"credentials": 2}, f"{W}.limit: belongs to the flow create, but flow is set"),
    ("regenerate", "set_password", SET["set_password"],
     f"{W}.set_password: belongs to the flow set, but flow is regenerate"),
    ("regenerate", "list_credentials", LISTING, f"{W}.list_credentials: belongs to the flow create, but flow is "
     "regenerate"),
    ("regenerate", "delete_credential", CALL, f"{W}.delete_credential: belongs to the flow create, but flow is "
     "regenerate"),
    ("create", "regenerate_password", CALL,
     f"{W}.regenerate_password: belongs to the flow regenerate, but flow is create"),
    *(("create", name, ..., f"{W}.{name}: is required with flow create")
      for name in ("create_credential", "delete_credential", "list_credentials", "issued")),
    *(("regenerate", name, ..., f"{W}.{name}: is required with flow regenerate")
      for name in ("regenerate_password", "issued")),
    # The secret: where it is, and where it must not be.
    ("create", "issued/secret", ..., f"{W}.issued.secret: is required"),
    ("create", "issued/secret", 5, f"{W}.issued.secret: must be a str, not int"),
    ("create", "issued/id", ..., f"{W}.issued.id: is required with flow create, to delete the credential later"),
    ("create", "issued/username", "u",
     f"{W}.issued.login: is for a user name that no answer has; remove it, or username"),
    ("create", "issued/login", "{api_key}",
     f"{W}.issued.login: unknown placeholder {{api_key}}; available here: {SETTINGS}, {{id}}"),
    ("create", "issued/login", "{label}",
     f"{W}.issued.login: unknown placeholder {{label}}; available here: {SETTINGS}, {{id}}"),
    ("create", "issued/derive", "md5", f"{W}.issued.derive: must be one of , ses_smtp_password, not 'md5'"),
    ("create", "issued/password", "x",
     f"{W}.issued: unknown field password; known fields: derive, id, login, secret, username"),
    ("create", "create_credential/path", "/{api_key}",
     f"{W}.create_credential.path: unknown placeholder {{api_key}}; available here: {SETTINGS}, {{label}}"),
    ("create", "create_credential/query", {"k": "{api_key}"},
     f"{W}.create_credential.query: unknown placeholder {{api_key}}; available here: {SETTINGS}, {{label}}"),
    ("create", "delete_credential/query", {"k": "{api_key}"},
     f"{W}.delete_credential.query: unknown placeholder {{api_key}}; available here: {SETTINGS}, {{id}}"),
    ("create", "find_account/path", "/{api_key}",
     f"{W}.find_account.path: unknown placeholder {{api_key}}; available here: {SETTINGS}"),
    ("create", "create_credential/body/p", "{password}",
     f"{W}.create_credential.body: unknown placeholder {{password}}; available here: {SETTINGS}, {{label}}, "
     "{api_key}"),
    ("create", "create_credential/headers/X", "{password}", f"{W}.create_credential.headers: {IN_BODY}"),
    ("regenerate", "regenerate_password/body", {"p": "{password}"},
     f"{W}.regenerate_password.body: unknown placeholder {{password}}; available here: {KNOWN}, {{api_key}}"),
    ("regenerate", "regenerate_password/path", "/{account}/{label}",
     f"{W}.regenerate_password.path: unknown placeholder {{label}}; available here: {KNOWN}"),
    # What a call must name.
    ("regenerate", "regenerate_password/path", "/reset",
     f"{W}.regenerate_password.path: {{account}} must appear in the path, the query or the body"),
    ("create", "delete_credential/path", "/keys",
     f"{W}.delete_credential.path: {{id}} must appear in the path, the query or the body"),
    ("create", "delete_credential/path", "/keys/{label}",
     f"{W}.delete_credential.path: unknown placeholder {{label}}; available here: {SETTINGS}, {{id}}"),
    ("set", "set_password/path", "/{id}/{account}",
     f"{W}.set_password.path: unknown placeholder {{id}}; available here: {KNOWN}, {{tenant}}"),
    ("create", "create_credential/method", ..., f"{W}.create_credential.method: is required"),
    ("create", "delete_credential/method", "delete",
     f"{W}.delete_credential.method: must be one of {METHODS}, not 'delete'"),
    ("create", "create_credential/x", 1,
     f"{W}.create_credential: unknown field x; known fields: body, encoding, headers, method, path, query, source, "
     "standing"),
    # The list, by which a lost credential is found again.
    ("create", "list_credentials/id", ..., f"{W}.list_credentials.id: is required"),
    ("create", "list_credentials/label", ..., LOST),
    ("create", "create_credential", {"method": "POST", "path": "/x"}, LOST),
    ("create", "list_credentials/query", {"x": "{label}"},
     f"{W}.list_credentials.query: unknown placeholder {{label}}; available here: {SETTINGS}, {{offset}}, {{limit}}, "
     "{page}, {cursor}"),
    ("create", "list_credentials/next", ...,
     f"{W}.list_credentials.next: is the path to the next cursor, and goes with paging: cursor"),
    ("create", "list_credentials/paging", "page",
     f"{W}.list_credentials.next: is the path to the next cursor, and goes with paging: cursor"),
    ("create", "list_credentials/paging", "link",
     f"{W}.list_credentials.paging: must be one of none, offset, page, cursor, not 'link'"),
    ("create", "list_credentials/path", "/{cursor}",
     f"{W}.list_credentials.path: unknown placeholder {{cursor}}; available here: {SETTINGS}"),
    # The account's ID.
    ("create", "find_account/id", ..., f"{W}.find_account.id: is required"),
    ("create", "find_account/path", "/who",
     f"{W}.find_account.name: is required, unless the call asks for one account by {{account_login}} and its answer is "
     "about that one only"),
    ("create", "find_account", [], f"{W}.find_account: must be a Mapping, not list"),
    # Limits.
    ("create", "limit/credentials", 1,
     f"{W}.limit.credentials: flow create needs two credentials side by side: the old one works until every host has "
     "the new one"),
    ("create", "limit/credentials", -1, f"{W}.limit.credentials: must be from 0 to 1000, not -1"),
    ("create", "limit/reached", ["x"], f"{W}.limit.reached[0]: must be a dict, not str"),
    ("create", "limit/most", 2, f"{W}.limit: unknown field most; known fields: credentials, reached"),
    # Settings.
    ("create", "settings/api_key", "x", f"{W}.settings.api_key: is a credential as well; give it another name"),
    *(("create", f"settings/{name}", "x", f"{W}.settings.{name}: is not a valid setting name (use a-z and _)")
      for name in ("label", "id", "password", "account", "account_login", "cursor", "page", "Tenant", "ten-ant", "")),
    *(("create", f"credentials/{name}", "", f"{W}.credentials.{name}: is not a valid credential name (use a-z and _)")
      for name in ("label", "id", "limit")),
    ("create", "settings/region", 5, f"{W}.settings.region: must be a str, not int"),
    ("create", "settings/region", "a\nb",
     f"{W}.settings.region: contains a line break or another control character"),
    ("create", "settings", ["region"], f"{W}.settings: must be a Mapping, not list"),
    ("set", "authentication/headers/X", "{tenant}",
     f"{W}.authentication.headers: unknown placeholder {{tenant}}; available here: none"),
    ("create", "transport", "smtp", f"{W}.transport: must be one of http, boto3, not 'smtp'"),
    # How an answer is read.
    ("create", "answer/throttled", [{"path": "x"}],
     f"{W}.answer.throttled[0]: needs exactly one of equals, above, one_of, contains, empty, exists"),
    ("create", "answer/gone", {"path": "x"}, f"{W}.answer.gone: must be a list, not dict"),
    ("create", "answer/text", "yes", f"{W}.answer.text: must be a bool, not str"),
]  # fmt: skip


@pytest.mark.parametrize(("flow", "path", "value", "message"), BAD)
def test_messages_whole(flow: str, path: str, value: t.Any, message: str) -> None:
    """Catches: a mistake that shows only when a password was made and its only copy is lost."""
    with pytest.raises(InputError) as caught:
        build(changed(flow, path, value))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("flow", "path", "value"),
    [
        ("create", "limit", ...),
        ("create", "limit/credentials", 0),
        ("create", "find_account", ...),
        ("create", "issued", {"secret": "*", "id": "id"}),
        ("create", "create_credential/headers", {}),
        ("create", "delete_credential", {"method": "POST", "path": "/x", "body": {"ids": ["{id}"]}}),
        ("create", "find_account", {"method": "GET", "path": "/x", "items": "x", "name": "login", "id": "id"}),
        ("set", "find_account", {"method": "POST", "path": "/x", "body": {"n": "{account_login}"}, "id": "id"}),
        ("regenerate", "regenerate_password", {"method": "POST", "path": "/x", "body": {"id": "{account}"}}),
        ("regenerate", "issued", {"secret": "result", "login": "api_token"}),
    ],
)
def test_what_is_possible(flow: str, path: str, value: t.Any) -> None:
    """Catches: a provider that cannot be described although the engine could call it."""
    build(changed(flow, path, value))


def test_without_a_label() -> None:
    """Catches: a provider that keeps no label, and cannot be described although its list tells when each was made."""
    data = changed("create", "create_credential", {"method": "POST", "path": "/{account}"})
    data["list_credentials"].update(label="", created="created_at")
    made = build(data)
    assert made.list_credentials is not None and made.list_credentials.created == "created_at"


@pytest.mark.parametrize(
    ("name", "free"),
    [
        ("region", True),
        ("api_user", True),
        ("account", False),
        ("id", False),
        ("offset", False),
        ("A", False),
        ("", False),
    ],
)
def test_names(name: str, free: bool) -> None:
    """Catches: a setting that takes the place of what the engine fills in."""
    assert is_free(name) is free


@pytest.mark.parametrize("flow", BASES)
def test_a_definition_survives_the_way_to_a_module(flow: str) -> None:
    """Catches: a part of a definition that stays a dict on the host, or differs from what the controller checked."""
    sent = json.dumps(asdict(build(BASES[flow])))
    arrived = restored(json.loads(sent, object_hook=lambda part: {k: v for k, v in part.items() if v is not None}))
    assert json.dumps(asdict(arrived)) == sent
    for name in ("find_account", "list_credentials", "create_credential", "delete_credential", "issued", "limit"):
        assert getattr(arrived, name).__class__ is getattr(build(BASES[flow]), name).__class__


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(("{label}", "{id}", "{password}")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
PLACES = sorted({(flow, path) for flow, path, value, _message in BAD if value is not ...})


@given(place=st.sampled_from(PLACES), value=JUNK)
def test_whatever_a_field_is(place: tuple[str, str], value: t.Any) -> None:
    """Catches: an exception that is not ours; a definition without a place for the secret or for what is deleted."""
    try:
        made = build(changed(*place, value))
    except InputError as error:
        told = str(error)
    else:
        told = W
        _check(made)
    assert told.startswith(W)


def _check(made: Definition) -> None:
    if made.issues:
        assert made.issued is not None
    if made.flow == "create":
        assert made.issued is not None and made.issued.id and made.limit.credentials != 1
        assert "{id}" in str(made.delete_credential) and "{api_key}" not in str(made.change.path)
