# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a mail program is to the role: five verbs, the same for each. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

# How it was seen that mail goes out: one message through the program, accepted by the relay; a login that the program
# made by itself, without a message; nothing.
BY_MESSAGE, BY_LOGIN, NOT_PROVED = "message", "login", "nothing"


class NotUsedError(InputError):
    """A mail program is there and sends nothing to the provider, so that it needs no login."""


class ProgramError(Exception):
    """A mail program did not do what was asked of it."""


@dataclass(frozen=True)
class Login:
    """What the program is to log in with.

    :param username: the SMTP login
    :param password: empty where a verb needs none
    :param replaces: other user names whose entries it takes over, such as the idle account of a pair
    :param key: where the program looks it up, if the playbook says so; empty to find out
    """

    username: str
    password: str = field(default="", repr=False)
    replaces: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True)
class Message:
    """The message that proves a login.

    :param token: a word that nobody else writes, in the subject; by it the message is found in queues and logs
    """

    sender: str
    recipient: str
    token: str


@dataclass(frozen=True)
class Job:
    """What a verb works with.

    :param host: the provider's SMTP server, as the role knows it
    :param port: its port
    :param encryption: C(starttls), C(tls) or C(none)
    :param logins: the logins of this host
    :param options: the program's own options, as its C(OPTIONS) describe them
    :param timeout: seconds that deliveries under way, or the one that proves a login, may take
    :param message: what to prove a login with, None if there is none
    :param check_mode: whether nothing is to be changed
    """

    host: str
    port: int
    encryption: str = "starttls"
    logins: tuple[Login, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 60.0
    message: Message | None = None
    check_mode: bool = False


@dataclass(frozen=True)
class Entry:
    """A place where the program reads a login for the provider.

    :param place: the file or map, as the program names it
    :param key: what it is found by there, empty if a file has one login only
    :param username: who logs in now, empty if there is no such entry yet
    :param wanted: who is to log in, by that entry
    """

    place: str
    key: str
    username: str
    wanted: str


@dataclass(frozen=True)
class Finding:
    """What a program uses now, and what would be written.

    :param version: of the program
    :param entries: all entries of the accounts that it uses for the provider, and those that are to be added
    :param holds: what is held: transports, routes, or the whole queue, in the program's own words
    :param held: whether all of that is on hold at this moment, by us
    :param notes: what a user should know, in whole sentences
    """

    version: str
    entries: tuple[Entry, ...]
    holds: tuple[str, ...] = ()
    held: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """What a verb did, or in check mode would do.

    :param changed: whether anything was not as asked
    :param before: what a diff shows, without secrets
    :param after: likewise
    :param notes: what a user should know, in whole sentences
    """

    changed: bool
    before: str = ""
    after: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """How it was seen that mail goes out with the new password.

    :param how: C(BY_MESSAGE), C(BY_LOGIN) or C(NOT_PROVED)
    :param reply: what the relay said, as the program's log, queue or output shows it
    :param username: who logged in, as far as the program says
    """

    how: str
    reply: str = ""
    username: str = ""


class Program:
    """A mail program. Each is a folder beside this file, with a C(program.py) whose C(PROGRAM) is one of these."""

    name = ""
    # Whether mail can wait in it. One without a queue tells the caller at once that nothing was sent.
    has_queue = True
    # The best that prove can do.
    proof = BY_MESSAGE
    # The argument specification of the options that only this program has.
    OPTIONS: Mapping[str, Mapping[str, Any]] = {}

    def cannot_carry(self, username: str, password: str) -> str:
        """Return why the program's files cannot hold a login, naming the character and the program; empty if they can.

        Pure, since the controller asks too, before anything changes.

        :param username: the SMTP login
        :param password: the password
        """
        raise NotImplementedError

    def is_installed(self) -> bool:
        """Tell whether the program is on this host."""
        raise NotImplementedError

    def find(self, job: Job) -> Finding:
        """Ask the program which entries it uses for the provider on this host now. Changes nothing.

        :param job: what the verb works with; its logins have no passwords
        :raises NotUsedError: if the program sends nothing to the provider
        :raises InputError: if what would be written is not what the program would use, or could not be written
        """
        raise NotImplementedError

    def hold(self, job: Job) -> Change:
        """Stop all that reaches the provider, and only that; return when nothing logs in any more.

        A restart of the program, and a flush by a user, do not end it. Can be asked again after a run that was killed.

        :param job: what the verb works with
        :raises ProgramError: if it cannot; then nothing is held
        """
        raise NotImplementedError

    def deploy(self, job: Job) -> Change:
        """Write the logins where the program reads them, with the owner and mode that it needs.

        Atomic, no copy is left; other entries stay byte for byte. The program reads it again only if it must.

        :param job: what the verb works with
        """
        raise NotImplementedError

    def prove(self, job: Job) -> list[Proof]:
        """Send one message through the program with each login, while all other mail stays on hold.

        :param job: what the verb works with
        :raises ProgramError: if the relay does not accept it; all stays on hold
        """
        raise NotImplementedError

    def release(self, job: Job) -> Change:
        """Take the hold away, byte for byte, and deliver what waited because of it or of a refused login.

        :param job: what the verb works with
        """
        raise NotImplementedError
