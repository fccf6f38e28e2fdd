# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks an edited store before it is written: it has the changes, and nothing else is different. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import SECTIONS, Section

# For each section, what becomes of its entries; None for one that is removed with all its fields.
Changes = Mapping[str, Mapping[str, Any]]


def checked(document: Document, changes: Changes, text: str, name: str) -> Document:
    """Return the parsed text if it says what it should, because YAML allows more than a line editor can foresee.

    :param document: the store as it was read
    :param changes: what was to be changed
    :param text: the edited text
    :param name: the file's name in messages
    :raises StoreError: if the text says something else
    """
    try:
        after = parse(text, name)
        same = all(_has_changes(section, document, after, changes[section.key]) for section in SECTIONS)
        same = same and _foreign(after.root, changes) == _foreign(document.root, changes)
    except StoreError:
        same = False
    if not same:
        raise unsafe(name)
    return after


def unsafe(name: str) -> StoreError:
    """Return the error for a store that cannot be edited line by line.

    :param name: the file's name in messages
    """
    return StoreError(
        f"{name} uses YAML syntax that cannot be edited safely; write it as in the README, one field per line"
    )


def _has_changes(section: Section, before: Document, after: Document, changes: Mapping[str, Any]) -> bool:
    """Return whether a section has its old entries and the changes, and nothing else."""
    wanted = {key: entry.record for key, entry in before.part(section).entries.items()} | dict(changes)
    found = {key: entry.record for key, entry in after.part(section).entries.items()}
    removed = {key for key, record in wanted.items() if record is None}
    wanted = {key: record for key, record in wanted.items() if key not in removed}
    return set(found) <= set(wanted) and all(found.get(key, section.record()) == wanted[key] for key in wanted)


def _foreign(root: yaml.Node | None, changes: Changes) -> Any:
    """Return everything that is not ours, in a comparable form, without that of entries that are removed."""
    if not isinstance(root, yaml.MappingNode):
        return [], []
    sections = {section.key: section for section in SECTIONS}
    foreign, unknown = [], []
    for key, value in root.value:
        section = sections.get(key.value) if isinstance(key, yaml.ScalarNode) else None
        if section is None:
            foreign.append((_plain(key), _plain(value)))
        elif isinstance(value, yaml.MappingNode):
            gone = {name for name, record in changes[section.key].items() if record is None}
            unknown += [(key.value, *item) for item in _unknown_fields(section, value) if item[0] not in gone]
    return foreign, unknown


def _unknown_fields(section: Section, value: yaml.MappingNode) -> Iterator[tuple[Any, ...]]:
    for name, record in value.value:
        if isinstance(record, yaml.MappingNode):
            for key, item in record.value:
                if key.value not in section.forms:
                    yield name.value, _plain(key), _plain(item)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return node.tag, [(_plain(key), _plain(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return node.tag, [_plain(item) for item in node.value]
    return node.tag, node.value
