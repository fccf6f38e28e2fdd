# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which lines of nullmailer's remotes are the provider's, and whose login each is to have. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer.text import Remote
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    Job,
    Login,
    NotUsedError,
)
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

FILE = "/etc/nullmailer/remotes"


@dataclass(frozen=True)
class Line:
    """A line of the provider, and the login that it is to have, None if it is somebody else's."""

    remote: Remote
    login: Login | None


def plan(remotes: list[Remote], job: Job, same: Callable[[str], bool]) -> list[Line]:
    """Return the provider's lines, in the order in which nullmailer tries them.

    :param remotes: all lines
    :param job: the provider and the logins
    :param same: tells whether a host of another name is the provider's server too
    :raises InputError: if a login would not be used
    """
    lines = [Line(one, owner_of(one, job)) for one in remotes if _is_providers(one, job, same)]
    if not lines:
        hosts = ", ".join(one.host for one in remotes) or "nobody"
        raise NotUsedError(
            f"nullmailer does not relay to {job.host}: {FILE} names {hosts}. Set its remote, or the option key of the "
            "login to the host as it is written there"
        )
    lines = [_given(line, lines, job) for line in lines]
    _check_used(lines, job)
    return lines


def owner_of(remote: Remote, job: Job) -> Login | None:
    """Return the login that a line has, or is to have, None if it is not one of ours.

    :param remote: the line
    :param job: the logins
    """
    for login in job.logins:
        if remote.username in (login.username, *login.replaces) and login.key in ("", remote.host):
            return login
    return None


def _is_providers(remote: Remote, job: Job, same: Callable[[str], bool]) -> bool:
    if remote.protocol != "smtp":
        return False
    if _name(remote.host) == _name(job.host) or remote.host in {login.key for login in job.logins}:
        return True
    # An alias of the provider's, which also reads a login of ours.
    return owner_of(remote, job) is not None and same(remote.host)


def _given(line: Line, lines: list[Line], job: Job) -> Line:
    """Give a line without a login to the only login that has none."""
    without = [login for login in job.logins if all(one.login is not login for one in lines)]
    if line.login is None and not line.remote.username and len(without) == 1:
        return Line(line.remote, without[0])
    return line


def _check_used(lines: list[Line], job: Job) -> None:
    first = next((line for line in lines if line.login is not None), None)
    if first is None:
        names = ", ".join(login.username for login in job.logins)
        others = ", ".join(line.remote.username or "no login" for line in lines)
        raise InputError(
            f"{FILE} has no line for {names} at {job.host}, only for {others}: add one, or name the username that it "
            "takes over in replaces"
        )
    before, own = lines[0].remote, first.remote
    if before.index < own.index:
        raise InputError(
            f"line {before.index + 1} of {FILE} sends to {before.host} with {before.username or 'no login'}, before "
            f"line {own.index + 1} with {own.username or 'ours'}: nullmailer uses the later one only if the earlier "
            "one fails. Remove one of them, or swap them"
        )


def _name(host: str) -> str:
    return host.lower().rstrip(".")
