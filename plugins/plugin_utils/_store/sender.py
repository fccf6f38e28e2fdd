# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the store keeps of one sender and its two accounts, and how each thing that can happen changes it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import whole_second


@dataclass(frozen=True)
class Sender:
    """The roles of a sender's two accounts; an empty one is a sender that the store does not know.

    The account that is not in use is C(leaving) from the switch until every host has followed, then C(at_rest). A
    password of it that was set at C(switched_at) or later belongs to the coming switch.
    Source of the layout: README.md, "What is stored where".
    """

    in_use: str | None = None
    at_rest: str | None = None
    leaving: str | None = None
    switched_at: datetime | None = None

    @property
    def other(self) -> str | None:
        """Return the account that is not in use."""
        return self.leaving or self.at_rest

    @property
    def accounts(self) -> tuple[str, ...]:
        """Return the accounts, the one in use first."""
        return tuple(account for account in (self.in_use, self.at_rest, self.leaving) if account is not None)

    @property
    def is_whole(self) -> bool:
        """Tell whether it is a pair: one in use and another one, whose role is clear, and the date that parts them."""
        return len(set(self.accounts)) == 2 == len(self.accounts) and None not in (self.in_use, self.switched_at)

    def role_of(self, account: str) -> str | None:
        """Return C(in_use), C(at_rest) or C(leaving), None for an account that is not one of the two.

        :param account: the account
        """
        roles = {self.at_rest: "at_rest", self.leaving: "leaving", self.in_use: "in_use"}
        return roles.get(account)


def adopted(in_use: str, at_rest: str, rest: Record, now: datetime) -> Sender:
    """Return a sender that was not known before. Nothing was switched, but what is changed from now on will be.

    :param in_use: the account that the hosts use
    :param at_rest: the other one
    :param rest: the record of the account at rest
    :param now: the time
    """
    return Sender(in_use=in_use, at_rest=at_rest, switched_at=_after(rest, now))


def switched(sender: Sender, used: Record, now: datetime) -> Sender:
    """Return the sender with the account at rest in use; the other one leaves until the hosts have followed.

    :param sender: the sender before
    :param used: the record of the account that was in use
    :param now: the time
    """
    moment = _after(used, now)
    # Each switch has a date of its own: by it, a run knows whether what it has deployed is still what counts.
    if sender.switched_at is not None:
        moment = max(moment, sender.switched_at + timedelta(seconds=1))
    return Sender(in_use=sender.at_rest, leaving=sender.in_use, switched_at=moment)


def settled(sender: Sender) -> Sender:
    """Return the sender after every host has followed the switch.

    :param sender: the sender before
    """
    return replace(sender, at_rest=sender.other, leaving=None)


def is_under_way(sender: Sender, rest: Record) -> bool:
    """Tell whether the account at rest has got, or is getting, the password of the coming switch.

    :param sender: the sender
    :param rest: the record of the account at rest
    """
    if rest.staged_password is not None:
        return True
    return rest.changed_at is not None and sender.switched_at is not None and rest.changed_at >= sender.switched_at


def _after(record: Record, now: datetime) -> datetime:
    """Return the time, later than the record's last change even if that was in this second or by a clock ahead."""
    moment = whole_second(now)
    return moment if record.changed_at is None else max(moment, record.changed_at + timedelta(seconds=1))
