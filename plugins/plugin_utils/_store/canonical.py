# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a store in the collection's own format without a YAML parser, for speed. Pure.

YAML takes a tenth of a millisecond per line, and a store of ten thousand accounts has two hundred thousand lines. This
reader knows a small subset of YAML in which every line has exactly one meaning. Any text beyond that, even one comment
between accounts, is left to YAML.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control
from ansible_collections.mailops.smtp.plugins.plugin_utils import _times
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import NOTE, TARGET, Notes
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import (
    MOMENT,
    NAME,
    NOTES,
    REQUESTS,
    SECRET,
    SECRETS,
    SECTIONS,
    TEXT,
    WORD,
    Form,
    Section,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.spans import Entry, Part, Span

COLUMN, INDENT = 2, 4
# Text without any character that YAML refuses or that ends a line.
COMMENT = r"#[ -~\u00a1-\u024f]*"
HEAD = re.compile(rf"(?:{COMMENT}\n)*(?:---\n)?(?:(?:{COMMENT})?\n)*")
NULLS = frozenset({"null", "Null", "NULL"})
PLAIN_NAME = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,319}"
# What YAML takes as it is between double quotes in one line, and the few escapes that are written here.
ESCAPE = r"\\(?:[\"\\]|u[0-9a-f]{4}|U[0-9a-f]{8})"
QUOTED = rf"(?:[^\x00-\x1f\"\\\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]|{ESCAPE})+"
# YAML refuses a key that is longer.
LONGEST_KEY = 1000
ENTRY = rf'  (?:(?P<plain>{PLAIN_NAME})|"(?P<quoted>{QUOTED})"):\n'


def _vaulted(indent: int) -> str:
    pad = " " * indent
    return (
        rf"!vault \|\n{pad}\$ANSIBLE_VAULT;1\.[12];AES256(?:;[A-Za-z0-9_.@-]{{1,100}})?\n"
        rf"(?:{pad}[0-9a-f]{{2,80}}\n)+"
    )


def _read_secret(text: str) -> str:
    # Interned, because ciphertexts are most of a long store and are read more than once.
    return sys.intern(text.partition("\n")[2].replace(" ", "")[:-1])


def _read_secrets(text: str) -> tuple[str, ...]:
    return tuple(_read_secret(item) for item in text.split("- !vault")[1:])


def _read_requests(text: str) -> tuple[str, ...]:
    return tuple(line.strip()[2:] for line in text.strip().splitlines())


@lru_cache(maxsize=4096)
def _read_moment(text: str) -> datetime:
    return _times.read(text.strip()[1:-1])


def _read_name(text: str) -> str | None:
    name = text[1:-1]
    return _unquoted(name[1:-1]) if name.startswith('"') else None if name in NULLS else name


def _read_text(text: str) -> str | None:
    found = _read_name(text)
    if found is not None and has_control(found):
        raise ValueError("more than one line")
    return found


def _unquoted(text: str) -> str:
    """Return what a text between double quotes says. A ValueError leaves it to YAML."""
    if len(text) > LONGEST_KEY:
        raise ValueError("too long for a key")
    return re.sub(ESCAPE, _read_escape, text) if "\\" in text else text


def _read_escape(match: re.Match[str]) -> str:
    code = match[0][2:]
    # Half a character is YAML's to refuse, with its own words.
    if code and 0xD800 <= int(code, 16) <= 0xDFFF:
        raise ValueError("a surrogate")
    return chr(int(code, 16)) if code else match[0][1]


def _read_notes(text: str) -> Notes:
    notes = [line.strip().partition(": ") for line in text.strip().splitlines()]
    return tuple(sorted((name.strip('"'), note[1:-1]) for name, _colon, note in notes))


# The pattern after a field's name and colon, and the function that reads it.
_WAYS: dict[str, tuple[Form, str, Callable[[str], Any]]] = {
    "secret": (SECRET, rf" {_vaulted(6)}", _read_secret),
    "secrets": (SECRETS, rf"\n(?:      - {_vaulted(8)})+", _read_secrets),
    "moment": (MOMENT, r' "[0-9T:Z-]{20}"\n', _read_moment),
    "name": (NAME, rf' (?:{PLAIN_NAME}|"{QUOTED}")\n', _read_name),
    "text": (TEXT, rf' (?:{PLAIN_NAME}|"{QUOTED}")\n', _read_text),
    "requests": (REQUESTS, r"\n(?:      - [0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}\n)+", _read_requests),
    "notes": (NOTES, rf'\n(?:      (?:{TARGET.pattern}|"{TARGET.pattern}"): "(?:{NOTE.pattern})"\n)+', _read_notes),
    "word": (WORD, r" [a-z][a-z_]{0,39}\n", _read_name),
}
_KINDS = {f"{kind}_value": kind for kind in _WAYS}


def _pattern(section: Section) -> re.Pattern[str]:
    """Return a pattern for the first line of an entry, or for all lines of a field."""
    ways = []
    for kind, (form, value, _read) in _WAYS.items():
        names = "|".join(name for name, one in section.forms.items() if one is form)
        if names:
            ways.append(rf"    (?P<{kind}>{names}):(?P<{kind}_value>{value})")
    return re.compile("|".join([*ways, ENTRY]))


_PATTERNS = {section.key: _pattern(section) for section in SECTIONS}


@dataclass
class _Open:
    """An entry whose fields are being read."""

    start: int
    fields: dict[str, Span] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def entry(self, section: Section, end: int) -> Entry:
        values = {name: value for name, value in self.values.items() if value is not None}
        return Entry(Span(self.start, end), self.fields, COLUMN, INDENT, True, section.record(**values))


def parts_of(text: str) -> dict[str, Part] | None:
    """Return the sections of a store's text, None if YAML has to read it.

    :param text: the file's text
    """
    head = HEAD.match(text)
    at = head.end() if head else 0
    line = text.count("\n", 0, at)
    parts: dict[str, Part] = {}
    while at < len(text):
        section = next((one for one in SECTIONS if text.startswith(f"{one.key}:\n", at)), None)
        if section is None or section.key in parts:
            return None
        top, at = line, at + len(section.key) + 2
        try:
            found = _entries(section, text, at, line + 1)
        except ValueError:
            found = None
        if found is None:
            return None
        entries, at, line = found
        parts[section.key] = Part(entries=entries, top=Span(top, line))
    return parts or None


def _entries(section: Section, text: str, at: int, line: int) -> tuple[dict[str, Entry], int, int] | None:
    """Return the entries from a position on and where they end; None if there is none, or YAML has to read one."""
    entries: dict[str, Entry] = {}
    name, current = "", _Open(line)
    for kind, key, value, end in _pieces(section, text, at):
        if kind == "entry":
            if name:
                entries[name] = current.entry(section, line)
            if key in entries:
                return None
            name, current = key, _Open(line)
            line += 1
        else:
            lines = value.count("\n")
            if not name or key in current.fields:
                return None
            current.values[key] = _WAYS[kind][2](value)
            current.fields[key] = Span(line, line + lines)
            line += lines
        at = end
    if not name:
        return None
    entries[name] = current.entry(section, line)
    return entries, at, line


def _pieces(section: Section, text: str, at: int) -> Iterator[tuple[str, str, str, int]]:
    """Yield the kind, name, value and end of each field, and of the first line of each entry."""
    pattern = _PATTERNS[section.key]
    while match := pattern.match(text, at):
        at = match.end()
        # The group that ended last is the value's; an entry only has a name.
        last = match.lastgroup or ""
        kind = _KINDS.get(last)
        if kind is None:
            yield "entry", match[last] if last == "plain" else _unquoted(match[last]), "", at
        else:
            yield kind, match[kind], match[last], at
