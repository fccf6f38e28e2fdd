# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How names are told. Pure."""

from __future__ import annotations

from collections.abc import Collection

MOST_NAMED = 10


def listed(names: Collection[str]) -> str:
    """Return names as a sentence has them, C(a, b and c), and of many the first ten.

    :param names: the names
    """
    shown = list(names)[:MOST_NAMED]
    more = len(names) - len(shown)
    *others, last = [*shown, f"{more} more"] if more else shown or [""]
    return f"{', '.join(others)} and {last}" if others else last
