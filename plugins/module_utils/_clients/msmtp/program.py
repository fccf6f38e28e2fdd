# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""msmtp: no queue, one login for each account of its file, told by msmtp itself."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients import commands
from ansible_collections.mailops.smtp.plugins.module_utils._clients.letter import letter
from ansible_collections.mailops.smtp.plugins.module_utils._clients.msmtp.config_file import (
    SYSTEM_FILE,
    ConfigFile,
    msmtp,
    path_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.msmtp.text import (
    LONGEST,
    USER,
    accounts,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    BY_MESSAGE,
    Change,
    Entry,
    Finding,
    Job,
    Login,
    Message,
    Program,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._text import is_control

_NO_QUEUE = (
    "msmtp has no queue, so nothing is held: until the new password is in force, sending fails with exit code 77, and "
    "the caller has to send the message again"
)
_REPLY = re.compile(r"smtpmsg='(?P<reply>.*?)' (?:errormsg='|exitcode=)")
_ERROR = re.compile(r"errormsg='(?P<reply>.*)' exitcode=")


class Msmtp(Program):
    """msmtp, with the system's configuration file or a user's."""

    name = "msmtp"
    has_queue = False
    OPTIONS: Mapping[str, Mapping[str, Any]] = {"path": {"type": "str", "default": SYSTEM_FILE}}

    def cannot_carry(self, username: str, password: str) -> str:
        """Return why a line of an msmtprc cannot hold a login; empty if it can."""
        for what, text in (("username", username), ("password", password)):
            bad = next((character for character in text if is_control(character)), None)
            if bad is not None:
                return f"the {what} of {username!r} has the character U+{ord(bad):04X}, which msmtp cannot read"
            if len(text.encode("utf-8", "surrogateescape")) > LONGEST:
                return f"the {what} of {username} has more than {LONGEST} bytes, which msmtp cannot read"
        return ""

    def is_installed(self) -> bool:
        """Tell whether msmtp is on this host."""
        return commands.path_of(self.name) is not None

    def find(self, job: Job) -> Finding:
        """Ask msmtp which accounts of the file log in to the provider as one of the logins."""
        file = ConfigFile(job)
        entries = tuple(
            Entry(file.path, name, file.accounts[name].value(USER), login.username) for name, login in file.own.items()
        )
        version = msmtp("--version").output.split("\n")[0].rpartition(" ")[2]
        return Finding(version, entries, notes=file.notes())

    def hold(self, job: Job) -> Change:
        """Hold nothing, and say so."""
        del job
        return Change(changed=False, notes=(_NO_QUEUE,))

    def deploy(self, job: Job) -> Change:
        """Write the passwords of the accounts; whoever could read the file before can read it then, and nobody else."""
        folder = os.path.dirname(path_of(job))
        with files.locked(folder):
            file = ConfigFile(job)
            after = file.with_logins()
            if not job.check_mode:
                files.remove_stale(file.path)
            if after != file.text and not job.check_mode:
                files.write(file.path, after.encode("utf-8", "surrogateescape"), file.access)
        return Change(after != file.text, file.shown(file.accounts), file.shown(accounts(after)), file.notes())

    def prove(self, job: Job) -> list[Proof]:
        """Send one message with each login."""
        if job.message is None:
            return []
        file = ConfigFile(job)
        return [_proof(job, file, login, job.message) for login in job.logins]

    def release(self, job: Job) -> Change:
        """Release nothing: nothing was held."""
        del job
        return Change(changed=False)


def _proof(job: Job, file: ConfigFile, login: Login, message: Message) -> Proof:
    """Send a message with a login, by the default account if it has it."""
    names = [name for name, one in file.own.items() if one == login]
    name = "default" if "default" in names else names[0]
    # The log goes to the output: a user's log file must not become root's.
    answer = msmtp(
        *("--file", file.path, f"--account={name}", f"--from={message.sender}", "--logfile=-", "--syslog=off"),
        *("--", message.recipient),
        given=letter(message, time.time()),
        seconds=job.timeout,
    )
    match = _REPLY.search(answer.output) or _ERROR.search(answer.output)
    reply = match.group("reply") if match else f"exit code {answer.code}"
    if answer.code != 0:
        raise ProgramError(
            f"msmtp could not send a message as {login.username} with the account {name} of {file.path}: {reply}. "
            f"Nothing waits in a queue; see what the reply means, then run again"
        )
    return Proof(BY_MESSAGE, reply, login.username)


PROGRAM = Msmtp()
