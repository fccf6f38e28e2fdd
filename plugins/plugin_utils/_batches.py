# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chooses the size of batches, and describes the progress. No I/O.

A module returns nothing before it ends. So it is given a long list in batches: short enough for a line of progress
every few seconds, long enough that starting the module hardly matters.
"""

from __future__ import annotations

import math

# Accounts in the first batch for each concurrent call: enough to learn how fast the provider is.
FIRST = 16
SECONDS = 6.0
# If the module starts slowly, a batch takes this many times as long as the start, up to a limit in seconds.
WORTH_A_START, LONGEST = 9.0, 30.0
# Under a rate limit: the part of a start, in seconds, that costs nothing, because a burst at the beginning of a second
# leaves the rest of it idle anyway; the largest share of a batch that the rest of the start may take; and the share of
# the limit above which calls are slowed by the limit and not by the provider.
MADE_UP, LOSS, BINDS = 0.7, 0.015, 0.8
# The remaining accounts form a single batch if they are not much more than one.
SLACK = 1.5


class Batches:
    """Chooses the sizes of one task's batches.

    :param total: the number of accounts to send
    :param concurrency: how many calls are made at the same time
    """

    def __init__(self, total: int, concurrency: int) -> None:
        self._total = total
        self._concurrency = concurrency
        self._done = 0
        self._seconds = 0.0
        self._rate = 0.0
        self._start = 0.0
        self._allowed = 0
        self._made_up = 0.0

    def size(self) -> int:
        """Return the number of accounts in the next batch."""
        wanted = math.ceil(self._rate * self._length()) if self._done else FIRST * self._concurrency
        wanted = max(wanted, self._concurrency)
        if self._allowed:
            # Fill up the last second: a few remaining calls would take a second of their own.
            wanted = math.ceil(wanted / self._allowed) * self._allowed
        left = self._total - self._done
        return left if left <= wanted * SLACK else wanted

    def _length(self) -> float:
        """Return how long a batch should take, in seconds."""
        lost = max(0.0, self._start - self._made_up) if self._allowed else 0.0
        return min(max(SECONDS, self._start * WORTH_A_START, lost / LOSS), LONGEST)

    def took(
        self,
        accounts: int,
        seconds: float,
        calling: float | None = None,
        *,
        allowed: float | None = None,
        burst: int = 0,
    ) -> None:
        """Learn how long a batch took.

        :param accounts: the number of its accounts
        :param seconds: its total duration
        :param calling: for how many of these seconds calls were made, None if unknown
        :param allowed: the provider's limit in calls per second, if known
        :param burst: how many calls may be made at once after an idle period
        """
        self._done += accounts
        self._seconds += seconds
        self._start = max(0.0, seconds - (calling or seconds))
        # The last batch alone counts, because a provider may become slower or faster.
        self._rate = accounts / max(calling or seconds, 0.001)
        binds = allowed is not None and 1 <= allowed <= self._rate / BINDS
        self._allowed = math.ceil(allowed) if allowed and binds else 0
        self._made_up = MADE_UP if burst else 0.0

    def line(self) -> str:
        """Return a line of progress, without account names."""
        left = self._total - self._done
        rate = self._done / max(self._seconds, 0.001)
        return (
            f"mailops.smtp: {self._done} of {self._total} accounts are done, {rate:.3g} a second, "
            f"about {math.ceil(left / max(rate, 0.001))} seconds left"
        )
