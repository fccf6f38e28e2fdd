# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides what to do about one account, from its record, the request and the time. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, next_due
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written


class Step(str, Enum):
    """The action of a plan."""

    NOTHING = "nothing"
    NEW = "new"  # stage a new password, then send it
    RESEND = "resend"  # send the staged password again, or make a request again whose answer is not known
    RETIRE = "retire"  # delete the credential before the stored one


@dataclass(frozen=True)
class Wish:
    """What the task asks for one account.

    C(explicit): a password is given. C(is_current), C(is_staged): it equals the stored or the staged one.
    C(only_stage): nothing is sent. C(seen): the record as first read, before the task waited for the account's lock.
    C(issued): the provider makes the passwords; C(beside): beside the stored one. C(keep_old): for how long the
    credential before the stored one is kept after every host has left it.
    """

    rotate: str
    max_age: timedelta | None
    explicit: bool = False
    is_current: bool = False
    is_staged: bool = False
    only_stage: bool = False
    seen: Record | None = None
    issued: bool = False
    beside: bool = False
    keep_old: timedelta = timedelta(0)


@dataclass(frozen=True)
class Plan:
    """A step and its reason in words. C(hindered): a new password is due, and cannot be made yet."""

    step: Step
    reason: str
    hindered: bool = False


def decide(record: Record, wish: Wish, now: datetime) -> Plan:
    """Return the plan for one account.

    :param record: the account's record, an empty one if the store does not have it
    :param wish: what the task asks for
    :param now: the time
    """
    if wish.issued:
        return _of_issued(record, wish, now)
    if record.staged_password is not None and not (wish.explicit and not wish.is_staged):
        return _with_staged(record, wish)
    if wish.explicit:
        if wish.is_current and not record.is_begun and not record.in_doubt:
            return Plan(Step.NOTHING, "the password given is the stored one")
        if record.password is None:
            return Plan(Step.NEW, "first password, given explicitly")
        if wish.is_current:
            return Plan(
                Step.NEW, "the given password is the stored one, but another one may be in force, so it is sent again"
            )
        return Plan(Step.NEW, "the given password differs from the stored one")
    if record.is_requested:
        return Plan(Step.NEW, f"{_requested(record)}, so a new one is set")
    if wish.rotate == "never":
        return Plan(Step.NOTHING, "rotate is never")
    if record.password is None:
        return Plan(Step.NEW, "no password was stored before")
    if wish.rotate == "always":
        return _always(record, wish)
    return _when_due(record, wish, now)


def _with_staged(record: Record, wish: Wish) -> Plan:
    since = f" since {written(record.staged_at)}" if record.staged_at else ""
    if wish.only_stage:
        return Plan(Step.NOTHING, f"a password has been staged{since}; state=present sends it")
    return Plan(
        Step.RESEND, f"a password has been staged{since} and may have reached the provider, so it is sent again"
    )


def _always(record: Record, wish: Wish) -> Plan:
    if wish.seen is not None and wish.seen.password != record.password:
        return Plan(Step.NOTHING, "another run changed it while this one was waiting")
    return Plan(Step.NEW, "rotate is always")


def _when_due(record: Record, wish: Wish, now: datetime) -> Plan:
    if record.in_doubt:
        return Plan(Step.NEW, "a refused password may still be in force, so a new one is set")
    due = next_due(record, wish.max_age)
    if wish.max_age is None:
        return Plan(Step.NOTHING, "a password is stored, and max_age is not set")
    if due is None:
        return Plan(Step.NEW, "the stored password has no changed_at, so its age is unknown")
    if now >= due:
        return Plan(Step.NEW, f"it was due at {written(due)}")
    return Plan(Step.NOTHING, f"it is due at {written(due)}")


def _of_issued(record: Record, wish: Wish, now: datetime) -> Plan:
    """Return the plan for an account whose passwords the provider makes."""
    plan = _request_for(record, wish, now)
    if not wish.beside or record.previous_id is None:
        return plan
    reason = hindered(record, wish.keep_old, now)
    if plan.step in (Step.NEW, Step.RESEND) and reason:
        return Plan(Step.NOTHING, f"{plan.reason}, but {reason}", hindered=True)
    if plan.step is not Step.NOTHING or reason or wish.only_stage:
        return plan
    if record.has_failed:
        return Plan(
            Step.NOTHING, f"{plan.reason}; {record.previous_id} is kept, because the last test of the stored one failed"
        )
    return Plan(Step.RETIRE, f"no host uses {record.previous_id} any more, so it is deleted")


def _request_for(record: Record, wish: Wish, now: datetime) -> Plan:
    if record.is_requested and wish.only_stage:
        since = f" since {written(record.staged_at)}" if record.staged_at else ""
        return Plan(Step.NOTHING, f"a new password is to be requested{since}; state=present requests it")
    if record.is_requested:
        return Plan(Step.RESEND, f"{_requested(record)}, so another one is requested")
    if record.staged_password is not None:
        return Plan(
            Step.NEW,
            "a password has been staged and may be in force, but this provider takes none, so one is requested",
        )
    return decide(record, replace(wish, issued=False), now)


def _requested(record: Record) -> str:
    at = f" at {written(record.staged_at)}" if record.staged_at else ""
    return f"a new password was requested{at}, and the answer is not known"


def hindered(record: Record, keep_old: timedelta, now: datetime) -> str:
    """Return why the credential before the stored one cannot be deleted yet, an empty text if it can.

    :param record: the account's record
    :param keep_old: for how long it is kept after every host has left it
    :param now: the time
    """
    if not record.is_settled or record.settled_at is None:
        return (
            f"a host may still use the credential before it, {record.previous_id}: give the stored one to every host, "
            "test it, and record that with state=settled"
        )
    until = record.settled_at + keep_old
    return f"the credential before it, {record.previous_id}, is kept until {written(until)}" if now < until else ""
