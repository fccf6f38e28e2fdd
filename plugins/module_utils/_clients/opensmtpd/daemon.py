# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks and commands a running smtpd, by smtpctl."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import Answer, call, path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.hold_text import NAME
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.processes import (
    INTERVAL,
    main_process,
    restart,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

_CONFIG = re.compile(rb"(/[\w./-]+/smtpd\.conf)\0")
# A relay to which something is to be sent, and to which smtpd is connected.
_BUSY = re.compile(r" ntask=[1-9]\d* nconn=[1-9]")
_TRIES, _STATE, _TROUBLE = 10, 11, 13
_FAMILY, _FLAGS = 1, 3
# Removing takes until a delivery under way ends.
_REMOVAL_SECONDS = 15.0


@dataclass(frozen=True)
class Queued:
    """An envelope in the queue: one message to one recipient.

    :param state: C(pending), C(inflight) or C(offline)
    :param trouble: why it was not delivered, as smtpd says
    :param is_guest: whether it came over IPv4 without a login, as the proofs do
    """

    identifier: str
    tries: int
    state: str
    trouble: str
    is_guest: bool

    @property
    def is_put_off(self) -> bool:
        """Tell whether it waits for another try."""
        return self.state == "pending" and self.tries > 0


class Daemon:
    """smtpd of this host.

    :raises InputError: if it is not installed completely
    """

    def __init__(self) -> None:
        smtpd, smtpctl = path_of("smtpd"), path_of("smtpctl")
        if smtpd is None or smtpctl is None:
            raise InputError("smtpd or smtpctl is not installed on this host")
        self.smtpd, self._smtpctl = smtpd, smtpctl

    def version(self) -> str:
        """Return its version."""
        told = call(self.smtpd, "-h")
        match = re.search(r"OpenSMTPD (\S+)", told.output + told.errors)
        return match.group(1) if match else "unknown"

    def config_file(self) -> str:
        """Return which file smtpd reads: the one that it was started with, or that it was built for."""
        process = main_process(self.smtpd)
        words = process.words if process else ()
        for word, after in zip(words, [*words[1:], ""]):
            if word == "-f" and after:
                return after
        with open(self.smtpd, "rb") as file:
            found = _CONFIG.search(file.read())
        return found.group(1).decode() if found else "/etc/smtpd.conf"

    def refusal_of(self, path: str) -> str:
        """Return what smtpd has against a configuration, empty if nothing.

        :param path: of the configuration
        """
        told = call(self.smtpd, "-n", "-f", path)
        lines = (told.errors + told.output).strip().splitlines()
        return "" if told.code == 0 else (lines[0] if lines else f"exit status {told.code}")

    def is_running(self) -> bool:
        """Tell whether it answers."""
        return self._control("show", "status").code == 0

    def is_paused(self) -> bool:
        """Tell whether somebody paused all outgoing mail."""
        return "MTA paused" in self._control("show", "status").output

    def update_table(self, name: str) -> None:
        """Have it read a table again.

        :param name: of the table
        :raises ProgramError: if it does not
        """
        if self._control("update", "table", name).code != 0:
            raise ProgramError(
                f"smtpd did not read the table {name} again: see its log, and whether its user may read the file and "
                "each folder above it"
            )

    def listens(self, port: int, seconds: float = 0) -> bool:
        """Tell whether something greets like a mail server there.

        :param port: on the loopback interface
        :param seconds: how long to try again: a daemon that has just started may not answer every time
        """
        deadline = time.monotonic() + seconds
        while not self._greets(port):
            if time.monotonic() >= deadline:
                return False
            time.sleep(INTERVAL)
        return True

    def _greets(self, port: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False

    def restart(self, seconds: float, port: int = 0) -> None:
        """Start it again, when no delivery is under way.

        :param seconds: how long deliveries may take
        :param port: where it has to listen afterwards, 0 for nowhere
        :raises ProgramError: if they take longer, or if it does not come back
        """
        self.drain(seconds)
        # It answers smtpctl a moment before it listens.
        restart(self.smtpd, lambda: self.is_running() and (not port or self.listens(port)))

    def drain(self, seconds: float) -> None:
        """Have no more mail sent until the next start, and wait until no delivery is under way.

        :param seconds: how long deliveries may take
        :raises ProgramError: if they take longer; then mail is sent as before
        """
        self._control("pause", "mta")
        deadline = time.monotonic() + seconds
        # Twice, since between two messages of a session nothing runs for a moment.
        idle = 0
        while idle < 2:
            idle = idle + 1 if self._is_idle() else 0
            if time.monotonic() >= deadline and idle < 2:
                self._control("resume", "mta")
                raise ProgramError(
                    f"deliveries of smtpd did not end within {seconds:g} seconds; raise timeout, or use smtpctl show "
                    "relays to see what is taking so long"
                )
            time.sleep(INTERVAL)

    def _is_idle(self) -> bool:
        """Tell whether no message is being sent, or about to be; a session without one can be cut without harm."""
        if self._stats("mta.task.running"):
            return False
        # Mail on hold counts among the tasks as well, but nobody is connected for it.
        return _BUSY.search(self._control("show", "relays").output) is None

    def delivered(self) -> tuple[int, int]:
        """Return how many envelopes were delivered, and how many were refused for good."""
        return self._stats("scheduler.delivery.ok"), self._stats("scheduler.delivery.permfail")

    def _stats(self, name: str) -> int:
        stats = dict(line.partition("=")[::2] for line in self._control("show", "stats").output.splitlines())
        return int(stats.get(name, "0"))

    def queue(self) -> list[Queued]:
        """Return what is in the queue."""
        lines = (line.split("|", _TROUBLE) for line in self._control("show", "queue").output.splitlines())
        return [_queued(fields) for fields in lines if len(fields) > _TROUBLE]

    def action_of(self, identifier: str) -> str:
        """Return by which action an envelope is delivered.

        :param identifier: of the envelope
        """
        match = re.search(r"(?m)^dispatcher: (.*)$", self._control("show", "envelope", identifier).output)
        return match.group(1) if match else ""

    def schedule(self, identifiers: Iterable[str], seconds: float = 10.0) -> None:
        """Have put-off mail tried at once, though smtpd may still be reading its queue after a start.

        :param identifiers: of the envelopes
        :param seconds: how long to wait for it
        """
        left = set(identifiers)
        deadline = time.monotonic() + seconds
        while left and time.monotonic() < deadline:
            known = {one.identifier: one for one in self.queue()}
            for identifier in sorted(left):
                if identifier in known and self._control("schedule", identifier).output.startswith("1 "):
                    left.discard(identifier)
            left -= {one.identifier for one in known.values() if not one.is_put_off}
            time.sleep(INTERVAL)

    def remove_proofs(self) -> None:
        """Remove the messages that were to prove a login. One whose action is gone would stay in the spool for ever.

        :raises ProgramError: if one stays
        """
        deadline = time.monotonic() + _REMOVAL_SECONDS
        others: set[str] = set()
        while True:
            found = [one.identifier for one in self.queue() if one.is_guest and one.identifier not in others]
            others |= {one for one in found if not self.action_of(one).startswith(f"{NAME}.")}
            found = [one for one in found if one not in others]
            if not found:
                return
            for identifier in found:
                self._control("remove", identifier)
            if time.monotonic() >= deadline:
                raise ProgramError(
                    f"the test message {found[0]} stays in the queue of smtpd: remove it with smtpctl remove, and run "
                    "again"
                )
            time.sleep(INTERVAL)

    def _control(self, *words: str) -> Answer:
        return call(self._smtpctl, *words)


def _queued(fields: list[str]) -> Queued:
    is_guest = fields[_FAMILY] == "inet4" and not fields[_FLAGS]
    return Queued(fields[0], int(fields[_TRIES] or 0), fields[_STATE], fields[_TROUBLE], is_guest)


def is_readable(path: str, user: tuple[int, int]) -> bool:
    """Tell whether a user may read a file, as far as its mode says.

    :param path: of the file
    :param user: user and group by number
    """
    return _may(path, user, 4)


def closed_folder(path: str, user: tuple[int, int]) -> str:
    """Return the folder that keeps a user from a file in it, empty if none does.

    :param path: of the file
    :param user: user and group by number
    """
    folders = [os.path.dirname(path)]
    while folders[-1] != "/":
        folders.append(os.path.dirname(folders[-1]))
    return next((folder for folder in folders if not _may(folder, user, 1)), "")


def _may(path: str, user: tuple[int, int], bit: int) -> bool:
    found = os.stat(path)
    shift = 6 if found.st_uid == user[0] else 3 if found.st_gid == user[1] else 0
    return bool(found.st_mode >> shift & bit)
