# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Labels of requests for new credentials: made, and found again among those that a provider lists. Pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.conditions import find
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Listing
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import Refused

# What a label begins with at the provider, so that people see where a credential comes from.
PREFIX = "mailops-"
# Where a provider keeps no label, a credential is ours if it was created about when it was requested.
BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=15)
# After this time, a request that nobody waits for any more, and what a provider lists, are no longer on their way.
LATE = timedelta(hours=1)
_FORMAT = "%Y%m%dT%H%M%SZ"
# Not fromisoformat, which takes few forms before Python 3.11.
ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII)
NUMBER = re.compile(r"\d{1,15}(?:\.\d+)?", re.ASCII)
MOST_SECONDS = 100_000_000_000


def new_label(now: datetime, random: Callable[[int], str] = secrets.token_hex) -> str:
    """Return a label that no other request has.

    :param now: the time
    :param random: returns random hexadecimal digits, two for each byte
    """
    return f"{now.astimezone(timezone.utc).strftime(_FORMAT)}-{random(6)}"


def requested_at(label: str) -> datetime:
    """Return when a request was made.

    :param label: its label
    """
    return datetime.strptime(label.partition("-")[0], _FORMAT).replace(tzinfo=timezone.utc)


def named(label: str) -> str:
    """Return what a request calls its credential: lower case, because a provider may make it so.

    :param label: the request's label
    """
    return PREFIX + label.lower()


def may_be_late(label: str, now: datetime) -> bool:
    """Return whether what a request makes may still appear in the provider's list.

    :param label: the request's label
    :param now: the time
    """
    return now < requested_at(label) + LATE


def orphans(items: Iterable[Any], listing: Listing, labels: Sequence[str], keep: Sequence[str]) -> dict[str, str]:
    """Return the IDs of credentials that requests with these labels made, each with its label.

    :param items: what the provider lists
    :param listing: where each has what
    :param labels: the labels
    :param keep: IDs that are stored, and so are no orphans
    :raises Refused: if a label, or the time of a request, fits two of them, or a time cannot be read
    """
    found: dict[str, str] = {}
    for item in items:
        ids = [str(one) for one in find(item, listing.id)]
        if not ids or ids[0] in keep:
            continue
        for label in labels:
            if not _fits(item, listing, label):
                continue
            if label in found.values():
                raise Refused(
                    f"two credentials, {ids[0]} and {next(one for one in found if found[one] == label)}, may come from "
                    f"the request of {requested_at(label):%Y-%m-%dT%H:%M:%SZ}; delete the one that nobody uses at the "
                    "provider, then run again"
                )
            found[ids[0]] = label
            break
    return found


def _fits(item: Any, listing: Listing, label: str) -> bool:
    if listing.label:
        return any(named(label) in str(one).lower() for one in find(item, listing.label))
    asked = requested_at(label)
    moments = [_moment(one) for one in find(item, listing.created)]
    if len(moments) != 1:
        raise Refused("the provider lists a credential without the time at which it was created")
    return asked - BEFORE <= moments[0] <= asked + AFTER


def _moment(value: Any) -> datetime:
    """Return a time that an answer has: seconds or milliseconds since 1970, or ISO 8601."""
    text = str(value).strip()
    try:
        if NUMBER.fullmatch(text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > MOST_SECONDS else seconds, timezone.utc)
        match = ISO.fullmatch(text)
        if match:
            zone = (match[3] or "Z").replace("Z", "+0000").replace(":", "")
            return datetime.strptime(f"{match[1]}T{match[2]}{zone}", "%Y-%m-%dT%H:%M:%S%z")
    except (ValueError, OverflowError, OSError):
        pass
    raise Refused(f"the provider lists a credential with a time that cannot be read: {text[:40]!r}")


def told(items: Iterable[Any], listing: Listing) -> str:
    """Return which credentials there are, by their IDs and labels, in words.

    :param items: what the provider lists
    :param listing: where each has what
    """
    words = []
    for item in items:
        ids, labels = find(item, listing.id), find(item, listing.label) if listing.label else []
        made = " (made by this collection)" if any(PREFIX in str(one).lower() for one in labels) else ""
        words += [f"{str(one)[:80]}{made}" for one in ids[:1]]
    return ", ".join(words[:10]) + (f" and {len(words) - 10} more" if len(words) > 10 else "")
