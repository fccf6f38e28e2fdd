# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an SMTP server's reply says, and what of it may be shown. Pure: no I/O."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._secrets import forms
from ansible_collections.mailops.smtp.plugins.module_utils._text import printable

MASK = "********"
TEXT_LIMIT = 500
FRAGMENT = 8

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?\n", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s+|$)")
_LOGIN_STEPS = ("CHALLENGE", "AUTH")
_AUTH_NOT_JUDGED = (530, 534, 538)

_STEPS: dict[str, tuple[tuple[int, ...], str]] = {
    "GREETING": ((220,), "connect"),
    "EHLO": ((250,), "protocol"),
    "STARTTLS": ((220,), "tls"),
    "CHALLENGE": ((334,), "auth_rejected"),
    "AUTH": ((235,), "auth_rejected"),
    "MAIL": ((250,), "sender_refused"),
    "RCPT": ((250, 251, 252), "recipient_refused"),
    "DATA": ((354,), "message_refused"),
    "MESSAGE": ((250,), "message_refused"),
}


@dataclass(frozen=True)
class Reply:
    """One reply of the server: its code, enhanced code (C(None) without one) and text, which is safe to show."""

    code: int
    enhanced_code: str | None
    text: str
    lines: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def words(self) -> str:
        """The reply on one line, as the server wrote it."""
        return " ".join(part for part in (str(self.code), self.enhanced_code, self.text) if part)

    def public(self) -> dict[str, object]:
        """The reply as the module returns it."""
        return {"code": self.code, "enhanced_code": self.enhanced_code, "text": self.text}


def split_line(*, line: bytes) -> tuple[int, bool, bytes] | None:
    """Split a line, with its line feed, into code, whether more follow, and text; None if it is no SMTP reply."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    return int(match.group(1)), match.group(2) == b"-", match.group(3) or b""


def make_reply(*, code: int, lines: list[bytes], secrets: tuple[str, ...]) -> Reply:
    """Build the reply from its lines' texts; what stands in secrets is masked in everything that can be shown."""
    texts = [line.decode("utf-8", "replace") for line in lines]
    enhanced = _ENHANCED.match(texts[0]) if texts else None
    joined = " ".join(_ENHANCED.sub("", text, count=1) if enhanced else text for text in texts)
    text = scrub(text=printable(text=joined), secrets=secrets).strip()[:TEXT_LIMIT]
    return Reply(code=code, enhanced_code=enhanced.group(1) if enhanced else None, text=text, lines=tuple(texts))


def classify(*, step: str, code: int) -> str:
    """Say why a reply to a step of the dialogue is a failure: a reason, or an empty string if it is none."""
    accepted, refusal = _STEPS[step]
    if code in accepted:
        return ""
    if code < 400:
        return "protocol"
    if step in _LOGIN_STEPS and (code < 500 or code in _AUTH_NOT_JUDGED):
        return "auth_unavailable"
    return refusal


def capabilities(*, lines: tuple[str, ...]) -> dict[str, list[str]]:
    """Read an EHLO reply's texts: keyword to parameters, all in upper case; the old C(AUTH=) counts as AUTH."""
    offered: dict[str, list[str]] = {}
    for line in lines[1:]:
        words = re.sub(r"^AUTH=", "AUTH ", line.upper()).split()
        if words:
            offered.setdefault(words[0], []).extend(words[1:])
    return offered


def plain_blob(*, username: str, password: str) -> str:
    """The initial response of AUTH PLAIN (RFC 4616)."""
    return encode64(text=f"\0{username}\0{password}")


def encode64(*, text: str) -> str:
    """Base64 of the text's UTF-8, on one line."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def secret_forms(*, username: str, password: str) -> tuple[str, ...]:
    """All forms in which a server may echo the password, and AUTH PLAIN's response with it."""
    blob = plain_blob(username=username, password=password)
    return (password, *sorted(forms(password) | forms(blob)))


def scrub(*, text: str, secrets: tuple[str, ...]) -> str:
    """Mask the secrets, and every fragment of FRAGMENT characters or more: servers cut and wrap what they echo."""
    hidden = [False] * len(text)
    for secret in filter(None, secrets):
        size = min(len(secret), FRAGMENT)
        for start in range(len(secret) - size + 1):
            # A lookahead, because fragments overlap.
            for match in re.finditer(f"(?={re.escape(secret[start : start + size])})", text, re.IGNORECASE):
                hidden[match.start() : match.start() + size] = [True] * size
    shown = ("\0" if hide else character for character, hide in zip(text, hidden))
    return re.sub("\0+", MASK, "".join(shown))
