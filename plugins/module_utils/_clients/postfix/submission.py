# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands a message to Postfix over a socket of this host, and learns its queue ID."""

from __future__ import annotations

import contextlib
import re
import smtplib
from email.utils import formatdate, make_msgid

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.services_text import HELO
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Message, ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.sockets import connected

_QUEUED = re.compile(r"queued as (\w+)")
# Whatever happens to it, nobody gets a bounce.
_NEVER = ("NOTIFY=NEVER",)
_GREETING, _OK, _OK_TOO = 220, 250, 251
_ADDRESS, _TOKEN = re.compile(r"[!-;=?-~]+@[!-;=?-~]+"), re.compile(r"[ -~]*")


def check(message: Message) -> None:
    """Refuse a message that could say more than it should, in an envelope, a header or a file.

    :param message: the message
    :raises InputError: if an address or the token is not a plain one
    """
    for name in ("sender", "recipient"):
        if not _ADDRESS.fullmatch(getattr(message, name)):
            raise InputError(
                f"the {name} of the test message must be one plain address such as user@example.com: ASCII, without a "
                "display name or brackets"
            )
    if not _TOKEN.fullmatch(message.token):
        raise InputError("the token of the test message must be printable ASCII characters")


def hand_in(path: str, message: Message, seconds: float) -> str:
    """Hand in a message, and return its queue ID.

    :param path: the socket of a service that speaks SMTP
    :param message: the message
    :param seconds: how long each step of the dialogue may take
    :raises ProgramError: if Postfix does not take it
    """
    try:
        with contextlib.closing(smtplib.SMTP(local_hostname=HELO, timeout=seconds)) as client:
            client.sock = connected(path, seconds)
            reply = _dialogue(client, message)
    except (OSError, smtplib.SMTPException) as error:
        raise ProgramError(
            f"Postfix does not take a message: {error}; its mail log says why. All stays on hold; run again"
        ) from None
    found = _QUEUED.search(reply)
    if not found:
        raise ProgramError(f"Postfix does not take a message: it said {reply}. All stays on hold; run again")
    return found[1]


def _dialogue(client: smtplib.SMTP, message: Message) -> str:
    """Return what Postfix said to the message, or to the first step that it refused."""
    steps = (
        client.getreply,
        client.ehlo,
        lambda: client.mail(message.sender),
        lambda: client.rcpt(message.recipient, _NEVER),
        lambda: client.data(text_of(message)),
    )
    for step in steps:
        code, said = step()
        if code not in (_GREETING, _OK, _OK_TOO):
            break
    return f"{code} {said.decode('utf-8', 'replace')}"


def text_of(message: Message) -> bytes:
    """Return the message as it is sent.

    :param message: the message
    """
    lines = [
        f"From: <{message.sender}>",
        f"To: <{message.recipient}>",
        f"Date: {formatdate(localtime=True)}",
        f"Message-ID: {make_msgid(domain=message.sender.rpartition('@')[2] or None)}",
        f"Subject: Test message {message.token}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "Postfix sent this message with a new SMTP password. It can be deleted.",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")
