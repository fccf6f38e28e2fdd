# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Splits smtpd.conf into words as smtpd does. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# What ends a word that has no quotes.
_ENDS = set("(){}<>!=#, \t\n")
_DONE = "\0"


@dataclass(frozen=True)
class Word:
    """A word or a sign of smtpd.conf.

    :param text: without quotes
    :param plain: whether it had none, so that it can be a keyword or a sign
    """

    text: str
    plain: bool = True

    def __str__(self) -> str:
        """Return how it is written."""
        if self.plain:
            return self.text
        text = self.text.replace('"', '\\"')
        return f'"{text}"'


@dataclass(frozen=True)
class Statement:
    """A statement, and where it stands.

    :param words: without comments, with the values of macros
    :param file: the file
    :param first: the number of its first line, from 0
    :param last: the number of its last line
    """

    words: tuple[Word, ...]
    file: str
    first: int
    last: int

    @property
    def keyword(self) -> str:
        """Return what kind of statement it is."""
        return self.words[0].text if self.words[0].plain else ""


class Lexer:
    """Reads the statements of one file, one after the other, since a macro counts from where it is set.

    :param file: its name
    :param text: its text
    :param macros: what is set so far; the caller adds to it
    """

    def __init__(self, file: str, text: str, macros: Mapping[str, str]) -> None:
        self._file = file
        self._text = text if text.endswith("\n") else f"{text}\n"
        self._macros = macros
        self._at = 0

    def statements(self) -> Iterator[Statement]:
        """Return them in order."""
        while self._at < len(self._text):
            words: list[Word] = []
            first, depth = self._at, 0
            while self._at < len(self._text):
                self._skip_blanks()
                if not words:
                    first = self._at
                word = self._next()
                if word == Word("\n") and not depth:
                    break
                depth += {"{": 1, "}": -1}.get(word.text, 0) if word.plain else 0
                if word != Word("\n"):
                    words += self._expanded(word)
            if words:
                lines = self._text.count("\n", 0, first), self._text.count("\n", 0, self._at - 1)
                yield Statement(tuple(words), self._file, *lines)

    def _skip_blanks(self) -> None:
        while self._text[self._at : self._at + 1] in (" ", "\t") or self._text.startswith("\\\n", self._at):
            self._at += 2 if self._text[self._at] == "\\" else 1
        if self._text.startswith("#", self._at):
            self._skip_comment()

    def _skip_comment(self) -> None:
        while self._text[self._at] != "\n" or self._text[self._at - 1] == "\\":
            self._at += 1
            if self._at == len(self._text):
                self._at -= 1
                return

    def _next(self) -> Word:
        sign = self._text[self._at]
        self._at += 1
        if sign in "\"'":
            return Word(self._quoted(sign), plain=False)
        if sign == "=" and self._text.startswith(">", self._at):
            self._at += 1
        if not (sign.isalnum() or sign in ":_-$"):
            return Word(sign)
        start = self._at - 1
        while self._text[self._at] not in _ENDS and not self._text.startswith("\\\n", self._at):
            if sign == "$" and not (self._text[self._at].isalnum() or self._text[self._at] == "_"):
                break
            self._at += 1
        return Word(self._text[start : self._at])

    def _quoted(self, quote: str) -> str:
        """Return what stands in quotes; line breaks in them do not count."""
        found = []
        while self._at < len(self._text) and self._text[self._at] != quote:
            sign, after = self._text[self._at], self._text[self._at + 1 : self._at + 2]
            if sign == "\\" and after in (quote, " ", "\t", "\n"):
                self._at += 1
                sign = after
            self._at += 1
            found.append(sign)
        self._at += 1
        return "".join(found).replace("\n", "")

    def _expanded(self, word: Word) -> list[Word]:
        """Return the words that a macro stands for; a macro in a macro is not one."""
        if not (word.plain and word.text.startswith("$")):
            return [word]
        value = self._macros.get(word.text[1:], "")
        inner = Lexer(self._file, value.replace("$", _DONE), {})
        words = [one for statement in inner.statements() for one in statement.words]
        return [Word(one.text.replace(_DONE, "$"), one.plain) for one in words]
