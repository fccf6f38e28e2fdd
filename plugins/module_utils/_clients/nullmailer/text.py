# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and writes the file C(remotes) of nullmailer. Pure: no I/O.

A line is a host, a protocol and options, with quotes much like a shell's. The first remote that does not fail for the
moment takes a message; the others are tried only then.
"""

from __future__ import annotations

from dataclasses import dataclass

# While a delivery can still be under way, and afterwards. Comments to nullmailer; behind them is the line of before.
DRAINING, HELD = "draining", "held"
_MARKS = {stage: f"#mailops.smtp.{stage}# " for stage in (DRAINING, HELD)}
_BLANKS = " \t\n\v\f\r"


@dataclass(frozen=True)
class Argument:
    """A word of a line, and where it stands there."""

    value: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """Return the option's name, without its value."""
        return self._option.partition("=")[0]

    @property
    def setting(self) -> str:
        """Return the option's value."""
        return self._option.partition("=")[2]

    @property
    def _option(self) -> str:
        return self.value[2:] if self.value.startswith("--") else self.value


@dataclass(frozen=True)
class Remote:
    """A line that names a remote.

    :param index: the line's number, from 0
    :param stage: C(DRAINING) or C(HELD) if it is commented out by us, empty if not
    :param text: the line without our mark
    """

    index: int
    stage: str
    text: str
    arguments: tuple[Argument, ...]

    @property
    def host(self) -> str:
        """Return the host as it is written."""
        return self.arguments[0].value

    @property
    def protocol(self) -> str:
        """Return the protocol, by which the program that delivers is found."""
        return self.arguments[1].value if len(self.arguments) > 1 else "smtp"

    @property
    def options(self) -> tuple[Argument, ...]:
        """Return what stands behind the protocol."""
        return self.arguments[2:]

    @property
    def username(self) -> str:
        """Return the login, empty if there is none."""
        return self.option("user")

    def option(self, name: str) -> str:
        """Return an option's value, empty without one; the last one counts.

        :param name: the option
        """
        return next((one.setting for one in reversed(self.options) if one.name == name), "")

    def handed(self) -> str:
        """Return what nullmailer hands to the program that delivers, on its standard input."""
        options = [one.value[2:] if one.value.startswith("--") else one.value for one in self.options]
        return "".join(f"{option}\n" for option in [f"host={self.host}", *options, ""])


def remotes_of(text: str) -> list[Remote]:
    """Return the remotes, also those that are held, in the order in which nullmailer tries them.

    :param text: the file
    """
    found = []
    for index, line in enumerate(text.split("\n")):
        stage, bare = _unmarked(line)
        arguments = _arguments(bare)
        if arguments and not bare.lstrip(_BLANKS).startswith("#"):
            found.append(Remote(index, stage, bare, arguments))
    return found


def marked(text: str, held: set[int], stage: str = HELD) -> str:
    """Return the file with these lines commented out by us, and no others.

    :param text: the file
    :param held: the numbers of the lines
    :param stage: C(DRAINING) or C(HELD)
    """
    lines = [_unmarked(line)[1] for line in text.split("\n")]
    return "\n".join(_MARKS[stage] + line if index in held else line for index, line in enumerate(lines))


def _unmarked(line: str) -> tuple[str, str]:
    """Return the stage of a line, and what is behind our mark."""
    for stage, mark in _MARKS.items():
        if line.startswith(mark):
            return stage, line[len(mark) :]
    return "", line


def with_login(text: str, index: int, *, username: str, password: str) -> str:
    """Return the file with another login in one line. All else stays byte for byte, also our mark.

    :param text: the file
    :param index: the line's number
    :param username: who logs in
    :param password: the password
    """
    remote = next(one for one in remotes_of(text) if one.index == index)
    line = remote.text
    wanted = {"user": username, "pass": password}
    for one in reversed(remote.options):
        if one.name in wanted and one.setting != wanted[one.name]:
            line = line[: one.start] + quoted(f"--{one.name}={wanted[one.name]}") + line[one.end :]
    given = {one.name for one in remote.options}
    added = ["smtp"] if len(remote.arguments) == 1 else []
    added += [quoted(f"--{name}={value}") for name, value in wanted.items() if name not in given]
    if added:
        end = len(line.rstrip(_BLANKS))
        line = " ".join([line[:end], *added]) + line[end:]
    lines = text.split("\n")
    lines[index] = _MARKS.get(remote.stage, "") + line
    return "\n".join(lines)


def quoted(word: str) -> str:
    """Return a word as nullmailer reads it unchanged: in single quotes, and each single quote in double ones.

    :param word: the word, without control characters
    """
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _arguments(line: str) -> tuple[Argument, ...]:
    found = []
    position = 0
    while position < len(line):
        if line[position] in _BLANKS:
            position += 1
        else:
            value, end = _argument(line, position)
            found.append(Argument(value, position, min(end, len(line))))
            position = end
    return tuple(found)


def _argument(line: str, position: int) -> tuple[str, int]:
    """Return the word at a position, and where it ends; as nullmailer does it, with its peculiarity.

    What follows an escaped character is taken as it is, even a quote.
    """
    value = ""
    start = position
    while position < len(line) and line[position] not in _BLANKS:
        character = line[position]
        if character in "'\"":
            value += line[start:position]
            text, position = _in_quotes(line, position + 1, character)
            value += text
            start = position + 1
        elif character == "\\":
            value += line[start:position] + line[position + 1 : position + 2]
            start = position = position + 2
        position += 1
    return value + line[start:position], position


def _in_quotes(line: str, position: int, quote: str) -> tuple[str, int]:
    value = ""
    start = position
    while position < len(line) and line[position] != quote:
        if quote == '"' and line[position] == "\\":
            value += line[start:position] + line[position + 1 : position + 2]
            start = position = position + 2
        position += 1
    return value + line[start:position], position
