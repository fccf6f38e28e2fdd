# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One message through sendmail while all else is on hold.

It goes through a copy of sendmail.cf without the hold, with a queue of its own, so that it never waits in that of the
host, and without any report, so that it never bounces. What sendmail logs about it goes to a socket of ours, which
shows the reply, and whether it logged in. The options -v and -X would show that too, but also the password.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator

from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import Answer, call, path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.letter import letter
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    BY_MESSAGE,
    NOT_PROVED,
    Message,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.asking import SENDMAIL

LOG = "/dev/log"
_APART = ("--mount", "--propagation", "private")
_TRY = 'mount --bind "$0" "$1"'
_RUN = 'mount --bind "$0" "$1"; shift; exec "$@"'
# From this level on, sendmail logs that it has logged in.
_LEVEL = 10
# However much the host has to do, the message is not put off.
_LOAD = 1000000
_LOGGED_IN = re.compile(r"AUTH=client, relay=.*, mech=")
_STATE = re.compile(r"\bstat=(.*)")
_REPLY = re.compile(r"\breply=(.*), stat=")


def send(text: str, queue: str, username: str, message: Message, seconds: float) -> Proof:
    """Send a message, and return what the relay said.

    :param text: sendmail.cf without the hold
    :param queue: the folder of sendmail's queue, whose owner and mode the one of this message gets
    :param username: who logs in
    :param message: the message
    :param seconds: how long that may take
    :raises ProgramError: if the relay does not accept it, or takes it without a login
    """
    label = f"mailops-{message.token}"
    with _folder(text, queue) as folder, _log(folder) as (place, lines):
        # Where nothing listens for the log yet, the socket is already in its place.
        apart = () if place == LOG else (path_of("unshare") or "unshare", *_APART, "/bin/sh", "-euc")
        if apart and (tried := call(*apart, _TRY, place, LOG)).code != 0:
            return Proof(
                NOT_PROVED, f"this host does not let a mount be made: {' '.join(tried.errors.split())}", username
            )
        answer = _sent([*apart, _RUN, place, LOG] if apart else [], folder, label, message, seconds)
    about = [line for line in lines if f"{label}[" in line]
    states = [found[1] for found in map(_STATE.search, about) if found and "to=" in found.string]
    replies = [found[1] for found in map(_REPLY.search, about) if found]
    if not states or not states[-1].startswith("Sent"):
        why = " ".join([*replies[-1:], *states[-1:]]) or answer.errors.strip() or f"exit status {answer.code}"
        raise ProgramError(
            f"sendmail could not send a message with the login of {username}: {why}. Its mail stays on hold"
        )
    if not any(map(_LOGGED_IN.search, about)):
        raise ProgramError(
            f"the relay took the message of sendmail without a login, or refused that of {username}; its mail stays on "
            "hold. See which mechanisms the relay offers, and whether they are behind M: in the line of the login"
        )
    return Proof(BY_MESSAGE, states[-1], username)


def _sent(before: list[str], folder: str, label: str, message: Message, seconds: float) -> Answer:
    command = [
        *before,
        path_of(SENDMAIL) or SENDMAIL,
        *("-Am", "-C", f"{folder}/sendmail.cf", "-L", label, "-odi", "-i", "-N", "never"),
        *(
            f"-OQueueDirectory={folder}/queue",
            f"-OLogLevel={_LEVEL}",
            f"-OQueueLA={_LOAD}",
            "-f",
            message.sender,
            message.recipient,
        ),
    ]
    try:
        return call(*command, given=letter(message, time.time()), seconds=seconds)
    except subprocess.TimeoutExpired:
        raise ProgramError(
            f"sendmail did not send a message within {seconds:g} seconds. Its mail stays on hold"
        ) from None


@contextlib.contextmanager
def _folder(text: str, queue: str) -> Iterator[str]:
    """Make a folder with the configuration and an empty queue; remove it again."""
    like = os.stat(queue)
    folder = tempfile.mkdtemp(prefix=".mailops-", dir=os.path.dirname(os.path.realpath(queue)))
    try:
        # Nothing in it is secret but the message, which only the owner of the queue reads.
        os.chmod(folder, 0o711)  # noqa: S103
        with open(f"{folder}/sendmail.cf", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        os.mkdir(f"{folder}/queue", 0o700)
        os.chown(f"{folder}/queue", like.st_uid, like.st_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _log(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Take what is logged to a socket; give its place, and the lines as they come."""
    lines: list[str] = []
    place = f"{folder}/log" if os.path.exists(LOG) else LOG
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)
        log.bind(place)
        os.chmod(place, 0o666)  # noqa: S103  (as everywhere for the socket of the log)
        reader = threading.Thread(target=_read, args=(log, lines), daemon=True)
        reader.start()
        try:
            yield place, lines
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", place)
            reader.join()
            os.unlink(place)


def _read(log: socket.socket, lines: list[str]) -> None:
    while data := log.recv(65536):
        lines.append(data.decode("utf-8", "replace"))
