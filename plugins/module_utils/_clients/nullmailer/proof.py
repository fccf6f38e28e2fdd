# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One message through the program that delivers for nullmailer, without its queue."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import tempfile
import time
from collections.abc import Iterator

from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import call, path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.letter import letter
from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer.text import Remote
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    BY_MESSAGE,
    Message,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

SPOOL = "/var/spool/nullmailer"
HELPERS = ("/usr/lib/nullmailer", "/usr/libexec/nullmailer", "/usr/local/libexec/nullmailer")
HELPER = "smtp"
_RUN = 'exec "$0" 3<"$1"'


def send(remote: Remote, message: Message, seconds: float) -> Proof:
    """Hand a message to the program that delivers, with the options of a remote, as nullmailer-send does.

    :param remote: the line, on hold or not
    :param message: the message
    :param seconds: how long that may take
    :raises ProgramError: if the relay does not accept it
    """
    with _message_file(message) as path:
        user = os.stat(os.path.join(SPOOL, "queue")).st_uid
        group = pwd.getpwuid(user).pw_gid
        apart = (f"--reuid={user}", f"--regid={group}", "--clear-groups")
        answer = call(
            path_of("setpriv") or "setpriv",
            *apart,
            *("/bin/sh", "-c", _RUN, helper(), path),
            given=remote.handed(),
            seconds=seconds,
            environment={"PATH": os.defpath, "HELOHOST": _greeting()},
        )
    reply = " ".join(answer.output.split())
    if answer.code != 0:
        raise ProgramError(
            f"nullmailer could not send a message with the login of {remote.username} over "
            f"{remote.host}: {reply or answer.errors.strip()}. Its mail stays on hold"
        )
    return Proof(BY_MESSAGE, reply, remote.username)


def helper() -> str:
    """Return the program that delivers by SMTP.

    :raises InputError: if there is none, or if it is too old
    """
    for folder in HELPERS:
        path = os.path.join(folder, HELPER)
        if os.path.isfile(path):
            if "3<" not in call(path, "--help").output:
                raise InputError("this nullmailer is older than version 2, which reads its remotes in another way")
            return path
    raise InputError(f"nullmailer has no program {HELPER} in {', '.join(HELPERS)}: install it again")


def _greeting() -> str:
    for path in ("/etc/nullmailer/helohost", "/etc/mailname", "/etc/nullmailer/me"):
        with contextlib.suppress(OSError), open(path, encoding="utf-8") as file:
            name = file.readline().strip()
            if name:
                return name
    return socket.gethostname()


@contextlib.contextmanager
def _message_file(message: Message) -> Iterator[str]:
    """Write the message as it would stand in the queue, and remove it again."""
    with tempfile.NamedTemporaryFile(prefix="mailops-") as file:
        file.write(f"{message.sender}\n{message.recipient}\n\n{letter(message, time.time())}".encode())
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        yield file.name
