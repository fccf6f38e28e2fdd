# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns for runs that share a store: one lock for the file, one for each account, all on one file beside the store.

Byte ranges of one file: ten thousand accounts need no ten thousand files, the locks work on NFS, and the kernel
releases them when the process dies, however it dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.25
STORE_BYTE = 0
# Beyond all accounts: whoever waits for the file has a byte there, further on the later it came.
QUEUE, QUEUE_PAUSE = 1 << 60, 0.02


class StoreLock:
    """The locks of one store, held by this process.

    :param path: the store
    :param mode: permission bits for the lock file, so that whoever may write the store may lock it
    :param timeout: seconds to wait for another run, for all that is asked for together
    """

    def __init__(
        self,
        path: str,
        *,
        mode: int,
        timeout: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        folder, name = os.path.split(path)
        self._path = os.path.join(folder, f".{name}.lock")
        self._store = path
        self._mode = mode
        self._timeout = timeout
        self._sleep = sleep
        self._clock = clock
        self._file: int | None = None

    @property
    def _fd(self) -> int:
        if self._file is None:
            raise StoreError(f"the lock {self._path} is not held")
        return self._file

    @contextlib.contextmanager
    def accounts(self, accounts: Iterable[str]) -> Iterator[None]:
        """Hold the turns of these accounts; in one order for all, so that no two runs wait for each other.

        :param accounts: the accounts
        :raises StoreError: if another run holds one for longer than the time-out
        """
        deadline = self._clock() + self._timeout
        places = sorted((_place(account), account) for account in accounts)
        try:
            if places:
                self._first(places[0], deadline)
            for place, account in places[1:]:
                self._take(place, f"the account {account}", deadline)
            yield
        finally:
            self._close()

    @contextlib.contextmanager
    def store(self) -> Iterator[None]:
        """Hold the file itself for one reading and writing, in the order of asking. Only while accounts are held.

        :raises StoreError: if another run holds it for longer than the time-out
        """
        deadline = self._clock() + max(self._timeout, 10)
        ticket = self._ticket()
        try:
            # Without an order, of fifty that ask again and again the one that has waited longest asks least often.
            self._take(STORE_BYTE, "the file", deadline, ahead=ticket)
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, ticket)
        try:
            yield
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, STORE_BYTE)

    def _ticket(self) -> int:
        """Join those who wait for the file, and return the own place among them; the kernel takes a dead one's away."""
        while True:
            # The time of day: machines that share a folder have no other clock in common.
            ticket = QUEUE + time.time_ns()
            if self._locked(ticket):
                return ticket

    def _is_next(self, ticket: int) -> bool:
        """Tell whether nobody who came earlier waits for the file."""
        free = self._locked(QUEUE, ticket - QUEUE)
        if free:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, ticket - QUEUE, QUEUE)
        return free

    def _first(self, place: tuple[int, str], deadline: float) -> None:
        """Open the lock file and take a first lock on it; again, if the file was removed in between."""
        while True:
            self._open()
            self._take(place[0], f"the account {place[1]}", deadline)
            if self._is_in_place():
                return
            self._drop()

    def _open(self) -> None:
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, self._mode)
            # The umask would keep out others who may write the store; on a file of theirs it is not ours to set.
            with contextlib.suppress(PermissionError):
                os.fchmod(self._file, self._mode)
        except OSError as error:
            folder = os.path.dirname(self._path)
            raise StoreError(
                f"{self._store} cannot be written: the lock file cannot be created in {folder} ({error.strerror})"
            ) from None

    def _take(self, place: int, what: str, deadline: float, *, ahead: int | None = None) -> None:
        """Wait for a lock; C(ahead): the own ticket, if those who came earlier go first."""
        pause = FIRST_PAUSE
        while not ((ahead is None or self._is_next(ahead)) and self._locked(place)):
            if self._clock() >= deadline:
                raise StoreError(
                    f"another run has been working on {what} of {self._store} for longer than lock_timeout "
                    f"({self._timeout:g} seconds); run again when it has finished, or raise lock_timeout"
                )
            self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE if ahead is None else QUEUE_PAUSE)

    def _locked(self, place: int, length: int = 1) -> bool:
        """Lock bytes if they are free now, and tell whether they were."""
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, length, place)
        except OSError as error:
            if not isinstance(error, (BlockingIOError, PermissionError)):
                raise StoreError(f"{self._path} cannot be locked ({error.strerror})") from None
            return False
        return True

    def _close(self) -> None:
        """Let go of everything; the last one to leave removes the lock file."""
        if self._file is None:
            return
        # Only if it is still the file at that place: another run may have begun with a new one.
        with contextlib.suppress(OSError):
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._is_in_place():
                os.unlink(self._path)
        self._drop()

    def _is_in_place(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self._fd), os.stat(self._path))
        return False

    def _drop(self) -> None:
        os.close(self._fd)
        self._file = None


def _place(account: str) -> int:
    return 1 + int.from_bytes(hashlib.sha256(account.encode()).digest()[:7], "big")
