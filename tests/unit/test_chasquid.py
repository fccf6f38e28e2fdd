# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of chasquid's files, and what is written into them; and the server itself where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.chasquid import Login, read_delivery, read_logins, user_database, why_not
from support.controller import KEYS
from support.fleet.provider import Provider
from support.mail import try_login
from support.waiting import until

ACCOUNT, OLD, NEW = "one@acme.example", "the-password-of-before", 'the-new-"one"\\é'
LOG = """\
2026-11-25 13:29:17.527058 daemon listening on 127.0.0.1:42587
2026-11-25 13:29:19.500000 127.0.0.1:36400 auth succeeded for one@acme.example
2026-11-25 13:29:20.250000 127.0.0.1:36414 auth failed for one@acme.example
2026-11-25 13:29:21.000000 127.0.0.1:36414 auth failed for one@acme.exa"""
MESSAGE = b"""\
X-Account: one@acme.example
X-Accepted: 1795613532.25
Message-ID: <x@acme.example>
Subject: hello

text
"""


def test_logins_are_read_with_their_time_and_outcome() -> None:
    """Catches: a time that is taken for a local one, which moves a login out of its window."""
    first = 1795613359.5
    assert read_logins(LOG) == [Login(first, ACCOUNT, True), Login(first + 0.75, ACCOUNT, False)]


def test_a_delivered_message_tells_who_sent_it_and_when() -> None:
    """Catches: a time of arrival that is taken for the time at which the server accepted the message."""
    delivery = read_delivery(MESSAGE, 1795613540.0)
    assert (delivery.message_id, delivery.account) == ("<x@acme.example>", ACCOUNT)
    assert (delivery.accepted_at, delivery.delivered_at) == (1795613532.25, 1795613540.0)
    assert not delivery.is_report


def test_a_report_tells_which_message_comes_back() -> None:
    """Catches: a bounce that nobody counts, since the program that wrote it logs no message ids."""
    kind = b'Content-Type: multipart/report; boundary="b"\n'
    part = b"--b\nContent-Type: message/rfc822\n\nSubject: s\nMessage-Id: <lost@acme.example>\n\n--b--\n"
    delivery = read_delivery(kind + b"Message-ID: <report@acme.example>\n\n" + part, 1.0)
    assert (delivery.message_id, delivery.returns) == ("<report@acme.example>", "<lost@acme.example>")
    assert read_delivery(MESSAGE, 1.0).returns == ""


def test_the_file_of_users_holds_no_password() -> None:
    """Catches: a password in clear text on the provider's side, or one salt for all."""
    text = user_database({"one": OLD, "two": OLD})
    lines = text.splitlines()
    assert OLD not in text
    assert lines[0].startswith('users: { key: "one" ') and lines[0].split("salt")[1] != lines[1].split("salt")[1]


needs_chasquid = pytest.mark.skipif(bool(why_not()), reason=why_not())


def code(provider: Provider, password: str) -> int:
    host, port, authority = provider.standin.smtp_host, provider.mail.port, provider.standin.ca_path
    return try_login(host, port, ACCOUNT, password, authority)[0]


@needs_chasquid
def test_a_new_password_waits_for_a_reload(tmp_path: Path) -> None:
    """Catches: a provider without a window, with which no test could show that the window is kept."""
    with Provider(tmp_path, {ACCOUNT: OLD}, window=3600, keys=KEYS) as provider:
        provider.mail.set_password(ACCOUNT, NEW)
        assert (code(provider, OLD), code(provider, NEW)) == (235, 535)
        provider.take_note()
        assert [one["accepted"] for one in provider.standin.record.logins(ACCOUNT)] == [True, False]


@needs_chasquid
def test_a_new_password_is_in_force_after_a_reload(tmp_path: Path) -> None:
    """Catches: a file of users that chasquid does not read: the password would never change."""
    with Provider(tmp_path, {ACCOUNT: OLD}, window=1.5, keys=KEYS) as provider:
        provider.mail.set_password(ACCOUNT, NEW)
        until(lambda: code(provider, NEW) == 235, seconds=60)
        assert code(provider, OLD) == 535
