# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads sendmail.cf, and puts a mailer on hold in it. Pure: no I/O.

A mailer on hold connects to an address and a port where nothing listens, which is a failure that passes: every message
stays in the queue, and nothing is remembered about the relay. The lines of before stay as comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# While a delivery can still be under way, and afterwards.
DRAINING, HELD = "draining", "held"
_MARKS = {stage: f"#mailops.smtp.{stage}# " for stage in (DRAINING, HELD)}
_END = "#mailops.smtp.end#"
# At the end of the file, until every daemon has read it without the hold.
_RELEASING = "#mailops.smtp.releasing#"
_NOWHERE = "TCP [127.127.127.127] 1"
_MAP = re.compile(r"^K(authinfo|access)[ \t]+(\S+)[ \t]+(?:-\S+[ \t]+)*(/\S+)[ \t]*$", re.MULTILINE)
_TABLE = re.compile(r"^Kmailertable[ \t]+\S+[ \t]+(?:-\S+[ \t]+)*(/\S+)[ \t]*$", re.MULTILINE)
_RULES = re.compile(r"^Sauthinfo\b", re.MULTILINE)
_ARGUMENTS = re.compile(r"(?<=[\s,]A=)(?:TCP|IPC)\b[^,\n]*")


@dataclass(frozen=True)
class Source:
    """Where sendmail looks up its logins.

    :param name: of the map, C(authinfo) or C(access)
    :param kind: of the map, such as C(hash)
    :param path: of its source; the map itself has C(.db) behind that
    """

    name: str
    kind: str
    path: str


def source_of(text: str) -> Source | None:
    """Return where logins are looked up, None if they are not.

    :param text: sendmail.cf
    """
    maps = {match[1]: Source(match[1], match[2], match[3]) for match in _MAP.finditer(text)}
    return (maps.get("authinfo") or maps.get("access")) if _RULES.search(text) else None


def mailertable_of(text: str) -> str:
    """Return the source of the table that sends domains elsewhere, empty if there is none.

    :param text: sendmail.cf
    """
    found = _TABLE.search(text)
    return found[1] if found else ""


def routes(text: str) -> list[tuple[str, str]]:
    """Return the mailers and hosts in the source of a mailertable.

    :param text: the source
    """
    fields = [line.split() for line in text.split("\n") if not line.startswith("#")]
    found = [one[1].partition(":") for one in fields if len(one) > 1]
    return [(mailer, host.strip("[]").rstrip(".").lower()) for mailer, _colon, host in found]


def option(text: str, name: str) -> str:
    """Return the value of an option, empty if it is not set.

    :param text: sendmail.cf
    :param name: the option
    """
    values: list[str] = re.findall(rf"^O {name}=(.*)$", text, re.MULTILINE)
    return values[-1].strip() if values else ""


def macro(text: str, name: str) -> str:
    """Return the value of a macro with a long name, empty if it is not set.

    :param text: sendmail.cf
    :param name: the macro
    """
    values: list[str] = re.findall(rf"^D\{{{name}\}}(.*)$", text, re.MULTILINE)
    return values[-1].strip() if values else ""


def keys(source: Source, name: str, address: str) -> tuple[str, ...]:
    """Return by what sendmail looks up a login, in its order.

    :param source: where
    :param name: of the server, as sendmail knows it
    :param address: of the server
    """
    if source.name == "authinfo":
        return (name, address, "")
    return (*_parts(name, from_front=True), *_parts(address, from_front=False), "")


def _parts(name: str, *, from_front: bool) -> list[str]:
    """Return a name and its domains, or an address and its networks."""
    if name.startswith("["):
        return [f"[{part}]" for part in _parts(name[1:-1], from_front=False)]
    if from_front:
        labels = name.split(".")
        return [".".join(labels[start:]) for start in range(len(labels))]
    separator = ":" if ":" in name else "."
    labels = name.split(separator)
    return [separator.join(labels[:end]) for end in range(len(labels), 0, -1)]


def can_hold(text: str, mailer: str) -> bool:
    """Tell whether a mailer is defined here, as one that makes connections.

    :param text: sendmail.cf
    :param mailer: its name
    """
    return held(text, mailer, HELD) != released(text)


def stage_of(text: str) -> str:
    """Return how far a hold is, empty if there is none.

    :param text: sendmail.cf
    """
    lines = text.split("\n")
    return next((stage for stage, mark in _MARKS.items() if any(one.startswith(mark) for one in lines)), "")


def held(text: str, mailer: str, stage: str) -> str:
    """Return sendmail.cf with a mailer on hold.

    :param text: sendmail.cf, also with an earlier hold
    :param mailer: its name
    :param stage: C(DRAINING) or C(HELD)
    """
    lines = released(text).split("\n")
    result: list[str] = []
    position = 0
    while position < len(lines):
        end = position + 1
        while end < len(lines) and lines[end][:1] in (" ", "\t"):
            end += 1
        part = lines[position:end]
        definition = "\n".join(part)
        if re.match(rf"M{re.escape(mailer)}[ \t]*,", definition) and _ARGUMENTS.search(definition):
            result += [_MARKS[stage] + line for line in part]
            result += [*_ARGUMENTS.sub(_NOWHERE, definition).split("\n"), _END]
        else:
            result += part
        position = end
    return "\n".join(result)


def released(text: str) -> str:
    """Return sendmail.cf without our hold, byte for byte as it was before.

    :param text: sendmail.cf
    """
    result = []
    ours = False
    for line in _unmarked(text).split("\n"):
        mark = next((one for one in _MARKS.values() if line.startswith(one)), "")
        if mark:
            ours = True
            result.append(line[len(mark) :])
        elif ours:
            ours = line != _END
        else:
            result.append(line)
    return "\n".join(result)


def releasing(text: str) -> str:
    """Return sendmail.cf without our hold, but with a mark that not every daemon has read it yet.

    :param text: sendmail.cf
    """
    bare = released(text)
    return f"{bare}{_RELEASING}\n" if bare.endswith("\n") else f"{bare}\n{_RELEASING}"


def _unmarked(text: str) -> str:
    if text.endswith(f"\n{_RELEASING}\n"):
        return text[: -len(_RELEASING) - 1]
    return text[: -len(_RELEASING) - 1] if text.endswith(f"\n{_RELEASING}") else text
