# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a lookup table of Postfix's, so that at every moment the old one or the new one is there, whole.

What Postfix reads is compiled from the new text under another name, and moved into place. A run that is killed between
the text and the compiled table is finished by the next one, which looks into both.
"""

from __future__ import annotations

import contextlib
import os
import time
import typing as t

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.main_cf import words_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map_text import Login, merge
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.wait import Clock, reload_and_wait

PARAMETER = "smtp_sasl_password_maps"
# What a type's compiled table is called, beside the text; empty if Postfix reads the text itself.
SUFFIXES = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb", "texthash": ""}


def find_map(*, postfix: Postfix, given: str | None) -> tuple[str, str]:
    """The type and the path of the map to write.

    :param given: type and path as main.cf writes them, None for the one that is set there
    :raises InputError: if it cannot be written
    """
    maps = [given] if given else words_of(value=postfix.setting(PARAMETER))
    kinds = [one.partition(":")[::2] if ":" in one else (postfix.setting("default_database_type"), one) for one in maps]
    if not given:
        kinds = [(kind, path) for kind, path in kinds if kind in SUFFIXES and os.path.isabs(path)]
    if len(kinds) != 1:
        count = f"{len(kinds)} maps" if kinds else "no map"
        raise InputError(
            f"{PARAMETER} in {postfix.main_cf} names {count} of the types {', '.join(SUFFIXES)}: set the option map, "
            "for example to hash:/etc/postfix/sasl_passwd"
        )
    kind, path = kinds[0]
    if kind not in SUFFIXES:
        raise InputError(f"maps of the type {kind} cannot be written, only {', '.join(SUFFIXES)}")
    if kind not in postfix.map_types():
        raise InputError(f"this Postfix has no maps of the type {kind}: install its package, such as postfix-{kind}")
    return kind, path


class PasswordMap:
    """A map with logins in it.

    :param kind: its type
    :param path: its text
    :raises InputError: if there can be no such file
    """

    def __init__(self, postfix: Postfix, kind: str, path: str, clock: Clock = time) -> None:
        self._postfix = postfix
        self._kind = kind
        self._clock = clock
        self._name = f"{kind}:{path}"
        self.path = files.real_path(path)
        # It is beside the name that Postfix was given, also where that is a link.
        self._compiled = files.real_path(path + SUFFIXES[kind])
        # Stands there, empty, from the first change until Postfix was reloaded.
        self._pending = os.path.join(os.path.dirname(self.path), f".{os.path.basename(self.path)}.mailops-reload")
        if SUFFIXES[kind] and os.path.exists(self._compiled) and files.access_of(self.path) is None:
            raise InputError(f"there is {self._compiled}, but not the text that it was made of: put {path} back first")

    def text(self) -> str:
        """What is in the map now, empty if there is none."""
        return (files.read(self.path) or b"").decode("utf-8", "surrogateescape")

    def differs(self, logins: t.Sequence[Login]) -> bool:
        """Tell whether something has to be written."""
        return merge(text=self.text(), logins=logins) != self.text() or not self._is_closed() or self._is_stale(logins)

    def needs_reload(self) -> bool:
        """Tell whether an earlier run was interrupted before Postfix knew of its change."""
        return os.path.exists(self._pending)

    def write(self, logins: t.Sequence[Login], *, reload: bool) -> bool:
        """Write what has to be written, and tell whether there was anything.

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
                self._replace(merge(text=self.text(), logins=logins))
            finally:
                self._clean()
        if self._is_stale(logins):
            raise PostfixError(f"{self._name} was written, but postmap -q does not find the logins in it")
        return True

    def reload(self) -> bool:
        """Have a running Postfix read the map again, and tell whether it runs."""
        running = self._postfix.running()
        if running:
            reload_and_wait(postfix=self._postfix, clock=self._clock)
        files.remove(self._pending)
        return running

    def _access(self) -> files.Access:
        present = files.access_of(self.path)
        return files.Access(
            present.uid if present else os.geteuid(), present.gid if present else os.getegid(), files.CLOSED
        )

    def _is_closed(self) -> bool:
        return all(files.access_of(path) == self._access() for path in (self.path, self._compiled))

    def _is_stale(self, logins: t.Sequence[Login]) -> bool:
        """Tell whether the compiled table is missing, older than its text, or says something else."""
        if not SUFFIXES[self._kind]:
            return False
        with contextlib.suppress(FileNotFoundError):
            if os.stat(self._compiled).st_mtime_ns >= os.stat(self.path).st_mtime_ns:
                return self._compiled_values(logins) != [login.value for login in logins]
        return True

    def _compiled_values(self, logins: t.Sequence[Login]) -> list[str | None]:
        keys = "".join(f"{login.key}\n" for login in logins)
        answer = self._postfix.call("postmap", "-q", "-", self._name, given=keys)
        found = dict(line.split("\t", 1) for line in answer.output.split("\n") if "\t" in line)
        return [found.get(login.key) for login in logins]

    def _replace(self, text: str) -> None:
        content, access = text.encode("utf-8", "surrogateescape"), self._access()
        suffix = SUFFIXES[self._kind]
        try:
            temporary = files.create(self.path, content)
            if not suffix:
                files.replace(temporary, self.path, access)
                return
            source = files.create(self._compiled, content)
            self._compile(source)
            files.replace(temporary, self.path, access)
            files.replace(source + suffix, self._compiled, access)
        except OSError as error:
            raise InputError(files.refused("write", self.path, error)) from None

    def _compile(self, source: str) -> None:
        answer = self._postfix.call("postmap", f"{self._kind}:{source}")
        if answer.code != 0:
            # What postmap says can quote a line of the text.
            raise PostfixError(f"postmap cannot compile {self._name}: it ended with {answer.code}")

    def _clean(self) -> None:
        for path in (self.path, self._compiled):
            files.remove_stale(path)
