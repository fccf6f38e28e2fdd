# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads dma's configuration, and puts it on hold. Pure: no I/O.

The later of two lines wins, so a hold is a few lines at the end. C(DEFER) keeps new mail in the queue. C(dma -q), which
Debian's cron calls every five minutes, delivers it all the same; so the smarthost is an address and a port where
nothing can listen, which dma takes for a failure of the moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

BEGIN = "# BEGIN mailops.smtp: keeps mail in the queue; the rotation takes these lines out again."
# Used if the file's last line had no end.
BEGIN_AFTER_OPEN_LINE = BEGIN.replace("BEGIN", "BEGIN (the line above had no end)")
END = "# END mailops.smtp"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
SETTINGS = ("SMARTHOST 127.0.0.1", "PORT 0", "DEFER")
# While a process with the configuration of before may still be at work, and afterwards.
DRAINING, HELD = "# draining", "# held"


@dataclass(frozen=True)
class Conf:
    """What the file says.

    :param base: the file without our lines
    :param held: whether our lines are in force
    :param settings: the values of the user's lines, empty for those without one
    """

    base: str
    held: bool
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def smarthost(self) -> str:
        """Return the host that takes all mail, empty if there is none."""
        return self.settings.get("SMARTHOST", "")

    @property
    def authpath(self) -> str:
        """Return the file with the logins, empty if there is none."""
        return self.settings.get("AUTHPATH", "")


def parse(text: str) -> Conf:
    """Return what the file says, ours and the user's.

    :param text: the file
    """
    base = without_hold(text)
    later = _settings(text)
    in_force = all(later.get(name) == value for name, value in _settings("\n".join(SETTINGS)).items())
    held = base != text and in_force and HELD in text.split("\n")
    return Conf(base, held, _settings(base))


def with_hold(text: str, stage: str = HELD) -> str:
    """Return the file with our lines at its end.

    :param text: the file, on hold or not
    :param stage: C(DRAINING) or C(HELD)
    """
    base = without_hold(text)
    begin = BEGIN if base.endswith("\n") or not base else f"\n{BEGIN_AFTER_OPEN_LINE}"
    return base + "\n".join([begin, stage, *SETTINGS, END, ""])


def without_hold(text: str) -> str:
    """Return the file as it is without our lines, byte for byte.

    :param text: the file, on hold or not
    """
    lines = _LINE.findall(text)
    bare = [line.rstrip("\n") for line in lines]
    begin = next((n for n, line in enumerate(bare) if line in (BEGIN, BEGIN_AFTER_OPEN_LINE)), None)
    if begin is None:
        return text
    end = next((n for n in range(begin, len(bare)) if bare[n] == END), None)
    before, after = lines[:begin], lines[end + 1 :] if end is not None else _after(lines[begin + 1 :])
    if bare[begin] == BEGIN_AFTER_OPEN_LINE and not after:
        before[-1:] = [line[:-1] for line in before[-1:]]
    return "".join([*before, *after])


def _after(lines: list[str]) -> list[str]:
    """Return what is not ours behind a first mark whose second one was removed."""
    return [line for line in lines if line.rstrip("\n") not in (DRAINING, HELD, *SETTINGS)]


def _settings(text: str) -> dict[str, str]:
    found = {}
    for line in text.split("\n"):
        word, _blank, value = line.partition("#")[0].replace("\t", " ").partition(" ")
        if word:
            found[word] = value
    return found
