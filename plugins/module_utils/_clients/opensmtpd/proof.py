# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends one message through smtpd, and sees what became of it."""

from __future__ import annotations

import contextlib
import os
import re
import smtplib
import time
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import call, path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.daemon import Daemon
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.hold_text import Door
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.log_text import Outcome, outcome_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.processes import INTERVAL
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Message, ProgramError

_LOGS = ("/var/log/mail.log", "/var/log/maillog", "/var/log/mail", "/var/log/syslog", "/var/log/messages")
_SECONDS = 30.0
# How long after the message is gone from the queue a line about it may take to reach the log.
_LOG_SECONDS = 5.0


class Log:
    """What smtpd logs from now on, in whatever log this host has."""

    def __init__(self) -> None:
        self._since = f"@{int(time.time())}"
        self._sizes = {path: os.path.getsize(path) for path in _LOGS if os.path.isfile(path)}

    def read(self) -> str:
        """Return what was logged."""
        return "".join([*map(self._file, _LOGS), self._journal()])

    def _file(self, path: str) -> str:
        with contextlib.suppress(OSError), open(path, "rb") as file:
            start = self._sizes.get(path, 0)
            file.seek(start if os.fstat(file.fileno()).st_size >= start else 0)
            return file.read().decode("utf-8", "replace")
        return ""

    def _journal(self) -> str:
        journalctl = path_of("journalctl")
        if journalctl is None or not os.path.isdir("/run/systemd/journal"):
            return ""
        return call(journalctl, "--no-pager", "-q", "-o", "cat", "-t", "smtpd", "--since", self._since).output


def prove(daemon: Daemon, door: Door, number: int, message: Message, seconds: float) -> str:
    """Send a message by one of the actions for proofs, and return what the relay said.

    :param daemon: smtpd
    :param door: through which proofs come in
    :param number: of the action
    :param message: what to send
    :param seconds: how long it may take
    :raises ProgramError: if the relay does not accept it; it is no longer in the queue then
    """
    log = Log()
    before = daemon.delivered()
    identifier = _submit(door, number, message)
    deadline = time.monotonic() + seconds
    gone_at = None
    while time.monotonic() < deadline:
        written = log.read()
        outcome = outcome_of(written, identifier)
        envelope = next((one for one in daemon.queue() if one.identifier.startswith(identifier)), None)
        if outcome is None and envelope is not None and envelope.is_put_off:
            outcome = Outcome(False, envelope.trouble)
        if outcome is None and envelope is None:
            gone_at = gone_at or time.monotonic()
            if time.monotonic() - gone_at >= _LOG_SECONDS:
                outcome = _by_count(before, daemon.delivered())
        if outcome is not None and outcome.accepted:
            return outcome.reply
        if outcome is not None:
            daemon.remove_proofs()
            raise ProgramError(
                f"the relay did not accept the test message that smtpd sent: {outcome.reply}. Its mail stays on hold"
            )
        time.sleep(INTERVAL)
    daemon.remove_proofs()
    raise ProgramError(
        f"smtpd did not deliver the test message within {seconds:g} seconds. Its mail stays on hold; see its log"
    )


def _by_count(before: tuple[int, int], after: tuple[int, int]) -> Outcome:
    """Judge a message that is gone from the queue on a host whose log is not found."""
    if after[1] == before[1] and after[0] > before[0]:
        return Outcome(True, "")
    return Outcome(False, "the message is gone, and no log says why")


def _submit(door: Door, number: int, message: Message) -> str:
    """Hand a message to smtpd, and return its identifier."""
    try:
        with smtplib.SMTP("127.0.0.1", door.port, local_hostname=door.helo(number), timeout=_SECONDS) as client:
            client.ehlo(door.helo(number))
            _expect(client.mail(message.sender), 250)
            # Whatever the relay says, nobody gets a bounce.
            _expect(client.rcpt(message.recipient, ["NOTIFY=NEVER"]), 250)
            told = _expect(client.data(_text(message)), 250)
    except (OSError, smtplib.SMTPException) as error:
        raise ProgramError(f"smtpd did not take the test message: {error}. Its mail stays on hold") from None
    match = re.search(r"\b[0-9a-f]{8}\b", told)
    if match is None:
        raise ProgramError(f"smtpd did not take the test message: {told}. Its mail stays on hold")
    return match.group(0)


def _expect(reply: tuple[int, bytes], code: int) -> str:
    text = reply[1].decode("utf-8", "replace")
    if reply[0] != code:
        raise ProgramError(f"smtpd did not take the test message: {reply[0]} {text}. Its mail stays on hold")
    return text


def _text(message: Message) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = message.sender, message.recipient
    mail["Subject"] = f"Test of the SMTP login {message.token}"
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=message.sender.rpartition("@")[2] or None)
    mail.set_content("This message proves that mail is sent with the new SMTP password.\n")
    return mail.as_bytes()
