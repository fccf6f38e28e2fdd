# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is made due, and how often is looked. That Postfix then delivers it, a real one proves."""

from __future__ import annotations

import json
import os
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Answer, Postfix
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.queue import flush_queue, waiting_messages

LOOK = ("postkick", "public", "qmgr", "ID")


class Queue:
    """Plays Postfix with a queue of files, in which a message stays locked for some looks of the queue manager's."""

    def __init__(self, folder: Path) -> None:
        self.queue = str(folder)
        self.folder = folder
        self.listing = ""
        self.now = 0.0
        self.looks = 0
        self.locked: dict[Path, int] = {}

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.now += seconds

    def put(self, place: str, *, seconds: float) -> Path:
        """Lay a message into the queue that is due in some seconds."""
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._due(path, seconds)
        return path

    def call(self, *command: str) -> Answer:
        if command == LOOK:
            self.looks += 1
            for path in [path for path in self.locked if path.stat().st_mtime <= time.time() + 1]:
                self.locked[path] -= 1
                if self.locked[path] >= 0:
                    self._due(path, 60)
                else:
                    path.unlink()
                    del self.locked[path]
        return Answer(0, self.listing, "")

    @staticmethod
    def _due(path: Path, seconds: float) -> None:
        os.utime(path, (time.time() + seconds,) * 2)

    def flush(self) -> None:
        flush_queue(t.cast(Postfix, self), self)


@pytest.fixture(name="queue")
def fixture_queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path)


def is_due(path: Path) -> bool:
    return path.stat().st_mtime <= time.time() + 1


def message(name: str, *reasons: str, queue: str = "deferred") -> str:
    recipients = [{"address": "a@b.example", "delay_reason": reason} for reason in reasons]
    return json.dumps({"queue_name": queue, "queue_id": name, "recipients": recipients}) + "\n"


def test_only_what_waits_for_the_release(queue: Queue) -> None:
    """Catches: mail for other hosts tried early; mail that waited for the release left to its next regular attempt."""
    ours, other = (queue.put(f"deferred/A/{name}", seconds=3000) for name in ("A1", "A2"))
    queue.listing = message("A1", "deferred transport") + message("A2", "connect to b.example: timed out")
    queue.flush()
    assert is_due(ours) and not is_due(other)
    assert queue.looks == 1 and queue.now < 0.5, "a flush that takes longer than there is something to look for"


@pytest.mark.parametrize("looks", [0, 1, 3])
def test_what_was_locked_when_the_queue_manager_started(queue: Queue, looks: int) -> None:
    """Catches: a message that stays in the incoming queue until other mail comes, or for five minutes."""
    path = queue.put("incoming/B1", seconds=60)
    queue.locked[path] = looks
    queue.flush()
    assert not path.exists()
    assert queue.looks == 2 + looks and queue.now < 4


@pytest.mark.parametrize("looks", [10, 15])
def test_what_stays_locked_for_long_on_a_slow_host(queue: Queue, looks: int) -> None:
    """Catches: a flush that gives up after three seconds, where a host under load needs longer."""
    path = queue.put("incoming/B1", seconds=60)
    queue.locked[path] = looks
    queue.flush()
    assert not path.exists()
    assert queue.looks == 2 + looks and 4 < queue.now < 31


def test_what_stays_locked(queue: Queue) -> None:
    """Catches: a release that waits for a long delivery to somebody else."""
    path = queue.put("incoming/B1", seconds=60)
    queue.locked[path] = 1000
    queue.flush()
    assert path.exists() and 30 <= queue.now < 33 and queue.looks < 25


def test_what_somebody_else_put_off(queue: Queue) -> None:
    """Catches: mail tried early that is to wait for longer than the queue manager ever puts off what is locked."""
    path = queue.put("incoming/B1", seconds=600)
    queue.flush()
    assert not is_due(path) and queue.looks == 1


def test_waiting_messages() -> None:
    """Catches: a message that waits for one of its recipients only; one whose login was refused before the hold."""
    listing = (
        message("A", "connect timed out", "deferred transport")
        + message("B", "mail transport unavailable")
        + message("C", "SASL authentication failed; server smtp.a.example said: 535 no")
        + message("D", "connect timed out")
        + message("E", "deferred transport", queue="active")
        + json.dumps({"queue_name": "deferred", "queue_id": "F", "recipients": [{"address": "x"}]})
        + "\nMail queue is empty\n"
    )
    assert waiting_messages(listing) == ["A", "B", "C"]
