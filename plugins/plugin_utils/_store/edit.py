# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits the store's text and touches only the lines of fields that change. Pure.

Everything else stays byte for byte: comments, order, unknown fields and all other ciphertexts. So a git diff shows
exactly what changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.check import Changes, checked
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import EMPTY, HEADER, Document
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import (
    ACCOUNTS,
    SECTIONS,
    SENDERS,
    Section,
    lines_of,
    plain_or_quoted,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.spans import Entry, Part, Span

# The comment at the end of a line whose value is removed, or replaced.
COMMENT_AFTER_KEY = re.compile(r"(?<=[:}~lL])[ \t]+#.*")
COMMENT_AFTER_VALUE = re.compile(r"[ \t]+#.*")


@dataclass(frozen=True)
class Edit:
    """Lines that replace others."""

    span: Span
    lines: list[str]


def edited(
    document: Document,
    accounts: Mapping[str, Record | None],
    name: str,
    *,
    senders: Mapping[str, Sender | None] | None = None,
) -> Document:
    """Return the document with some entries changed and parsed again; an entry that becomes empty is removed.

    Fields that are not ours stay, even if they are all that is left. None instead of a record removes all of an entry.

    :param document: the store as it was read
    :param accounts: account to its new record
    :param name: the file's name in messages
    :param senders: sender to its new record
    :raises StoreError: if an entry that changes is written in a way that cannot be edited line by line
    """
    changes = {ACCOUNTS.key: accounts, SENDERS.key: senders or {}}
    text = _edited(document, changes)
    return document if text == document.text else checked(document, changes, text, name)


def _edited(document: Document, changes: Changes) -> str:
    lines = document.lines or [HEADER]
    if not lines[-1].endswith("\n"):
        lines = [*lines[:-1], lines[-1] + ("\r\n" if lines[0].endswith("\r\n") else "\n")]
    edits: list[Edit] = []
    # New sections come last, because they may begin on the line where another section's new entry belongs.
    for section in sorted(SECTIONS, key=lambda section: document.part(section).top is None):
        edits += _section_edits(section, document, lines, changes[section.key])
    if not document.parts and not edits:
        edits = [Edit(Span(len(lines), len(lines)), [EMPTY])]
    return _with_edits(lines, edits)


def _section_edits(
    section: Section, document: Document, lines: list[str], changes: Mapping[str, Any]
) -> Iterable[Edit]:
    part = document.part(section)
    first = next(iter(part.entries.values()), None)
    column, indent = (first.column, first.indent) if first else (2, 4)
    edits: list[Edit] = []
    new: list[str] = []
    for name, record in changes.items():
        entry = part.entries.get(name)
        if entry is not None:
            edits += _entry_edits(section, name, entry, record, lines)
        elif record not in (None, section.record()):
            new += [" " * column + plain_or_quoted(name) + ":\n"]
            new += lines_of(section, record, tuple(section.forms), indent)
    return edits + _frame_edits(section, document, part, lines, new, changes)


def _frame_edits(
    section: Section, document: Document, part: Part, lines: list[str], new: list[str], changes: Mapping[str, Any]
) -> list[Edit]:
    """Return the edits that add new entries or change the section's own line."""
    if part.top is None:
        at = _after_sections(document, lines)
        return [Edit(Span(at, at), [f"{section.key}:\n", *new])] if new else []
    if not part.block and changes:
        raise StoreError(f"{section.key} uses YAML flow style ({{…}}); write one field per line")
    if not part.entries:
        head = _commented(f"{section.key}:\n", lines[part.top.start])
        return [Edit(part.top, [head, *new])] if new else []
    gone = {name for name, record in changes.items() if record in (None, section.record())}
    kept = [
        name
        for name, entry in part.entries.items()
        if name not in gone or (changes[name] is not None and set(entry.fields) - {*section.forms})
    ]
    end = max(entry.span.end for entry in part.entries.values())
    edits = [Edit(Span(end, end), new)] if new else []
    if not kept and not new:
        head = _commented(f"{section.key}: {{}}\n", lines[part.top.start])
        edits.append(Edit(Span(part.top.start, part.top.start + 1), [head]))
    return edits


def _after_sections(document: Document, lines: list[str]) -> int:
    """Return the line where a new section can begin: after the others and their comments."""
    ends = [part.top.end for part in document.parts.values() if part.top]
    if not ends:
        return len(lines)
    at = max(ends)
    while at < len(lines) and re.match(r"[ \t]+#", lines[at]):
        at += 1
    return at


def _entry_edits(section: Section, name: str, entry: Entry, record: Any, lines: list[str]) -> Iterator[Edit]:
    if not entry.block:
        raise StoreError(f"{section.key}['{name}'] uses YAML flow style ({{…}}); write one field per line")
    order = tuple(section.forms)
    if record is None or (record == section.record() and not set(entry.fields) - set(order)):
        yield Edit(entry.span, [])
        return
    if not entry.fields:
        head = _commented(f"{' ' * entry.column}{plain_or_quoted(name)}:\n", lines[entry.span.start])
        yield Edit(entry.span, [head, *lines_of(section, record, order, entry.indent)])
        return
    for field in order:
        if getattr(record, field) != getattr(entry.record, field):
            span = entry.fields.get(field) or _place(section, entry, field)
            yield Edit(
                span, _replacing(lines[span.start : span.end], lines_of(section, record, (field,), entry.indent))
            )


def _place(section: Section, entry: Entry, name: str) -> Span:
    """Return the place for a field that the entry lacks: before the next known field, or at the end."""
    order = tuple(section.forms)
    following = order[order.index(name) + 1 :]
    starts = [entry.fields[other].start for other in following if other in entry.fields]
    if name in section.passing or not starts:
        return Span(entry.span.end, entry.span.end)
    return Span(min(starts), min(starts))


def _commented(line: str, old: str, pattern: re.Pattern[str] = COMMENT_AFTER_KEY) -> str:
    """Return a line with the comment of the line that it replaces."""
    comment = pattern.search(old)
    return line.rstrip("\n") + (comment.group().rstrip() if comment else "") + "\n"


def _replacing(old: list[str], new: list[str]) -> list[str]:
    """Return a field's new lines; a field on a single line keeps its comment."""
    return [_commented(new[0], old[0], COMMENT_AFTER_VALUE)] if len(old) == 1 == len(new) else new


def _with_edits(lines: list[str], edits: list[Edit]) -> str:
    crlf = bool(lines) and lines[0].endswith("\r\n")
    result: list[str] = []
    at = 0
    # The sort is stable, so insertions at the same place keep their order.
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        result += lines[at : edit.span.start]
        result += [line.replace("\n", "\r\n") for line in edit.lines] if crlf else edit.lines
        at = max(at, edit.span.end)
    return "".join(result + lines[at:])
