# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits for what Postfix does in its own time, above all for the end of a reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError

# How often to look, and how long a reload may take on a busy machine, in seconds.
INTERVAL = 0.1
RELOAD_SECONDS = 30.0


class Clock(Protocol):
    """What is needed of the module time."""

    def monotonic(self) -> float:
        """Return seconds that only grow."""

    def sleep(self, seconds: float, /) -> None:
        """Let time pass."""


def wait_until(condition: Callable[[], bool], *, otherwise: str, clock: Clock) -> None:
    """Return as soon as the condition holds.

    :param otherwise: what is wrong if it does not
    :raises PostfixError: if it does not hold within the time that a reload may take
    """
    deadline = clock.monotonic() + RELOAD_SECONDS
    while not condition():
        if clock.monotonic() >= deadline:
            raise PostfixError(f"{otherwise}: check the mail log, and run the task again")
        clock.sleep(INTERVAL)


def reload_and_wait(postfix: Postfix, clock: Clock) -> None:
    """Reload Postfix, and wait until the processes that hand out work or connections by the old configuration are gone.

    :raises PostfixError: if they stay
    """

    def helpers() -> set[int]:
        return postfix.processes("qmgr") | postfix.processes("scache")

    old = helpers()
    postfix.reload()
    wait_until(lambda: not old & helpers(), otherwise="the queue manager ignores a reload", clock=clock)
