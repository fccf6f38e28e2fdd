# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the store notes of the places where a password was published. Pure: no I/O.

A note is a date and a mark, C(2026-11-23T13:15:10Z 3f5a9c0e1b2d-9ab0c1d2e3f4). The mark is made of the ciphertext that
is in the store anyway, and of what is public about the place; so nobody can guess a password from it, and no Vault
secret is needed to see which place is behind.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written

# Each target with its note, in the order of their names.
Notes = tuple[tuple[str, str], ...]
TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# For a place that has never had a password.
NEVER = "never"
NOTE = re.compile(rf"{NEVER}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:]{{8}}Z [0-9a-f]{{12}}-[0-9a-f]{{12}}")
DIGITS = 12


def mark(ciphertext: str, shape: str) -> str:
    """Return the mark of a password at a place.

    :param ciphertext: the password, as the store has it
    :param shape: all that is public of the place, and of the form that the password has there
    """
    return f"{_digest(ciphertext)}-{_digest(shape)}"


def with_note(notes: Notes, target: str, mark: str, now: datetime) -> Notes:
    """Return the notes after a password was published.

    :param notes: the notes before
    :param target: the target's name
    :param mark: the mark of what it has now
    :param now: the time
    """
    return _sorted({**dict(notes), target: f"{written(now)} {mark}"})


def with_failure(notes: Notes, target: str) -> Notes:
    """Return the notes after a password could not be published: the target keeps what it had, if anything.

    :param notes: the notes before
    :param target: the target's name
    """
    return _sorted({target: NEVER, **dict(notes)})


def has(notes: Notes, target: str, mark: str) -> bool:
    """Return whether a target was given this password in this form.

    :param notes: the notes
    :param target: the target's name
    :param mark: the mark of what it is to have
    """
    return dict(notes).get(target, NEVER).partition(" ")[2] == mark


def behind(notes: Notes, ciphertext: str) -> list[str]:
    """Return the targets that have another password than this one, or none.

    :param notes: the notes
    :param ciphertext: the password that they are to have, as the store has it
    """
    digest = _digest(ciphertext)
    return [name for name, note in notes if note.partition(" ")[2].partition("-")[0] != digest]


def published_at(notes: Notes) -> dict[str, str | None]:
    """Return when each target was last given a password, None if never.

    :param notes: the notes
    """
    return {name: None if note == NEVER else note.partition(" ")[0] for name, note in notes}


def rekeyed(notes: Notes, new: Mapping[str, str]) -> Notes:
    """Return the notes after passwords were encrypted anew: the targets have the same ones as before.

    :param notes: the notes before
    :param new: old ciphertext to new one
    """
    digests = {_digest(old): _digest(fresh) for old, fresh in new.items()}

    def moved(note: str) -> str:
        moment, _blank, known = note.partition(" ")
        digest, dash, shape = known.partition("-")
        return f"{moment} {digests[digest]}{dash}{shape}" if digest in digests else note

    return tuple((name, moved(note)) for name, note in notes) if notes else notes


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:DIGITS]


def _sorted(notes: Mapping[str, str]) -> Notes:
    return tuple(sorted(notes.items()))
