# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stores as text and on disk, and what an edit of one may change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultSecret

from ansible_collections.mailops.smtp.plugins.plugin_utils._store import edit, record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
OLD = "$ANSIBLE_VAULT;1.1;AES256\n61616161\n6262"
NEW = "$ANSIBLE_VAULT;1.2;AES256;prod\n61616161\n6363"
STAGED = Record(staged_password=NEW, staged_at=NOW)


def vault(indent: int, ciphertext: str = OLD) -> str:
    return "!vault |\n" + "".join(f"{' ' * indent}{line}\n" for line in ciphertext.split("\n"))


def account(name: str, indent: int = 2, step: int = 2) -> str:
    pad, inner = " " * indent, " " * (indent + step)
    return f'{pad}{name}:\n{inner}password: {vault(indent + 2 * step)}{inner}changed_at: "2026-01-01T00:00:00Z"\n'


class Strict(yaml.SafeLoader):
    """What Ansible sees in a store: every value of Vault as its ciphertext."""


Strict.add_constructor("!vault", lambda _loader, node: node.value)


def seen(text: str) -> Any:
    return yaml.load(text, Loader=Strict)  # noqa: S506


def rendered(
    document: Document,
    accounts: Mapping[str, Record | None],
    name: str = "the store",
    *,
    senders: Mapping[str, Sender | None] | None = None,
) -> str:
    """Return a store's text with some entries changed."""
    return edit.edited(document, accounts, name, senders=senders).text


def edited(text: str, **changes: Record) -> str:
    return rendered(parse(text, "S"), changes)


ONE = "smtp_accounts:\n" + account("a")


def check_staged(text: str, name: str) -> str:
    """Stage a password and take it back: everything else stays, byte for byte or at least in what it says."""
    before = parse(text, "S")
    old = before.record(name)
    after = rendered(before, {name: record.staged(old, NEW, NOW)})
    expected = seen(text) or {}
    expected = {**expected, "smtp_accounts": dict(expected.get("smtp_accounts") or {})}
    fields = {**(expected["smtp_accounts"].get(name) or {}), "staged_password": NEW + "\n"}
    expected["smtp_accounts"][name] = {**fields, "staged_at": "2026-11-23T13:00:00Z"}
    assert seen(after) == expected
    assert parse(after, "S").record(name) == record.staged(old, NEW, NOW)
    lines = iter(after.splitlines())
    kept = [line for line in text.splitlines() if "smtp_accounts" not in line]
    assert all(line in lines for line in kept), "a line is gone, or moved"
    return rendered(parse(after, "S"), {name: old})


PROD = ("prod", VaultSecret(b"prod secret"))
DEFAULT = ("default", VaultSecret(b"default secret"))
VAULT = Vault([DEFAULT, PROD], None)
OURS = "# kept\nsmtp_accounts:\n  a:\n    changed_at: '2026-11-23T13:00:00Z'  # kept too\nother: 1\n"


def change(path: Path, vault: Vault = VAULT, account: str = "b") -> None:
    store = Store(str(path), vault)
    store.write(store.read(), {account: STAGED})


def read(path: Path) -> dict[str, Record]:
    return {name: entry.record for name, entry in Store(str(path), VAULT).read().document.entries.items()}


def only_the_store(path: Path) -> bool:
    return [entry.name for entry in path.parent.iterdir()] == [path.name]
