# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sendmail.cf, and the hold in it."""

from __future__ import annotations

import os
import random

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.configuration import (
    DRAINING,
    HELD,
    Source,
    can_hold,
    held,
    keys,
    mailertable_of,
    option,
    released,
    releasing,
    routes,
    source_of,
    stage_of,
)

MAILERS = """#Mrelay, in a comment
Mlocal,\tP=/bin/mail, F=l,
\t\tA=mail $u
Mrelay,\t\tP=[IPC], F=mDFMuXa8, S=EnvFromSMTP, E=\\r\\n, L=2040,
\t\tT=DNS/RFC822/SMTP,
\t\tA=TCP $h 587
Mrelay2,\tP=[IPC], A=TCP $h
"""


def test_one_mailer_is_held() -> None:
    """Catches: a hold of another mailer, one that still connects to the relay, and a mailer that loses its settings."""
    text = held(MAILERS, "relay", HELD)
    active = [line for line in text.split("\n") if not line.startswith("#")]
    assert "\n".join(active) == MAILERS.split("\n", 1)[1].replace("TCP $h 587", "TCP [127.127.127.127] 1")
    assert (stage_of(text), stage_of(MAILERS), stage_of(held(text, "relay", DRAINING))) == (HELD, "", DRAINING)
    assert released(text) == released(held(text, "relay", DRAINING)) == MAILERS


@pytest.mark.parametrize(("mailer", "possible"), [("relay", True), ("relay2", True), ("local", False), ("rel", False)])
def test_what_can_be_held(mailer: str, possible: bool) -> None:
    """Catches: a hold that is believed though the mailer is not there, or does not connect at all."""
    assert can_hold(MAILERS, mailer) is possible


def test_hold_leaves_no_trace() -> None:
    """Catches: a byte that differs after a hold, whatever the file looks like."""
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    draw = random.Random(seed)  # noqa: S311
    pieces = [
        "Mrelay, A=TCP $h",
        "Mrelay,\tP=[IPC],",
        " A=TCP $h",
        "\tA=IPC x, L=1",
        "#",
        "\n",
        "\n",
        "\n",
        " ",
        "x",
        "\r",
    ]
    for _round in range(500):
        text = "".join(draw.choices(pieces, k=draw.randint(0, 20)))
        assert released(held(held(text, "relay", DRAINING), "relay", HELD)) == text
        assert releasing(held(text, "relay", HELD)) == releasing(text) != text
        assert released(releasing(text)) == text


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (
            "Kauthinfo hash -o /etc/mail/authinfo\nKaccess hash -T<TMPF> /a\nSauthinfo\n",
            ("authinfo", "/etc/mail/authinfo"),
        ),
        ("Kaccess hash -o -T<TMPF> /etc/mail/access\nSauthinfo\n", ("access", "/etc/mail/access")),
        ("Kaccess hash /etc/mail/access\n", None),
        ("Sauthinfo\n", None),
    ],
)
def test_where_logins_are(text: str, source: tuple[str, str] | None) -> None:
    """Catches: a login that is written into a map that sendmail does not use for that."""
    assert source_of(text) == (Source(source[0], "hash", source[1]) if source else None)


def test_what_is_looked_up() -> None:
    """Catches: an entry that comes before the one that is written, and hides it."""
    authinfo, access = Source("authinfo", "hash", "/a"), Source("access", "hash", "/a")
    assert keys(authinfo, "a.example", "192.0.2.1") == ("a.example", "192.0.2.1", "")
    wanted = ("a.example", "example", "192.0.2.1", "192.0.2", "192.0", "192", "")
    assert keys(access, "a.example", "192.0.2.1") == wanted
    assert keys(access, "[192.0]", "2001:db8")[:4] == ("[192.0]", "[192]", "2001:db8", "2001")


def test_option() -> None:
    """Catches: an option in a comment that is taken for one that is set."""
    assert option("#O PidFile=/a\nO PidFile=/b\n", "PidFile") == "/b"
    assert option("#O PidFile=/a\n", "PidFile") == ""


def test_mailertable() -> None:
    """Catches: a route that is not seen, or one in a comment that is taken for one."""
    assert mailertable_of("Kmailertable hash -o /etc/mail/mailertable\n") == "/etc/mail/mailertable"
    assert mailertable_of("#Kmailertable hash /x\n") == ""
    text = "# a relay:x\n.b.example\tesmtp:[Relay.Example]\nc.example error:nouser\n\nd\n"
    assert routes(text) == [("esmtp", "relay.example"), ("error", "nouser")]
