# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store's text and its records. Only the lines of fields that change are touched. Pure.

Everything else, comments, order, fields that the collection does not know and every other ciphertext, stays byte for
byte: so git shows what changed and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils import _times
from ansible_collections.mailops.smtp.plugins.plugin_utils._record import Record

HEADER = "# Managed by mailops.smtp. Safe to commit: every password is encrypted with Ansible Vault.\n"
TOP = "smtp_accounts"
EMPTY = f"{TOP}: {{}}\n"
# Where YAML ends a line; Python's own idea of it is another one.
LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)|(?<=[\x85\u2028\u2029])")
DEEPEST = 100
FIELDS = tuple(item.name for item in fields(Record))
SECRETS = ("password", "previous_password", "staged_password")
CIPHERTEXT = re.compile(r"\$ANSIBLE_VAULT;1\.[12];AES256(;[^;\s]+)?\n([0-9a-f]{2,80}\n)*[0-9a-f]{2,80}\n?")
PLAIN_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()


@dataclass(frozen=True)
class Span:
    """Lines of the text, the last one not included."""

    start: int
    end: int


@dataclass(frozen=True)
class Entry:
    """One account in the text: its lines, its fields' lines, and the record that they say."""

    span: Span
    fields: Mapping[str, Span]
    column: int
    indent: int
    block: bool
    record: Record


@dataclass
class Document:
    """A store's text, understood."""

    lines: list[str] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    top: Span | None = None
    block: bool = True

    def record(self, account: str) -> Record:
        """Return an account's record, an empty one if the store does not know the account."""
        entry = self.entries.get(account)
        return entry.record if entry else Record()

    @property
    def text(self) -> str:
        """Return the text as it was read."""
        return "".join(self.lines)


def parse(text: str, name: str) -> Document:
    """Return a store's text, understood.

    :param text: the file's text
    :param name: what messages call the file
    :raises StoreError: if it is not a store, or a record in it is not valid
    """
    lines = [line for line in LINE_END.split(text) if line]
    root = _composed(text, name)
    if root is None or (isinstance(root, yaml.ScalarNode) and root.value == ""):
        return Document(lines=lines)
    if not isinstance(root, yaml.MappingNode):
        raise StoreError(f"{name} is not a store of mailops.smtp: it is not a YAML mapping with the key {TOP}")
    found = [(key, value) for key, value in root.value if key.value == TOP]
    if len(found) > 1:
        raise StoreError(f"{name}: {TOP} stands there twice; remove one of the two")
    if found and root.flow_style:
        raise StoreError(f"{name} is written in braces ({{…}}); write it in lines, one key each")
    if found:
        return _with_accounts(lines, *found[0], name)
    raise StoreError(
        f"{name} is not a store of mailops.smtp: it has no key {TOP}. Name a file of its own in vault_file, or add "
        f"the line '{TOP}: {{}}' to this one"
    )


def _composed(text: str, name: str) -> yaml.Node | None:
    try:
        _check_form(text, name)
        node: yaml.Node | None = yaml.compose(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "unreadable"
        # libyaml has a limit of its own, which it can reach first: it reads ahead.
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
            raise StoreError(f"{name} has YAML anchors or aliases, which cannot be edited safely; write the values out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        # libyaml's composer crashes the process on what is nested without end.
        if depth > DEEPEST:
            raise _too_deep(name)


def _too_deep(name: str) -> StoreError:
    return StoreError(f"{name} is not a store of mailops.smtp: it is nested too deeply")


def _with_accounts(lines: list[str], key: yaml.Node, value: yaml.Node, name: str) -> Document:
    top = Span(key.start_mark.line, max(_end(value), key.start_mark.line + 1))
    if isinstance(value, yaml.ScalarNode) and value.value in ("", "null", "~"):
        return Document(lines=lines, top=Span(top.start, top.start + 1))
    if not isinstance(value, yaml.MappingNode):
        raise StoreError(f"{name}: {TOP} must be a mapping from account to record")
    entries: dict[str, Entry] = {}
    for account, node in value.value:
        where = f"{name}: {TOP}['{account.value}']"
        if not isinstance(account, yaml.ScalarNode):
            raise StoreError(f"{name}: a key of {TOP} is not the name of an account")
        if account.value in entries:
            raise StoreError(f"{where} stands there twice; remove one of the two")
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
            node = yaml.MappingNode(node.tag, [], node.start_mark, node.end_mark)
        if not isinstance(node, yaml.MappingNode):
            raise StoreError(f"{where} must be a mapping with fields such as password and changed_at")
        entries[account.value] = _entry(account, node, lines, where, in_flow=bool(value.flow_style))
    return Document(lines=lines, entries=entries, top=top, block=not value.flow_style or not value.value)


def _entry(account: yaml.Node, node: yaml.MappingNode, lines: list[str], where: str, *, in_flow: bool) -> Entry:
    spans: dict[str, Span] = {}
    values: dict[str, Any] = {}
    indent = account.start_mark.column + 2
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise StoreError(f"{where}: a key of it is not the name of a field")
        if key.value in spans:
            raise StoreError(f"{where}.{key.value} stands there twice; remove one of the two")
        spans[key.value] = _without_blanks(lines, Span(key.start_mark.line, _end(value)))
        indent = key.start_mark.column
        if key.value in FIELDS:
            values[key.value] = _value(key.value, value, f"{where}.{key.value}")
    end = max([span.end for span in spans.values()] + [account.start_mark.line + 1])
    values = {name: item for name, item in values.items() if item is not None}
    return Entry(
        span=Span(account.start_mark.line, end),
        fields=spans,
        column=account.start_mark.column,
        indent=indent,
        block=not in_flow and not (node.flow_style and node.value),
        record=Record(**values),
    )


def _end(node: yaml.Node) -> int:
    """Return the line after a node's last one; a collection's own mark lies after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    mark = node.end_mark
    return int(mark.line if mark.column == 0 and mark.line > node.start_mark.line else mark.line + 1)


def _without_blanks(lines: list[str], span: Span) -> Span:
    """Return the span without the blank lines at its end, which a block scalar's mark includes."""
    end = span.end
    while end > span.start + 1 and not lines[end - 1].strip():
        end -= 1
    return Span(span.start, end)


def _value(name: str, node: yaml.Node, where: str) -> Any:
    if name == "doubtful_passwords":
        if node.tag == "tag:yaml.org,2002:null":
            return None
        if not isinstance(node, yaml.SequenceNode):
            raise StoreError(f"{where} must be a list")
        return tuple(_ciphertext(item, where) for item in node.value)
    if not isinstance(node, yaml.ScalarNode):
        raise StoreError(f"{where} must be a single value")
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return _ciphertext(node, where) if name in SECRETS else _moment(node, where)


def _ciphertext(node: yaml.Node, where: str) -> str:
    if node.tag != "!vault":
        raise StoreError(f"{where} is not encrypted; put the output of 'ansible-vault encrypt_string' there")
    text = "\n".join(line.strip() for line in str(node.value).strip().splitlines())
    if not CIPHERTEXT.fullmatch(text):
        raise StoreError(f"{where} is not a whole value of Ansible Vault: it cannot be decrypted")
    return text


def _moment(node: yaml.ScalarNode, where: str) -> datetime:
    try:
        return _times.read(node.value)
    except ValueError:
        raise StoreError(f"{where}: {node.value[:40]!r} is not a date such as 2026-01-31T12:00:00Z") from None


def rendered(document: Document, changes: Mapping[str, Record], name: str = "the store") -> str:
    """Return the text with some accounts' records changed; an account with an empty record is taken out.

    :param document: the text as it was read
    :param changes: account to its new record
    :param name: what messages call the file
    :raises StoreError: if a record that changes is written in a way that cannot be edited line by line
    """
    text = _edited(document, changes)
    if text != document.text:
        _check(document, changes, text, name)
    return text


def _check(document: Document, changes: Mapping[str, Record], text: str, name: str) -> None:
    """Read what is about to be written: YAML has more forms than an editor of lines can foresee."""
    wanted = {account: entry.record for account, entry in document.entries.items()} | dict(changes)
    try:
        after = parse(text, name)
        same = all(after.record(account) == record for account, record in wanted.items())
        same = same and set(after.entries) <= set(wanted) and _others(text) == _others(document.text)
    except StoreError:
        same = False
    if not same:
        raise StoreError(
            f"{name} is valid YAML, but of a form that cannot be edited safely; write it as in the README, in lines, "
            "one field each"
        )


def _others(text: str) -> Any:
    """Return everything that is not ours, in a form that can be compared."""
    root = yaml.compose(text, _Loader)
    if not isinstance(root, yaml.MappingNode):
        return [], []
    ours = [value for key, value in root.value if key.value == TOP and isinstance(value, yaml.MappingNode)]
    unknown = [
        (account.value, _plain(key), _plain(value))
        for accounts in ours
        for account, record in accounts.value
        if isinstance(record, yaml.MappingNode)
        for key, value in record.value
        if key.value not in FIELDS
    ]
    return [(_plain(key), _plain(value)) for key, value in root.value if key.value != TOP], unknown


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return node.tag, [(_plain(key), _plain(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return node.tag, [_plain(item) for item in node.value]
    return node.tag, node.value


def _edited(document: Document, changes: Mapping[str, Record]) -> str:
    edits: list[tuple[int, int, list[str]]] = []
    new: list[str] = []
    first = next(iter(document.entries.values()), None)
    column, indent = (first.column, first.indent) if first else (2, 4)
    for account, record in changes.items():
        entry = document.entries.get(account)
        if entry is not None:
            edits += _edits(account, entry, record, document.lines)
        elif record != Record():
            new += [" " * column + _key(account) + ":\n", *_field_lines(record, FIELDS, indent)]
    return _assembled(document, edits, new, changes)


def _edits(account: str, entry: Entry, record: Record, lines: list[str]) -> Iterable[tuple[int, int, list[str]]]:
    if not entry.block:
        raise StoreError(f"{TOP}['{account}'] is written in braces ({{…}}); write it in lines, one field each")
    if record == Record() and not set(entry.fields) - set(FIELDS):
        yield entry.span.start, entry.span.end, []
        return
    if not entry.fields:
        head = _commented(f"{' ' * entry.column}{_key(account)}:\n", lines[entry.span.start])
        yield entry.span.start, entry.span.end, [head, *_field_lines(record, FIELDS, entry.indent)]
        return
    for name in FIELDS:
        if getattr(record, name) == getattr(entry.record, name):
            continue
        span = entry.fields.get(name) or _place(entry, name)
        yield span.start, span.end, _field_lines(record, (name,), entry.indent)


def _commented(line: str, old: str) -> str:
    """Return a line with the comment of the one that it takes the place of."""
    comment = re.search(r"(?<=[:}~lL])[ \t]+#.*", old)
    return line.rstrip("\n") + (comment.group().rstrip() if comment else "") + "\n"


def _place(entry: Entry, name: str) -> Span:
    """Return where a field that the entry lacks belongs: before the first known one that follows it, or at the end."""
    following = FIELDS[FIELDS.index(name) + 1 :]
    starts = [entry.fields[other].start for other in following if other in entry.fields]
    if name in ("staged_password", "doubtful_passwords", "staged_at") or not starts:
        return Span(entry.span.end, entry.span.end)
    return Span(min(starts), min(starts))


def _assembled(
    document: Document, edits: list[tuple[int, int, list[str]]], new: list[str], changes: Mapping[str, Record]
) -> str:
    lines = document.lines or [HEADER]
    if lines and not lines[-1].endswith("\n"):
        lines = [*lines[:-1], lines[-1] + ("\r\n" if lines[0].endswith("\r\n") else "\n")]
    gone = {account for account, record in changes.items() if record == Record()}
    kept = [a for a, entry in document.entries.items() if a not in gone or set(entry.fields) - set(FIELDS)]
    if document.top is None:
        edits = [(len(lines), len(lines), [f"{TOP}:\n" if new else EMPTY, *new])]
    elif not document.entries or not document.block:
        if not document.block and document.entries:
            raise StoreError(f"{TOP} is written in braces ({{…}}); write it in lines, one field each")
        head = _commented(f"{TOP}:\n", lines[document.top.start])
        edits = [(document.top.start, document.top.end, [head, *new])] if new else []
    elif new or not kept:
        end = max(entry.span.end for entry in document.entries.values())
        edits.append((end, end, new))
        if not kept and not new:
            edits.append((document.top.start, document.top.start + 1, [_commented(EMPTY, lines[document.top.start])]))
    return _with_edits(lines, edits)


def _with_edits(lines: list[str], edits: list[tuple[int, int, list[str]]]) -> str:
    crlf = bool(lines) and lines[0].endswith("\r\n")
    result: list[str] = []
    at = 0
    # Stable: what is inserted at one place stays in the order in which it was asked for.
    for start, end, replacement in sorted(edits, key=lambda edit: (edit[0], edit[1])):
        result += lines[at:start]
        result += [line.replace("\n", "\r\n") for line in replacement] if crlf else replacement
        at = max(at, end)
    return "".join(result + lines[at:])


def _key(account: str) -> str:
    plain = PLAIN_KEY.fullmatch(account) and _RESOLVER.resolve(yaml.ScalarNode, account, (True, False)) == (
        "tag:yaml.org,2002:str"
    )
    return account if plain else json.dumps(account)


def _field_lines(record: Record, names: Iterable[str], indent: int) -> list[str]:
    pad = " " * indent
    lines: list[str] = []
    for name in names:
        value = getattr(record, name)
        if value is None or value == ():
            continue
        if isinstance(value, datetime):
            lines.append(f'{pad}{name}: "{_times.written(value)}"\n')
        elif isinstance(value, str):
            lines += [f"{pad}{name}: !vault |\n", *_ciphertext_lines(value, indent + 2)]
        else:
            lines.append(f"{pad}{name}:\n")
            for item in value:
                lines += [f"{pad}  - !vault |\n", *_ciphertext_lines(item, indent + 4)]
    return lines


def _ciphertext_lines(ciphertext: str, indent: int) -> list[str]:
    return [f"{' ' * indent}{line}\n" for line in ciphertext.splitlines()]
