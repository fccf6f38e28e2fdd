# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dates and durations as written in the store and in options. Pure."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(timezone.utc)


def written(moment: datetime) -> str:
    """Return a date as written in the store: ISO 8601, UTC, whole seconds.

    :param moment: an aware datetime
    """
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds")[:-6] + "Z"


def read(text: str) -> datetime:
    """Return the date that a text contains.

    :param text: ISO 8601 with C(Z) or an offset
    :raises ValueError: if it is not a date, or has no time zone
    """
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    try:
        return moment.astimezone(timezone.utc)
    except OverflowError as error:
        raise ValueError("out of range") from error


def whole_second(moment: datetime) -> datetime:
    """Return a date with the precision of the store: rounded down to a second.

    :param moment: an aware datetime
    """
    return moment.replace(microsecond=0)


def seconds_between(earlier: datetime, later: datetime) -> int:
    """Return the whole seconds from one date to another, rounded up, 0 if the later one has passed.

    :param earlier: an aware datetime
    :param later: an aware datetime
    """
    return max(0, math.ceil((later - earlier).total_seconds()))


def moment_given(text: str | None, option: str, now: datetime) -> datetime | None:
    """Return the date that an option sets, with the precision of the store, None if it is not set.

    :param text: ISO 8601 with a time zone, or a day alone, which begins in UTC
    :param option: the option's name, for the message
    :param now: the time
    :raises InputError: if it is no date, or lies in the future
    """
    if text is None or not text.strip():
        return None
    try:
        moment = read(f"{text.strip()}T00:00:00Z" if re.fullmatch(r"[0-9-]{10}", text.strip()) else text)
    except ValueError:
        # The text is not shown: beside a password in the same task, it can be one in the wrong place.
        raise InputError(
            f"{option}: must be a date with a time zone, such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31"
        ) from None
    # The store keeps whole seconds, and clocks differ by that much.
    if moment > now + timedelta(seconds=1):
        raise InputError(f"{option}: {written(moment)} is in the future")
    return whole_second(moment)


def duration(text: str | None, option: str) -> timedelta | None:
    """Return the duration that an option sets, None if it is not set.

    :param text: a number of seconds, or a number with C(s), C(m), C(h), C(d) or C(w)
    :param option: the option's name, for the message
    :raises InputError: if it is malformed, negative, zero or too long
    """
    if text is None or not text.strip():
        return None
    match = re.fullmatch(r"([0-9]{1,10})([smhdw]?)", text.strip())
    if match is None:
        raise InputError(
            f"{option}: {text!r} is not a duration; write seconds, or a number with m, h, d or w, such as 90d"
        )
    seconds = int(match.group(1)) * UNITS[match.group(2)]
    if not 0 < seconds <= 100 * 365 * 86400:
        raise InputError(f"{option}: {text!r} is not a duration from one second to a hundred years")
    return timedelta(seconds=seconds)
