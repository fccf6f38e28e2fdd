# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords of one credential: which one is in force, which ones are on their way, and which ones were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Literal

Which = Literal["current", "previous", "pending", "wrong"]


@dataclass(frozen=True)
class StoredPassword:
    """A password, when it was set and when it takes effect, in seconds since the epoch."""

    password: str = field(repr=False)
    changed_at: float
    effective_at: float


@dataclass(frozen=True)
class Moment:
    """A credential at one instant; C(current) is None as long as its first password has not taken effect."""

    previous: list[str]
    current: str | None
    pending: list[str]

    def which(self, password: str) -> Which:
        """Return which of them a password is."""
        if self.current is not None and equal(self.current, password):
            return "current"
        if any(equal(one, password) for one in self.pending):
            return "pending"
        return "previous" if any(equal(one, password) for one in self.previous) else "wrong"


def at(passwords: Sequence[StoredPassword], now: float) -> Moment:
    """Return what the passwords are at an instant.

    :param passwords: in the order in which they were set
    :param now: seconds since the epoch
    """
    # The newest one that is due, not the one that is due last: a later change is never undone by an earlier one.
    index = max((n for n, one in enumerate(passwords) if one.effective_at <= now), default=-1)
    values = [one.password for one in passwords]
    return Moment(values[: max(index, 0)], values[index] if index >= 0 else None, values[index + 1 :])


def equal(one: str, other: str) -> bool:
    """Return whether two passwords are the same."""
    return compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
