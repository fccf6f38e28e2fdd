# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import (
    OF_VALUES,
    Login,
    Value,
    filled,
    rendered,
    unknown,
)

LOGIN = Login("one@acme.example", "smtp.acme.example", "587", "starttls", "news")


@pytest.mark.parametrize(
    ("value", "password", "expected"),
    [
        ("{password}", "p", "p"),
        ("{password}\nuser: {user}", "p", "p\nuser: one@acme.example"),
        ("{account} {sender} {host}:{port} {encryption}", "p", "one@acme.example news smtp.acme.example:587 starttls"),
        ("{url}", "a/b@c:d %", "smtp://one%40acme.example:a%2Fb%40c%3Ad%20%25@smtp.acme.example:587"),
        ({"a": "{password}", "b": "{user}"}, "p", {"a": "p", "b": "one@acme.example"}),
        # A password can look like a placeholder, and JSON has braces too.
        ("{password}", "{user}", "{user}"),
        ('{"a": "{password}", "b": {}}', "p", '{"a": "p", "b": {}}'),
    ],
)
def test_rendered(value: Value, password: str, expected: Value) -> None:
    """Catches: a value that is read again after it was filled in, and braces that are no placeholder."""
    assert rendered(value, LOGIN, password).value == expected


def test_implicit_tls_has_a_scheme_of_its_own() -> None:
    """Catches: a program that begins in clear text where the server speaks TLS from the start."""
    assert Login("a", "h", "465", "tls").url_of("p") == "smtps://a:p@h:465"


def test_password_is_not_shown_by_accident() -> None:
    """Catches: a value in a traceback, or in what a developer prints."""
    assert "hunter2" not in repr(rendered("{password}", LOGIN, "hunter2"))


def test_unknown_placeholders() -> None:
    """Catches: a misspelt placeholder that is published as it stands."""
    assert list(unknown("{pasword} {user} {} {0} {x y} {{url}}", OF_VALUES)) == ["pasword"]
    assert filled("{x}", {}) == "{x}"


def test_user_name_that_the_provider_chose() -> None:
    """Catches: a value with the account's name that nobody can log in with; a path that moves with each rotation."""
    login = Login("news", "smtp.example.com", "587", username="user7")
    assert rendered({"u": "{user}", "url": "{url}"}, login, "p").value == {
        "u": "user7",
        "url": "smtp://user7:p@smtp.example.com:587",
    }
    assert login.words()["user"] == "news" and Login("news").user == "news"
