# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix import proving
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.proving import Attempt, replies_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.route import Route
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.services import Services
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.verdict import Verdict
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, Login, Message, ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import PostfixError

MESSAGE = Message("a@b.example", "c@d.example", "x")
ROUTE = Route("out", "[relay.example]:587", "1.acme.smtp")
GONE, ACTIVE = "", json.dumps({"queue_id": "Q1", "queue_name": "active", "recipients": []})
KNOWN = "smtpd[1]: Q1: client=localhost\n"
SENT = "smtp[2]: Q1: to=<c@d.example>, status=sent (250 Ok)\n"


class Clock:
    """A clock that only sleep advances."""

    now = 0.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float, /) -> None:
        """Let time pass."""
        self.now += seconds


class Fake:
    """Services whose log and queue are given: what they say from a time on."""

    def __init__(self, clock: Clock, *, logs: dict[float, str], queues: dict[float, str]) -> None:
        self._clock = clock
        self._logs = logs
        self._queues = queues
        self.done: list[str] = []

    def _at(self, told: dict[float, str]) -> str:
        return next(text for since, text in sorted(told.items(), reverse=True) if since <= self._clock.now)

    def log(self) -> str:
        """Return the log of this moment."""
        return self._at(self._logs)

    def listing(self) -> str:
        """Return the queue of this moment."""
        return self._at(self._queues)

    def entry(self, number: int) -> str:
        """Return a path."""
        return f"/entry-{number}"

    def __getattr__(self, name: str) -> Any:
        def act(*_arguments: Any) -> bool:
            self.done.append(name)
            return False

        return act


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the sockets at which messages were handed in; their queue IDs are Q1, Q2 and so on."""
    found: list[str] = []

    def hand_in(path: str, _message: Message, _seconds: float) -> str:
        found.append(path)
        return f"Q{len(found)}"

    monkeypatch.setattr(proving, "hand_in", hand_in)
    return found


@pytest.mark.parametrize(
    ("logs", "queues", "expected", "until"),
    [
        ({0: KNOWN, 0.5: KNOWN + SENT}, {0: ACTIVE}, Verdict(True, "250 Ok"), 1),
        # The queue is asked after two seconds; the log can be late.
        ({0: KNOWN, 2.5: KNOWN + SENT}, {0: GONE}, Verdict(True, "250 Ok"), 4),
        ({0: ""}, {0: ACTIVE, 5: GONE}, Verdict(True, "left the queue"), 10),
        ({0: KNOWN}, {0: ACTIVE}, None, 31),
    ],
)
@pytest.mark.usefixtures("handed")
def test_verdict(logs: dict[float, str], queues: dict[float, str], expected: Verdict | None, until: float) -> None:
    """Catches: a message given up too early, waited for without an end, or taken for accepted because it is gone."""
    clock = Clock()
    attempt = Attempt(cast(Services, Fake(clock, logs=logs, queues=queues)), "/entry-0", MESSAGE, clock)
    assert attempt.verdict(30) == expected
    assert clock.now <= until


def test_message_that_somebody_took_away(handed: list[str]) -> None:
    """Catches: a message that somebody requeued or deleted, taken for accepted or for refused; a copy of it left."""
    clock = Clock()
    fake = Fake(clock, logs={0: KNOWN, 3: KNOWN + SENT.replace("Q1", "Q2")}, queues={0: GONE})
    assert Attempt(cast(Services, fake), "/entry-0", MESSAGE, clock).verdict(30) == Verdict(True, "250 Ok")
    assert handed == ["/entry-0", "/entry-0"]
    assert fake.done == ["remove_messages"]


@pytest.mark.usefixtures("handed")
@pytest.mark.parametrize(
    ("log", "words"),
    [
        (SENT.replace("sent (250 Ok)", "deferred (535 pa$$word1 refused)"), r"was not accepted: 535 \*{8} refused\."),
        (KNOWN, "neither accepted nor refused within 30 seconds"),
    ],
)
def test_failure(log: str, words: str) -> None:
    """Catches: a password that the relay repeats; services that are left after a failure."""
    clock = Clock()
    fake = Fake(clock, logs={0: log}, queues={0: ACTIVE})
    job = Job("relay.example", 587, logins=(Login("1.acme.smtp", "pa$$word1"),), message=MESSAGE, timeout=30)
    with pytest.raises(ProgramError, match=words):
        replies_of(job, cast(Services, fake), {ROUTE: MESSAGE}, clock)
    assert fake.done == ["are_left", "set_up", "take_down"]


@pytest.mark.usefixtures("handed")
def test_services_that_do_not_start() -> None:
    """Catches: services that are left because not all of them started."""

    class Broken(Fake):
        def set_up(self, *_arguments: Any) -> None:
            raise PostfixError("no")

    fake = Broken(Clock(), logs={}, queues={})
    with pytest.raises(PostfixError):
        replies_of(Job("relay.example", 587, message=MESSAGE), cast(Services, fake), {ROUTE: MESSAGE}, Clock())
    assert fake.done == ["are_left", "take_down"]
