# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renames accounts in the store's text, with their history. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.check import unsafe
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document, lines_in, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.edit import edited
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import plain_or_quoted, quoted
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.spans import Entry


def pending(document: Document, names: Mapping[str, str], file: str) -> dict[str, str]:
    """Return the accounts that are still to be renamed.

    A staged password and an open window are no obstacle: nothing is deleted, the dates move along, and the next run
    sends the staged password again under the new name.

    :param document: the store
    :param names: old name to new name
    :param file: the file's name in messages
    :raises InputError: if there is no account to rename, or already one with its new name
    """
    paired = {account for pair in document.senders.values() for account in pair.accounts}
    left = {}
    for old, new in names.items():
        if old in document.entries and new in document.entries:
            raise InputError(f"renamed: {file} has both {old} and {new}; remove one of them first")
        if old in paired and new in paired:
            raise InputError(f"renamed: {old} and {new} both belong to a sender in {file}; remove one of them first")
        if old in document.entries or old in paired:
            left[old] = new
        elif new not in document.entries and new not in paired:
            raise InputError(f"renamed: {file} has no account {old}")
    return left


def renamed(document: Document, names: Mapping[str, str], file: str) -> Document:
    """Return the store with accounts renamed, also in its senders.

    :param document: the store
    :param names: old name to new name, as C(pending) returned them
    :param file: the file's name in messages
    :raises StoreError: if a name is written in a way that cannot be edited
    """
    lines = lines_in(document.text)
    for old, new in names.items():
        entry = document.entries.get(old)
        if entry is not None:
            lines[entry.span.start] = _line(lines[entry.span.start], entry, old, new, file)
    after = parse("".join(lines), file)
    wanted = {names.get(name, name): entry.record for name, entry in document.entries.items()}
    if {name: entry.record for name, entry in after.entries.items()} != wanted:
        raise unsafe(file)
    senders = {name: _sender(pair, names) for name, pair in document.senders.items()}
    return edited(
        after, {}, file, senders={name: pair for name, pair in senders.items() if pair != after.senders[name]}
    )


def _line(line: str, entry: Entry, old: str, new: str, file: str) -> str:
    head, rest = line[: entry.column], line[entry.column :]
    single = "'" + old.replace("'", "''") + "'"
    for form in (old, quoted(old), single):
        if rest.startswith(form) and rest[len(form) :].lstrip(" ").startswith(":"):
            return head + plain_or_quoted(new) + rest[len(form) :]
    raise unsafe(file)


def _sender(pair: Sender, names: Mapping[str, str]) -> Sender:
    roles = ("in_use", "at_rest", "leaving")
    return replace(pair, **{role: names.get(getattr(pair, role), getattr(pair, role)) for role in roles})
