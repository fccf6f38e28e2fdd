# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes one of Postfix's lookup tables, so that at every moment the old one or the new one is there, whole.

What Postfix reads is compiled from the new text under another name and renamed. If a run is killed between the text and
the compiled table, the next one notices, because it looks into both.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import time
from collections.abc import Sequence

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.map_types import (
    PARAMETER,
    SUFFIXES,
    Instance,
    Table,
    chosen,
)
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map_text import Login, merge
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.wait import Clock, reload_and_wait

# proxymap reads a table as the user mail_owner, who must not write it.
_GROUP_READS = 0o640


def find_map(postfix: Postfix, *, given: str | None, keys: Sequence[str]) -> Table:
    """Return the table to write.

    :param given: type and path as main.cf writes them, None for the one that is set there
    :param keys: the keys that are going to be written
    :raises InputError: if no table can be written
    """
    instance = Instance(postfix.config_directory, postfix.setting("default_database_type"), postfix.map_types())
    return chosen(given=given, value=postfix.setting(PARAMETER), instance=instance, keys=keys)


class PasswordMap:
    """A table with logins in it.

    :raises InputError: if there can be no such file
    """

    def __init__(self, postfix: Postfix, table: Table, clock: Clock = time) -> None:
        self._postfix = postfix
        self._table = table
        self._clock = clock
        self._name = f"{table.kind}:{table.path}"
        self._suffix = SUFFIXES[table.kind]
        self.path = files.real_path(table.path)
        # It is beside the name that Postfix was given, even if that is a link.
        self._compiled = files.real_path(table.path + self._suffix)
        # Exists, empty, from the first change until Postfix was reloaded.
        self._pending = os.path.join(os.path.dirname(self.path), f".{os.path.basename(self.path)}.mailops-reload")
        if self._suffix and os.path.exists(self._compiled) and files.access_of(self.path) is None:
            raise InputError(
                f"there is {self._compiled}, but not the text that it was made from: restore {table.path} first"
            )

    def text(self) -> str:
        """Return the text of the table, empty if there is none."""
        return (files.read(self.path) or b"").decode("utf-8", "surrogateescape")

    def differs(self, logins: Sequence[Login]) -> bool:
        """Tell whether anything has to be written."""
        return merge(self.text(), logins) != self.text() or not self._is_closed() or self._is_stale(logins)

    def needs_reload(self) -> bool:
        """Tell whether an earlier run was interrupted before Postfix knew of its change."""
        return os.path.exists(self._pending)

    def write(self, logins: Sequence[Login], *, reload: bool) -> bool:
        """Write what has to be written, and return whether there was anything.

        :param reload: whether a reload follows
        :raises InputError: if it cannot be written
        :raises PostfixError: if Postfix cannot read what was written
        """
        with files.locked(os.path.dirname(self.path)):
            self._clean()
            if not self.differs(logins):
                return False
            if reload:
                files.touch(self._pending)
            try:
                self._replace(merge(self.text(), logins))
            finally:
                self._clean()
        if self._is_stale(logins):
            raise PostfixError(f"{self._name} was written, but postmap -q does not find the logins in it")
        return True

    def reload(self) -> bool:
        """Make a running Postfix read the table again, and return whether it runs."""
        running = self._postfix.running()
        if running:
            reload_and_wait(self._postfix, self._clock)
        files.remove(self._pending)
        return running

    def _access(self) -> files.Access:
        present = files.access_of(self.path) or files.Access(os.geteuid(), os.getegid(), files.CLOSED)
        if not self._table.proxied:
            return files.Access(present.uid, present.gid, files.CLOSED)
        reader = pwd.getpwnam(self._postfix.setting("mail_owner"))
        if present.uid == reader.pw_uid:
            return files.Access(present.uid, present.gid, files.CLOSED)
        return files.Access(present.uid, reader.pw_gid, _GROUP_READS)

    def _is_closed(self) -> bool:
        return all(files.access_of(path) == self._access() for path in (self.path, self._compiled))

    def _is_stale(self, logins: Sequence[Login]) -> bool:
        """Tell whether the compiled table is missing, older than its text, or says something else."""
        if not self._suffix:
            return False
        with contextlib.suppress(FileNotFoundError):
            if os.stat(self._compiled).st_mtime_ns >= os.stat(self.path).st_mtime_ns:
                return self._compiled_values(logins) != [login.value for login in logins]
        return True

    def _compiled_values(self, logins: Sequence[Login]) -> list[str | None]:
        keys = "".join(f"{login.key}\n" for login in logins)
        answer = self._postfix.call("postmap", "-q", "-", self._name, given=keys)
        found = dict(line.split("\t", 1) for line in answer.output.split("\n") if "\t" in line)
        return [found.get(login.key) for login in logins]

    def _replace(self, text: str) -> None:
        content, access = text.encode("utf-8", "surrogateescape"), self._access()
        try:
            temporary = files.create(self.path, content)
            if not self._suffix:
                files.replace(temporary, self.path, access)
                return
            source = files.create(self._compiled, content)
            self._compile(source)
            files.replace(temporary, self.path, access)
            files.replace(source + self._suffix, self._compiled, access)
        except OSError as error:
            raise InputError(files.refused("write", self.path, error)) from None

    def _compile(self, source: str) -> None:
        answer = self._postfix.call("postmap", f"{self._table.kind}:{source}")
        if answer.code != 0:
            # What postmap prints can quote a line of the text.
            raise PostfixError(f"postmap cannot compile {self._name}: exit status {answer.code}")

    def _clean(self) -> None:
        for path in (self.path, self._compiled):
            files.remove_stale(path)
