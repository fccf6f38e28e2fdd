# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.reply import (
    TEXT_LIMIT,
    capabilities,
    make_reply,
    plain_blob,
    scrub,
    secret_forms,
    split_line,
)

USER = "1.acme.smtp"
PASSWORD = "Tr0ub4dor-und-Zügel"
SECRETS = secret_forms(USER, PASSWORD)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (b"250 ok\n", (250, False, b"ok")),
        (b"250-more\n", (250, True, b"more")),
        (b"250\n", (250, False, b"")),
        (b"250-\n", (250, True, b"")),
        (b"2500 ok\n", None),
        (b"199 ok\n", None),
        (b"600 ok\n", None),
        (b"HTTP/1.1 400\n", None),
        (b"\n", None),
        (b"250 without an end", None),
        (b"\x15\x03\x01\n", None),
        ("٢٥٠ ok\n".encode(), None),
    ],
)
def test_split_line(line: bytes, parts: object) -> None:
    """Catches: a server that does not speak SMTP taken at its word."""
    assert split_line(line) == parts


def test_reply_joins_lines_and_takes_the_enhanced_code_out_once() -> None:
    """Catches: the enhanced code repeated in the text, or only the first line kept."""
    reply = make_reply(535, [b"5.7.8 Error:", b"5.7.8 authentication failed"], ())
    assert reply.public() == {"code": 535, "enhanced_code": "5.7.8", "text": "Error: authentication failed"}
    assert reply.words == "535 5.7.8 Error: authentication failed"


def test_reply_without_enhanced_code() -> None:
    """Catches: a version number such as 4.94.2 inside a text taken for an enhanced code."""
    reply = make_reply(220, [b" mx Exim 4.94.2 ready "], ())
    assert reply.public() == {"code": 220, "enhanced_code": None, "text": "mx Exim 4.94.2 ready"}


def test_reply_is_cut_and_stripped_of_control_characters() -> None:
    """Catches: escape sequences that reach a terminal, and a megabyte of reply in a log."""
    text = make_reply(550, ["\x1b[31mno\x00\x9b\u2028\tway".encode(), b"x" * 600], ()).text
    assert text.startswith("[31mno way x")
    assert len(text) == TEXT_LIMIT


@pytest.mark.parametrize(
    "echo",
    [
        PASSWORD,
        PASSWORD.upper(),
        PASSWORD[:12],
        PASSWORD[-10:],
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.b64encode(PASSWORD.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(PASSWORD.encode()).decode(),
        plain_blob(USER, PASSWORD),
        plain_blob(USER, PASSWORD)[:30],
    ],
    ids=["plain", "upper", "start", "end", "base64", "unpadded", "urlsafe", "blob", "cut blob"],
)
def test_echoed_secret_is_masked(echo: str) -> None:
    """Catches: a server's echo of what it was sent, in one of these forms, in the module's result."""
    reply = make_reply(535, [f"5.7.8 got <{echo}> no".encode()], SECRETS)
    shown = reply.words.replace("=", "")
    assert shown == "535 5.7.8 got <********> no"
    assert echo not in repr(reply)


@pytest.mark.parametrize(
    "lines",
    [
        [b"\x00".join(bytes([byte]) for byte in b"sEcret-w0rd-here")],
        [b"x" * (TEXT_LIMIT - 6) + b"sEcret-w0rd-here"],
    ],
    ids=["between control characters", "across the cut"],
)
def test_masking_comes_between_stripping_and_cutting(lines: list[bytes]) -> None:
    """Catches: the steps in another order, which shows the password or its beginning."""
    text = make_reply(535, lines, secret_forms(USER, "sEcret-w0rd-here")).text
    assert "sEc" not in text
    assert "***" in text


@pytest.mark.parametrize("password", ["a", "ab cd ", "geheim12"])
def test_short_password_is_masked(password: str) -> None:
    """Catches: a lower bound on the length that lets a short password through, or a lost blank at its end."""
    reply = make_reply(535, [f"<{password}".encode()], secret_forms("u", password))
    assert reply.text == "<********"


def test_scrub_leaves_other_words() -> None:
    """Catches: a mask over everything, which hides the server's words."""
    text = "Error: authentication failed for 1.acme.smtp"
    assert scrub(text, SECRETS) == text


def test_scrub_keeps_a_short_common_part() -> None:
    """Catches: single letters of a long password masked wherever they occur."""
    assert scrub("the Zoo", (PASSWORD,)) == "the Zoo"


@pytest.mark.parametrize(
    ("lines", "offered"),
    [
        (("mx", "AUTH PLAIN LOGIN", "SIZE 10"), {"AUTH": ["PLAIN", "LOGIN"], "SIZE": ["10"]}),
        (("mx", "auth=plain"), {"AUTH": ["PLAIN"]}),
        (("mx", "AUTH LOGIN", "AUTH=LOGIN PLAIN"), {"AUTH": ["LOGIN", "LOGIN", "PLAIN"]}),
        (("AUTH PLAIN",), {}),
        (("mx", "", "AUTHENTICATION PLAIN"), {"AUTHENTICATION": ["PLAIN"]}),
    ],
)
def test_capabilities(lines: tuple[str, ...], offered: dict[str, list[str]]) -> None:
    """Catches: mechanisms missed in lower case or the old form, or read from the server's greeting line."""
    assert capabilities(lines) == offered
