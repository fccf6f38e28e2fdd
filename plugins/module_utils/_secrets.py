# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes secrets out of whatever is about to be shown.

A secret can come back in a provider's words, in an exception or in a library's message, and not always as it was
sent: so each is looked for as it is and as base64, URL-encoded, JSON-escaped and hexadecimal text.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

CENSORED = "********"
# A shorter text would censor ordinary words; no password or key that the collection accepts is shorter.
SHORTEST = 4


def forms(secret: str) -> set[str]:
    """Return the ways in which a secret may be written in a text.

    :param secret: the secret itself
    :returns: the secret, plain and encoded
    """
    raw = secret.encode("utf-8", "surrogateescape")
    encoded = {
        secret,
        quote(secret, safe="", errors="replace"),
        quote_plus(secret, errors="replace"),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        repr(secret)[1:-1],
        raw.hex(),
        raw.hex().upper(),
    }
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded.add(encode(raw).decode("ascii").rstrip("="))
    return {form for form in encoded if len(form) >= SHORTEST}


class Scrubber:
    """Replaces every form of every known secret with asterisks."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str | None) -> None:
        """Learn more secrets.

        :param secrets: texts that must never be shown; empty ones and None are passed over
        """
        for secret in secrets:
            if secret:
                self._forms |= forms(str(secret))
        self._pattern = None

    def text(self, value: str) -> str:
        """Return the text without any known secret.

        :param value: a text that is about to be shown
        """
        if not self._forms:
            return value
        if self._pattern is None:
            longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(re.escape(form) for form in longest_first))
        return self._pattern.sub(CENSORED, value)

    def clean(self, value: Any) -> Any:
        """Return a copy of a result without any known secret, at any depth, keys included.

        :param value: what is about to be returned: a dict, a list, a text, a number
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "replace"))
        if isinstance(value, dict):
            return {self.clean(key): self.clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set)):
            return [self.clean(item) for item in value]
        return value
