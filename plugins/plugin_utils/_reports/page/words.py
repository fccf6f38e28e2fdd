# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the page says things: states, reasons, dates. Pure: no I/O."""

from __future__ import annotations

import html
from datetime import datetime, timedelta

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import Account
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written

# What an account is shown as: its most urgent reason, otherwise its state. The label, and what it means.
KINDS = {
    "failed": ("test failed", "The last test with the stored password failed."),
    "doubtful": (
        "in doubt",
        "A password that the provider refused may be in force in place of the stored one. The next run sets a new one.",
    ),
    "overdue": ("overdue", "The password is older than it should be. Did the last scheduled run work?"),
    "staged": ("staged", "A new password may have reached the provider. The next run completes it."),
    "none": ("no password", "The store has no password for this account. The next run sets one."),
    "undated": ("no date", "The store does not say when the password was set, so its age is unknown."),
    "unverified": ("not tested", "The password is in force, but no test message was sent with it."),
    "unpublished": (
        "not published",
        "A place where others read the password has an older one. The next run publishes it.",
    ),
    "waiting": ("waiting", "The password was changed, and no login is allowed until it takes effect."),
    "verified": ("verified", "A test message with the password was accepted."),
}
# The test's own words, see smtp_test_send.
FAILURES = {
    "connect": "the server could not be reached",
    "tls": "encryption could not be set up",
    "auth_rejected": "the server refused the login",
    "auth_unavailable": "the server did not check the password",
    "sender_refused": "the server refused the sender",
    "recipient_refused": "the server refused the recipient",
    "message_refused": "the server refused the message",
    "protocol": "the server broke off or did not answer",
}
_UNITS = ((365 * 86400, "year"), (30 * 86400, "month"), (86400, "day"), (3600, "hour"), (60, "minute"))


def kind_of(account: Account) -> str:
    """Return what an account is shown as, a key of C(KINDS).

    :param account: the account
    """
    if account.attention:
        return account.attention[0]
    # A password in force that needs no attention was tested.
    return "waiting" if account.facts["state"] == "waiting" else "verified"


def name(text: str) -> str:
    """Return a name of an account or a sender as HTML; what it may hold stays inside.

    :param text: the name
    """
    return f"<bdi>{html.escape(text)}</bdi>"


def failure(account: Account) -> str:
    """Return why an account's test failed, in words.

    :param account: an account whose test failed
    """
    word = str(account.record.failure or "unknown")
    return FAILURES.get(word, word)


def moment(when: datetime | None, now: datetime) -> str:
    """Return a date as HTML, with how far it is away; an empty text if there is none.

    :param when: the date
    :param now: the time
    """
    if when is None:
        return ""
    exact = written(when)
    return f'<time datetime="{exact}" title="{exact}">{exact[:10]}</time> <small>{distance(when, now)}</small>'


def distance(when: datetime, now: datetime) -> str:
    """Return how far a date is from now, in one unit.

    :param when: the date
    :param now: the time
    """
    apart = abs((when - now).total_seconds())
    said = next((_counted(int(apart // size), unit) for size, unit in _UNITS if apart >= size * _least(unit)), "")
    if not said:
        return "now"
    return f"in {said}" if when > now else f"{said} ago"


def span(length: timedelta) -> str:
    """Return a duration in one unit.

    :param length: the duration
    """
    seconds = int(length.total_seconds())
    exact = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next((size, unit) for size, unit in exact if seconds % size == 0)
    return _counted(seconds // size, unit)


def _least(unit: str) -> int:
    # "90 days" says more than "3 months", and "36 hours" more than "1 day".
    return {"year": 2, "month": 4, "day": 2, "hour": 2}.get(unit, 1)


def _counted(number: int, unit: str) -> str:
    return f"{number:,} {unit}" if number == 1 else f"{number:,} {unit}s"
