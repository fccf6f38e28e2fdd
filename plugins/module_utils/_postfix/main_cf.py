# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What postfix_hold writes into main.cf, and how it is removed again. Pure: no I/O.

All of it stands between two marks, and what the user had set of the same parameters is commented out with a prefix. So
the file without our lines is the file of before, byte for byte, and a run that was killed leaves behind what the next
one needs to know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import (
    BLANKS,
    ended,
    logical_lines,
    physical_lines,
    words_of,
)

DEFER, DISABLE = "defer_transports", "master_service_disable"
BEGIN = "# BEGIN mailops.smtp.postfix_hold: keeps mail in the queue; the module takes these lines out again.\n"
# Used if the file's last line had no end.
BEGIN_AFTER_OPEN_LINE = BEGIN.replace("BEGIN", "BEGIN (the line above had no end)")
END = "# END mailops.smtp.postfix_hold\n"
PREFIX = "#mailops.smtp.postfix_hold# "
STAGES = ("draining", "held", "releasing")
_NOTE = re.compile(rf"# ({'|'.join(STAGES)}): (.*)\n?")


@dataclass(frozen=True)
class MainCf:
    """The file as the user wrote it, and the transports that are being held, are held, or are being released."""

    base: str
    draining: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    releasing: tuple[str, ...] = ()

    def stage(self, transport: str) -> str | None:
        """Return the stage of a transport, None if it is not ours."""
        return next((stage for stage in STAGES if transport in getattr(self, stage)), None)

    def moved(self, transport: str, stage: str | None) -> MainCf:
        """Return the same with a transport at another stage.

        :param stage: one of C(STAGES), None for a transport that is no longer ours
        """
        names: dict[str, list[str]] = {one: [n for n in getattr(self, one) if n != transport] for one in STAGES}
        if stage is not None:
            names[stage].append(transport)
        return MainCf(self.base, **{one: tuple(names[one]) for one in STAGES})


def render(state: MainCf) -> str:
    """Return the file's text."""
    block = block_of(state)
    if not block:
        return state.base
    ours = set(_values(state))
    lines = physical_lines(state.base)
    hidden = {number for entry in logical_lines(lines) if _name(entry.text) in ours for number in entry.lines}
    base = "".join(PREFIX + line if number in hidden else line for number, line in enumerate(lines))
    begin = BEGIN if ended(base) == base else BEGIN_AFTER_OPEN_LINE
    return ended(base) + begin + block + END


def block_of(state: MainCf) -> str:
    """Return the lines between the marks, none if no transport is ours."""
    notes = [f"# {stage}: {' '.join(getattr(state, stage))}\n" for stage in STAGES if getattr(state, stage)]
    return "".join([*notes, *(f"{name} = {value}\n" for name, value in _values(state).items())])


def _values(state: MainCf) -> dict[str, str]:
    """Return the parameters that have to be set, our words before the user's."""
    ours = {
        DEFER: [*state.draining, *state.held],
        DISABLE: [f"{name}/unix" for name in state.held],
    }
    users = {name: user_value(state.base, name) for name in ours}
    return {name: ", ".join([*words, users[name]] if users[name] else words) for name, words in ours.items() if words}


def user_value(base: str, name: str) -> str:
    """Return what the user set a parameter to, empty if nothing; the last one counts.

    :param base: the file without our lines
    :param name: the parameter
    """
    value = ""
    for entry in logical_lines(physical_lines(base)):
        if _name(entry.text) == name:
            value = " ".join(entry.text.partition("=")[2].split())
    return value


def _name(text: str) -> str:
    return text.partition("=")[0].strip(BLANKS)


def parse(text: str) -> MainCf:
    """Return what is ours in the file's text, and what is the user's.

    :raises InputError: if the marks are not as they were written
    """
    lines = physical_lines(text)
    begins = [number for number, line in enumerate(lines) if line in (BEGIN, BEGIN_AFTER_OPEN_LINE)]
    ends = [number for number, line in enumerate(lines) if line.rstrip("\n") == END.rstrip("\n")]
    if not begins and not ends:
        return MainCf(text)
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        raise InputError(
            "the lines that postfix_hold wrote into main.cf are damaged: remove by hand everything from "
            f'"{BEGIN.partition(":")[0]}" to "{END.strip()}" and the prefix "{PREFIX}" from every other line that '
            "starts with it, then run postfix reload"
        )
    begin, end = begins[0], ends[0]
    before, block, after = lines[:begin], lines[begin + 1 : end], lines[end + 1 :]
    if lines[begin] == BEGIN_AFTER_OPEN_LINE and not after:
        before[-1:] = [line.rstrip("\n") for line in before[-1:]]
    base = "".join(line[len(PREFIX) :] if line.startswith(PREFIX) else line for line in [*before, *after])
    notes = {match.group(1): tuple(match.group(2).split()) for match in map(_NOTE.fullmatch, block) if match}
    return _with_edits(MainCf(base, **notes), block)


def _with_edits(state: MainCf, block: list[str]) -> MainCf:
    """Return the state with what the user changed in our lines: postconf -e edits a parameter where it stands."""
    found = "".join(block)
    for name, written in _values(state).items():
        present = user_value(found, name)
        if present == written or name not in found:
            continue
        ours = {*state.draining, *state.held, *(f"{one}/unix" for one in state.held)}
        rest = [word for word in words_of(present) if word not in ours]
        state = replace(state, base=_with_value(state.base, name=name, value=", ".join(rest)))
    return state


def _with_value(base: str, *, name: str, value: str) -> str:
    lines = physical_lines(base)
    gone = {number for entry in logical_lines(lines) if _name(entry.text) == name for number in entry.lines}
    kept = "".join(line for number, line in enumerate(lines) if number not in gone)
    return ended(kept) + f"{name} = {value}\n"
