# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Understands what smtpd logs of a delivery. Pure: no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DELIVERY = re.compile(r'mta delivery evpid=(?P<id>[0-9a-f]{16}) .*? result="(?P<result>\w+)" stat="(?P<reply>.*)"')
_ERROR = re.compile(r"\b[0-9a-f]{16} mta error reason=(.*)")
_REFUSED = "AUTH rejected: "


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended.

    :param accepted: whether the relay took the message
    :param reply: what it said
    """

    accepted: bool
    reply: str


def outcome_of(log: str, message: str) -> Outcome | None:
    """Return how a message fared, None if that is not known yet.

    :param log: what was logged since it was handed in, while everything else for the relay was on hold
    :param message: the identifier of the message
    """
    error = _ERROR.search(log)
    if error:
        reason = error.group(1).strip()
        return Outcome(False, reason[len(_REFUSED) :] if reason.startswith(_REFUSED) else reason)
    for found in _DELIVERY.finditer(log):
        if found.group("id").startswith(message):
            return Outcome(found.group("result") == "Ok", found.group("reply"))
    return None
