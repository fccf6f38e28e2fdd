# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dma, the DragonFly Mail Agent: hands all mail to one smarthost, in a process for each message."""

from __future__ import annotations

import os

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import call, path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.dma import auth, proof, work
from ansible_collections.mailops.smtp.plugins.module_utils._clients.dma.conf import (
    DRAINING,
    Conf,
    parse,
    with_hold,
    without_hold,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.package import version_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    NOT_PROVED,
    Change,
    Entry,
    Finding,
    Job,
    NotUsedError,
    Program,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.target import replaceable, rewrite, text_of
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control

CONF = "/etc/dma/dma.conf"
# Who may read the logins: root, and the group with which dma runs.
_MODE = 0o640


class Dma(Program):
    """dma 0.13."""

    name = "dma"

    def cannot_carry(self, username: str, password: str) -> str:
        """Return why the file cannot hold a login.

        :param username: the SMTP login
        :param password: the password
        """
        if has_control(username + password):
            return "dma reads its logins line by line: a login cannot contain a control character"
        return auth.cannot_carry(username, password)

    def is_installed(self) -> bool:
        """Tell whether the program is on this host."""
        return path_of("dma") is not None

    def find(self, job: Job) -> Finding:
        """Return the lines for the smarthost, of which dma uses the last.

        :param job: what the verb works with
        """
        replaceable(CONF)
        conf = _conf(job)
        path = replaceable(conf.authpath)
        login, lines = auth.used_by(text_of(path), conf.smarthost, job)
        names = [line.username for line in lines] or [""]
        entries = tuple(Entry(conf.authpath, conf.smarthost, name, login.username) for name in names)
        return Finding(version_of("dma"), entries, ("all mail that dma sends",), conf.held)

    def hold(self, job: Job) -> Change:
        """Make the smarthost one that cannot be reached, and end or wait for all that started before.

        :param job: what the verb works with
        """
        if _conf(job).held:
            return Change(False)
        if not job.check_mode:
            rewrite(CONF, lambda text: with_hold(text, DRAINING))
            try:
                work.settle(_dma(), job.timeout)
            except ProgramError:
                self._release(job)
                raise
            rewrite(CONF, with_hold)
        return Change(True, "", f"{CONF}: all mail is on hold\n")

    def deploy(self, job: Job) -> Change:
        """Write the login. Each process of dma reads it when it starts.

        :param job: what the verb works with
        """
        conf = _conf(job)
        login, _lines = auth.used_by(text_of(replaceable(conf.authpath)), conf.smarthost, job)
        access = files.Access(0, os.stat(_dma()).st_gid, _MODE)
        changed = rewrite(
            conf.authpath,
            lambda text: auth.changed(text, conf.smarthost, job),
            access=access,
            check_mode=job.check_mode,
        )
        return Change(changed, "", f"{conf.authpath}: password of {login.username}\n" if changed else "")

    def prove(self, job: Job) -> list[Proof]:
        """Send one message through dma, apart from its queue and its hold.

        :param job: what the verb works with
        """
        if job.message is None:
            return []
        conf = _conf(job)
        used, _lines = auth.used_by(text_of(replaceable(conf.authpath)), conf.smarthost, job)
        how, words = proof.send(_dma(), os.path.realpath(CONF), conf.base, job.message, job.timeout)
        others = [login.username for login in job.logins if login is not used]
        return [Proof(how, words, used.username), *(Proof(NOT_PROVED, "", name) for name in others)]

    def release(self, job: Job) -> Change:
        """Take our lines away, end the processes that started with them, and make dma run its queue.

        :param job: what the verb works with
        """
        text = text_of(replaceable(CONF))
        if job.check_mode:
            return Change(text != without_hold(text))
        return self._release(job)

    def _release(self, job: Job) -> Change:
        changed = rewrite(CONF, without_hold)
        # Also if nothing was on hold any more: a run that was killed may have come no further.
        taking = work.end_held(_dma(), job.timeout if changed else 0)
        notes = []
        if "DEFER" in parse(text_of(CONF)).settings:
            notes.append(f"{CONF} has DEFER, so what waited is sent at the next dma -q")
        else:
            call(_dma(), "-q")
        if taking:
            notes.append(f"{taking} messages are still being handed to dma; the next dma -q sends them")
        return Change(changed, notes=tuple(notes) if changed else ())


def _dma() -> str:
    return path_of("dma") or "/usr/sbin/dma"


def _conf(job: Job) -> Conf:
    """Return the configuration.

    :raises InputError: if dma would not log in to the provider with it
    """
    conf = parse(text_of(replaceable(CONF)))
    names = {job.host.lower(), *(login.key for login in job.logins)}
    if not conf.smarthost or not {conf.smarthost, conf.smarthost.lower()} & names:
        raise NotUsedError(
            f"dma does not relay to {job.host}: SMARTHOST in {CONF} is {conf.smarthost or 'not set'}. Set it, or the "
            "option key of the login to the host as it is written there"
        )
    if not conf.authpath:
        raise InputError(f"dma does not log in, since {CONF} has no AUTHPATH: add the line AUTHPATH /etc/dma/auth.conf")
    if not {"SECURETRANSFER", "INSECURE"} & set(conf.settings):
        raise InputError(f"dma does not log in without encryption: add SECURETRANSFER to {CONF}")
    return conf


PROGRAM = Dma()
