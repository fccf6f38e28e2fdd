# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides which of the store's values are encrypted anew under another Vault identity. Pure: no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import yaml

from ansible_collections.mailops.smtp.plugins.plugin_utils._store import publication
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import SECTIONS

SINGLE = ("password", "previous_password", "staged_password")
UNNAMED = "default"


class Fate(str, Enum):
    """What becomes of a value."""

    KEPT = "kept"  # it is under the new identity already
    REKEYED = "rekeyed"
    LEFT = "left"  # it is not under the old identity
    CLOSED = "closed"  # no loaded secret opens it, and it may be under the old identity


@dataclass(frozen=True)
class Opener:
    """The loaded secret that opens a value: whether its password is the new one, and whether it is an old one's."""

    is_new: bool
    is_old: bool


@dataclass(frozen=True)
class Aim:
    """What a task asks for: the new identity, and the old one, None for any.

    C(old_is_loaded): whether a secret of the old identity is loaded.
    """

    new: str
    old: str | None = None
    old_is_loaded: bool = False


def fate(label: str | None, opener: Opener | None, aim: Aim) -> Fate:
    """Return what becomes of a value.

    :param label: the identity that it names, None if it names none
    :param opener: the secret that opens it, None if none does
    :param aim: what the task asks for
    """
    named = label or UNNAMED
    if opener is None:
        # An unnamed value can be of any identity, but not of one that is loaded and does not open it.
        possible = aim.old is None or named == aim.old or (label is None and not aim.old_is_loaded)
        return Fate.CLOSED if possible else Fate.LEFT
    if opener.is_new and named == aim.new:
        return Fate.KEPT
    return Fate.REKEYED if aim.old is None or named == aim.old or opener.is_old else Fate.LEFT


@dataclass(frozen=True)
class Value:
    """One ciphertext of the store, and its name in messages."""

    name: str
    ciphertext: str


def values_of(document: Document) -> list[Value]:
    """Return all passwords in a store.

    :param document: the store
    """
    return [
        Value(f"{name} of {account}", ciphertext)
        for account, entry in document.entries.items()
        for name, ciphertext in _secrets_of(entry.record)
    ]


def _secrets_of(record: Record) -> Iterator[tuple[str, str]]:
    for name in SINGLE:
        ciphertext = getattr(record, name)
        if ciphertext is not None:
            yield name, ciphertext
    for number, ciphertext in enumerate(record.doubtful_passwords):
        yield f"doubtful_passwords[{number}]", ciphertext


def identities_in(document: Document) -> dict[str, int]:
    """Return how many passwords of a store name which identity.

    :param document: the store
    """
    return dict(sorted(Counter(identity_of(value.ciphertext) for value in values_of(document)).items()))


def identity_of(ciphertext: str) -> str:
    """Return the identity that a ciphertext names, Ansible's C(default) if it names none.

    :param ciphertext: a value of Ansible Vault
    """
    parts = ciphertext.split("\n", 1)[0].strip().split(";")
    return parts[3] if len(parts) > 3 else UNNAMED


def rekeyed(document: Document, new: Mapping[str, str]) -> dict[str, Record]:
    """Return the records that change if some ciphertexts are replaced.

    :param document: the store
    :param new: old ciphertext to new one
    """
    changed = {}
    for account, entry in document.entries.items():
        record = entry.record
        single = {name: new.get(getattr(record, name), getattr(record, name)) for name in SINGLE}
        doubtful = tuple(new.get(ciphertext, ciphertext) for ciphertext in record.doubtful_passwords)
        after = replace(
            record, **single, doubtful_passwords=doubtful, published=publication.rekeyed(record.published, new)
        )
        if after != record:
            changed[account] = after
    return changed


def foreign_in(document: Document) -> list[str]:
    """Return where a store has values of Ansible Vault that are not its own, as paths.

    :param document: the store
    """
    return list(_foreign(document.root, ())) if document.root is not None else []


def _foreign(node: yaml.Node, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*path, str(key.value))
            if not _is_ours(place):
                yield from _foreign(value, place)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _foreign(item, (*path, str(number)))
    elif node.tag in ("!vault", "!vault-encrypted"):
        yield ".".join(path)


def _is_ours(path: tuple[str, ...]) -> bool:
    return any(len(path) == 3 and path[0] == section.key and path[2] in section.forms for section in SECTIONS)
