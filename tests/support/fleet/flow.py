# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail that flows at a steady rate, each message with an id of its own."""

from __future__ import annotations

import random
import smtplib
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage

SECONDS = 20.0
SENDER, RECIPIENT = "app@acme.example", "inbox@acme.example"
# Hands over the message with this id; raises OSError, as smtplib's errors are, if it is not taken.
Hand = Callable[[str], None]


@dataclass(frozen=True)
class Sent:
    """A message that was taken; the time is in seconds since the epoch, before it was handed over."""

    message_id: str
    host: str
    time: float


def a_message(message_id: str) -> EmailMessage:
    """Return a message with this id."""
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = SENDER, RECIPIENT, message_id
    message["Subject"] = "An application's message"
    message.set_content("Nobody may lose this.")
    return message


def through_relay(port: int) -> Hand:
    """Return what hands a message to the relay on this port of loopback."""

    def hand_over(message_id: str) -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=SECONDS) as client:
            client.send_message(a_message(message_id))

    return hand_over


class Flow:
    """A thread for each host that hands over a message every C(interval) seconds.

    :param hosts: name to what hands over a message there
    :param seed: chooses when each thread begins, so that they do not all send at once
    """

    def __init__(self, hosts: Mapping[str, Hand], *, interval: float, seed: int = 0) -> None:
        rng = random.Random(seed)  # noqa: S311
        self.sent: list[Sent] = []
        self.troubles: list[str] = []
        self._interval = interval
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._feed, args=(host, hand, rng.uniform(0, interval)), daemon=True)
            for host, hand in hosts.items()
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; what was sent is all there is."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _feed(self, host: str, hand: Hand, first: float) -> None:
        due = time.monotonic() + first
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due += self._interval
            self._send(host, hand)

    def _send(self, host: str, hand: Hand) -> None:
        message = Sent(f"<{uuid.uuid4().hex}@{host}.acme.example>", host, time.time())
        try:
            hand(message.message_id)
        except OSError as error:
            self.troubles.append(f"{host}: a message was not taken: {error}")
        else:
            self.sent.append(message)
