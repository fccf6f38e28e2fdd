# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a map of sendmail and its source."""

from __future__ import annotations

import os

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import call, path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.configuration import Source
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.text import Line, lines_of

# Nobody else reads it, and nobody but the owner writes it.
_MODE = 0o640


def differs(source: Source, path: str, text: str) -> bool:
    """Tell whether the map, its source or who may read them is not as wanted.

    :param source: the map
    :param path: of its source, symbolic links followed
    :param text: what is wanted in its source
    """
    if files.read(path) != _bytes(text):
        return True
    if any(files.access_of(one) != _closed(one) for one in (path, f"{path}.db")):
        return True
    told = call(path_of("makemap") or "makemap", "-u", source.kind, path)
    return told.code != 0 or _logins(lines_of(told.output)) != _logins(lines_of(text))


def write(source: Source, path: str, text: str) -> None:
    """Write the source, and the map that is made of it, one after the other.

    :param source: the map
    :param path: of its source, symbolic links followed
    :param text: what is to be in its source
    :raises ProgramError: if no map can be made of it; then nothing was changed
    """
    with files.locked(os.path.dirname(path)):
        files.remove_stale(path)
        access = {one: _closed(one) or _closed(path) for one in (path, f"{path}.db")}
        temporary = files.create(path, _bytes(text))
        try:
            made = call(path_of("makemap") or "makemap", source.kind, temporary, given=text)
            if made.code != 0:
                raise ProgramError(
                    f"makemap cannot make a map of {source.path} (exit status {made.code}); nothing was changed. Run "
                    "makemap by hand to see which line it refuses"
                )
            # The source first: make in /etc/mail makes the map again if it is older.
            files.replace(temporary, path, access[path])
            files.replace(f"{temporary}.db", f"{path}.db", access[f"{path}.db"])
        except BaseException:
            files.discard(temporary)
            files.discard(f"{temporary}.db")
            raise


def _logins(lines: list[Line]) -> dict[str, dict[str, str]]:
    return {line.key: line.settings for line in lines}


def _closed(path: str) -> files.Access | None:
    found = files.access_of(path)
    return files.Access(found.uid, found.gid, found.mode & _MODE) if found else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
