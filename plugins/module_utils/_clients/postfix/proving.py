# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proves logins: one message for each goes through Postfix while all other mail stays on hold.

Why it is done in this way, as experiments showed:

* The held transport cannot let one message out. So C(master.cf) gets, for the time of the proof, the same transport
  under another name, which no hold and no flush concerns.
* A C(FILTER) in C(header_checks), in C(main.cf), would make all mail pass one more rule, and a cleanup service with
  checks of its own would not see it. So the message is handed in at a service of its own, on a socket that only root
  and Postfix reach, whose C(content_filter) is the other transport. It comes before whatever else decides about a
  route. No rule, filter or table of the user's touches the message, and the queue ID is in the reply.
* That a message is no longer in the queue proves nothing: C(postsuper -r) and C(-d) take it away as well, and after a
  reload one that the relay accepted stays for a while. So both services have a log of their own, with the relay's
  reply. It is handed over to the mail log in the end.
* With C(soft_bounce) a refused message stays in the queue, and is removed from there; nobody gets a bounce.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.by_sender import sender_for
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.route import Route
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.services import Services
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.submission import check, hand_in
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.verdict import Verdict, listed, logged
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    BY_MESSAGE,
    NOT_PROVED,
    Job,
    Message,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._files import locked, real_path
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.wait import INTERVAL, Clock
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import Scrubber

# How long the log may say nothing before the queue is asked, which costs more, and how late a line can be.
_LOOK_SECONDS, _LATE_SECONDS = 2.0, 1.0


def check_provable(postfix: Postfix) -> None:
    """Make sure that the services which send a message can be added.

    :param postfix: the instance
    :raises InputError: if not
    """
    check_replaceable(real_path(os.path.join(postfix.config_directory, "master.cf")))


def prove(job: Job, postfix: Postfix, routes: Sequence[Route], clock: Clock = time) -> list[Proof]:
    """Send one message over each way that mail takes, and see it accepted.

    A stopped Postfix proves nothing, and neither does a login that is found by a sender whose address is not known.

    :param job: what the verb works with
    :param postfix: the instance
    :param routes: the ways
    :returns: one proof for each way, in the same order
    :raises ProgramError: if the relay does not accept a message; all stays on hold
    """
    if job.message is None:
        return []
    check(job.message)
    messages: dict[Route, Message] = {}
    for route in routes if postfix.running() else ():
        message = _message(job.message, postfix, route)
        if message is not None:
            messages.setdefault(_login(route), message)
    replies: dict[Route, str] = {}
    if messages:
        with locked(os.path.dirname(real_path(postfix.main_cf))):
            try:
                replies = replies_of(job, Services(postfix, clock), messages, clock)
            except PostfixError as error:
                raise ProgramError(f"{error}. All stays on hold") from None
    return [_proof(route, replies.get(_login(route))) for route in routes]


def _login(route: Route) -> Route:
    """Return the same for all senders: one message proves a login on one way."""
    return replace(route, sender="")


def _proof(route: Route, reply: str | None) -> Proof:
    return Proof(NOT_PROVED, "", route.username) if reply is None else Proof(BY_MESSAGE, reply, route.username)


def _message(message: Message, postfix: Postfix, route: Route) -> Message | None:
    sender = sender_for(postfix, route, message.sender)
    if not sender:
        return None
    found = replace(message, sender=sender)
    check(found)
    return found


def replies_of(job: Job, services: Services, messages: Mapping[Route, Message], clock: Clock) -> dict[Route, str]:
    """Return what the relay said to each message.

    :param job: what the verb works with
    :param services: the services that send them
    :param messages: the messages, all for the same recipient
    :raises ProgramError: if the relay does not accept one
    :raises PostfixError: if Postfix does not do what is asked of it
    """
    if services.are_left():
        services.take_down()
    try:
        services.set_up(list(messages), next(iter(messages.values())).recipient)
        return {
            route: _sent(Attempt(services, services.entry(number), message, clock), job, route)
            for number, (route, message) in enumerate(messages.items())
        }
    finally:
        services.take_down()


def _sent(attempt: Attempt, job: Job, route: Route) -> str:
    """Return what the relay said when it accepted the message.

    :raises ProgramError: if it did not
    """
    verdict = attempt.verdict(job.timeout)
    where = f"{route.nexthop} over the transport {route.transport}"
    if verdict is None:
        raise ProgramError(
            f"the message that proves the login of {route.username} at {where} was neither accepted nor refused within "
            f"{job.timeout:g} seconds. It was removed, and all stays on hold; see the mail log, then run again, with a "
            "longer timeout if the relay is slow"
        )
    reply = Scrubber(login.password for login in job.logins).text(verdict.reply)
    if not verdict.accepted:
        raise ProgramError(
            f"the message that proves the login of {route.username} at {where} was not accepted: {reply}. It was "
            "removed, and all stays on hold"
        )
    return reply


class Attempt:
    """Sends one message, again if somebody takes it out of the queue.

    :param services: the services that send it
    :param entry: the socket of the one that takes it
    :param message: the message
    """

    def __init__(self, services: Services, entry: str, message: Message, clock: Clock) -> None:
        self._services = services
        self._entry = entry
        self._message = message
        self._clock = clock

    def verdict(self, seconds: float) -> Verdict | None:
        """Return what became of it, None if that is not known in time.

        :param seconds: how long it may take
        """
        deadline = self._clock.monotonic() + seconds
        while True:
            found = self._awaited(hand_in(self._entry, self._message, seconds), deadline)
            if found is None or not found.taken:
                return found
            self._services.remove_messages()

    def _awaited(self, queue_id: str, deadline: float) -> Verdict | None:
        look = self._clock.monotonic() + _LOOK_SECONDS
        while True:
            found = logged(self._services.log(), queue_id)
            now = self._clock.monotonic()
            if found is None and now >= look:
                found = self._looked(queue_id)
                look = self._clock.monotonic() + _LOOK_SECONDS
            if found is not None or now >= deadline:
                return found
            self._clock.sleep(INTERVAL)

    def _looked(self, queue_id: str) -> Verdict | None:
        listing = self._services.listing()
        # What was logged before the message left the queue is there by now.
        self._clock.sleep(_LATE_SECONDS)
        log = self._services.log()
        return logged(log, queue_id) or listed(listing, queue_id, seen=queue_id in log)
