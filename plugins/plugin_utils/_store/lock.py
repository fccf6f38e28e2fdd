# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks for runs that share a store: one for the file and one for each account, all in one lock file next to the store.

The locks are byte ranges of that file: no file per account, they work on NFS, and the kernel releases them when the
process ends in any way.
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
# Beyond all accounts: each run that waits for the file locks a byte here, in order of arrival.
QUEUE, QUEUE_PAUSE = 1 << 60, 0.02


class StoreLock:
    """The locks that this process holds on one store.

    :param path: the store
    :param mode: permission bits for the lock file, so that everybody who may write the store may lock it
    :param timeout: seconds to wait for other runs, in total
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
        """Lock these accounts, always in the same order, so that no two runs wait for each other.

        :param accounts: the accounts
        :raises StoreError: if another run holds one for longer than the timeout
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
        """Lock the file itself for one read and write, in order of arrival. Only while accounts are locked.

        :raises StoreError: if another run holds it for longer than the timeout
        """
        deadline = self._clock() + max(self._timeout, 10)
        ticket = self._ticket()
        try:
            # Without the queue, the run that has waited longest would also try least often.
            self._take(STORE_BYTE, "the file", deadline, ahead=ticket)
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, ticket)
        try:
            yield
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, STORE_BYTE)

    def _ticket(self) -> int:
        """Join the queue for the file and return the position in it. The kernel removes dead processes from it."""
        while True:
            # Wall-clock time: machines that share a folder have no other clock in common.
            ticket = QUEUE + time.time_ns()
            if self._locked(ticket):
                return ticket

    def _is_next(self, ticket: int) -> bool:
        """Return whether no earlier run is waiting for the file."""
        free = self._locked(QUEUE, ticket - QUEUE)
        if free:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, ticket - QUEUE, QUEUE)
        return free

    def _first(self, place: tuple[int, str], deadline: float) -> None:
        """Open the lock file and take a first lock on it. Repeat if the file was removed in between."""
        while True:
            self._open()
            self._take(place[0], f"the account {place[1]}", deadline)
            if self._is_in_place():
                return
            self._drop()

    def _open(self) -> None:
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, self._mode)
            # Override the umask for others who may write the store; on their file we may not set it.
            with contextlib.suppress(PermissionError):
                os.fchmod(self._file, self._mode)
        except OSError as error:
            folder = os.path.dirname(self._path)
            raise StoreError(
                f"{self._store} cannot be written: the lock file cannot be created in {folder} ({error.strerror})"
            ) from None

    def _take(self, place: int, what: str, deadline: float, *, ahead: int | None = None) -> None:
        """Wait for a lock. C(ahead): this run's ticket, if earlier runs go first."""
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
        """Lock bytes if they are free, and return whether they were."""
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, length, place)
        except OSError as error:
            if not isinstance(error, (BlockingIOError, PermissionError)):
                raise StoreError(f"{self._path} cannot be locked ({error.strerror})") from None
            return False
        return True

    def _close(self) -> None:
        """Release all locks; the last run removes the lock file."""
        if self._file is None:
            return
        # Only if the path still names this file: another run may have created a new one.
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
