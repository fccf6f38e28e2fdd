# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import (
    BUILT_IN,
    credentials_from,
    definition_from,
    module_options,
    settings_from,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_http import KEYS


def at(url: str) -> str:
    """Return the address that a definition gets from the option."""
    return definition_from({"provider": "emaillabs", "api_url": url}).api_url


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.example.com", None),
        ("https://api.example.com/", "https://api.example.com"),
        ("https://api.example.com:8443/base//", "https://api.example.com:8443/base"),
        ("HTTPS://API.example.com", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]:444", None),
        ("https://bücher.example", None),
        ("http://127.0.0.1:8080", None),
        ("http://127.8.9.1", None),
        ("http://localhost:8080", None),
        ("http://LOCALHOST", None),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_addresses_that_are_accepted(url: str, kept: str | None) -> None:
    """Catches: an address that works and is refused."""
    assert at(url) == (kept or url)


SHAPE = "api_url: must be a URL such as https://api.example.com, without user, query or fragment"
CLEAR = (
    "api_url: {!r} is not https: the keys and the password would be sent in clear text "
    "(http is accepted on loopback only)"
)
BAD: list[tuple[str, str]] = [
    *((url, CLEAR) for url in (
        "http://api.example.com", "http://localhost.example.com", "http://127.0.0.1.example.com", "http://128.0.0.1",
        "http://0.0.0.0", "http://[::]", "http://[::2]", "http://localhost.", "http://2130706433", "http://127.1",
        "ftp://localhost", "file://localhost/etc", "//localhost", "http://xn--localhost-",
    )),
    *((url, SHAPE) for url in (
        "https://user@api.example.com", "https://u:p@api.example.com", "http://127.0.0.1@api.example.com",
        "https://api.example.com?x=1", "https://api.example.com/#x", "https://api.example.com/a b", " https://a.example",
        "https://api.example.com\n", "https://api.example.com/\r\nHost: x", "https://api.exam\tple.com", "https://a\x00b",
        "api.example.com", "https:api.example.com", "https:///v2", "https://", "https://:443", "localhost:8080", "/",
        "http://localhost%00", "https://a.example:x", "https://a.example:65536", "https://a.example:-1", "https://[::1",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("url", "message"), BAD)
def test_addresses_that_are_not(url: str, message: str) -> None:
    """Catches: keys in clear text on a network, or an address that turns the path into something else."""
    with pytest.raises(InputError) as caught:
        at(url)
    assert str(caught.value) == message.format(url)


@pytest.mark.parametrize("url", ["https://a.example?", "https://a.example/#", "https://a.example/base?#"])
def test_empty_query_or_fragment(url: str) -> None:
    """Catches: a call that goes to / because the whole path became a query or a fragment."""
    with pytest.raises(InputError) as caught:
        at(url)
    assert str(caught.value) == SHAPE


@pytest.mark.parametrize(
    "url", ["https://a..example", "https://" + "a" * 64 + ".example", "https://a.example\\b", "https://a.example:0"]
)
def test_hosts_that_cannot_be(url: str) -> None:
    """Catches: a typing error that leaves every account staged in place of being refused before anything changes."""
    with pytest.raises(InputError) as caught:
        at(url)
    assert str(caught.value) == SHAPE


def test_message_does_not_quote_a_login() -> None:
    """Catches: a key that somebody put into the address, in the log."""
    with pytest.raises(InputError) as caught:
        at("https://user:hidden-key@api.example.com:port")
    assert str(caught.value) == SHAPE


@given(st.text(alphabet="htps:/@?#[].1270localexmp%\\ \n", max_size=30) | st.text(max_size=12))
def test_whatever_the_address_is(rest: str) -> None:
    """Catches: an exception that is not ours, or http to anything but loopback."""
    for url in (rest, f"http://{rest}", f"http://127.0.0.1{rest}"):
        try:
            kept = at(url)
        except InputError:
            continue
        assert not kept.lower().startswith("http://") or kept[7:].lower().startswith(("127.", "localhost", "[", "::1"))


def test_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a provider of one's own host that is called nowhere."""
    monkeypatch.setitem(BUILT_IN, "nowhere", {**BUILT_IN["emaillabs"], "api_url": ""})
    with pytest.raises(InputError, match=r"^api_url: is required because this provider has no default address$"):
        definition_from({"provider": "nowhere"})


def test_no_address_where_none_is_needed() -> None:
    """Catches: an address that has to be given though boto3 knows it, or one that is given and not checked."""
    assert definition_from({"provider": "ses"}).api_url == ""
    assert definition_from({"provider": "ses", "api_url": "https://iam.example/"}).api_url == "https://iam.example"
    with pytest.raises(InputError, match=r"^api_url: 'http://iam\.example' is not https: "):
        definition_from({"provider": "ses", "api_url": "http://iam.example"})


ASSUMED = ("PUT", "/v2.1/email/smtpAccount/{account}/password", "json", {"password": "{password}"})


@pytest.mark.parametrize(
    ("given_request", "wanted"),
    [
        (None, ASSUMED),
        ({}, ASSUMED),
        (dict.fromkeys(("method", "path", "encoding", "field", "body")), ASSUMED),
        ({"method": "PATCH"}, ("PATCH", *ASSUMED[1:])),
        ({"path": "/v3/{account}"}, ("PUT", "/v3/{account}", *ASSUMED[2:])),
        ({"encoding": "form"}, (*ASSUMED[:2], "form", ASSUMED[3])),
        ({"field": "new"}, (*ASSUMED[:3], {"new": "{password}"})),
        (
            {"path": "/v3/x", "body": {"login": "{account}", "k": "{authorization_key}", "p": ["{password}"]}},
            ("PUT", "/v3/x", "json", {"login": "{account}", "k": "{authorization_key}", "p": ["{password}"]}),
        ),
    ],
)
def test_password_request(given_request: t.Any, wanted: tuple[t.Any, ...]) -> None:
    """Catches: a part of the call that was given and not taken, or taken and not given."""
    made = definition_from({"provider": "emaillabs", "password_request": given_request}).change
    assert (made.method, made.path, made.encoding, made.body) == wanted
    assert definition_from({"provider": "emaillabs"}).change.path == ASSUMED[1]


PATH = "password_request.path: must start with one '/' and must not contain '//', '.', '..', '?' or '#'"
IN_BODY = "{password} is allowed in the body only, because paths, queries and headers are logged"


@pytest.mark.parametrize(
    ("given_request", "message"),
    [
        ({"path": "v3/{account}"}, PATH),
        ({"path": "//evil.example/{account}"}, PATH),
        ({"path": "/a/../{account}"}, PATH),
        ({"path": "/a?x={account}"}, PATH),
        ({"path": "/a#b/{account}"}, PATH),
        ({"path": "/./{account}"}, PATH),
        ({"path": "/a b/{account}"}, PATH),
        ({"path": "/a\\{account}"}, PATH),
        ({"path": "/a\n{account}"}, "password_request.path: contains a line break or another control character"),
        ({"path": "/{account}/{password}"}, f"password_request.path: {IN_BODY}"),
        (
            {"path": "/{account}/{authorization_key}"},
            "password_request.path: unknown placeholder {authorization_key}; available here: {account}, "
            "{account_login}, {account_name}, {account_domain}",
        ),
        ({"path": "/x"}, "password_request.path: {account} must appear in the path, the query or the body"),
        ({"path": ""}, "password_request.path: is empty"),
        ({"path": 5}, "password_request.path: must be a str, not int"),
        ({"body": {"p": "x"}}, "password_request.body: must contain {password}"),
        ({"body": {}}, "password_request.body: must contain {password}"),
        ({"body": ["{password}"]}, "password_request.body: must be a Mapping, not list"),
        ({"encoding": "form", "body": {"p": ["{password}"]}},
         "password_request.body: form fields must be strings, not lists or dicts"),
        ({"field": "p", "body": {"p": "{password}"}}, "password_request: field and body are mutually exclusive"),
        ({"field": "a\nb"}, "password_request.field: contains a line break or another control character"),
        ({"method": "TRACE"},
         "password_request.method: must be one of GET, POST, PUT, PATCH, DELETE, OPTIONS, not 'TRACE'"),
        ({"encoding": "xml"}, "password_request.encoding: must be one of json, form, not 'xml'"),
        ({"fields": "p"}, "password_request: unknown field fields; known fields: body, encoding, field, method, path"),
        ("PUT", "password_request: must be a dict, not str"),
    ],
)  # fmt: skip
def test_password_request_that_is_wrong(given_request: t.Any, message: str) -> None:
    """Catches: a mistake that is found only after the password is staged, or a message that names another option."""
    with pytest.raises(InputError) as caught:
        definition_from({"provider": "emaillabs", "password_request": given_request})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "path", ["/a#b/{account}", "/{customerId}/{account}", "/a/{account1}/{account}", "/./{account}"]
)
def test_paths_that_call_something_else(path: str) -> None:
    """Catches: a call whose path is not what the user wrote."""
    with pytest.raises(InputError):
        definition_from({"provider": "emaillabs", "password_request": {"path": path}})


OWN = {**BUILT_IN["emaillabs"], "name": "own"}


def test_own_definition() -> None:
    """Catches: a definition of one's own that is mixed with a built-in one, or whose address is not checked."""
    made = definition_from({"provider": "emaillabs", "provider_definition": {**OWN, "api_url": "https://own.example/"}})
    assert (made.name, made.api_url) == ("own", "https://own.example")
    with pytest.raises(InputError, match=r"^api_url: 'http://own\.example' is not https: "):
        definition_from({"provider": "emaillabs", "provider_definition": {**OWN, "api_url": "http://own.example"}})
    with pytest.raises(InputError, match=r"^password_request: cannot be combined with provider_definition; use"):
        definition_from({"provider": "emaillabs", "provider_definition": OWN, "password_request": {"field": "x"}})


@pytest.mark.parametrize("url", [5, ["https://own.example"], True])
def test_own_address_that_is_no_text(url: object) -> None:
    """Catches: an exception of Python's for a definition whose address is not a text."""
    with pytest.raises(InputError):
        definition_from({"provider": "emaillabs", "provider_definition": {**OWN, "api_url": url}})


EMAILLABS = build(BUILT_IN["emaillabs"])
VARIABLES = {"EMAILLABS_APPLICATION_KEY": "from-env-1", "EMAILLABS_AUTHORIZATION_KEY": "from-env-2"}


def test_credentials() -> None:
    """Catches: an option that does not win over the environment, or a key in the place of the other."""
    assert credentials_from(EMAILLABS, {}, VARIABLES) == {
        "application_key": "from-env-1", "authorization_key": "from-env-2"
    }  # fmt: skip
    assert credentials_from(EMAILLABS, KEYS, VARIABLES) == KEYS
    assert credentials_from(EMAILLABS, {"application_key": "opt", "other": "x"}, VARIABLES)["application_key"] == "opt"


MISSING = (
    "application_key: is missing or empty; set the option, or EMAILLABS_APPLICATION_KEY in the controller's environment"
)
UNSENDABLE = "application_key: contains non-ASCII characters, which an HTTP header cannot carry"
BROKEN = "application_key: contains a line break or another control character"


@pytest.mark.parametrize(
    ("value", "message"),
    [(None, MISSING), ("", MISSING), (" ", MISSING), ("\n", MISSING), ("hidden-key\n", BROKEN),
     ("hidden\r\nX: y", BROKEN),
     ("hidden\0", BROKEN), ("hidden\t", BROKEN), ("hidden-kéy", UNSENDABLE), ("hidden\u2028", UNSENDABLE)],
)  # fmt: skip
def test_credentials_that_are_wrong(value: str | None, message: str) -> None:
    """Catches: a key that forges a header or fails only after the password is staged; a message that quotes it."""
    for params, environment in (
        ({**KEYS, "application_key": value}, {}),
        ({"authorization_key": "x"}, {} if value is None else {"EMAILLABS_APPLICATION_KEY": value}),
    ):
        with pytest.raises(InputError) as caught:
            credentials_from(EMAILLABS, params, environment)
        assert str(caught.value) == message and "hidden" not in str(caught.value)


def test_credentials_that_belong_together() -> None:
    """Catches: a session token of the environment that is sent with keys of the options, which AWS then refuses."""
    definition = build(BUILT_IN["ses"])
    variables = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"}
    assert credentials_from(definition, {}, variables) == {"access_key": "a", "secret_key": "b", "session_token": "c"}
    given = {"access_key": "d", "secret_key": "e"}
    assert credentials_from(definition, {"api_credentials": given}, variables) == given
    assert credentials_from(definition, {}, {}) == {}


def test_credential_without_a_variable() -> None:
    """Catches: a message with a gap where the variable's name would stand."""
    definition = build({**BUILT_IN["emaillabs"], "credentials": {"application_key": "", "authorization_key": ""}})
    with pytest.raises(InputError) as caught:
        credentials_from(definition, {}, {})
    assert "  " not in str(caught.value)


SENDER = build(
    {
        "name": "own",
        "settings": {"tenant": "", "region": "eu"},
        "set_password": {"method": "PUT", "path": "/{tenant}/{account}", "body": {"p": "{password}"}},
    }
)


@pytest.mark.parametrize(
    ("given_settings", "found"),
    [
        ({"tenant": "t"}, {"tenant": "t", "region": "eu"}),
        ({"tenant": "t", "region": "us"}, {"tenant": "t", "region": "us"}),
        ({"tenant": 17}, {"tenant": "17", "region": "eu"}),
    ],
)
def test_settings(given_settings: dict[str, t.Any], found: dict[str, str]) -> None:
    """Catches: a default that wins, an ID of digits only that is no text any more."""
    assert settings_from(SENDER, {"provider_settings": given_settings}) == found
    handed = module_options({"provider_settings": given_settings, "api_key": "x"}, SENDER, {})
    assert handed["provider_settings"] == found and handed["api_key"] is None


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        (None, "provider_settings.tenant: is missing or empty; own needs it"),
        ({"tenant": " "}, "provider_settings.tenant: is missing or empty; own needs it"),
        ({"tenant": "t", "region": ""}, "provider_settings.region: is missing or empty; own needs it"),
        ({"tenant": "a\nb"}, "provider_settings.tenant: contains a line break or another control character"),
        ({"tenant": "t", "Region": "x"}, "provider_settings: own has no setting 'Region'; it has: tenant, region"),
    ],
)
def test_settings_that_are_wrong(given_settings: t.Any, message: str) -> None:
    """Catches: a call with a gap in its path, or a typing error that leaves the default in force."""
    with pytest.raises(InputError) as caught:
        settings_from(SENDER, {"provider_settings": given_settings})
    assert str(caught.value) == message


def test_setting_of_a_provider_without_any() -> None:
    """Catches: a message with a gap where the names would stand."""
    with pytest.raises(InputError) as caught:
        settings_from(EMAILLABS, {"provider_settings": {"region": "eu"}})
    assert str(caught.value) == "provider_settings: emaillabs has no setting 'region'; it has: none"


@pytest.mark.parametrize("provider", [name for name, data in BUILT_IN.items() if data.get("flow", "set") != "set"])
def test_password_request_where_the_provider_makes_the_passwords(provider: str) -> None:
    """Catches: an option that is ignored, or a definition with the calls of two flows."""
    with pytest.raises(InputError) as caught:
        definition_from({"provider": provider, "api_url": "https://x.example", "password_request": {"method": "PUT"}})
    assert str(caught.value) == (
        f"password_request: {provider} makes the passwords itself, so there is no call to replace; describe its calls "
        "in provider_definition"
    )
