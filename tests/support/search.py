# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks for known secrets in texts and folders, however they are written. Shares nothing with the plugins' scrubber."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

# A secret that was cut in two is found if one piece has at least WINDOW + STEP - 1 characters.
WINDOW, STEP = 12, 4
SHORTEST = 8
AROUND = 60
_FOLDED = re.compile(rb"[\s\\]+")


@dataclass(frozen=True)
class Hit:
    """A secret that was found: which, in what form, where, and the text around it."""

    secret: str
    form: str
    place: str
    around: str


@dataclass
class Searched:
    """What was found, and in how many texts and bytes it was looked for."""

    hits: list[Hit] = field(default_factory=list)
    texts: int = 0
    size: int = 0


def _encoded(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield base64 and hexadecimal text; base64 also as it is inside a longer text, at three alignments."""
    yield "hex", raw.hex().encode()
    yield "hex", raw.hex().upper().encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            whole = encode(b"\0" * before + raw)
            # Only what no neighbour can change.
            yield "base64", whole[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]


def _written(secret: str) -> Iterator[tuple[str, bytes]]:
    yield "plain", secret.encode()
    yield "json", json.dumps(secret)[1:-1].encode()
    yield "json", json.dumps(secret, ensure_ascii=False)[1:-1].encode()
    yield "json", json.dumps(secret)[1:-1].replace("/", "\\/").encode()
    for safe in ("", "/", "!~*'()", ";,/?:@&=+$#!~*'()"):
        yield "url", quote(secret, safe=safe).encode()
        yield "url", quote_plus(secret, safe=safe).encode()
        for way in (quote, quote_plus):
            yield "url", re.sub("%..", lambda match: match.group().lower(), way(secret, safe=safe)).encode()


def forms(secret: str) -> dict[bytes, str]:
    """Return the texts that give a secret away, each with the name of its form.

    :param secret: at least SHORTEST characters
    :raises ValueError: if it is shorter, because it would be found everywhere
    """
    if len(secret) < SHORTEST:
        raise ValueError(f"a secret of {len(secret)} characters would be found in innocent texts")
    found: dict[bytes, str] = {}
    for name, text in _written(secret):
        found.setdefault(text, name)
    for name, text in list(_written(secret)):
        for encoding, encoded in _encoded(text):
            found.setdefault(encoded, encoding if name == "plain" else f"{encoding} of {name}")
    for start in range(0, len(secret) - WINDOW + 1, STEP):
        found.setdefault(secret[start : start + WINDOW].encode(), "part")
    return found


def _unfolded(data: bytes) -> bytes:
    return _FOLDED.sub(b"", data)


class Search:
    """Looks for several secrets at once.

    Each text is looked through twice: as it is, and without white space and backslashes, because output is folded,
    and escaped more than once.

    :param secrets: name to value
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        needles = {text: (name, form) for name, value in secrets.items() for text, form in forms(value).items()}
        self._needles = needles
        self._folded = {_unfolded(text): found for text, found in needles.items()}

    def text(self, data: bytes | str, place: str) -> Searched:
        """Look through one text.

        :param place: what hits call it
        """
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        hits: dict[tuple[str, str], Hit] = {}
        for content, needles in ((raw, self._needles), (_unfolded(raw), self._folded)):
            for needle, (name, form) in needles.items():
                at = content.find(needle)
                if at >= 0:
                    around = content[max(0, at - AROUND) : at + len(needle) + AROUND].decode("utf-8", "replace")
                    hits.setdefault((name, form), Hit(name, form, place, around))
        return Searched(list(hits.values()), 1, len(raw))

    def folder(self, folder: Path, *, skip: Collection[Path] = ()) -> Searched:
        """Look through the names and contents of all files below a folder; zip files are opened.

        :param skip: files that may hold secrets
        """
        total = Searched()
        for path in sorted(folder.rglob("*")):
            if path in skip:
                continue
            self._add(total, str(path.relative_to(folder)).encode(), f"name of {path}")
            if path.is_file() and not path.is_symlink():
                for name, content in _contents(path):
                    self._add(total, content, name)
        return total

    def _add(self, total: Searched, content: bytes, place: str) -> None:
        one = self.text(content, place)
        total.hits += one.hits
        total.texts += 1
        total.size += one.size


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # gone since it was listed
        return
    yield str(path), content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield f"{path}:{name}", archive.read(name)
