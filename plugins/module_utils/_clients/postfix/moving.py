# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves logins that stand in main.cf itself into a table of their own."""

from __future__ import annotations

import os

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.literals import ANY, value_of, with_name
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.sources import Source
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import words_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.map_types import Table

# How long Postfix takes a changed file for one that may still be changing.
_HOT_NS = 2_000_000_000


class Moved(Source):
    """A table that does not exist yet, with the logins that stand in main.cf now.

    :param postfix: the instance
    :param table: the new table
    :param origin: the one in main.cf
    :param parameter: the parameter that names it
    :param value: the parameter's value
    """

    def __init__(self, postfix: Postfix, table: Table, origin: Source, parameter: str, value: str) -> None:
        super().__init__(postfix, table)
        self._origin = origin
        self._parameter = parameter
        self._value = value
        self._keys: list[str] = []
        self._new_main_cf()

    def add(self, key: str) -> None:
        """Say by which key the login of a table that answers every question alike is found from now on.

        :param key: a next hop of the provider
        """
        self._keys.append(key)

    def used(self, key: str) -> str | None:
        """Return what Postfix finds for a key now, in main.cf.

        :param key: the key
        """
        return self._origin.find(key)

    def find(self, key: str) -> str | None:
        """Return what the new table says.

        :param key: the key
        """
        return value_of(self.entries(), key)

    def entries(self) -> dict[str, str]:
        """Return what the new table says, all of it."""
        found = self._origin.entries()
        return dict.fromkeys(self._keys, found[ANY]) if ANY in found else found

    def name_it(self) -> None:
        """Make main.cf name the new table instead of the logins.

        :raises InputError: if it cannot be written
        """
        path = files.real_path(self._postfix.main_cf)
        with files.locked(os.path.dirname(path)):
            files.remove_stale(path)
            access = files.access_of(path)
            if access is not None:
                files.write(path, self._new_main_cf().encode("utf-8", "surrogateescape"), access)
                found = os.stat(path)
                os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns - _HOT_NS))

    def _new_main_cf(self) -> str:
        content = files.read(self._postfix.main_cf) or b""
        kind = self._origin.table.kind
        text = with_name(
            content.decode("utf-8", "surrogateescape"),
            parameter=self._parameter,
            kind=kind,
            name=f"{self.table.kind}:{self.table.path}",
            words=len(words_of(self._value)),
        )
        if text is None:
            raise InputError(
                f"the login in {self._parameter} comes from another parameter of main.cf, from where it cannot be "
                f"moved: write {kind}: and what follows it into {self._parameter} itself"
            )
        return text
