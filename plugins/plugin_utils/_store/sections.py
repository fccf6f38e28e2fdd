# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the store's values are read from and written to YAML, and which field has which form. Pure.

To add a kind of entry, add a C(Section); to add a kind of value, add a C(Form).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control
from ansible_collections.mailops.smtp.plugins.plugin_utils import _times
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import NOTE, TARGET, Notes
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender

CIPHERTEXT = re.compile(r"\$ANSIBLE_VAULT;1\.[12];AES256(;[^;\s]+)?\n([0-9a-f]{2,80}\n)*[0-9a-f]{2,80}\n?")
REQUEST = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}")
FAILURE = re.compile(r"[a-z][a-z_]{0,39}")
PLAIN_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
NULL = "tag:yaml.org,2002:null"
_RESOLVER: Any = yaml.resolver.Resolver()


@dataclass(frozen=True)
class Form:
    """How one kind of value is read from a YAML node at a place, and written as lines."""

    read: Callable[[yaml.Node, str], Any]
    write: Callable[[str, Any, int], list[str]]


@dataclass(frozen=True)
class Section:
    """A top-level key of the store and the fields of its entries.

    C(names): what the entries' keys name. C(record): the type of an entry, with its fields in C(forms), in the order in
    which they are written. C(passing): temporary fields, which are added at the end of an entry.
    """

    key: str
    names: str
    record: type
    forms: Mapping[str, Form]
    example: str
    passing: frozenset[str] = frozenset()


def plain_or_quoted(text: str) -> str:
    """Return a YAML scalar that is read back as the same text.

    :param text: an account or the name of a sender
    """
    plain = PLAIN_KEY.fullmatch(text) and _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == (
        "tag:yaml.org,2002:str"
    )
    return text if plain else quoted(text)


def quoted(text: str) -> str:
    """Return a text as a double-quoted YAML scalar.

    :param text: an account or the name of a sender
    """
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    """Return a character as it stands in a double-quoted scalar: what cannot be seen is written so that it can."""
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    # Not as JSON would: YAML has no pairs of surrogates.
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


def lines_of(section: Section, record: Any, names: tuple[str, ...], indent: int) -> list[str]:
    """Return the lines for some fields of an entry; a field without a value has none.

    :param section: the entry's section
    :param record: the entry
    :param names: the fields
    :param indent: the column of the fields' names
    """
    values = {name: getattr(record, name) for name in names}
    return [
        line
        for name, value in values.items()
        if value is not None and value != ()
        for line in section.forms[name].write(name, value, indent)
    ]


def _scalar(node: yaml.Node, where: str) -> yaml.ScalarNode:
    if not isinstance(node, yaml.ScalarNode):
        raise StoreError(f"{where} must be a single value")
    return node


def _ciphertext(node: yaml.Node, where: str) -> str:
    if node.tag != "!vault":
        raise StoreError(f"{where} is not encrypted; replace it with the output of 'ansible-vault encrypt_string'")
    text = "\n".join(line.strip() for line in str(node.value).strip().splitlines())
    if not CIPHERTEXT.fullmatch(text):
        raise StoreError(f"{where} is not a complete Ansible Vault value and cannot be decrypted")
    return text


def _read_secret(node: yaml.Node, where: str) -> str:
    return _ciphertext(_scalar(node, where), where)


def _read_secrets(node: yaml.Node, where: str) -> tuple[str, ...]:
    if not isinstance(node, yaml.SequenceNode):
        raise StoreError(f"{where} must be a list")
    return tuple(_ciphertext(item, where) for item in node.value)


def _read_moment(node: yaml.Node, where: str) -> datetime:
    text = str(_scalar(node, where).value)
    try:
        return _times.read(text)
    except ValueError:
        raise StoreError(f"{where}: {text[:40]!r} is not a date such as 2026-01-31T12:00:00Z") from None


def _read_name(node: yaml.Node, where: str) -> str:
    text = str(_scalar(node, where).value)
    if not text or node.tag.startswith("!"):
        raise StoreError(f"{where} must be the name of an account")
    return text


def _read_word(node: yaml.Node, where: str) -> str:
    text = str(_scalar(node, where).value)
    if not FAILURE.fullmatch(text) or node.tag.startswith("!"):
        raise StoreError(f"{where} must be one word of lower-case letters and underscores, such as auth_rejected")
    return text


def _read_given(node: yaml.Node, where: str) -> str:
    text = str(_scalar(node, where).value)
    if not text or has_control(text) or node.tag.startswith("!"):
        raise StoreError(f"{where} must be one line of text")
    return text


def _read_requests(node: yaml.Node, where: str) -> tuple[str, ...]:
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    texts = tuple(str(item.value) for item in items if isinstance(item, yaml.ScalarNode))
    if len(texts) != len(items) or not all(map(REQUEST.fullmatch, texts)):
        raise StoreError(f"{where} must be a list of requests such as 20260131T120000Z-0123456789ab")
    return texts


def _write_requests(name: str, labels: tuple[str, ...], indent: int) -> list[str]:
    return [f"{' ' * indent}{name}:\n", *(f"{' ' * indent}  - {label}\n" for label in labels)]


def _read_notes(node: yaml.Node, where: str) -> Notes:
    if not isinstance(node, yaml.MappingNode):
        raise StoreError(f"{where} must map each target to what it was given last")
    notes = [(str(_scalar(key, where).value), str(_scalar(value, where).value)) for key, value in node.value]
    for target, note in notes:
        if not TARGET.fullmatch(target) or not NOTE.fullmatch(note):
            raise StoreError(f"{where}: {target[:64]!r} has no note as the role writes it; remove the line")
    return tuple(sorted(dict(notes).items()))


def _write_secret(name: str, ciphertext: str, indent: int) -> list[str]:
    return [f"{' ' * indent}{name}: !vault |\n", *_ciphertext_lines(ciphertext, indent + 2)]


def _write_secrets(name: str, ciphertexts: tuple[str, ...], indent: int) -> list[str]:
    lines = [f"{' ' * indent}{name}:\n"]
    for item in ciphertexts:
        lines += [f"{' ' * indent}  - !vault |\n", *_ciphertext_lines(item, indent + 4)]
    return lines


def _ciphertext_lines(ciphertext: str, indent: int) -> list[str]:
    return [f"{' ' * indent}{line}\n" for line in ciphertext.splitlines()]


def _write_moment(name: str, moment: datetime, indent: int) -> list[str]:
    return [f'{" " * indent}{name}: "{_times.written(moment)}"\n']


def _write_name(name: str, text: str, indent: int) -> list[str]:
    return [f"{' ' * indent}{name}: {plain_or_quoted(text)}\n"]


def _write_notes(name: str, notes: Notes, indent: int) -> list[str]:
    lines = [f'{" " * indent}  {plain_or_quoted(target)}: "{note}"\n' for target, note in notes]
    return [f"{' ' * indent}{name}:\n", *lines]


SECRET = Form(_read_secret, _write_secret)
SECRETS = Form(_read_secrets, _write_secrets)
MOMENT = Form(_read_moment, _write_moment)
NAME = Form(_read_name, _write_name)
TEXT = Form(_read_given, _write_name)
REQUESTS = Form(_read_requests, _write_requests)
WORD = Form(_read_word, _write_name)
NOTES = Form(_read_notes, _write_notes)

ACCOUNTS = Section(
    key="smtp_accounts",
    names="an account",
    record=Record,
    forms={
        "password": SECRET,
        "previous_password": SECRET,
        "staged_password": SECRET,
        "doubtful_passwords": SECRETS,
        "changed_at": MOMENT,
        "effective_at": MOMENT,
        "verified_at": MOMENT,
        "staged_at": MOMENT,
        "failed_at": MOMENT,
        "failure": WORD,
        "username": TEXT,
        "credential_id": TEXT,
        "previous_username": TEXT,
        "previous_id": TEXT,
        "settled_at": MOMENT,
        "requests": REQUESTS,
        "published": NOTES,
    },
    example="password and changed_at",
    passing=frozenset({"staged_password", "doubtful_passwords", "staged_at", "failed_at", "failure", "requests"}),
)
SENDERS = Section(
    key="smtp_senders",
    names="a sender",
    record=Sender,
    forms={"in_use": NAME, "at_rest": NAME, "leaving": NAME, "switched_at": MOMENT},
    example="in_use and at_rest",
)
SECTIONS = (ACCOUNTS, SENDERS)
