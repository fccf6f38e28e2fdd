# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which values of a record an audit may log in with, and when it may not log in at all. Pure: no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, with_window


def closed_until(record: Record, propagation: timedelta, now: datetime) -> datetime | None:
    """Return until when nobody may log in, None if no window is open.

    A staged password may have been sent at once, and its answer lost: then its window is open too.

    :param record: what the store keeps
    :param propagation: how long the provider may need until a password is in force
    :param now: the time
    """
    ends = [with_window(record, propagation).effective_at]
    if record.staged_at is not None:
        ends.append(record.staged_at + propagation)
    return max((end for end in ends if end is not None and end > now), default=None)


def login_of(record: Record, account: str, name: str) -> str:
    """Return the user name that belongs to one of the values beside the password.

    Where the provider made another credential beside it, each of both has its own.

    :param record: what the store keeps
    :param account: the account's name
    :param name: the value's name
    """
    if name == "previous_password" and record.previous_id is not None:
        return record.previous_username or account
    return record.login(account)


def others(record: Record) -> list[tuple[str, str]]:
    """Return the names and ciphertexts of the values beside the password, the likeliest first.

    A staged password may be in force since an answer was lost; of those in doubt, the newest is the last one.

    :param record: what the store keeps
    """
    found = [("staged_password", record.staged_password)]
    doubtful = list(enumerate(record.doubtful_passwords))
    found += [(f"doubtful_passwords[{number}]", ciphertext) for number, ciphertext in reversed(doubtful)]
    found.append(("previous_password", record.previous_password))
    return [(name, ciphertext) for name, ciphertext in found if ciphertext is not None]
