# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the messages and of the logins: counted from what was sent and from the provider's record."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from standin.record import Event
from support.fleet.flow import Sent


@dataclass(frozen=True)
class Tally:
    """One run's counts; the delay is in seconds."""

    sent: int
    delivered: int
    delivered_twice: int
    bounced: int
    lost: int
    longest_delay: float
    logins: int
    logins_in_window: int
    failed_logins: int
    messages_in_window: int


def count(sent: Sequence[Sent], events: Sequence[Event], bounced: AbstractSet[str]) -> Tally:
    """Return the counts of a run.

    :param sent: the messages that the relays accepted
    :param events: the provider's record
    :param bounced: the ids of messages that a relay gave back
    """
    arrivals = _arrivals(events)
    delivered = [one for one in sent if one.message_id in arrivals]
    given_back = [one for one in sent if one.message_id in bounced and one.message_id not in arrivals]
    logins = [one for one in events if one["kind"] == "login"]
    return Tally(
        sent=len(sent),
        delivered=len(delivered),
        delivered_twice=sum(len(arrivals[one.message_id]) > 1 for one in delivered),
        bounced=len(bounced & {one.message_id for one in sent}),
        lost=len(sent) - len(delivered) - len(given_back),
        longest_delay=max((arrivals[one.message_id][0] - one.time for one in delivered), default=0.0),
        logins=len(logins),
        logins_in_window=sum(one["in_window"] for one in logins),
        failed_logins=sum(not one["accepted"] for one in logins),
        messages_in_window=sum(one.get("in_window", False) for one in events if one["kind"] == "message"),
    )


def _arrivals(events: Sequence[Event]) -> dict[str, list[float]]:
    arrivals: dict[str, list[float]] = {}
    for one in events:
        if one["kind"] == "message":
            arrivals.setdefault(one["message_id"], []).append(one["time"])
    return {message_id: sorted(times) for message_id, times in arrivals.items()}


def broken(tally: Tally, *, most_delay: float) -> list[str]:
    """Return which promises do not hold, in words.

    :param most_delay: seconds that a message may be under way
    """
    promises = {
        "no message was sent": tally.sent > 0,
        "nobody logged in": tally.logins > 0,
        "not every message was delivered": tally.delivered == tally.sent,
        "a message was delivered twice": tally.delivered_twice == 0,
        "a message bounced": tally.bounced == 0,
        "a message was lost": tally.lost == 0,
        f"a message took longer than {most_delay:g} seconds": tally.longest_delay <= most_delay,
        "somebody logged in inside the window": tally.logins_in_window == 0,
        "a message was sent inside the window": tally.messages_in_window == 0,
        "a login failed": tally.failed_logins == 0,
    }
    return [words for words, holds in promises.items() if not holds]


def table(columns: dict[str, Tally]) -> str:
    """Return the counts of the runs side by side, for people."""
    rows = [("", *columns)]
    for words, name in ROWS.items():
        rows.append((words, *(_shown(getattr(one, name)) for one in columns.values())))
    return "\n".join(f"{words:<30}" + "".join(f"{value:>14}" for value in values) for words, *values in rows)


ROWS = {
    "messages sent": "sent",
    "delivered": "delivered",
    "delivered twice": "delivered_twice",
    "bounced": "bounced",
    "lost": "lost",
    "longest delay": "longest_delay",
    "logins": "logins",
    "logins inside the window": "logins_in_window",
    "messages sent inside it": "messages_in_window",
    "failed logins": "failed_logins",
}


def _shown(value: object) -> str:
    return f"{value:.1f} s" if isinstance(value, float) else str(value)
