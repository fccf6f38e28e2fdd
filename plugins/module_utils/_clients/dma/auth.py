# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and writes dma's file of logins, C(user|smarthost:password). Pure: no I/O.

The smarthost must be spelled as in dma.conf. Of several lines for it, dma uses the last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, Login
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

# dma reads lines in pieces of that many bytes, and the second piece is an error that keeps it from taking any mail.
LONGEST_LINE = 2046
# How long the name of a host can be.
_LONGEST_HOST = 255
_HOST_ENDS = re.compile(r"[: \t]")


@dataclass(frozen=True)
class Line:
    """A line with a login for a host; C(index) is its number, from 0."""

    index: int
    username: str
    host: str


def logins_of(text: str) -> list[Line]:
    """Return the lines that have a login, without the passwords.

    :param text: the file
    """
    found = []
    for index, line in enumerate(text.split("\n")):
        username, separator, rest = line.partition("|")
        if line and not line.startswith("#") and separator:
            found.append(Line(index, username, _HOST_ENDS.split(rest, maxsplit=1)[0]))
    return found


def used_by(text: str, host: str, job: Job) -> tuple[Login, list[Line]]:
    """Return the login that dma uses for the smarthost, and its lines there, none if one is to be added.

    :param text: the file
    :param host: the smarthost as dma.conf spells it
    :param job: the logins
    :raises InputError: if dma uses the line of somebody else
    """
    lines = [line for line in logins_of(text) if line.host == host]
    if not lines:
        return _only_login(host, job), []
    owner = next((login for login in job.logins if lines[-1].username in _names(login)), None)
    if owner is None:
        raise InputError(
            f"dma logs in to {host} as {lines[-1].username}, since of several lines it uses the last. Remove that "
            f"line, or name {lines[-1].username} in replaces"
        )
    return owner, [line for line in lines if line.username in _names(owner)]


def _names(login: Login) -> tuple[str, ...]:
    return (login.username, *login.replaces)


def _only_login(host: str, job: Job) -> Login:
    if len(job.logins) != 1:
        names = ", ".join(login.username for login in job.logins)
        raise InputError(f"dma has no login for {host} yet, and one can be added only: name one of {names}")
    return job.logins[0]


def changed(text: str, host: str, job: Job) -> str:
    """Return the file with the login that dma uses for the smarthost.

    :param text: the file
    :param host: the smarthost as dma.conf spells it
    :param job: the logins
    """
    login, lines = used_by(text, host, job)
    return with_login(text, host, lines, login)


def with_login(text: str, host: str, lines: list[Line], login: Login) -> str:
    """Return the file with the login in its lines, or in a new one at the end.

    :param text: the file
    :param host: the smarthost as dma.conf spells it
    :param lines: the lines that are replaced
    :param login: the login
    """
    line = f"{login.username}|{host}:{login.password}"
    if not lines:
        return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{line}\n"
    ours = {one.index for one in lines}
    return "\n".join(line if index in ours else old for index, old in enumerate(text.split("\n")))


def cannot_carry(username: str, password: str) -> str:
    """Return why the file cannot hold a login, empty if it can.

    :param username: the SMTP login
    :param password: the password
    """
    if "|" in username:
        return "dma takes what follows a | for the host: a username for it cannot contain |"
    if username.startswith("#"):
        return "dma takes a line that starts with # for a comment: a username for it cannot start with #"
    if len(f"{username}|:{password}".encode("utf-8", "surrogateescape")) > LONGEST_LINE - _LONGEST_HOST:
        return f"dma reads lines of at most {LONGEST_LINE} bytes: the username and the password are too long for it"
    return ""
