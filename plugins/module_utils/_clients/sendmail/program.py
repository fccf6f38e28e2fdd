# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sendmail of sendmail.org, with a smart host."""

from __future__ import annotations

import os

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import call, path_of
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
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail import (
    asking,
    configuration,
    daemons,
    maps,
    proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.asking import SENDMAIL
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.configuration import DRAINING, HELD
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.discovery import (
    CONFIGURATION,
    Found,
    check_generated,
    configuration_text,
    found_by,
    relay_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.text import (
    cannot_carry,
    with_line,
    with_login,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.target import replaceable

_PID_FILE, _QUEUE = "/var/run/sendmail.pid", "/var/spool/mqueue"
# What waited goes out at once, in the background: also what is young, and what the relay put off before.
_FLUSH = """
exec >/dev/null 2>&1 </dev/null
"$0" -Am -OMinQueueAge=0 -OTimeout.hoststatus=1s -q &
"$0" -Ac -q &
"""


class Sendmail(Program):
    """sendmail 8."""

    name = "sendmail"

    def cannot_carry(self, username: str, password: str) -> str:
        """Return why sendmail cannot log in with this.

        :param username: the SMTP login
        :param password: the password
        """
        return cannot_carry(username, password)

    def is_installed(self) -> bool:
        """Tell whether this sendmail is on this host."""
        return asking.is_here()

    def find(self, job: Job) -> Finding:
        """Ask sendmail for its smart host, and by which line it logs in there.

        :param job: what the verb works with
        """
        found = found_by(job)
        text = configuration_text()
        daemons.check(_pid_file(text))
        stage = configuration.stage_of(text)
        if not stage:
            check_generated()
        entries = tuple(
            Entry(found.source.path, f"AuthInfo:{one.key}", one.line.username if one.line else "", one.wanted.username)
            for one in found.places
        )
        holds = (f"mailer {found.relay.mailer}",)
        return Finding(asking.version(), entries, holds, stage == HELD, _notes(found))

    def hold(self, job: Job) -> Change:
        """Let the mailer connect to nothing, and wait for deliveries under way.

        :param job: what the verb works with
        """
        text = configuration_text()
        mailer = relay_of(job, text).mailer
        if configuration.held(text, mailer, HELD) == text:
            return Change(False)
        change = Change(True, f"mailer {mailer}: delivers\n", f"mailer {mailer}: held\n")
        if job.check_mode:
            return change
        daemons.check(_pid_file(text))
        _rewrite(configuration.held(text, mailer, DRAINING))
        try:
            daemons.reload(_pid_file(text))
            left = daemons.settle(job.timeout)
            if left:
                raise ProgramError(
                    f"{left} deliveries of sendmail did not end within {job.timeout:g} seconds; nothing is held any "
                    "more. Raise the timeout, or see with mailq what takes so long"
                )
        except BaseException:
            _rewrite(configuration.released(configuration_text()))
            daemons.reload(_pid_file(text))
            raise
        _rewrite(configuration.held(configuration_text(), mailer, HELD))
        return change

    def deploy(self, job: Job) -> Change:
        """Write the logins into the source of the map, make the map of it, and let daemons open it anew.

        :param job: what the verb works with
        """
        found = found_by(job)
        text = found.text
        for one in found.places:
            login = one.wanted
            if one.line:
                text = with_login(text, one.line.index, login.username, login.password)
            else:
                text = with_line(text, one.key, login.username, login.password)
        changed = maps.differs(found.source, found.path, text)
        if changed and not job.check_mode:
            maps.write(found.source, found.path, text)
            daemons.reload(_pid_file(configuration_text()))
        before = "".join(f"AuthInfo:{one.key}: {one.line.username}\n" for one in found.places if one.line)
        return Change(changed, before, "".join(f"AuthInfo:{one.key}: {one.wanted.username}\n" for one in found.places))

    def prove(self, job: Job) -> list[Proof]:
        """Send one message with a configuration that has no hold.

        :param job: what the verb works with
        """
        if job.message is None:
            return []
        found = found_by(job)
        text = configuration.released(configuration_text())
        proved = found.places[0].wanted
        queue = configuration.option(text, "QueueDirectory") or _QUEUE
        outcome = proof.send(
            text, os.path.dirname(queue) if "*" in queue else queue, proved.username, job.message, job.timeout
        )
        return [outcome, *(Proof(NOT_PROVED, "", one.username) for one in job.logins if one != proved)]

    def release(self, job: Job) -> Change:
        """Take the hold away, and deliver what waited.

        :param job: what the verb works with
        """
        text = configuration_text()
        released = configuration.released(text)
        if released == text:
            return Change(False)
        if not job.check_mode:
            _rewrite(configuration.releasing(text))
            daemons.reload(_pid_file(released))
            call("/bin/sh", "-c", _FLUSH, path_of(SENDMAIL) or SENDMAIL)
            _rewrite(configuration.released(configuration_text()))
        return Change(True)


def _notes(found: Found) -> tuple[str, ...]:
    return (
        f"while mail is on hold, all mail by the mailer {found.relay.mailer} waits; make in /etc/mail can end "
        "the hold, since it generates sendmail.cf",
    )


def _pid_file(text: str) -> str:
    return configuration.option(text, "PidFile") or _PID_FILE


def _rewrite(text: str) -> None:
    path = replaceable(CONFIGURATION)
    with files.locked(os.path.dirname(path)):
        files.remove_stale(path)
        access = files.access_of(path)
        if access is not None:
            files.write(path, text.encode("utf-8", "surrogateescape"), access)


PROGRAM = Sendmail()
