# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an SMTP server's reply says, and what of it may be shown. Pure: no I/O."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ansible_collections.mailops.smtp.plugins.module_utils._secrets import forms
from ansible_collections.mailops.smtp.plugins.module_utils._text import printable

MASK = "********"
TEXT_LIMIT = 500
FRAGMENT = 8

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?\n", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s+|$)")


@dataclass(frozen=True)
class Reply:
    """One reply of the server.

    C(enhanced_code) is the code of RFC 3463, None without one. C(text) is safe to show. C(lines) are the texts as they
    came, for what the server offers; they are never shown.
    """

    code: int
    enhanced_code: str | None
    text: str
    lines: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def words(self) -> str:
        """Return the reply on one line, as the server wrote it."""
        return " ".join(part for part in (str(self.code), self.enhanced_code, self.text) if part)

    @property
    def is_temporary(self) -> bool:
        """Tell whether the server asks to try again later."""
        return 400 <= self.code < 500

    def public(self) -> dict[str, object]:
        """Return the reply as the module does."""
        return {"code": self.code, "enhanced_code": self.enhanced_code, "text": self.text}


def split_line(line: bytes) -> tuple[int, bool, bytes] | None:
    """Return a line's code, whether more lines follow, and its text; None if it is not a line of an SMTP reply.

    :param line: the line with its line feed
    """
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    return int(match.group(1)), match.group(2) == b"-", match.group(3) or b""


def make_reply(code: int, lines: Sequence[bytes], secrets: Sequence[str], masked: Callable[[str], str] = str) -> Reply:
    """Return the reply that some lines make.

    :param code: the code of its last line
    :param lines: the texts of its lines
    :param secrets: what is masked in everything that can be shown
    :param masked: masks in a text what is not this login's own
    """
    texts = [line.decode("utf-8", "replace") for line in lines]
    enhanced = _ENHANCED.match(texts[0]) if texts else None
    joined = " ".join(_ENHANCED.sub("", text, count=1) if enhanced else text for text in texts)
    text = scrub(masked(printable(text=joined)), secrets).strip()[:TEXT_LIMIT]
    return Reply(code=code, enhanced_code=enhanced.group(1) if enhanced else None, text=text, lines=tuple(texts))


def capabilities(lines: Sequence[str]) -> dict[str, list[str]]:
    """Return what a server offers: each keyword with its parameters, in upper case. The old C(AUTH=) counts as AUTH.

    :param lines: the texts of its reply to EHLO
    """
    offered: dict[str, list[str]] = {}
    for line in lines[1:]:
        words = re.sub(r"^AUTH=", "AUTH ", line.upper()).split()
        if words:
            offered.setdefault(words[0], []).extend(words[1:])
    return offered


def plain_blob(username: str, password: str) -> str:
    """Return the initial response of AUTH PLAIN (RFC 4616).

    :param username: the SMTP login
    :param password: its password
    """
    return encode64(f"\0{username}\0{password}")


def encode64(text: str) -> str:
    """Return base64 of a text in UTF-8, on one line.

    :param text: the text
    """
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def secret_forms(username: str, password: str) -> tuple[str, ...]:
    """Return all forms in which a server may echo the password, and AUTH PLAIN's response with it.

    :param username: the SMTP login
    :param password: its password
    """
    return (password, *sorted(forms(password) | forms(plain_blob(username, password))))


def scrub(text: str, secrets: Sequence[str]) -> str:
    """Return a text without secrets, and without fragments of C(FRAGMENT) characters or more.

    Servers cut and wrap what they echo.

    :param text: the text
    :param secrets: what is masked in it
    """
    hidden = [False] * len(text)
    for size, fragments in _fragments(tuple(secrets)).items():
        for start in range(len(text) - size + 1):
            if text[start : start + size].casefold() in fragments:
                hidden[start : start + size] = [True] * size
    shown = ("\0" if hide else character for character, hide in zip(text, hidden))
    return re.sub("\0+", MASK, "".join(shown))


# Ten replies of one login are searched for the same.
@lru_cache(maxsize=64)
def _fragments(secrets: tuple[str, ...]) -> dict[int, set[str]]:
    """Return every fragment that is masked, in one case, by its length."""
    found: dict[int, set[str]] = {}
    for secret in filter(None, secrets):
        size = min(len(secret), FRAGMENT)
        # A set and not one expression for each: a login's reply is searched for hundreds.
        starts = range(len(secret) - size + 1)
        found.setdefault(size, set()).update(secret[start : start + size].casefold() for start in starts)
    return found
