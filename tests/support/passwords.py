# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random passwords of every legal kind, for tests that hand them through a real program."""

from __future__ import annotations

import os
import random
import string

PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
# What some file format or other takes for more than itself.
SPECIAL = "\"'\\$#%;:=!`^|{}[]<>&* ~@,/é"


def how_many() -> int:
    """Return how many passwords a test is to try."""
    return int(os.environ.get("MAILOPS_PASSWORDS", "40"))


def new_seed() -> int:
    """Return a seed, and print it for the case that the test fails."""
    seed = int(os.environ.get("MAILOPS_SEED") or random.SystemRandom().randrange(2**32))
    print(f"MAILOPS_SEED={seed}")
    return seed


def passwords(seed: int, number: int) -> list[str]:
    """Return random passwords; the first ones have each special character at the beginning, at the end and alone.

    :param seed: how they were chosen
    :param number: how many
    """
    chance = random.Random(seed)  # noqa: S311
    made = [one for character in SPECIAL for one in (f"{character}a1", f"b2{character}", f"c{character * 2}3")]
    chance.shuffle(made)
    made = made[: number // 2]
    while len(made) < number:
        alphabet = chance.choice([PRINTABLE, SPECIAL, SPECIAL + "ab12", PRINTABLE + "éßł€🔑"])
        made.append("".join(chance.choice(alphabet) for _n in range(chance.choice([1, 2, 3, 8, 16, 32, 64]))))
    return made
