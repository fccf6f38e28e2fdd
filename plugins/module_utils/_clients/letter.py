# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message that proves a login, as text. Pure: no I/O."""

from __future__ import annotations

from email.utils import formatdate

from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Message


def letter(message: Message, now: float) -> str:
    """Return a message with its headers, with plain line ends.

    :param message: from whom and to whom it is, and by which word it is found
    :param now: seconds since the epoch
    """
    domain = message.sender.rpartition("@")[2] or "localhost"
    headers = {
        "From": message.sender,
        "To": message.recipient,
        "Subject": f"Test of a new SMTP password, {message.token}",
        "Date": formatdate(now),
        "Message-ID": f"<{message.token}@{domain}>",
        "Auto-Submitted": "auto-generated",
    }
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return "\n".join([*lines, "", "This message proves that mail goes out with the new password.", ""])
