# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sender's record in the store with its two accounts, and how each event changes it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import whole_second


@dataclass(frozen=True)
class Sender:
    """The roles of a sender's two accounts; an empty record means a sender that is not in the store.

    The account that is not in use is C(leaving) from the switch until every host has followed, then C(at_rest). If its
    password was set at C(switched_at) or later, that password belongs to the next switch.
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
        """Return whether the record is complete: an account in use, another one with a clear role, and the date."""
        return len(set(self.accounts)) == 2 == len(self.accounts) and None not in (self.in_use, self.switched_at)

    def role_of(self, account: str) -> str | None:
        """Return C(in_use), C(at_rest) or C(leaving), None for any other account.

        :param account: the account
        """
        roles = {self.at_rest: "at_rest", self.leaving: "leaving", self.in_use: "in_use"}
        return roles.get(account)


def adopted(in_use: str, at_rest: str, rest: Record, now: datetime) -> Sender:
    """Return a sender that is new to the store. Passwords changed from now on belong to its first switch.

    :param in_use: the account that the hosts use
    :param at_rest: the other one
    :param rest: the record of the account at rest
    :param now: the time
    """
    return Sender(in_use=in_use, at_rest=at_rest, switched_at=_after(rest, now))


def switched(sender: Sender, used: Record, now: datetime) -> Sender:
    """Return the sender with the account at rest in use and the other one leaving.

    :param sender: the sender before
    :param used: the record of the account that was in use
    :param now: the time
    """
    moment = _after(used, now)
    # Each switch has a unique date, by which a run knows whether what it deployed is still current.
    if sender.switched_at is not None:
        moment = max(moment, sender.switched_at + timedelta(seconds=1))
    return Sender(in_use=sender.at_rest, leaving=sender.in_use, switched_at=moment)


def settled(sender: Sender) -> Sender:
    """Return the sender after every host has followed the switch.

    :param sender: the sender before
    """
    return replace(sender, at_rest=sender.other, leaving=None)


def is_under_way(sender: Sender, rest: Record) -> bool:
    """Return whether the account at rest has, or is about to get, the password for the next switch.

    :param sender: the sender
    :param rest: the record of the account at rest
    """
    if rest.is_begun:
        return True
    return rest.changed_at is not None and sender.switched_at is not None and rest.changed_at >= sender.switched_at


def _after(record: Record, now: datetime) -> datetime:
    """Return the time, but later than the record's last change, even if that was this second or by a fast clock."""
    moment = whole_second(now)
    return moment if record.changed_at is None else max(moment, record.changed_at + timedelta(seconds=1))
