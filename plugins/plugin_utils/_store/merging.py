# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merges two copies of a store that come from the same one: by account and by sender, byte for byte. Pure: no I/O.

An entry is taken from the side that changed it. One that both sides changed is in conflict, even where their lines
would fit together: two rotations of one account have two passwords, and only one of them is in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import SECTIONS, Section
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.spans import Part
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written

DATES = ("staged_at", "changed_at", "verified_at", "settled_at", "switched_at")
# Between these lines are the two versions of what is in conflict, as in any file that git merges.
MARKS = ("<<<<<<< ours\n", "=======\n", ">>>>>>> theirs\n")


@dataclass
class Merged:
    """What became of a merge. C(text): the store, with both versions of what is in conflict. C(conflicts): why."""

    text: str
    conflicts: list[str] = field(default_factory=list)


def merged(base: str, ours: str, theirs: str) -> Merged:
    """Return a store with the changes of both sides.

    :param base: the store that both sides come from, empty if there was none
    :param ours: the store of the one side
    :param theirs: the store of the other side
    :raises StoreError: if it cannot be merged by account, with the reason
    """
    old, mine, other = (parse(text, name) for text, name in ((base, "base"), (ours, "ours"), (theirs, "theirs")))
    frames = [_frame(document) for document in (old, mine, other)]
    if frames[0] != frames[1] != frames[2] != frames[0]:
        raise StoreError("both sides changed something that belongs to no account and to no sender")
    # What is around the entries is taken from the side that changed it.
    carrier, giver = (mine, other) if frames[2] in frames[:2] else (other, mine)
    result, lines = Merged(""), _ended(carrier.lines)
    # From the end, so that what is before keeps its place.
    for section in sorted(SECTIONS, key=lambda one: _start(carrier.part(one)), reverse=True):
        blocks = [_blocks(document, section) for document in (old, mine, other)]
        wanted: dict[str, str] = {}
        for name in {**blocks[0], **blocks[1], **blocks[2]}:
            block, why = _chosen(section, name, [one.get(name, "") for one in blocks], mine, other)
            wanted[name] = block
            result.conflicts += [why] if why else []
        _put(lines, section, carrier, giver, wanted)
    result.conflicts.sort()
    result.text = "".join(lines)
    if not result.conflicts:
        # YAML allows more than can be foreseen here, such as sides that are indented differently.
        _check(parse(result.text, "the merged store"), old, mine, other)
    return result


def _start(part: Part) -> int:
    return part.top.start if part.top else -1


def _ended(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1] + "\n"] if lines and not lines[-1].endswith("\n") else list(lines)


def _blocks(document: Document, section: Section) -> dict[str, str]:
    """Return the lines of each entry."""
    lines, part = _ended(document.lines), document.part(section)
    return {name: "".join(lines[entry.span.start : entry.span.end]) for name, entry in part.entries.items()}


def _frame(document: Document) -> str:
    """Return what is around the entries. The line that a section begins with says no more than that there is one."""
    lines = _ended(document.lines)
    for section in SECTIONS:
        part = document.part(section)
        if part.top is None:
            continue
        if not part.block:
            raise StoreError(f"{section.key} uses YAML flow style ({{…}}); write one key per line")
        lines[part.top.start] = f"{section.key}:\n"
        for entry in part.entries.values():
            lines[entry.span.start : entry.span.end] = [""] * (entry.span.end - entry.span.start)
    return "".join(lines)


def _chosen(section: Section, name: str, versions: list[str], mine: Document, other: Document) -> tuple[str, str]:
    """Return an entry's lines, empty if it is gone, and why it is in conflict."""
    base, ours, theirs = versions
    if ours == theirs or theirs == base:
        return ours, ""
    if ours == base:
        return theirs, ""
    sides = [_told(document, section, name) for document in (mine, other)]
    text = f"{section.key}['{name}'] was changed on both sides: {sides[0]} in ours, {sides[1]} in theirs"
    return f"{MARKS[0]}{ours}{MARKS[1]}{theirs}{MARKS[2]}", text


def _told(document: Document, section: Section, name: str) -> str:
    """Return the dates of an entry, by which a person sees what happened to it."""
    entry = document.part(section).entries.get(name)
    if entry is None:
        return "removed"
    dates = [(date, getattr(entry.record, date, None)) for date in DATES]
    return ", ".join(f"{date} {written(moment)}" for date, moment in dates if moment) or "no date"


def _put(lines: list[str], section: Section, carrier: Document, giver: Document, wanted: Mapping[str, str]) -> None:
    """Put a section's entries into the lines of the side whose frame is kept; new ones come last."""
    part = carrier.part(section)
    if part.top is None:
        return
    new = [block for name, block in wanted.items() if block and name not in part.entries]
    end = max([entry.span.end for entry in part.entries.values()] + [part.top.start + 1])
    lines[end:end] = new
    for name, entry in sorted(part.entries.items(), key=lambda item: item[1].span.start, reverse=True):
        lines[entry.span.start : entry.span.end] = [wanted[name]] if wanted[name] else []
    has = any(wanted.values())
    if has != bool(part.entries):
        head = giver.part(section).top if has else None
        lines[part.top.start] = giver.lines[head.start] if head else f"{section.key}: {{}}\n"


def _check(result: Document, old: Document, mine: Document, other: Document) -> None:
    """Refuse a merge that does not say of every entry what the side says that changed it."""
    for section in SECTIONS:
        found = _records(result, section)
        base, ours, theirs = (_records(document, section) for document in (old, mine, other))
        for name in {**base, **ours, **theirs, **found}:
            same = theirs.get(name) == base.get(name)
            if found.get(name) != (ours.get(name) if same else theirs.get(name)):
                raise StoreError(f"{section.key}['{name}'] cannot be merged; write the store as in the README")


def _records(document: Document, section: Section) -> dict[str, Record]:
    return {name: entry.record for name, entry in document.part(section).entries.items()}
