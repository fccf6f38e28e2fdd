# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One message through dma while all else is on hold.

dma reads one configuration, from a place that was compiled in. So it runs in a mount namespace of its own, in which the
configuration is the user's without the hold, with an empty queue elsewhere. Two things keep it from sleeping and from
bouncing: the message is so old that it is tried once only, and the folder of that queue takes no more files.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
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
)

_DONE = "delivery successful"
_APART = ("--mount", "--propagation", "private")
_TRY = 'mount --bind "$0" "$1"'
# The folder, dma.conf, dma, the sender, the recipient.
_SEND = """
mount --bind "$0/dma.conf" "$1"
[ ! -e /dev/log ] || mount --bind "$0/log" /dev/log
"$2" -f "$3" "$4" <"$0/message"
touch -d @0 "$0"/spool/Q*
chmod 2550 "$0/spool"
exec "$2" -D -q
"""
_REPLY = re.compile(r"\b[245]\d\d[ -].*", re.DOTALL)


def send(dma: str, conf: str, text: str, message: Message, seconds: float) -> tuple[str, str]:
    """Send a message with a configuration, and return what was seen.

    :param dma: the program
    :param conf: where it reads its configuration
    :param text: the configuration without the hold
    :param message: the message
    :param seconds: how long that may take
    :returns: C(BY_MESSAGE) and what dma said, or C(NOT_PROVED) and why this host cannot do that
    :raises ProgramError: if the relay does not accept it
    """
    with _folder(dma, text, message) as folder:
        tried = _apart(_TRY, f"{folder}/dma.conf", conf, seconds=seconds)
        if tried.code != 0:
            return NOT_PROVED, " ".join(tried.errors.split())
        with _log(f"{folder}/log") as lines:
            answer = _apart(_SEND, folder, conf, dma, message.sender, message.recipient, seconds=seconds)
    if answer.code != 0 or (lines and not any(_DONE in line for line in lines)):
        raise ProgramError(
            f"dma could not send a message with the new password: {_why(lines, answer)}. Its mail stays on hold"
        )
    return BY_MESSAGE, _DONE


def _apart(script: str, *arguments: str, seconds: float) -> Answer:
    unshare = path_of("unshare") or "unshare"
    return call(unshare, *_APART, "/bin/sh", "-euc", script, *arguments, seconds=seconds)


def _why(lines: list[str], answer: Answer) -> str:
    texts = [line.partition("]: ")[2] for line in lines]
    told = [text for text in texts if "failed" in text or "deferred" in text]
    replies = [found.group() for found in map(_REPLY.search, told) if found]
    text = [*replies[:1], *told[-1:], answer.errors.strip(), f"exit status {answer.code}"]
    return " ".join(next(one for one in text if one).split())


@contextlib.contextmanager
def _folder(dma: str, text: str, message: Message) -> Iterator[str]:
    """Make a folder that dma can read, with a configuration, an empty queue and the message; remove it again."""
    group = os.stat(dma).st_gid
    with tempfile.TemporaryDirectory(prefix="mailops-") as folder:
        spool = f"{folder}/spool"
        os.mkdir(spool)
        contents = {
            "dma.conf": f"{text}\nSPOOLDIR {spool}\nDEFER\nNULLCLIENT\n",
            "message": letter(message, time.time()),
        }
        for name, content in contents.items():
            with open(f"{folder}/{name}", "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(content)
            os.chown(f"{folder}/{name}", 0, group)
            os.chmod(f"{folder}/{name}", 0o640)
        for path, mode in ((folder, 0o750), (spool, 0o2770)):
            os.chown(path, 0, group)
            os.chmod(path, mode)
        yield folder


@contextlib.contextmanager
def _log(path: str) -> Iterator[list[str]]:
    """Take what is logged to a socket, which is mounted over that of the system's log."""
    lines: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(path)
        os.chmod(path, 0o622)  # noqa: S103  (the folder is open to root and the group of dma only)
        reader = threading.Thread(target=_read, args=(log, lines), daemon=True)
        reader.start()
        try:
            yield lines
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", path)
            reader.join()


def _read(log: socket.socket, lines: list[str]) -> None:
    while data := log.recv(65536):
        lines.append(data.decode("utf-8", "replace"))
