# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many accounts go at a time, how fast, and what is told of the progress. No I/O.

The module tells nothing before it ends, wherever it runs. So a long list is sent in batches, each of which is on disk
before it is sent: as short as a line every few seconds asks for, as long as the start of a module is not felt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.attempts import Change

# Of the first batch, for each call at the same time: enough to learn how fast the provider is.
FIRST = 16
SECONDS = 6.0
# A start that takes long is not made too often: a batch has so many times its length, within reason.
WORTH_A_START, LONGEST = 9.0, 30.0
# Under a limit, how much of a start costs nothing: where a second's calls come together at its beginning, most of a
# second has no call anyway. How much of a batch, at most, the rest of it may be. And how near to the limit calls come
# that the limit slows, and not the provider.
MADE_UP, LOSS, BINDS = 0.7, 0.015, 0.8
# A rest that is not much longer than a batch goes with it.
SLACK = 1.5
# What the module tells of the limit, by the options that hand it to the next batch.
TOLD = {"limit": "rate", "burst": "burst", "recent": "recent"}


class Limit:
    """What is known of the provider's limit, from one batch to the next.

    :param rate: calls a second, None if nothing is known
    :param burst: calls that may make up at once for time in which none was made
    """

    def __init__(self, rate: float | None, burst: int) -> None:
        self._options: dict[str, Any] = {"rate_limit": rate, "rate_burst": burst, "rate_recent": []}

    def options(self) -> dict[str, Any]:
        """Return the module's options for the next batch."""
        return dict(self._options)

    def learn(self, outcome: Mapping[str, Any]) -> None:
        """Learn from what the module tells.

        :param outcome: the result of the batch that has ended; without a rate in it, nothing new is known
        """
        if outcome.get("rate"):
            self._options = {f"rate_{name}": outcome[told] for name, told in TOLD.items()}


class Answers(dict[str, Change]):
    """What became of each account of a batch.

    C(calling): for how long calls were made, in seconds, None if it is not known. C(allowed): calls a second, if the
    provider is known to have a limit, C(burst) of which may make up at once for time in which none was made.
    """

    calling: float | None = None
    allowed: float | None = None
    burst: int = 0


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
        self._allowed = 0
        self._made_up = 0.0

    def size(self) -> int:
        """Return how many accounts the next batch has."""
        wanted = math.ceil(self._rate * self._length()) if self._done else FIRST * self._concurrency
        wanted = max(wanted, self._concurrency)
        if self._allowed:
            # All calls of the last second: those that are left would wait for a second of their own.
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

        :param accounts: how many it had
        :param seconds: from its beginning to its end
        :param calling: for how long of them calls were made, None if that is not known
        :param allowed: calls a second, if the provider is known to have a limit
        :param burst: calls that may make up at once for time in which none was made
        """
        self._done += accounts
        self._seconds += seconds
        self._start = max(0.0, seconds - (calling or seconds))
        # Of the last batch alone: a provider becomes slower, or faster.
        self._rate = accounts / max(calling or seconds, 0.001)
        binds = allowed is not None and 1 <= allowed <= self._rate / BINDS
        self._allowed = math.ceil(allowed) if allowed and binds else 0
        self._made_up = MADE_UP if burst else 0.0

    def line(self) -> str:
        """Return the progress in words, without any account's name."""
        left = self._total - self._done
        rate = self._done / max(self._seconds, 0.001)
        return (
            f"mailops.smtp: {self._done} of {self._total} accounts are done, {rate:.3g} a second, "
            f"about {math.ceil(left / max(rate, 0.001))} seconds left"
        )
