# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.registry import KINDS
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.targets import clashes, mistakes, targets_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Login

SSM: dict[str, Any] = {"kind": "aws_ssm", "path": "/mail/{account}"}
KNOWN = "there are {account}, {user}, {sender}, {host}, {port}"
NOTHING = "neither {password} nor {url}, so nothing that changes would be published"
PATH = ".path is required: a text such as /mail/{account}, or a mapping of accounts to such texts"


@pytest.mark.parametrize(
    "given",
    [
        SSM,
        {**SSM, "name": "prod-1.a_b", "publish_when": "staged", "options": {"region": "x"}},
        {**SSM, "path": {"a": "/one", "b": "/{host}/two"}, "value": "{url}"},
        {"kind": "vault_kv2", "path": "{account}", "value": {"a": "{user}", "b": "{password}"}},
        {"kind": "tasks", "file": "own.yml"},
        {"kind": "pass", "path": "mail/{account}", "options": {"directory": "/d", "umask": "027"}},
        {"kind": "kubernetes", "path": "mail/smtp-{account}"},
        *({"kind": name, "path": "mail/{account}", "file": "x"} for name in ("tasks",)),
    ],
)
def test_good_targets(given: dict[str, Any]) -> None:
    """Catches: a target that is refused although nothing is wrong with it."""
    assert mistakes([given]) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, f".kind must name a kind of target (there are {', '.join(KINDS)})"),
        ({"kind": "vault_kv"}, ".kind must name a kind of target (did you mean vault_kv2?)"),
        ({"kind": "aws_ssm"}, PATH),
        ({"kind": "aws_ssm", "path": {}}, PATH),
        ({"kind": "aws_ssm", "path": ["/mail"]}, PATH),
        ({**SSM, "path": {"a": ""}}, PATH),
        ({**SSM, "path": "/{password}"}, f".path has the unknown placeholder {{password}}; {KNOWN}"),
        ({**SSM, "pth": "x"}, ".pth is not an option of a target (did you mean path?)"),
        ({**SSM, "when": "x"}, ".when is not an option of a target"),
        ({**SSM, "publish_when": "later"}, ".publish_when must be one of staged, accepted, verified"),
        ({**SSM, "name": "my target"}, ".name must have only letters, digits and . _ -"),
        ({**SSM, "file": "x.yml"}, ".file is for kind tasks only; kind aws_ssm has a path"),
        ({"kind": "tasks"}, ".file is required for kind tasks, and names a task file"),
        ({**SSM, "value": "{pasword}"}, ".value has the unknown placeholder {pasword}; there are {account}"),
        ({**SSM, "value": {"k": "{pwd} {password}"}}, ".value.k has the unknown placeholder {pwd}; there are"),
        ({**SSM, "value": "{user}"}, NOTHING),
        ({**SSM, "value": 5}, ".value must be a text such as '{password}', or a mapping of names to such texts"),
        ({**SSM, "value": {"port": 587}}, ".value must be a text such as '{password}', or a mapping"),
        ({**SSM, "options": "x"}, ".options must be a mapping of options of community.aws.ssm_parameter"),
        ({**SSM, "options": {"value": "x"}}, ".options.value is set by the role; leave it out"),
        (
            {"kind": "tasks", "file": "x", "options": {"a": 1}},
            ".options.a is not an option of kind tasks (it has none)",
        ),
        (
            {"kind": "pass", "path": "x", "options": {"a": 1}},
            ".options.a is not an option of kind pass (there are directory, umask)",
        ),
        ({**SSM, "path": "mail/{account}"}, ".path must have only letters, digits and _ . - /, and begin with / if it"),
        ({"kind": "aws_secret", "path": "a b"}, ".path must have only letters, digits and / _ + = . @ -, such as mail"),
        ({"kind": "pass", "path": "-rf"}, ".path must be the name of an entry"),
        ({"kind": "pass", "path": "../x"}, ".path must be the name of an entry"),
        ({"kind": "kubernetes", "path": "smtp"}, ".path must be a namespace and a name, such as mail/smtp-{account}"),
        ({"kind": "kubernetes", "path": "Mail/smtp"}, ".path must be a namespace and a name"),
    ],
)
def test_bad_targets(given: dict[str, Any], expected: str) -> None:
    """Catches: a target that fails only when the password has changed; a message without the name of the option."""
    first, second = (
        mistakes([given, SSM])[:1],
        mistakes([SSM, {**given, "name": "b"} if "name" not in given else given]),
    )
    assert first[0].startswith("smtp_rotation_publish[0]") and expected in first[0]
    assert any(one.startswith("smtp_rotation_publish[1]") and expected in one for one in second)


def test_names_are_unique() -> None:
    """Catches: two targets with one note in the store, of which one is never published."""
    assert mistakes([SSM, {**SSM, "path": "/other/{account}"}]) == [
        "smtp_rotation_publish has more than one target with the name aws_ssm; give each a name of its own"
    ]


@pytest.mark.parametrize(
    ("path", "pairs", "expected"),
    [
        ("/mail/{account}", False, None),
        ("/mail", False, "[0].path is /mail for more than one account; have {account} in it, or map each account"),
        ({"a": "/x", "b": "/x"}, False, "[0].path is /x for more than one account"),
        ({"a": "/x"}, False, None),
        ("/mail/{sender}", False, "[0].path has {sender}, which there is with smtp_rotation_strategy alternate only"),
        ("/mail/{sender}", True, None),
        ({"a": "/x", "b": "mail/é"}, False, "[0].path is mail/é for b, but must have only letters, digits and _ . - /"),
    ],
)
def test_places_of_accounts(path: Any, pairs: bool, expected: str | None) -> None:
    """Catches: two accounts that overwrite each other at one place."""
    logins = [Login("a", sender="s"), Login("b", sender="t")]
    found = clashes(targets_of([{**SSM, "path": path}]), logins, pairs=pairs)
    assert [expected in one for one in found if expected] == [True] * bool(expected) and len(found) == bool(expected)


def test_shape() -> None:
    """Catches: a value that stays in its old place or form; one that is published again for what does not matter."""
    login = Login("a", "h", "25")

    def shape(login: Login = login, **more: Any) -> str:
        return targets_of([{**SSM, "options": {"region": "x"}, **more}])[0].shape(login)

    assert shape(options={"region": "x", "aws_access_key": "other"}) == shape(publish_when="staged") == shape()
    # The host is not in the value.
    assert shape(Login("a", "other", "25")) == shape()
    different = [
        shape(path="/b/{account}"),
        shape(value="{url}"),
        shape(options={"region": "y"}),
        shape(Login("b", "h", "25")),
    ]
    assert len({shape(), *different}) == 5
    assert shape(Login("a", "other", "25"), value="{url}") != shape(value="{url}")
