# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds the transports of one Postfix that reach the provider, all or none of them, and releases them again."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.services import Services
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Change, Job, ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._files import locked, real_path
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.hold import Transport, main_cf_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.main_cf import block_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.wait import Clock

_STOPPED = "Postfix is not running; this takes effect when it starts."
_TIDIED = "Removed what an interrupted proof had left in master.cf and in the queue."


def is_held(postfix: Postfix, transports: Sequence[str]) -> bool:
    """Tell whether all of them are on hold at this moment.

    :param postfix: the instance
    :param transports: the names of services in master.cf
    """
    return bool(transports) and all(Transport(postfix, name).is_held() for name in transports)


def hold(job: Job, postfix: Postfix, transports: Sequence[str], clock: Clock = time) -> Change:
    """Stop the transports, and return when nothing can log in through them any more.

    :param job: what the verb works with
    :param postfix: the instance
    :param transports: the names of services in master.cf
    :raises ProgramError: if one of them cannot be held in time; then none of them is
    """
    ones = [Transport(postfix, name, clock) for name in transports]
    with _told_as_program_error():
        tidied = _tidied(job, postfix, clock)
    due = [one for one in ones if not one.is_held()]
    change = _change(postfix, due, "held", tidied=tidied)
    if not job.check_mode:
        _hold(job, ones, due, clock)
    return change


def _hold(job: Job, ones: Sequence[Transport], due: Sequence[Transport], clock: Clock) -> None:
    deadline = clock.monotonic() + job.timeout
    for one in due:
        try:
            one.hold(drain_timeout=max(0.0, deadline - clock.monotonic()))
        except PostfixError as error:
            with _told_as_program_error():
                _release(ones)
            raise ProgramError(_not_held(one.name, error, job.timeout)) from None


def release(job: Job, postfix: Postfix, transports: Sequence[str], clock: Clock = time) -> Change:
    """Start the transports again, and deliver what waited.

    :param job: what the verb works with
    :param postfix: the instance
    :param transports: the names of services in master.cf
    :raises ProgramError: if Postfix does not do it
    """
    ones = [Transport(postfix, name, clock) for name in transports]
    with _told_as_program_error():
        tidied = _tidied(job, postfix, clock)
        change = _change(postfix, [one for one in ones if one.is_ours()], None, tidied=tidied)
        if not job.check_mode:
            _release(ones)
    return change


def _release(ones: Sequence[Transport]) -> None:
    """Release those that are ours. Only the last one flushes, when the mail of all can go out."""
    ours = [one for one in ones if one.is_ours()]
    for number, one in enumerate(ours, start=1):
        one.release(flush=number == len(ours))


def _tidied(job: Job, postfix: Postfix, clock: Clock) -> bool:
    """Take away what a killed proof left, and tell whether there was something; wait for one that is under way."""
    services = Services(postfix, clock)
    if job.check_mode:
        return services.are_left()
    with locked(os.path.dirname(real_path(postfix.main_cf))):
        left = services.are_left()
        if left:
            services.take_down()
        return left


def _change(postfix: Postfix, due: Sequence[Transport], stage: str | None, *, tidied: bool) -> Change:
    before = main_cf_of(postfix)
    after = before
    for one in due:
        after = after.moved(one.name, stage)
    stopped = bool(due) and not postfix.running()
    notes = [text for text, holds in ((_TIDIED, tidied), (_STOPPED, stopped)) if holds]
    return Change(bool(due) or tidied, block_of(before), block_of(after), tuple(notes))


@contextlib.contextmanager
def _told_as_program_error() -> Iterator[None]:
    try:
        yield
    except PostfixError as error:
        raise ProgramError(str(error)) from None


def _not_held(name: str, error: PostfixError, seconds: float) -> str:
    if not error.in_flight:
        return f"the transport {name} cannot be held: {error}. All transports are released again and nothing is held"
    deliveries = "1 delivery" if error.in_flight == 1 else f"{error.in_flight} deliveries"
    return (
        f"{deliveries} over the transport {name} did not end in time: all transports together have {seconds:g} "
        "seconds. They are released again and nothing is held. Raise the timeout, or use postqueue -p to see what is "
        "taking so long"
    )
