# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The counts of the proof under load: a tally that overlooks a lost message would prove everything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.fleet.debian_members import bounced_by_exim
from support.fleet.flow import Sent
from support.fleet.members import bounced_ids
from support.fleet.tally import Tally, broken, count, table

GOOD = Tally(
    sent=9,
    delivered=9,
    delivered_twice=0,
    bounced=0,
    lost=0,
    longest_delay=4.0,
    logins=3,
    logins_in_window=0,
    failed_logins=0,
    messages_in_window=0,
)
LOG = """\
Nov 25 13:32:12 relay relay/cleanup[5]: 052C020C5A1: message-id=<one@relay.acme.example>
Nov 25 13:32:12 relay relay/cleanup[5]: 08D5220C5B1: message-id=<two@relay.acme.example>
Nov 25 13:32:13 relay relay/smtp[6]: 052C020C5A1: to=<a@b.example>, relay=x, dsn=5.0.0, status=bounced (no)
Nov 25 13:32:13 relay relay/smtp[6]: 08D5220C5B1: to=<a@b.example>, relay=x, dsn=2.0.0, status=sent (250 ok)
"""


def message(message_id: str, time: float, *, in_window: bool = False) -> dict[str, Any]:
    return {"kind": "message", "message_id": message_id, "time": time, "in_window": in_window}


def login(*, accepted: bool = True, in_window: bool = False) -> dict[str, Any]:
    return {"kind": "login", "time": 0.0, "accepted": accepted, "in_window": in_window}


def test_each_message_is_counted_by_its_own_id() -> None:
    """Catches: totals that are compared, so that one message delivered twice makes up for one that was lost."""
    sent = [Sent(f"<{n}>", "relay", 10.0) for n in range(5)]
    events = [message("<0>", 11), message("<1>", 12), message("<1>", 13), message("<2>", 17.5), message("<other>", 99)]
    tally = count(sent, events, {"<3>"})
    assert (tally.sent, tally.delivered, tally.delivered_twice, tally.bounced, tally.lost) == (5, 3, 1, 1, 1)
    assert tally.longest_delay == 7.5


def test_a_message_that_was_given_back_and_came_is_not_lost_as_well() -> None:
    """Catches: a negative number of lost messages, which hides one that is really lost."""
    tally = count([Sent("<0>", "relay", 0.0), Sent("<1>", "relay", 0.0)], [message("<0>", 1)], {"<0>"})
    assert (tally.delivered, tally.bounced, tally.lost) == (1, 1, 1)


def test_logins_are_counted_by_what_became_of_them() -> None:
    """Catches: a refused login inside the window that counts as one of the two only."""
    events = [login(), login(accepted=False, in_window=True), login(in_window=True), message("<x>", 1, in_window=True)]
    tally = count([], events, set())
    assert (tally.logins, tally.logins_in_window, tally.failed_logins, tally.messages_in_window) == (3, 2, 1, 1)


def test_what_should_be_breaks_no_promise() -> None:
    """Catches: a promise that cannot be kept, which would be switched off."""
    assert broken(GOOD, most_delay=4.0) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sent": 0, "delivered": 0}, "no message was sent"),
        ({"logins": 0}, "nobody logged in"),
        ({"delivered": 8}, "not every message was delivered"),
        ({"delivered_twice": 1}, "a message was delivered twice"),
        ({"bounced": 1}, "a message bounced"),
        ({"lost": 1}, "a message was lost"),
        ({"longest_delay": 4.1}, "a message took longer than 4 seconds"),
        ({"logins_in_window": 1}, "somebody logged in inside the window"),
        ({"messages_in_window": 1}, "a message was sent inside the window"),
        ({"failed_logins": 1}, "a login failed"),
    ],
)
def test_each_promise_is_kept_or_named(change: dict[str, Any], words: str) -> None:
    """Catches: a row of the table that nothing depends on."""
    assert broken(replace(GOOD, **change), most_delay=4.0) == [words]


def test_the_table_shows_every_count() -> None:
    """Catches: a column that shows another run's number."""
    lines = table({"in_place": GOOD, "alternate": replace(GOOD, sent=7, longest_delay=0.25)}).splitlines()
    assert lines[0].split() == ["in_place", "alternate"]
    assert "messages sent                              9             7" in lines
    assert "longest delay                          4.0 s         0.2 s" in lines


def test_a_bounce_of_exim_is_found_by_its_id() -> None:
    """Catches: a message that was only put off, or that arrived, and counts as given back."""
    first, second = "1xXmjD-0002Vs-05", "1xXmjB-0002UV-01"
    log = (
        f"2026-11-29 21:46:35 {first} <= app@acme.example U=root P=local S=464 id=one@exim.acme.example\n"
        f"2026-11-29 21:46:35 {second} <= app@acme.example U=root P=local S=464 id=two@exim.acme.example\n"
        f"2026-11-29 21:46:36 {second} == inbox@acme.example R=smarthost T=remote_smtp_smarthost defer (-1)\n"
        f"2026-11-29 21:46:37 {first} ** inbox@acme.example R=smarthost T=remote_smtp_smarthost: refused\n"
        f"2026-11-29 21:46:38 {second} => inbox@acme.example R=smarthost T=remote_smtp_smarthost\n"
    )
    assert bounced_by_exim(log) == {"<one@exim.acme.example>"}


def test_a_bounce_is_found_by_its_queue_id() -> None:
    """Catches: a message that counts as given back because another one was."""
    assert bounced_ids(LOG) == {"<one@relay.acme.example>"}
