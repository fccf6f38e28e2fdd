# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.services_text import Note
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.verdict import (
    Verdict,
    candidates,
    is_ours,
    listed,
    logged,
    unstamped,
)

LINE = "Nov 29 21:04:36 relay postfix/smtp[24667]: 8EDD: to=<a@b.example>, relay=c[127.0.0.1]:25, dsn=2.0.0, status="


def entry(queue_id: str = "8EDD", **over: Any) -> str:
    """Return what postqueue -j prints of a message."""
    recipients = [{"address": "a@b.example", **({"delay_reason": over.pop("why")} if "why" in over else {})}]
    defaults = {"queue_name": "active", "queue_id": queue_id, "arrival_time": 100_000, "recipients": recipients}
    return json.dumps({**defaults, **over}) + "\n"


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (f"{LINE}sent (250 2.0.0 Ok: queued as 1 (really))\n", Verdict(True, "250 2.0.0 Ok: queued as 1 (really)")),
        (f"{LINE}deferred (host c said: 450 4.2.0 Later)\n", Verdict(False, "host c said: 450 4.2.0 Later")),
        (f"{LINE}SOFTBOUNCE (host c said: 550 No)\n", Verdict(False, "host c said: 550 No")),
        (f"{LINE}bounced (550 No)\n{LINE}sent (250 Ok)\n", Verdict(False, "550 No")),
        (f"{LINE}sent (250 Ok)\n".replace("8EDD", "18EDD"), None),
        ("Nov 29 21:04:36 relay postfix/smtpd[1]: 8EDD: client=localhost[127.0.0.1]\n", None),
        ("", None),
    ],
)
def test_log(log: str, expected: Verdict | None) -> None:
    """Catches: a refusal taken for a proof, the reply of another message, a reply that is cut off."""
    assert logged(log, "8EDD") == expected


@pytest.mark.parametrize(
    ("listing", "seen", "expected"),
    [
        (entry(), True, None),
        (entry(queue_name="deferred", why="450 Later"), True, Verdict(False, "450 Later")),
        (entry(queue_name="maildrop", why="450 Later"), True, Verdict(False, taken=True)),
        (entry("OTHER"), True, Verdict(False, taken=True)),
        ("Mail queue is empty\n", False, Verdict(True, "left the queue")),
        (entry("OTHER", why="450 Later") + entry(), False, None),
    ],
)
def test_queue(listing: str, seen: bool, expected: Verdict | None) -> None:
    """Catches: a message that somebody removed or requeued, taken for one that the relay accepted."""
    assert listed(listing, "8EDD", seen=seen) == expected


def test_candidates() -> None:
    """Catches: a message of ours that is left, or mail of others that is looked into one by one."""
    listing = entry("A") + entry("B", arrival_time=90_000) + entry("C", recipients=[{"address": "x@y.example"}])
    assert candidates(listing, Note(100_000, "A@b.example")) == ["A"]
    assert candidates(listing, Note(103_600, "a@b.example")) == ["A"]
    assert candidates(listing, Note(103_601, "a@b.example")) == []
    assert candidates(listing, Note(0, "")) == ["A", "B", "C"]


def test_ours() -> None:
    """Catches: mail of others that is removed from the queue."""
    assert is_ours("sender: a@b\nnamed_attribute: helo_name=mailops-proof\nrecipient: c@d\n")
    assert not is_ours("named_attribute: helo_name=mailops-proof.example\n")
    assert not is_ours("named_attribute: log_helo_name=x\nrecipient: helo_name=mailops-proof\n")


def test_unstamped() -> None:
    """Catches: a line in the mail log with two dates."""
    log = "Nov  9 21:04:36 relay postfix/smtp[1]: a: b\nNov 29 21:04:36 relay.x postfix/smtp[1]: c\n"
    assert unstamped(log) == "postfix/smtp[1]: a: b\npostfix/smtp[1]: c\n"
