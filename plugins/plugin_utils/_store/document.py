# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parsed store: its sections, their entries, and the lines of each field. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import canonical
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import (
    ACCOUNTS,
    NULL,
    SECTIONS,
    SENDERS,
    Section,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.spans import Entry, Part, Span

HEADER = "# Managed by mailops.smtp. Safe to commit: every password is encrypted with Ansible Vault.\n"
EMPTY = f"{ACCOUNTS.key}: {{}}\n"
# Where a line ends in YAML, which differs from Python.
LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)|(?<=[\x85\u2028\u2029])")
# Characters at which only one of the two may end a line.
OTHER_LINE_ENDS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
DEEPEST = 100
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """A parsed store. C(root): its YAML tree, if it has more than our sections."""

    text: str = ""
    parts: Mapping[str, Part] = field(default_factory=dict)
    root: yaml.Node | None = field(default=None, repr=False, compare=False)

    @property
    def lines(self) -> list[str]:
        """Return the text's lines with their line ends. Not cached, because most documents are never edited."""
        return lines_in(self.text)

    def part(self, section: Section) -> Part:
        """Return a section, an empty one if it is missing."""
        return self.parts.get(section.key) or Part()

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Return the accounts."""
        return self.part(ACCOUNTS).entries

    def record(self, account: str) -> Record:
        """Return an account's record, an empty one for an account that is not in the store."""
        entry = self.entries.get(account)
        return entry.record if entry else Record()

    @property
    def senders(self) -> dict[str, Sender]:
        """Return the senders in the store."""
        entries = self.part(SENDERS).entries
        return {name: entry.record for name, entry in entries.items() if entry.record != Sender()}


def lines_in(text: str) -> list[str]:
    """Return a text's lines as YAML counts them, with their line ends.

    :param text: any text
    """
    if not any(character in text for character in OTHER_LINE_ENDS):
        return text.splitlines(keepends=True)
    return [line for line in LINE_END.split(text) if line]


def parse(text: str, name: str) -> Document:
    """Return a store, parsed from its text.

    :param text: the file's text
    :param name: the file's name in messages
    :raises StoreError: if it is not a store, or has an invalid entry
    """
    parts = canonical.parts_of(text)
    document = Document(text, parts) if parts is not None else _parsed_by_yaml(text, name)
    _check_senders(document.senders, name)
    return document


def _parsed_by_yaml(text: str, name: str) -> Document:
    """Return a store, parsed by YAML: a user may write it in any way."""
    root = compose(text, name)
    if root is None or (isinstance(root, yaml.ScalarNode) and root.value == ""):
        return Document(text, root=root)
    if not isinstance(root, yaml.MappingNode):
        raise StoreError(f"{name} is not a store of mailops.smtp: it is not a YAML mapping with the key {ACCOUNTS.key}")
    parts = {}
    lines = lines_in(text)
    for section in SECTIONS:
        found = [(key, value) for key, value in root.value if key.value == section.key]
        if len(found) > 1:
            raise StoreError(f"{name}: {section.key} is defined twice; remove one of them")
        if found and root.flow_style:
            raise StoreError(f"{name} uses YAML flow style ({{…}}); write one key per line")
        if found:
            parts[section.key] = _part(section, lines, *found[0], name)
    if not parts:
        raise StoreError(
            f"{name} is not a store of mailops.smtp: it has no key {ACCOUNTS.key}. Set vault_file to a file of its "
            f"own, or add the line '{ACCOUNTS.key}: {{}}' to this one"
        )
    return Document(text, parts, root)


def _check_senders(senders: Mapping[str, Sender], name: str) -> None:
    known: dict[str, str] = {}
    for sender, pair in senders.items():
        if not pair.is_whole:
            raise StoreError(
                f"{name}: {SENDERS.key}['{sender}'] must have switched_at and two accounts: one in_use, the other "
                f"at_rest or leaving"
            )
        for account in pair.accounts:
            if account in known:
                raise StoreError(
                    f"{name}: {account} belongs to two senders in {SENDERS.key}, '{known[account]}' and '{sender}'; "
                    "give each sender its own accounts"
                )
            known[account] = sender


def compose(text: str, name: str) -> yaml.Node | None:
    """Return a text's YAML tree.

    :param text: the file's text
    :param name: the file's name in messages
    :raises StoreError: if it is not YAML, or uses syntax that cannot be edited
    """
    try:
        _check_form(text, name)
        node: yaml.Node | None = yaml.compose(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "unreadable"
        # libyaml has its own limit, which it may reach first because it reads ahead.
        if "nesting depth" in problem:
            raise _too_deep(name) from None
        raise StoreError(f"{name} is not valid YAML{where}: {problem}") from None
    return node


def _check_form(text: str, name: str) -> None:
    brackets = text.count("[") + text.count("{")
    if brackets <= DEEPEST and not re.search(rf"[&*]|(?m:^[ \t?:-]{{{DEEPEST}}})", text):
        return
    depth = 0
    for event in yaml.parse(text, _Loader):
        if getattr(event, "anchor", None):
            raise StoreError(
                f"{name} uses YAML anchors or aliases, which cannot be edited safely; write the values out"
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        # libyaml's composer crashes the process if the nesting is too deep.
        if depth > DEEPEST:
            raise _too_deep(name)


def _too_deep(name: str) -> StoreError:
    return StoreError(f"{name} is not a store of mailops.smtp: it is nested too deeply")


def _part(section: Section, lines: list[str], key: yaml.Node, value: yaml.Node, name: str) -> Part:
    top = Span(key.start_mark.line, max(_end(value), key.start_mark.line + 1))
    if isinstance(value, yaml.ScalarNode) and value.value in ("", "null", "~"):
        return Part(top=Span(top.start, top.start + 1))
    if not isinstance(value, yaml.MappingNode):
        raise StoreError(f"{name}: {section.key} must map each {section.names.split()[-1]} to a record")
    entries: dict[str, Entry] = {}
    for key_node, node in value.value:
        where = f"{name}: {section.key}['{key_node.value}']"
        if not isinstance(key_node, yaml.ScalarNode):
            raise StoreError(f"{name}: a key of {section.key} is not the name of {section.names}")
        if key_node.value in entries:
            raise StoreError(f"{where} is defined twice; remove one of them")
        if isinstance(node, yaml.ScalarNode) and node.tag == NULL:
            node = yaml.MappingNode(node.tag, [], node.start_mark, node.end_mark)
        if not isinstance(node, yaml.MappingNode):
            raise StoreError(f"{where} must be a mapping with fields such as {section.example}")
        entries[key_node.value] = _entry(section, key_node, node, lines, where, in_flow=bool(value.flow_style))
    return Part(entries=entries, top=top, block=not value.flow_style or not value.value)


def _entry(
    section: Section, name: yaml.Node, node: yaml.MappingNode, lines: list[str], where: str, *, in_flow: bool
) -> Entry:
    spans: dict[str, Span] = {}
    values: dict[str, Any] = {}
    indent = name.start_mark.column + 2
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise StoreError(f"{where}: a key is not the name of a field")
        if key.value in spans:
            raise StoreError(f"{where}.{key.value} is defined twice; remove one of them")
        spans[key.value] = _without_blanks(lines, Span(key.start_mark.line, _end(value)))
        indent = key.start_mark.column
        form = section.forms.get(key.value)
        if form and not (isinstance(value, yaml.ScalarNode) and value.tag == NULL):
            values[key.value] = form.read(value, f"{where}.{key.value}")
    return Entry(
        span=Span(name.start_mark.line, max([span.end for span in spans.values()] + [name.start_mark.line + 1])),
        fields=spans,
        column=name.start_mark.column,
        indent=indent,
        block=not in_flow and not (node.flow_style and node.value),
        record=section.record(**values),
    )


def _end(node: yaml.Node) -> int:
    """Return the line after a node's last one. A collection's own end mark comes after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    mark = node.end_mark
    return int(mark.line if mark.column == 0 and mark.line > node.start_mark.line else mark.line + 1)


def _without_blanks(lines: list[str], span: Span) -> Span:
    """Return the span without trailing blank lines, which a block scalar's end mark includes."""
    end = span.end
    while end > span.start + 1 and not lines[end - 1].strip():
        end -= 1
    return Span(span.start, end)
