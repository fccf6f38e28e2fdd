# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removes secrets from whatever is about to be shown.

A secret can come back in a provider's words, in an exception or in a library's message, and not always as it was sent.
So each secret is searched for as it is and as base64, URL-encoded, JSON-escaped, HTML-escaped and hexadecimal text.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

CENSORED = "********"
LONGEST_KEPT = 100
# Shorter texts would censor ordinary words; no accepted password or key is shorter.
SHORTEST = 4
# Base64 of part of a secret: anything shorter occurs in harmless text.
SHORTEST_INNER = 8
# Characters that URL encoders leave alone: Python's for forms and paths, a browser's for components and whole URLs.
UNQUOTED = ("", "/", "!*'()~", "!*'()~;,/?:@&=+$#")

# Like Python's html.escape, whose package takes long to import because of its table of entities.
HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def forms(secret: str) -> set[str]:
    """Return the forms that a secret may have in a text.

    :param secret: the secret itself
    :returns: the secret, plain and encoded
    """
    raw = secret.encode("utf-8", "surrogatepass")
    if secret.isascii() and secret.isalnum():
        # The usual case: encoders of URLs, JSON and HTML leave it alone.
        return {form for form in (secret, raw.hex(), raw.hex().upper(), *_base64(raw)) if len(form) >= SHORTEST}
    escaped = json.dumps(secret)[1:-1]
    quoted = {way(raw, safe=safe) for way in (quote, quote_plus) for safe in UNQUOTED}
    encoded = {
        secret,
        *quoted,
        *(re.sub("%..", lambda match: match.group().lower(), text) for text in quoted),
        escaped,
        escaped.replace("/", "\\/"),
        json.dumps(escaped)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        secret.translate(HTML),
        secret.translate(HTML).replace("&#x27;", "&#039;"),
        repr(secret)[1:-1],
        raw.hex(),
        raw.hex().upper(),
        *_base64(raw),
    }
    return {form for form in encoded if len(form) >= SHORTEST}


def _base64(raw: bytes) -> Iterable[str]:
    """Yield base64 of the secret alone, and inside a longer text at each of the three possible offsets."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode("ascii").rstrip("=")
        for before in range(3):
            whole = encode(b"\0" * before + raw).decode("ascii").rstrip("=")
            # Characters at the ends also encode bits of the neighbouring text.
            inner = whole[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
            if len(inner) >= SHORTEST_INNER:
                yield inner


class Scrubber:
    """Replaces every form of every known secret with asterisks."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._known: set[str] = set()
        # Indexed by their first characters, so that the time for a scan does not grow with the number of secrets.
        self._forms: dict[str, list[str]] = {}
        # Texts known to be clean: results for many accounts repeat the same keys and dates.
        self._clean: set[str] = set()
        self.add(*secrets)

    def add(self, *secrets: str | None) -> None:
        """Add secrets.

        :param secrets: strings that must never be shown; empty ones and None are ignored
        """
        for secret in secrets:
            if secret and secret not in self._known:
                self._known.add(str(secret))
                self._clean.clear()
                for form in forms(str(secret)):
                    self._forms.setdefault(form[:SHORTEST], []).append(form)

    def text(self, value: str) -> str:
        """Return the text without any known secret.

        :param value: a text that is about to be shown
        """
        if value in self._clean:
            return value
        result: list[str] = []
        at = 0
        for start, end in self._found(value):
            result += [value[at:start], CENSORED]
            at = end
        if result:
            return "".join([*result, value[at:]])
        if len(value) <= LONGEST_KEPT:
            self._clean.add(value)
        return value

    def _found(self, value: str) -> list[tuple[int, int]]:
        """Return the positions of secrets; those that overlap or touch are merged."""
        places: list[tuple[int, int]] = []
        if not self._forms:
            return places
        for start in range(len(value) - SHORTEST + 1):
            candidates = self._forms.get(value[start : start + SHORTEST], ())
            places += [(start, start + len(form)) for form in candidates if value.startswith(form, start)]
        merged: list[tuple[int, int]] = []
        for start, end in sorted(places):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def clean(self, value: Any) -> Any:
        """Return a copy of a result without any known secret, at any depth, including keys.

        :param value: what is about to be returned, of any type
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (bytes, bytearray)):
            return self.text(value.decode("utf-8", "replace"))
        if isinstance(value, dict):
            known = self._clean
            # Looked up here, because most keys and many strings of a long result are known and a call costs more.
            return {
                key if key in known else self._key(key): (
                    item if item is None or (isinstance(item, str) and item in known) else self.clean(item)
                )
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.clean(item) for item in value]
        return value

    def _key(self, key: Any) -> Any:
        return self.text(str(key)) if isinstance(key, (str, bytes, tuple, frozenset)) else key
