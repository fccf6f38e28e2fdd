# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that msmtp reads its accounts from, and what msmtp says of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients import commands
from ansible_collections.mailops.smtp.plugins.module_utils._clients.msmtp.text import (
    EVAL,
    PASSWORD,
    USER,
    Account,
    accounts,
    changed,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    Job,
    Login,
    NotUsedError,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

SYSTEM_FILE = "/etc/msmtprc"
_READ_BY_ALL = 0o004
# Stands for a password where there is none yet: what would change is seen with any.
_ANY = "not a password"
_USING = re.compile(r"^using account .* from (?P<path>.*)$", re.MULTILINE)


class ConfigFile:
    """The configuration file, and what msmtp says of it.

    :raises InputError: if what would be written there is not what msmtp would use, or cannot be written
    """

    def __init__(self, job: Job) -> None:
        self.path = path_of(job)
        content, access = files.read(self.path), files.access_of(self.path)
        if content is None or access is None:
            raise NotUsedError(f"there is no file {self.path}: name the one that msmtp reads in the option path")
        check_replaceable(self.path)
        self.access = access
        self.text = content.decode("utf-8", "surrogateescape")
        self.accounts = accounts(self.text)
        self.own = self._own(job)
        self._check_others()

    def _own(self, job: Job) -> dict[str, Login]:
        """Return the accounts that log in to the provider as one of the logins, each with that login."""
        own: dict[str, Login] = {}
        for account in self.accounts.values():
            asked = self._asked(account) if EVAL in account.settings else None
            login = _login_of(account, asked or {name: one.value for name, one in account.settings.items()}, job)
            if login is not None:
                _check(account, self.path, asked or self._asked(account))
                own[account.name] = login
        for login in job.logins:
            if login not in own.values():
                raise NotUsedError(
                    f"{self.path} has no account that logs in to {job.host} as {login.username}: add one, or name the "
                    f"file that has it in the option path"
                )
        return own

    def _asked(self, account: Account) -> dict[str, str]:
        """Return the settings of an account as msmtp sees them; it hides the password."""
        # Without a password, msmtp would run its passwordeval, or ask the user's key ring.
        answer = msmtp("--file", self.path, "--pretend", f"--account={account.name}", "--passwordeval=echo")
        if answer.code != 0:
            raise InputError(
                f"msmtp cannot use the account {account.name} of {self.path}: see what "
                f"msmtp --pretend --file={self.path} --account={account.name} says"
            )
        lines = (line.partition(" = ") for line in answer.output.split("\n"))
        return {name: value for name, equals, value in lines if equals}

    def _check_others(self) -> None:
        after = accounts(changed(self.text, {name: (login.username, _ANY) for name, login in self.own.items()}))
        for name, account in self.accounts.items():
            if name not in self.own and _pair(account) != _pair(after[name]):
                raise InputError(
                    f"the account {name} of {self.path} has its login from an account whose login is to change, but is "
                    f"for another user or host: give it a user and a password line of its own"
                )

    def with_logins(self) -> str:
        """Return the text with the logins in it."""
        return changed(self.text, {name: (login.username, login.password) for name, login in self.own.items()})

    def shown(self, known: Mapping[str, Account]) -> str:
        """Return what a diff shows of the accounts."""
        lines = []
        for name, login in self.own.items():
            password = "as asked for" if known[name].value(PASSWORD) == login.password else "another one"
            lines.append(f"account {name}: {known[name].value(USER)}, password: {password}\n")
        return "".join(lines)

    def notes(self) -> tuple[str, ...]:
        """Return what a user should know of the file."""
        notes = []
        if self.access.mode & _READ_BY_ALL:
            notes.append(
                f"every user of this host can read the passwords in {self.path}. It stays so, because msmtp runs as "
                f"the user who sends; if these are in one group, give the file to that group, with mode 0640"
            )
        if self.path == SYSTEM_FILE:
            notes += [note for note in map(self._hidden, self.own) if note]
        return tuple(notes)

    def _hidden(self, name: str) -> str:
        used = _USING.search(msmtp("--pretend", f"--account={name}", "--passwordeval=echo").output)
        if used is None or used.group("path") == self.path:
            return ""
        return (
            f"root uses the account {name} of {used.group('path')} instead of that of {self.path}; if it is to change "
            f"too, name that file in the option path"
        )


def path_of(job: Job) -> str:
    """Return where the file is, symbolic links followed.

    :param job: what a verb works with
    """
    return files.real_path(job.options.get("path") or SYSTEM_FILE)


def msmtp(*arguments: str, given: str = "", seconds: float = 30.0) -> commands.Answer:
    """Run msmtp to its end.

    :param arguments: its arguments
    :param given: its standard input
    :param seconds: how long it may take
    """
    command = commands.path_of("msmtp") or "msmtp"
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return commands.call(command, *arguments, given=given, seconds=seconds, environment=environment)


def _login_of(account: Account, settings: Mapping[str, str], job: Job) -> Login | None:
    """Return the login that an account is to have, None if it is not one of ours."""
    host, user = settings.get("host", ""), settings.get(USER, "")
    if host.lower().rstrip(".") != job.host.lower().rstrip("."):
        return None
    logins: Sequence[Login] = [login for login in job.logins if login.key in ("", account.name)]
    exact = [login for login in logins if login.username == user]
    return next(iter([*exact, *(login for login in logins if user in login.replaces)]), None)


def _check(account: Account, path: str, asked: Mapping[str, str]) -> None:
    """Refuse an account that would not use what is written.

    :raises InputError: if it would not
    """
    where = f"the account {account.name} of {path}"
    if EVAL in account.settings:
        raise InputError(f"{where} has a line that is made by eval: write what it says into the file")
    if PASSWORD not in account.settings and account.value("passwordeval"):
        raise InputError(
            f"{where} has its password from a command, in passwordeval, which cannot be changed here: give it a "
            f"password line instead, or write the password where that command reads it, with a template"
        )
    if (asked.get("host"), asked.get(USER)) != (account.value("host"), account.value(USER)):
        raise InputError(f"msmtp does not read {where} as it is written: see what msmtp --pretend says")
    if asked.get("auth") == "none":
        raise InputError(f"{where} does not log in: set auth on there")


def _pair(account: Account) -> tuple[str, str]:
    return account.value(USER), account.value(PASSWORD)
