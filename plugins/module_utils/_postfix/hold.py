# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the mail of one transport in Postfix's queue, and releases it again.

Why each step is there, as experiments showed:

* C(defer_transports) lets deliveries under way end and keeps new mail in the queue, but any C(postqueue -f) overrides
  it.
* C(master_service_disable) cannot be overridden, but the reload that puts it in force kills deliveries under way, and
  a message whose delivery is killed at the wrong moment arrives twice.
* So the transport is deferred first, and its socket is moved aside, so that a flush reaches nobody. Deliveries end by
  themselves. Only when no process is left is the service disabled, which a restart of Postfix does not undo.
* Every reload empties the cache of open connections, and so ends those that are logged in.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._files import (
    access_of,
    locked,
    read,
    real_path,
    remove_stale,
    write,
)
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import words_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.main_cf import (
    DISABLE,
    MainCf,
    parse,
    render,
    user_value,
)
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.queue import flush_queue
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.sockets import listens
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.wait import (
    INTERVAL,
    Clock,
    reload_and_wait,
    wait_until,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# How long Postfix takes a changed file for one that may still be changing.
_HOT_NS = 2_000_000_000


class Transport:
    """One transport of one instance.

    :param name: as in master.cf
    :raises InputError: if the instance has no such transport
    """

    def __init__(self, postfix: Postfix, name: str, clock: Clock = time) -> None:
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r} is not the name of a transport")
        if postfix.command_of(name) not in ("smtp", "lmtp", "pipe"):
            known = ", ".join(postfix.transports())
            raise InputError(f"{name} is not a transport in master.cf that delivers to other hosts; there are: {known}")
        self.name = name
        self._postfix = postfix
        self._clock = clock
        self._socket = os.path.join(postfix.queue, "private", name)
        self._aside = f"{self._socket}.mailops-held"
        self._main_cf = real_path(postfix.main_cf)

    def state(self) -> MainCf:
        """Return what main.cf says at this moment."""
        return main_cf_of(self._postfix)

    def is_held(self) -> bool:
        """Tell whether the transport is held already, so that there is nothing to do."""
        if self.state().stage(self.name) != "held":
            return False
        return not self._postfix.running() or self._is_silent()

    def is_ours(self) -> bool:
        """Tell whether there is something to release."""
        # The socket alone is left where a hold was killed, and then somebody wrote main.cf anew.
        return self.state().stage(self.name) is not None or os.path.lexists(self._aside)

    def in_flight(self) -> int:
        """Return how many processes of the transport there are."""
        return len(self._postfix.processes(self.name))

    def hold(self, *, drain_timeout: float) -> None:
        """Stop the transport, and return when nothing can log in through it any more.

        :param drain_timeout: seconds that deliveries under way may take
        :raises PostfixError: if they take longer; then the transport is released again
        """
        if not self._postfix.running():
            self._move_to("held")
            return
        self._move_to("draining")
        self._set_aside()
        try:
            self._drain(drain_timeout)
        except PostfixError:
            self.release(flush=True)
            raise
        self._move_to("held")
        self._reload()
        self._await(self._is_silent, "the master process still serves the transport after a reload")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._aside)

    def release(self, *, flush: bool) -> None:
        """Start the transport again.

        :param flush: whether its mail is delivered at once
        """
        self._move_to("releasing")
        if self._postfix.running():
            self._bring_back()
            self._reload()
            if f"{self.name}/unix" not in words_of(user_value(self.state().base, DISABLE)):
                self._await(lambda: os.path.exists(self._socket), "the transport does not come back")
            if flush:
                flush_queue(self._postfix, self._clock)
        self._move_to(None)

    def _move_to(self, stage: str | None) -> None:
        # Another run may hold another transport at this moment.
        with locked(os.path.dirname(self._main_cf)):
            remove_stale(self._main_cf)
            before = self.state()
            after = render(before.moved(self.name, stage)).encode("utf-8", "surrogateescape")
            access = access_of(self._main_cf)
            if access is not None and after != read(self._main_cf):
                write(self._main_cf, after, access)
                self._cool()

    def _cool(self) -> None:
        """Make main.cf look older than it is.

        Every command of Postfix waits until main.cf has not changed for two seconds, to avoid reading half of a change.
        That cannot happen here: the file was replaced as a whole.
        """
        found = os.stat(self._main_cf)
        os.utime(self._main_cf, ns=(found.st_atime_ns, found.st_mtime_ns - _HOT_NS))

    def _set_aside(self) -> None:
        """Move the socket away: nobody reaches the transport any more, and what is under way is not touched."""
        with contextlib.suppress(FileNotFoundError):
            os.rename(self._socket, self._aside)

    def _bring_back(self) -> None:
        if os.path.exists(self._socket):
            # Postfix was started meanwhile, and made a new one.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._aside)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.rename(self._aside, self._socket)

    def _reload(self) -> None:
        reload_and_wait(self._postfix, self._clock)

    def _drain(self, seconds: float) -> None:
        """Wait until no process of the transport is left.

        :param seconds: for how long at most
        :raises PostfixError: if one is left then
        """
        deadline = self._clock.monotonic() + seconds
        self._reload()
        known = self._postfix.processes(self.name)
        left = known
        while left:
            if self._clock.monotonic() >= deadline:
                raise PostfixError(_too_long(self.name, len(left), seconds), in_flight=len(left))
            self._clock.sleep(INTERVAL)
            left = self._postfix.processes(self.name)
            if left - known:
                # It was started for a delivery that the old queue manager asked for, and would wait for another one.
                known |= left
                self._postfix.reload()

    def _is_silent(self) -> bool:
        return not listens(self._socket) and not self._postfix.processes(self.name)

    def _await(self, condition: Callable[[], bool], otherwise: str) -> None:
        wait_until(condition, otherwise=otherwise, clock=self._clock)


def main_cf_of(postfix: Postfix) -> MainCf:
    """Return what an instance's main.cf says at this moment.

    :param postfix: the instance
    """
    content = read(real_path(postfix.main_cf)) or b""
    return parse(content.decode("utf-8", "surrogateescape"))


def _too_long(transport: str, number: int, seconds: float) -> str:
    processes = "1 delivery" if number == 1 else f"{number} deliveries"
    return (
        f"{processes} over the transport {transport} did not end within {seconds:g} seconds; the transport is released "
        "again and nothing is held. Raise drain_timeout, or use postqueue -p to see what is taking so long"
    )
