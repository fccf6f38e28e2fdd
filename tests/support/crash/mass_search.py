# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks for thousands of secrets at once, in every form in which one could be written."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from support.search import forms

# Every form that is looked for has at least so many characters.
LEAST = 12
_FOLDED = re.compile(rb"[\s\\]+")


class MassSearch:
    """Finds secrets by the beginnings of their forms: one look for each position, however many secrets there are.

    :param secrets: each of at least LEAST characters
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: dict[bytes, list[bytes]] = {}
        for secret in secrets:
            for form in forms(secret):
                self._forms.setdefault(form[:LEAST], []).append(form)
        self._seen: set[bytes] = set()
        self.places: list[str] = []
        self.size = 0

    def text(self, content: bytes, place: str) -> None:
        """Look through one text; the same text is looked through once.

        :param place: what C(places) calls it if a secret is in it
        """
        if content not in self._seen:
            self._seen.add(content)
            self.size += len(content)
            if self._is_in(content) or self._is_in(_FOLDED.sub(b"", content)):
                self.places.append(place)

    def folder(self, folder: Path, *, skip: Collection[Path]) -> None:
        """Look through the names and contents of all files below a folder; zip files are opened.

        :param skip: files that may hold secrets
        """
        self.text("\n".join(str(path) for path in sorted(folder.rglob("*"))).encode(), f"names in {folder}")
        for path in sorted(folder.rglob("*")):
            if path not in skip and path.is_file() and not path.is_symlink():
                with contextlib.suppress(FileNotFoundError):
                    for name, content in _contents(path):
                        self.text(content, name)

    def _is_in(self, content: bytes) -> bool:
        known = self._forms
        for at in range(len(content) - LEAST + 1):
            possible = known.get(content[at : at + LEAST])
            if possible and any(content.startswith(form, at) for form in possible):
                return True
        return False


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    content = path.read_bytes()
    yield str(path), content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield f"{path}:{name}", archive.read(name)
