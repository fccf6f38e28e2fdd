# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retries the change of one account's password with the same value until the outcome is definite. Knows no HTTP."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timezone

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, Meaning

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Patience:
    """When to give up: C(retries) after the first attempt, at most C(ceiling) seconds for one Retry-After."""

    retries: int
    ceiling: float


@dataclass(frozen=True)
class Change:
    """The outcome of all attempts to change one password.

    C(kind): the last attempt's. C(doubt): whether any attempt may have taken effect without a confirmation. C(sent):
    whether any attempt was made. C(stop): whether the other accounts would be refused as well.
    """

    kind: Kind
    doubt: bool
    sent: bool
    message: str
    stop: bool = False


def change(
    attempt: Callable[[], Meaning],
    *,
    patience: Patience,
    sleep: Callable[[float], None],
    hold: Callable[[float], None] | None = None,
    now: Callable[[], float] = time.time,
    repeatable: bool = True,
) -> Change:
    """Repeat an attempt until the outcome is definite or no retries are left.

    :param attempt: makes one attempt, always with the same value
    :param patience: how often to retry, and how long a pause to accept
    :param sleep: waits a number of seconds
    :param hold: called instead of C(sleep) if the provider asks for a pause, which then applies to all accounts
    :param now: returns the time in seconds since 1970, for a Retry-After that is a date
    :param repeatable: whether a call whose outcome is unknown may be made again; one that was put off always may
    """
    doubt = False
    for number in range(patience.retries + 1):
        meaning = attempt()
        doubt = doubt or meaning.kind is Kind.UNKNOWN
        if meaning.kind not in (Kind.UNKNOWN, Kind.THROTTLED):
            break
        if meaning.kind is Kind.UNKNOWN and not repeatable:
            break
        pause = _pause(meaning, number, now())
        too_long = meaning.kind is Kind.THROTTLED and pause > patience.ceiling
        if number == patience.retries or too_long:
            break
        (hold if hold and meaning.kind is Kind.THROTTLED else sleep)(pause)
    return Change(
        kind=meaning.kind, doubt=doubt, sent=True, message=_with_attempts(meaning, number + 1), stop=meaning.stop
    )


def _with_attempts(meaning: Meaning, attempts: int) -> str:
    if meaning.kind in (Kind.UNKNOWN, Kind.THROTTLED) and attempts > 1:
        return f"{meaning.message} (after {attempts} attempts)"
    return meaning.message


def _pause(meaning: Meaning, number: int, now: float) -> float:
    """Return the seconds to wait before the next attempt."""
    growing = min(FIRST_PAUSE * 2.0**number, LONGEST_PAUSE)
    if meaning.kind is Kind.THROTTLED:
        asked = retry_after(meaning.retry_after, now)
        return growing if asked is None else asked
    return growing


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, None if it is missing or unusable.

    :param value: the header: seconds, or a date
    :param now: seconds since 1970
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
        # By the standard, a date without a time zone is UTC.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return max(0.0, moment.timestamp() - now)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
