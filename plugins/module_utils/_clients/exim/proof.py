# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends one message through Exim while all others are on hold."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim import hold_text
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.instance import Exim
from ansible_collections.mailops.smtp.plugins.module_utils._clients.letter import letter
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Message, ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

_TAKEN = re.compile(r"^250 OK id=(\S+)", re.MULTILINE)
_REFUSED = re.compile(r"^([45]\d\d .*)$", re.MULTILINE)
_ACCEPTED = re.compile(r"^\s*=> (.*)$", re.MULTILINE)
_AUTHENTICATOR = re.compile(r" A=\S")
_HOST = re.compile(r" H=(\S+)")
_CONFIRMED = re.compile(r' C="((?:\\.|[^"\\])*)"')
# The relay's words, the first of them that fits: to a login, why there was no encryption, to a message, and what Exim
# says itself.
_REPLIES = (
    re.compile(r"authenticator failed .*?\] (\d\d\d[ -].*)"),
    re.compile(r"^\s*(TLS session: \([^)\n]*\))", re.MULTILINE),
    re.compile(r"^\s*(?:\*\*|==) .*: (\d\d\d[ -].*)$", re.MULTILINE),
    re.compile(r"^\s*(?:\*\*|==) \S+ (.*)$", re.MULTILINE),
)
_LOCKED = "locked"
# What a macro of the command line can carry without a second meaning in Exim's expressions.
_SENDER = re.compile(r"[A-Za-z0-9.!#%&'*+/=?^_`|~-]+@[A-Za-z0-9.-]+")
# A frozen message, such as a refused one that was sent by nobody, is told to nobody.
_QUIET = "-DMAIN_FREEZE_TELL="
_LEFT = re.compile(r"Subject: Test of a new SMTP password, ")
_QUEUED = re.compile(r"^\s*\S+\s+\S+ (\S+) <>", re.MULTILINE)
_INTERVAL, _PATIENCE = 0.2, 10.0


@dataclass(frozen=True)
class Outcome:
    """What became of a delivery.

    :param reply: the relay's words, or Exim's
    :param host: who accepted it, as Exim names it
    """

    accepted: bool
    logged_in: bool
    reply: str
    host: str = ""


def outcome_of(text: str) -> Outcome:
    """Read what Exim prints of a delivery. Pure: no I/O.

    :param text: printed by C(exim -v -M)
    """
    accepted = _ACCEPTED.search(text)
    if accepted:
        confirmed = _CONFIRMED.search(accepted.group(1))
        reply = confirmed.group(1) if confirmed else "accepted"
        host = _HOST.search(accepted.group(1))
        return Outcome(True, _AUTHENTICATOR.search(accepted.group(1)) is not None, reply, host.group(1) if host else "")
    matches = (pattern.search(text) for pattern in _REPLIES)
    return Outcome(False, False, next((match.group(1).strip() for match in matches if match), "no reply"))


def prove(exim: Exim, message: Message, *, seconds: float) -> Outcome:
    """Send one message while the transports are on hold, and return what the relay did with it.

    :param exim: the Exim of this host
    :param message: to send
    :param seconds: how long it may take
    :raises ProgramError: if the relay does not accept it; then it is no longer in the queue
    """
    if not _SENDER.fullmatch(message.sender):
        raise InputError(f"the sender {message.sender!r} of the test message is not an address that Exim can be given")
    _remove_left(exim)
    name = _submit(exim, message)
    try:
        outcome = _deliver(exim, name, message.sender, seconds)
        if not outcome.accepted:
            raise ProgramError(
                f"the relay did not accept a test message from Exim: {outcome.reply}; the message was removed. See "
                "what refuses it, then run again"
            )
    finally:
        _remove(exim, name)
    if not outcome.logged_in:
        raise ProgramError(
            f"the relay accepted a test message from Exim without a login ({outcome.reply}): see whether the relay "
            "offers AUTH to this host, and whether Exim finds its login, with exim -v"
        )
    return outcome


def _submit(exim: Exim, message: Message) -> str:
    """Put the message into the queue, and return its ID."""
    text = letter(message, time.time()).replace("\n", "\r\n")
    commands = ["EHLO localhost", "MAIL FROM:<>", f"RCPT TO:<{message.recipient}>", f"DATA\r\n{text}.", "QUIT"]
    answer = exim.call("-bs", "-odq", given="".join(f"{one}\r\n" for one in commands))
    taken = _TAKEN.search(answer.output)
    if taken is None:
        refused = _REFUSED.search(answer.output.replace("\r", ""))
        raise ProgramError(
            f"Exim does not take a test message for {message.recipient}: {refused.group(1) if refused else 'no reply'}"
        )
    return taken.group(1)


def _deliver(exim: Exim, name: str, sender: str, seconds: float) -> Outcome:
    macros = (f"-D{hold_text.MESSAGE}={name}", f"-D{hold_text.SENDER}={sender}", _QUIET)
    deadline = time.monotonic() + seconds
    while True:
        text = _run([exim.path, *macros, "-v", "-M", name], deadline - time.monotonic())
        # A queue runner that looks at it at this moment finds it on hold, and puts it back.
        if _LOCKED not in text or outcome_of(text).accepted or time.monotonic() >= deadline:
            return outcome_of(text)
        time.sleep(_INTERVAL)


def _run(command: list[str], seconds: float) -> str:
    """Run a delivery, and end it with its children if it takes too long."""
    # pylint: disable-next=ansible-bad-function
    process = subprocess.Popen(  # noqa: S603  (nothing here comes from outside of this host)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _errors = process.communicate(timeout=max(seconds, _INTERVAL))
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        output, _errors = process.communicate()
    return output.decode("utf-8", "surrogateescape")


def _remove(exim: Exim, name: str) -> None:
    """Take a message out of the queue, if it is still there."""
    deadline = time.monotonic() + _PATIENCE
    while _LOCKED in exim.call("-Mrm", name).output and time.monotonic() < deadline:
        time.sleep(_INTERVAL)


def _remove_left(exim: Exim) -> None:
    """Take out of the queue what a killed run left there."""
    for name in _QUEUED.findall(exim.call("-bpr").output):
        if _LEFT.search(exim.call("-Mvh", name).output):
            _remove(exim, name)
