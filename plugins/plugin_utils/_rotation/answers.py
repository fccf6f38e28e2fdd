# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module answers for a batch of accounts, and what it learns about the provider's rate limit. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change

# The parts of the limit that the module returns, by the options that pass them to the next batch.
PASSED_ON = {"limit": "rate", "burst": "burst", "recent": "recent"}


class Limit:
    """Carries what is known about the provider's rate limit from one batch to the next.

    :param rate: calls per second, None if unknown
    :param burst: how many calls may be made at once after an idle period
    """

    def __init__(self, rate: float | None, burst: int) -> None:
        self._options: dict[str, Any] = {"rate_limit": rate, "rate_burst": burst, "rate_recent": []}

    def options(self) -> dict[str, Any]:
        """Return the module's options for the next batch."""
        return dict(self._options)

    def learn(self, outcome: Mapping[str, Any]) -> None:
        """Learn from the module's result.

        :param outcome: the result of the last batch; without a rate, nothing new is known
        """
        if outcome.get("rate"):
            self._options = {f"rate_{name}": outcome[field] for name, field in PASSED_ON.items()}


class Answers(dict[str, Change]):
    """The outcome for each account of a batch.

    C(calling): for how many seconds calls were made, None if unknown. C(allowed): the provider's limit in calls per
    second, if known. C(burst): how many calls may be made at once after an idle period.
    """

    calling: float | None = None
    allowed: float | None = None
    burst: int = 0
