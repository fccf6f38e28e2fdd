# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads Postfix's tables: what they say, and whether they can be written."""

from __future__ import annotations

import contextlib
import os

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.literals import (
    LITERAL,
    PATTERNS,
    literal_entries,
    pattern_values,
    value_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.map_types import SUFFIXES, Table
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map import PasswordMap
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map_text import entries_of


class Source:
    """A table that Postfix reads.

    :param postfix: the instance
    :param table: the table as main.cf names it
    """

    def __init__(self, postfix: Postfix, table: Table) -> None:
        self._postfix = postfix
        self.table = table
        self.is_literal = table.kind in LITERAL
        # What stands behind the type can be a password.
        self.name = table.kind if self.is_literal or "{" in table.path else f"{table.kind}:{table.path}"
        self._found: dict[str, str | None] = {}
        self._entries: dict[str, str] | None = None

    @property
    def is_writable(self) -> bool:
        """Tell whether it is of a type that can be written."""
        return self.table.is_writable

    def find(self, key: str) -> str | None:
        """Return what Postfix finds for a key, now or as soon as the table is compiled again.

        :param key: the key
        :raises InputError: if Postfix itself cannot read the table
        """
        if self.is_literal:
            return value_of(self.entries(), key)
        return self.used(key) or value_of(self.entries(), key)

    def used(self, key: str) -> str | None:
        """Return what Postfix finds for a key now.

        :param key: the key
        :raises InputError: if Postfix itself cannot read the table
        """
        if self.is_literal:
            return self.find(key)
        if key not in self._found:
            self._found[key] = self._ask(key)
        return self._found[key]

    def entries(self) -> dict[str, str]:
        """Return what it says, key to value, as far as that can be read."""
        if self._entries is None:
            self._entries = self._read()
        return self._entries

    def _read(self) -> dict[str, str]:
        if self.is_literal:
            return literal_entries(self.table.kind, self.table.path)
        if not self.is_writable:
            return {}
        return entries_of((files.read(self.table.path) or b"").decode("utf-8", "surrogateescape"))

    def _ask(self, key: str) -> str | None:
        if "{" in self.table.path:
            # In the list of processes, everybody could read what stands there.
            raise InputError(
                f"Postfix looks for the login in a table of the type {self.table.kind}, into which this module cannot "
                "look: name the tables in it one by one in smtp_sasl_password_maps"
            )
        if self.is_writable and not os.path.exists(self.table.path + SUFFIXES[self.table.kind]):
            return None
        answer = self._postfix.call("postmap", "-q", "-", f"{self.table.kind}:{self.table.path}", given=f"{key}\n")
        if "fatal:" in answer.errors:
            # What postmap prints can quote a line of the text.
            raise InputError(
                f"Postfix cannot read {self.name}, in which it looks for a login: repair it or remove it from "
                "smtp_sasl_password_maps, because mail is deferred until then"
            )
        return answer.output.split("\t", 1)[1].rstrip("\n") if "\t" in answer.output else None

    def check_writable(self) -> None:
        """Make sure that the table can be written.

        :raises InputError: if not
        """
        table = self.table
        if table.kind not in self._postfix.map_types():
            raise InputError(
                f"this Postfix has no maps of the type {table.kind}: install its package, such as postfix-{table.kind}"
            )
        text = PasswordMap(self._postfix, table).path
        for path in dict.fromkeys([text, files.real_path(table.path + SUFFIXES[table.kind])]):
            check_replaceable(path)


def values_of(postfix: Postfix, table: Table) -> dict[str, str] | None:
    """Return what a table says, key to value, None if it cannot be listed.

    :param postfix: the instance
    :param table: the table as main.cf names it
    """
    if table.kind in LITERAL:
        return literal_entries(table.kind, table.path)
    if table.kind in PATTERNS:
        with contextlib.suppress(OSError), open(table.path, encoding="utf-8", errors="surrogateescape") as file:
            return pattern_values(file.read())
        return None
    if not table.is_writable:
        return None
    answer = postfix.call("postmap", "-s", f"{table.kind}:{table.path}")
    if answer.code != 0:
        return None
    return dict(line.split("\t", 1) for line in answer.output.splitlines() if "\t" in line)
