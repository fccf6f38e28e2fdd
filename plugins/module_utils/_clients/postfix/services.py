# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts the services that prove logins into master.cf, and takes everything away again, also what a killed run left."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix import services_text as texts
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.route import Route
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.verdict import (
    candidates,
    is_ours,
    unstamped,
)
from ansible_collections.mailops.smtp.plugins.module_utils._files import (
    access_of,
    read,
    real_path,
    remove,
    remove_stale,
    write,
)
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.wait import Clock, reload_and_wait, wait_until

_PRIVATE, _PUBLIC = "private", "public"


class Services:
    """The services of one instance that prove logins. The caller keeps other runs out of the instance's folder.

    :param postfix: the instance
    """

    def __init__(self, postfix: Postfix, clock: Clock = time) -> None:
        self._postfix = postfix
        self._clock = clock
        self._master_cf = real_path(os.path.join(postfix.config_directory, "master.cf"))
        # Kept, since somebody can write master.cf anew meanwhile.
        self._note: texts.Note | None = None
        self._log = os.path.join(postfix.setting("data_directory"), f"{texts.SEND}.log")

    def set_up(self, routes: Sequence[Route], recipient: str) -> None:
        """Start two services for each way that mail takes.

        :param routes: the ways
        :param recipient: whom the messages are for
        :raises PostfixError: if they do not start
        """
        note = texts.Note(int(time.time()), recipient)
        base, _left = texts.split(self._text())
        self._note = note
        self._write(texts.with_block(base, note, self._lines(routes)))
        reload_and_wait(self._postfix, self._clock)
        wait_until(
            lambda: all(os.path.exists(self.entry(number)) for number in range(len(routes))),
            otherwise="Postfix does not start a service that was added to master.cf",
            clock=self._clock,
        )

    def _lines(self, routes: Sequence[Route]) -> list[str]:
        values = texts.values_by_service(self._postfix.call("postconf", "-n").output)
        # Before 3.4, Postfix has the system's log only.
        log = self._log if self._postfix.call("postconf", "-h", "postlog_service_name").output.strip() else None
        lines = [texts.log_line(log)] if log else []
        for number, route in enumerate(routes):
            service = texts.service_of(self._postfix.call("postconf", "-M", f"{route.transport}/unix").output)
            lines += texts.lines_for(
                number, name=route.transport, service=service, nexthop=route.nexthop, values=values, log=log
            )
        return lines

    def entry(self, number: int) -> str:
        """Return the socket of the service that takes the message for one of the ways.

        :param number: which one of them
        """
        return os.path.join(self._postfix.queue, _PRIVATE, f"{texts.ENTRY}-{number}")

    def log(self) -> str:
        """Return what the services logged."""
        return (read(self._log) or b"").decode("utf-8", "replace")

    def are_left(self) -> bool:
        """Tell whether there is something to take away."""
        return texts.split(self._text())[1] is not None or bool(self._sockets()) or os.path.lexists(self._log)

    def take_down(self) -> None:
        """Remove the services and their messages, and move what they logged to the mail log.

        In this order, so that a kill leaves what C(are_left) finds, and the note until the messages are gone.

        :raises PostfixError: if Postfix does not do it
        """
        base, written = texts.split(self._text())
        self.remove_messages()
        if written is not None:
            self._write(base)
        if self._postfix.running():
            self._hand_over_log()
            reload_and_wait(self._postfix, self._clock)
            wait_until(
                lambda: not any(map(self._postfix.processes, self._names())),
                otherwise="Postfix does not end a service that was taken out of master.cf",
                clock=self._clock,
            )
        for path in (*self._sockets(), self._log):
            remove(path)

    def remove_messages(self) -> None:
        """Remove our messages from the queue, also those that somebody requeued."""
        note = texts.split(self._text())[1] or self._note
        if note is None:
            return
        found = candidates(self.listing(), note)
        ours = [one for one in found if is_ours(self._postfix.call("postcat", "-qe", one).output)]
        if ours:
            self._postfix.call("postsuper", "-d", "-", given="".join(f"{one}\n" for one in ours))

    def listing(self) -> str:
        """Return the queue, as C(postqueue -j) describes it.

        :raises PostfixError: if Postfix does not tell
        """
        answer = self._postfix.call("postqueue", "-j")
        if answer.code != 0:
            raise PostfixError("postqueue -j does not list the queue: check the mail log, and run the task again")
        return answer.output

    def _hand_over_log(self) -> None:
        lines = unstamped(self.log())
        if lines:
            self._postfix.call("postlog", "-t", texts.SEND, given=lines)

    def _names(self) -> list[str]:
        return [os.path.basename(path) for path in self._sockets()]

    def _sockets(self) -> list[str]:
        folders = [os.path.join(self._postfix.queue, name) for name in (_PRIVATE, _PUBLIC)]
        found = [(folder, name) for folder in folders if os.path.isdir(folder) for name in os.listdir(folder)]
        starts = (f"{texts.ENTRY}-", f"{texts.SEND}-", texts.LOG)
        return [os.path.join(folder, name) for folder, name in found if name.startswith(starts)]

    def _text(self) -> str:
        return (read(self._master_cf) or b"").decode("utf-8", "surrogateescape")

    def _write(self, text: str) -> None:
        access = access_of(self._master_cf)
        if access is not None:
            remove_stale(self._master_cf)
            write(self._master_cf, text.encode("utf-8", "surrogateescape"), access)
