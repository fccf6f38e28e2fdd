# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many accounts go at a time, how fast, and what is told of the progress. No I/O.

The module tells nothing before it ends, wherever it runs. So a long list is sent in batches, each of which is on disk
before it is sent: as short as a line every few seconds asks for, as long as the start of a module is not felt.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._attempts import Change

# Of the first batch, for each call at the same time: enough to learn how fast the provider is.
FIRST = 16
SECONDS = 6.0
# A start that takes long is not made too often: a batch has so many times its length, within reason.
WORTH_A_START, LONGEST = 9.0, 30.0
# A rest that is not much longer than a batch goes with it.
SLACK = 1.5


# Of the time in which no call was made between two batches: how much of it is sure.
SURE = 0.9


class Limit:
    """What is known of the provider's limit, from one batch to the next.

    :param rate: calls a second, None if nothing is known
    :param burst: calls that are not spread, at the beginning
    :param clock: a clock that nobody sets, in seconds
    """

    def __init__(self, rate: float | None, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._began = self._ended = clock()
        self._start = 0.0

    def options(self) -> dict[str, Any]:
        """Return the module's options for a batch that begins now."""
        self._began = self._clock()
        if self._rate and self._start:
            # What was allowed while the module before ended and the next one starts is not lost.
            idle = min(1.0, SURE * (self._began - self._ended + self._start))
            self._burst = max(0, int(self._rate * idle) - 1)
        return {"rate_limit": self._rate, "rate_burst": self._burst}

    def learn(self, outcome: Mapping[str, Any]) -> None:
        """Learn from what the module tells.

        :param outcome: the result of the batch that has ended now
        """
        self._ended = self._clock()
        self._rate = outcome.get("rate") or self._rate
        self._start = max(0.0, self._ended - self._began - float(outcome.get("seconds") or 0))


class Answers(dict[str, Change]):
    """What became of each account of a batch. C(calling): for how long calls were made, in seconds, if it is known."""

    calling: float | None = None


class Batches:
    """The sizes of one task's batches.

    :param total: all accounts of the task that are to be sent
    :param concurrency: calls at the same time
    """

    def __init__(self, total: int, concurrency: int) -> None:
        self._total = total
        self._concurrency = concurrency
        self._done = 0
        self._seconds = 0.0
        self._rate = 0.0
        self._start = 0.0

    def size(self) -> int:
        """Return how many accounts the next batch has."""
        seconds = min(max(SECONDS, self._start * WORTH_A_START), LONGEST)
        wanted = math.ceil(self._rate * seconds) if self._done else FIRST * self._concurrency
        wanted = max(wanted, self._concurrency)
        left = self._total - self._done
        return left if left <= wanted * SLACK else wanted

    def took(self, accounts: int, seconds: float, calling: float | None = None) -> None:
        """Learn how long a batch took.

        :param accounts: how many it had
        :param seconds: from its beginning to its end
        :param calling: for how long of them calls were made, None if that is not known
        """
        self._done += accounts
        self._seconds += seconds
        self._start = max(0.0, seconds - (calling or seconds))
        # Of the last batch alone: a provider becomes slower, or faster.
        self._rate = accounts / max(calling or seconds, 0.001)

    def line(self) -> str:
        """Return the progress in words, without any account's name."""
        left = self._total - self._done
        rate = self._done / max(self._seconds, 0.001)
        return (
            f"mailops.smtp: {self._done} of {self._total} accounts are done, {rate:.3g} a second, "
            f"about {math.ceil(left / max(rate, 0.001))} seconds left"
        )
