# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What postconf prints, and the ways that mail takes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.routes import (
    DEFAULTS,
    RELAYS,
    SETTINGS,
    TRANSPORTS,
    Service,
    effective,
    filters_of,
    of_sender,
    parameters,
    services_of,
    settings_of,
    ways_of,
)

PRINTED = """\
smtp       inet  n       -       y       -       -       smtpd
smtp       unix  -       -       y       -       -       smtp
relay      unix  -       -       y       -       -       smtp -o syslog_name=postfix/relay
local      unix  -       n       n       -       -       local
to-lmtp    unix  -       -       n       -       -       lmtp
"""
OPTIONS = """\
relay/unix/smtp_sasl_password_maps = hash:/etc/postfix/a = b
smtp/inet/smtp_sasl_password_maps = hash:/etc/postfix/none
"""
SERVICES = [Service("smtp", "smtp"), Service("relay", "smtp"), Service("to-lmtp", "lmtp")]
USUAL = {**dict.fromkeys(SETTINGS, ""), "default_transport": "smtp", "relay_transport": "relay", "relayhost": "[r]:587"}


def test_services_of() -> None:
    """Catches: a daemon taken for a transport, and the options of a daemon for those of a transport."""
    assert services_of(PRINTED, OPTIONS) == [
        Service("smtp", "smtp"),
        Service("relay", "smtp", {"smtp_sasl_password_maps": "hash:/etc/postfix/a = b"}),
        Service("to-lmtp", "lmtp"),
    ]


def test_settings_of() -> None:
    """Catches: a value that is cut off at an equals sign."""
    printed = "relayhost = [a]:587\nsmtp_sasl_password_maps = inline:{ a=b:c }\nempty =\n"
    assert settings_of(printed) == {
        "relayhost": "[a]:587",
        "smtp_sasl_password_maps": "inline:{ a=b:c }",
        "empty": "",
    }


@pytest.mark.parametrize(
    ("settings", "tables", "ways"),
    [
        ({}, {}, ["smtp [r]:587"]),
        ({"relayhost": ""}, {}, []),
        ({"relayhost": "[r] [s]"}, {}, ["smtp [r]", "smtp [s]"]),
        ({"default_transport": "relay"}, {}, ["relay [r]:587"]),
        ({"default_transport": "relay:[d]"}, {}, ["relay [d]"]),
        ({"default_transport": "error:nothing goes out"}, {}, []),
        ({"relay_domains": "a.example"}, {}, ["smtp [r]:587", "relay [r]:587"]),
        ({"relay_domains": "a.example", "relay_transport": "relay:[d]"}, {}, ["smtp [r]:587", "relay [d]"]),
        ({"content_filter": "relay:[127.0.0.1]:10024"}, {}, ["smtp [r]:587", "relay [127.0.0.1]:10024"]),
        ({}, {RELAYS: {"a@b": "[s]", "c@d": "DUNNO"}}, ["smtp [r]:587", "smtp [s] for a@b"]),
        ({"default_transport": "smtp:[d]"}, {RELAYS: {"a@b": "[s]"}}, ["smtp [d]"]),
        ({}, {DEFAULTS: {"a@b": "relay"}}, ["smtp [r]:587", "relay [r]:587 for a@b"]),
        ({}, {DEFAULTS: {"a@b": "relay:[d]"}}, ["smtp [r]:587", "relay [d] for a@b"]),
        ({}, {DEFAULTS: {"a@b": "relay"}, RELAYS: {"a@b": "[s]"}}, ["smtp [r]:587", "relay [s] for a@b"]),
        (
            {},
            {TRANSPORTS: {"a": "relay:[t]", "b": "relay:", "c": ":[u]", "d": ":"}},
            ["smtp [r]:587", "relay [t]", "smtp [u]"],
        ),
        ({"relay_domains": "c", "relayhost": ""}, {TRANSPORTS: {"c": ":[u]"}}, ["smtp [u]", "relay [u]"]),
        ({"relayhost": ""}, {TRANSPORTS: {"c": ":[u]"}, DEFAULTS: {"@b": "relay"}}, ["smtp [u]", "relay [u]"]),
        (
            {"relayhost": ""},
            {DEFAULTS: {"@b": "relay"}, RELAYS: {"a@b": "[s]", "c@d": "[t]"}},
            ["relay [s] for a@b", "smtp [t] for c@d"],
        ),
        (
            {"relayhost": ""},
            {DEFAULTS: {"@b": "relay", "a@b": "DUNNO"}, RELAYS: {"a@b": "[s]"}},
            ["relay [s] for a@b", "smtp [s] for a@b"],
        ),
        (
            {"relayhost": ""},
            {DEFAULTS: {"a@b": "relay"}, RELAYS: {"@b": "[s]"}},
            ["relay [s] for a@b", "smtp [s] for @b"],
        ),
        (
            {"relayhost": ""},
            {DEFAULTS: {"/^a/": "relay"}, RELAYS: {"@b": "[s]"}},
            ["relay [s] for @b", "smtp [s] for @b"],
        ),
        ({"relayhost": ""}, {"mailbox_transport_maps": {"a": "relay:[m]"}}, ["relay [m]"]),
        ({"smtp_fallback_relay": "[f]"}, {}, ["smtp [r]:587", "smtp [f]"]),
    ],
)
def test_ways_of(settings: Mapping[str, str], tables: Mapping[str, Mapping[str, str]], ways: list[str]) -> None:
    """Catches: a transport that is not held although mail goes to the provider over it."""
    found = ways_of({**USUAL, **settings}, tables, SERVICES)
    assert [f"{way.transport} {way.hop.text}" + (f" for {way.sender}" if way.sender else "") for way in found] == ways


@pytest.mark.parametrize(
    ("sender", "relays", "defaults", "ways"),
    [
        ("a@b", {}, {}, ["smtp [r]:587"]),
        ("a@b", {"a@b": "[s]"}, {}, ["smtp [s]"]),
        ("a@b", {"@b": "[s]"}, {}, ["smtp [s]"]),
        ("a@b", {"@b": "[s]", "a@b": "DUNNO"}, {}, ["smtp [r]:587"]),
        ("a@b", {"c@b": "[s]"}, {}, ["smtp [r]:587"]),
        ("@b", {"c@b": "[s]", "c@d": "[t]"}, {}, ["smtp [r]:587", "smtp [s]"]),
        ("a@b", {"*": "[s]"}, {"a@b": "relay:"}, ["relay [s]"]),
        ("a@b", {"@b": "[s]"}, {"a@b": "relay:[d]"}, ["relay [d]"]),
        ("a@b", {"/^c/": "[s]"}, {}, ["smtp [r]:587", "smtp [s]"]),
    ],
)
def test_of_sender(sender: str, relays: dict[str, str], defaults: dict[str, str], ways: list[str]) -> None:
    """Catches: a sender taken for one whose mail goes to the provider, and the other way round."""
    found = ways_of(*of_sender(USUAL, {RELAYS: relays, DEFAULTS: defaults}, sender), SERVICES)
    assert [f"{way.transport} {way.hop.text}" for way in found] == ways


def test_filters_of() -> None:
    """Catches: a filter that only master.cf names; one that is switched off."""
    printed = "smtp/inet/content_filter = relay:[f]\n10025/inet/content_filter =\nsmtp/inet/x = content_filter\n"
    assert filters_of(printed) == ["relay:[f]"]


def test_effective() -> None:
    """Catches: the value of main.cf where master.cf has another one, and smtp_ where lmtp_ counts."""
    settings = {"smtp_x": "main", "lmtp_x": "lmtp"}
    assert effective(Service("a", "smtp"), "x", settings) == "main"
    assert effective(Service("a", "smtp", {"smtp_x": "own"}), "x", settings) == "own"
    assert effective(Service("a", "lmtp"), "x", settings) == "lmtp"
    assert parameters(["x"]) == ["smtp_x", "lmtp_x"]
