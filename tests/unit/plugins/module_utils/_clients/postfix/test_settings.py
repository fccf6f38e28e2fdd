# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of settings that stand in the way of a login."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.nexthops import hops_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.routes import Service, Way
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.settings import (
    not_reached,
    refusal,
    warnings_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job

JOB = Job("smtp.x", 587)
GOOD = {"smtp_sasl_auth_enable": "yes", "smtp_tls_security_level": "encrypt"}


def test_not_reached() -> None:
    """Catches: a refusal that says neither where mail goes instead, nor what to set."""
    told = str(not_reached("/etc/postfix/main.cf", [Way("smtp", hops_of("[r]:25")[0], "relayhost")], JOB))
    assert "it relays to [r]:25. Set relayhost = [smtp.x]:587 there" in told
    assert "it has no relayhost" in str(not_reached("/etc/postfix/main.cf", [], JOB))


@pytest.mark.parametrize(
    ("options", "folder", "command"),
    [
        ({}, "/etc/postfix", "run postconf -e 'smtp_sasl_auth_enable = yes', then postfix reload"),
        ({}, "/etc/p", "run postconf -c /etc/p -e 'smtp_sasl_auth_enable = yes', then postfix -c /etc/p reload"),
        ({"smtp_sasl_auth_enable": "no"}, "/etc/postfix", "run postconf -P 'out/unix/smtp_sasl_auth_enable=yes', then"),
    ],
)
def test_refusal(options: dict[str, str], folder: str, command: str) -> None:
    """Catches: a command that sets the parameter where it does not count."""
    assert command in str(refusal(Service("out", "smtp", options), {}, folder))
    assert refusal(Service("out", "smtp", {"smtp_sasl_auth_enable": "yes"}), {}, folder) is None


@pytest.mark.parametrize(
    ("settings", "encryption", "told"),
    [
        ({}, "starttls", []),
        ({"smtp_sasl_auth_soft_bounce": "no"}, "starttls", ["smtp_sasl_auth_soft_bounce is no"]),
        ({"smtp_tls_security_level": ""}, "starttls", ["does not use TLS"]),
        ({"smtp_tls_security_level": "", "smtp_use_tls": "yes"}, "starttls", []),
        ({"smtp_tls_security_level": "none"}, "none", []),
        ({"smtp_sasl_tls_security_options": "noplaintext, noanonymous"}, "tls", ["has noplaintext"]),
    ],
)
def test_warnings_of(settings: dict[str, str], encryption: str, told: list[str]) -> None:
    """Catches: a setting by which mail bounces or no login is possible, without a word before the change."""
    notes = list(warnings_of(Service("out", "smtp"), {**GOOD, **settings}, encryption))
    assert len(notes) == len(told)
    assert all(one in note for one, note in zip(told, notes, strict=True))
