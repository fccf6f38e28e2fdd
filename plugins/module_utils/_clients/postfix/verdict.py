# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of a message that proves a login. Pure: no I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.services_text import HELO, Note

LEFT = "left the queue"
_SENT = "sent"
# A message that somebody requeues waits there, and loses what makes it go out during a hold.
_REQUEUED = "maildrop"
# The time of day can be set back between a message and the next look.
_SLACK = 3600
_STAMP = re.compile(r"^\w{3} [ \d]\d [\d:]{8} \S+ ", re.MULTILINE)
_OURS = f"named_attribute: helo_name={HELO}"


@dataclass(frozen=True)
class Verdict:
    """What became of it.

    :param accepted: whether the relay took it
    :param reply: what the relay said, or why it was not asked
    :param taken: whether somebody removed or requeued it before the relay was asked
    """

    accepted: bool
    reply: str = ""
    taken: bool = False


def logged(log: str, queue_id: str) -> Verdict | None:
    """Return what the log says of a message, None if nothing yet.

    :param log: the log of the services that send it
    :param queue_id: of the message
    """
    found = re.search(rf" {re.escape(queue_id)}: to=<.*status=(\w+) \((.*)\)$", log, re.MULTILINE)
    return Verdict(found[1] == _SENT, found[2]) if found else None


def listed(listing: str, queue_id: str, *, seen: bool) -> Verdict | None:
    """Return what the queue says of a message of which the log says nothing, None if it is still being sent.

    :param listing: what C(postqueue -j) printed
    :param queue_id: of the message
    :param seen: whether the log knows the message, so that it would also know of a delivery
    """
    entry = next((one for one in _messages(listing) if one["queue_id"] == queue_id), None)
    if entry is None:
        return Verdict(False, taken=True) if seen else Verdict(True, LEFT)
    if entry["queue_name"] == _REQUEUED:
        return Verdict(False, taken=True)
    reasons = [each["delay_reason"] for each in entry["recipients"] if each.get("delay_reason")]
    return Verdict(False, reasons[0]) if reasons else None


def candidates(listing: str, note: Note) -> list[str]:
    """Return the queue IDs of the messages that can be ours.

    :param listing: what C(postqueue -j) printed
    :param note: what tells them from others
    """
    return [str(one["queue_id"]) for one in _messages(listing) if _can_be(one, note)]


def _can_be(message: Mapping[str, Any], note: Note) -> bool:
    addresses = [str(each["address"]).lower() for each in message["recipients"]]
    return message["arrival_time"] >= note.since - _SLACK and note.recipient.lower() in ("", *addresses)


def is_ours(envelope: str) -> bool:
    """Tell whether a message was handed in as one of ours is.

    :param envelope: what C(postcat -e) printed
    """
    return _OURS in envelope.splitlines()


def unstamped(log: str) -> str:
    """Return log lines without time and host, which the mail log gives them anew.

    :param log: the log
    """
    return _STAMP.sub("", log)


def _messages(listing: str) -> Iterator[Mapping[str, Any]]:
    return (json.loads(line) for line in listing.splitlines() if line.startswith("{"))
