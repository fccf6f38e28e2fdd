# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and changes the accounts in the text of an msmtprc. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

USER, PASSWORD, EVAL = "user", "password", "eval"
# msmtp reads lines of at most 499 bytes; what the setting's name and its quotes leave for a value.
_LONGEST_LINE = 499
LONGEST = _LONGEST_LINE - len('password ""')
# What comes before the first account belongs to the account that msmtp takes if none is named.
_UNNAMED = "default"
_DEFAULTS = ""
_LINE = re.compile(r"(?P<before>[ \t]*(?P<name>[^ \t#][^ \t]*)[ \t]*)(?P<value>.*?)[ \t]*", re.DOTALL)


@dataclass(frozen=True)
class Setting:
    """What a line sets.

    :param section: the account that the line stands in, empty for the defaults
    """

    line: int
    section: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Account:
    """An account with all that holds for it: its own lines, those of the accounts it names, and the defaults.

    :param line: where it begins; the first line is 0
    """

    name: str
    line: int
    settings: dict[str, Setting]

    def value(self, name: str) -> str:
        """Return what a setting is, empty if it is not set.

        :param name: of the setting
        """
        return self.settings[name].value if name in self.settings else ""


def accounts(text: str) -> dict[str, Account]:
    """Return the accounts of a file by name, in order.

    :param text: the file, which msmtp can read
    """
    defaults: dict[str, Setting] = {}
    found: dict[str, Account] = {}
    section, settings = None, defaults
    for number, line in enumerate(text.split("\n")):
        name, value = _parts(line)
        if name == "defaults":
            section, settings = _DEFAULTS, defaults
        elif name and (name == "account" or section is None):
            account = _begun(number, value if name == "account" else _UNNAMED, defaults, found)
            section, settings = account.name, account.settings
            found[section] = account
        if name and name not in ("defaults", "account"):
            settings[name] = Setting(number, section or _DEFAULTS, value)
    return found


def _parts(line: str) -> tuple[str, str]:
    """Return the name and the value in a line, both empty if it sets nothing."""
    match = _LINE.fullmatch(line.rstrip("\r"))
    if match is None:
        return "", ""
    value = match.group("value")
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return match.group("name"), value[1:-1] if quoted else value


def _begun(number: int, value: str, defaults: Mapping[str, Setting], found: Mapping[str, Account]) -> Account:
    name, _colon, parents = value.partition(":")
    settings = dict(defaults)
    for parent in parents.split(","):
        if parent.strip() in found:
            settings.update(found[parent.strip()].settings)
    return Account(name.strip(), number, settings)


def changed(text: str, wanted: Mapping[str, tuple[str, str]]) -> str:
    """Return the text in which accounts have these users and passwords, each in as few lines as it takes.

    :param text: the file
    :param wanted: user and password by the account's name, in the file's order
    """
    for number, setting in enumerate((USER, PASSWORD)):
        values = {name: login[number] for name, login in wanted.items()}
        for name in values:
            text = _with(text, name, setting, values)
    return text


def _with(text: str, name: str, setting: str, values: Mapping[str, str]) -> str:
    known = accounts(text)
    account = known[name]
    present = account.settings.get(setting)
    if present is not None and present.value == values[name]:
        return text
    lines = text.split("\n")
    if present is not None and (present.section == name or _is_for_all(known, setting, present, values, values[name])):
        lines[present.line] = _line(lines[present.line], setting, values[name])
    else:
        # Others use that line too, or there is none: the account gets one of its own.
        user = account.settings.get(USER)
        place = user.line if user is not None and user.section == name else account.line
        lines.insert(place + 1, _line(_indent(lines[place]), setting, values[name]) + _end(lines[place]))
    return "\n".join(lines)


def _is_for_all(
    known: Mapping[str, Account], setting: str, present: Setting, values: Mapping[str, str], value: str
) -> bool:
    """Tell whether a line of the defaults is used only by accounts that are to have the same value."""
    users = [account.name for account in known.values() if account.settings.get(setting) == present]
    return present.section == _DEFAULTS and all(values.get(name) == value for name in users)


def _line(present: str, setting: str, value: str) -> str:
    """Return a line that sets something, begun as the present one if it fits."""
    match = _LINE.fullmatch(present.rstrip("\r"))
    before = match.group("before") if match else f"{present}{setting}"
    # A setting without a value may have no blank after its name.
    gap = "" if before.endswith((" ", "\t")) else " "
    line = f'{before}{gap}"{value}"'
    fits = len(line.encode("utf-8", "surrogateescape")) <= _LONGEST_LINE
    return (line if fits else f'{setting} "{value}"') + _end(present)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _end(line: str) -> str:
    return "\r" if line.endswith("\r") else ""
