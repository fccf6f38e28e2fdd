# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next step for a sender with two accounts, from its records, the request and the time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, next_due
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender, is_under_way
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written


class Step(str, Enum):
    """The next step."""

    NOTHING = "nothing"
    ROTATE = "rotate"  # the account at rest needs a new password
    FINISH = "finish"  # an account's password is staged, waiting or untested
    SWITCH = "switch"  # the account at rest is verified: deploy it
    SETTLE = "settle"  # switched, but not every host has confirmed it


@dataclass(frozen=True)
class Wish:
    """What the task asks for: C(when_due), C(always) or C(never), and the maximum age of the password in use."""

    rotate: str
    max_age: timedelta | None


@dataclass(frozen=True)
class Advice:
    """The next step, its reason in words, and its account (None if there is nothing to do)."""

    step: Step
    reason: str
    account: str | None = None


def advise(sender: Sender, used: Record, rest: Record, wish: Wish, now: datetime) -> Advice:
    """Return the next step.

    Unfinished work comes before what is due, and unfinished work on the account at rest before that on the account in
    use, which is left alone until the switch because mail flows through it.

    :param sender: a sender in the store
    :param used: the record of the account in use
    :param rest: the record of the other one
    :param wish: what the task asks for
    :param now: the time
    """
    if sender.leaving is not None:
        return Advice(
            Step.SETTLE,
            f"{sender.in_use} is in use, but a host may still use {sender.leaving}: deploy and test {sender.in_use} on "
            "every host, then record it with state=settled",
            sender.in_use,
        )
    if is_under_way(sender, rest) and not rest.in_doubt:
        why = unfinished(rest, now)
        if why is not None:
            return Advice(Step.FINISH, f"{sender.at_rest} (at rest): {why}", sender.at_rest)
        return Advice(Step.SWITCH, f"{sender.at_rest} has a verified new password: deploy it", sender.at_rest)
    if used.is_begun:
        return Advice(
            Step.FINISH, f"{sender.in_use} (in use): {unfinished(used, now)}; then deploy it again", sender.in_use
        )
    return _when_due(sender, used, wish, now)


def unfinished(record: Record, now: datetime) -> str | None:
    """Return why an account is not ready for use, None if its password is in force and verified.

    :param record: the account's record
    :param now: the time
    """
    if record.staged_password is not None:
        return "a password is staged and may have reached the provider: send it again"
    if record.is_requested:
        return "a new password was requested, and the answer is not known: request another one"
    if record.password is None:
        return "no password is stored"
    if record.in_doubt:
        return "a refused password may still be in force: set a new one"
    if record.waits_at(now) and record.effective_at:
        return f"its new password takes effect at {written(record.effective_at)}: wait until then and test it"
    if not record.is_verified:
        return "its password has not been tested: test it"
    return None


def _when_due(sender: Sender, used: Record, wish: Wish, now: datetime) -> Advice:
    due, reason = _is_due(sender.in_use or "", used, wish, now)
    if not due:
        return Advice(Step.NOTHING, reason)
    if used.waits_at(now) and used.effective_at:
        return Advice(
            Step.NOTHING,
            f"{reason}, but the change waits until {written(used.effective_at)}: {sender.in_use} (in use) was changed "
            "too, and the two accounts never change in the same window",
        )
    return Advice(Step.ROTATE, f"{reason}: {sender.at_rest} (at rest) needs a new password", sender.at_rest)


def _is_due(account: str, used: Record, wish: Wish, now: datetime) -> tuple[bool, str]:
    """Return whether the sender is due for a switch, and the reason."""
    if wish.rotate == "never":
        return False, "rotate is never"
    if wish.rotate == "always":
        return True, "rotate is always"
    if used.password is None:
        return True, f"no password is stored for {account} (in use)"
    if used.in_doubt:
        return True, f"a refused password of {account} (in use) may still be in force"
    if wish.max_age is None:
        return False, f"a password is stored for {account} (in use), and max_age is not set"
    due = next_due(used, wish.max_age)
    if due is None:
        return True, f"the password of {account} (in use) has no changed_at, so its age is unknown"
    if now < due:
        return False, f"{account} (in use) is due at {written(due)}"
    return True, f"{account} (in use) was due at {written(due)}"
