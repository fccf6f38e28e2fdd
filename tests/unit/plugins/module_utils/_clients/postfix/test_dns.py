# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions to a name server and its answers, byte for byte."""

from __future__ import annotations

import struct

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.dns import mail_servers, question

ASKED = question("acme.example", 7)
# A pointer to the name in the question.
NAME = b"\xc0\x0c"


def answer(*records: bytes, number: int = 7, code: int = 0) -> bytes:
    return struct.pack("!6H", number, 0x8180 | code, 1, len(records), 0, 0) + ASKED[12:] + b"".join(records)


def mx(preference: int, server: bytes) -> bytes:
    data = struct.pack("!H", preference) + server
    return NAME + struct.pack("!HHIH", 15, 1, 300, len(data)) + data


def test_question() -> None:
    """Catches: a question that no name server understands."""
    assert ASKED == b"\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04acme\x07example\x00\x00\x0f\x00\x01"


@pytest.mark.parametrize(
    ("said", "servers"),
    [
        (answer(), []),
        (answer(code=3), []),
        (answer(code=2), None),
        (answer(number=8), None),
        (b"", None),
        (answer(mx(20, b"\x02m2" + NAME), mx(10, b"\x02m1" + NAME)), ["m1.acme.example", "m2.acme.example"]),
        (answer(NAME + struct.pack("!HHIH", 5, 1, 300, 2) + NAME, mx(10, b"\x01m\x00")), ["m"]),
        (answer(mx(10, b"\xc0\x0c"))[:-1], None),
        (answer(mx(10, b"\xc0\x2c")), None),
    ],
)
def test_mail_servers(said: bytes, servers: list[str] | None) -> None:
    """Catches: an answer that is misread, an endless loop of pointers, and a failure taken for "there are none"."""
    assert mail_servers(said, 7) == servers
