# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nullmailer: hands all mail to the remotes in one file, in the order in which they stand there."""

from __future__ import annotations

import os
import pwd
import socket

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer import proof, trigger
from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer.plan import FILE, Line, plan
from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer.text import (
    DRAINING,
    HELD,
    Remote,
    marked,
    remotes_of,
    with_login,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.package import version_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    NOT_PROVED,
    Change,
    Entry,
    Finding,
    Job,
    Program,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.target import replaceable, rewrite, text_of
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control


class Nullmailer(Program):
    """nullmailer 2."""

    name = "nullmailer"

    def cannot_carry(self, username: str, password: str) -> str:
        """Return why the file cannot hold a login.

        :param username: the SMTP login
        :param password: the password
        """
        if has_control(username + password):
            return f"nullmailer reads {FILE} line by line: a login cannot contain a control character"
        return ""

    def is_installed(self) -> bool:
        """Tell whether the program is on this host."""
        return path_of(trigger.DAEMON) is not None

    def find(self, job: Job) -> Finding:
        """Return the provider's lines, of which nullmailer uses the first one that does not fail.

        :param job: what the verb works with
        """
        remotes = remotes_of(text_of(replaceable(FILE)))
        lines = _lines(job, remotes)
        proof.helper()
        entries = [
            Entry(f"{FILE}, line {line.remote.index + 1}", line.remote.host, line.remote.username, line.login.username)
            for line in lines
            if line.login is not None
        ]
        held = all(line.remote.stage == HELD for line in lines)
        return Finding(version_of("nullmailer"), tuple(entries), _places(lines), held, _fallbacks(lines, remotes))

    def hold(self, job: Job) -> Change:
        """Comment the provider's lines out, and wait until the queue run that has read them is over.

        :param job: what the verb works with
        """
        lines = _lines(job, remotes_of(text_of(replaceable(FILE))))
        if all(line.remote.stage == HELD for line in lines):
            return Change(False)
        helper = proof.helper()
        if not job.check_mode:
            _mark(job, DRAINING)
            try:
                trigger.settle(proof.SPOOL, helper, job.timeout)
            except ProgramError:
                _mark(job, "")
                raise
            _mark(job, HELD)
        return Change(True, "", "".join(f"{place}: on hold\n" for place in _places(lines)))

    def deploy(self, job: Job) -> Change:
        """Write the logins into the provider's lines. nullmailer reads them in its next run of the queue.

        :param job: what the verb works with
        """
        access = _access(replaceable(FILE))
        changed = rewrite(FILE, lambda text: _with_logins(text, job), access=access, check_mode=job.check_mode)
        users = ", ".join(login.username for login in job.logins)
        return Change(changed, "", f"{FILE}: password of {users}\n" if changed else "")

    def prove(self, job: Job) -> list[Proof]:
        """Hand one message to the program that delivers, with each login, as nullmailer-send does.

        The queue is not touched, so that nothing can bounce or wait.

        :param job: what the verb works with
        """
        if job.message is None:
            return []
        lines = _lines(job, remotes_of(text_of(replaceable(FILE))))
        ours = [line.remote for line in lines if line.login is not None]
        proofs = [proof.send(remote, job.message, job.timeout) for remote in ours]
        used = [line.login for line in lines]
        others = [login.username for login in job.logins if login not in used]
        return [*proofs, *(Proof(NOT_PROVED, "", name) for name in others)]

    def release(self, job: Job) -> Change:
        """Take our marks away, and make nullmailer run its queue.

        :param job: what the verb works with
        """
        if job.check_mode:
            return Change(any(one.stage for one in remotes_of(text_of(replaceable(FILE)))))
        changed = _mark(job, "")
        notes = []
        # Also if nothing was on hold any more: a run that was killed may have come no further.
        if os.listdir(os.path.join(proof.SPOOL, "queue")) and not trigger.pull(proof.SPOOL):
            notes.append("nullmailer-send is not running: what waits in its queue is sent when it is started")
        return Change(changed, notes=(*notes, *_given_up()))


def _lines(job: Job, remotes: list[Remote]) -> list[Line]:
    return plan(remotes, job, lambda host: bool(_addresses(host) & _addresses(job.host)))


def _addresses(host: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()


def _with_logins(text: str, job: Job) -> str:
    for line in _lines(job, remotes_of(text)):
        if line.login is not None:
            login = line.login
            text = with_login(text, line.remote.index, username=login.username, password=login.password)
    return text


def _mark(job: Job, stage: str) -> bool:
    """Move the provider's lines to a stage, or release all that are ours; tell whether that changed the file."""

    def edit(text: str) -> str:
        held = {line.remote.index for line in _lines(job, remotes_of(text))} if stage else set()
        return marked(text, held, stage)

    return rewrite(FILE, edit)


def _access(path: str) -> files.Access:
    """Return an access with which only nullmailer-send reads the file: the present one if it is such."""
    user = os.stat(os.path.join(proof.SPOOL, "queue")).st_uid
    group = pwd.getpwuid(user).pw_gid
    found = files.access_of(path)
    if found is not None and not found.mode & 0o037:
        if found.uid == user and found.mode & 0o400 and (found.gid in (0, group) or not found.mode & 0o040):
            return found
        if found.uid == 0 and found.gid == group and found.mode & 0o040:
            return found
    return files.Access(user, group, files.CLOSED)


def _fallbacks(lines: list[Line], remotes: list[Remote]) -> tuple[str, ...]:
    own = {line.remote.index for line in lines}
    others = ", ".join(one.host for one in remotes if one.index not in own)
    if not others:
        return ()
    return (f"nullmailer has other remotes too: while {lines[0].remote.host} is on hold, mail goes over {others}",)


def _given_up() -> list[str]:
    folder = os.path.join(proof.SPOOL, "failed")
    number = len(os.listdir(folder)) if os.path.isdir(folder) else 0
    if not number:
        return []
    return [
        f"{number} messages that nullmailer has given up are in {folder}; move those that are to be sent to "
        f"{proof.SPOOL}/queue, as the same user, and write a byte to {proof.SPOOL}/trigger"
    ]


def _places(lines: list[Line]) -> tuple[str, ...]:
    return tuple(f"line {line.remote.index + 1} of {FILE}, {line.remote.host}" for line in lines)


PROGRAM = Nullmailer()
