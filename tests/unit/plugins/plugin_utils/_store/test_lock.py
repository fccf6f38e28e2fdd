# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, time_ns

import pytest
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import lock as locks
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import QUEUE, StoreLock

# Locks belong to processes: whoever competes with the test has to be one. It does what it reads, line by line.
OTHER_RUN = """
import sys
from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
lock = StoreLock(sys.argv[1], mode=0o600, timeout=float(sys.argv[2]))
try:
    with lock.accounts(sys.argv[4:]):
        if sys.argv[3] == "store":
            with lock.store():
                print("held", flush=True)
                sys.stdin.readline()
        else:
            print("held", flush=True)
            sys.stdin.readline()
except StoreError as error:
    print(error, flush=True)
"""


class OtherRun:
    """Another process that takes turns, holds them until it is told, and lets go."""

    def __init__(self, store: Path, *accounts: str, timeout: float = 0, scope: str = "accounts") -> None:
        command = [sys.executable, "-c", OTHER_RUN, str(store), str(timeout), scope, *accounts]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)

    def says(self) -> str:
        """Return what it says next: held, or why not."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def lets_go(self) -> None:
        """Have it leave, and wait until it has."""
        self.process.communicate("\n", timeout=PATIENCE)

    def is_killed(self) -> None:
        """Have it end as a power cut would end it."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)


class FakeTime:
    """A clock that sleep advances, and on which things happen."""

    def __init__(self, *events: Callable[[], object]) -> None:
        self.events = list(events)
        self.pauses: list[float] = []

    def clock(self) -> float:
        return 1000 + sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if self.events:
            self.events.pop(0)()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "smtp.yml"


@pytest.fixture
def start(store: Path) -> Iterator[Callable[..., OtherRun]]:
    with ExitStack() as stack:

        def started(*accounts: str, timeout: float = 0, scope: str = "accounts") -> OtherRun:
            run = OtherRun(store, *accounts, timeout=timeout, scope=scope)
            stack.callback(run.is_killed)
            return run

        yield started


def lock_of(store: Path, time: FakeTime, *, timeout: float = 60) -> StoreLock:
    return StoreLock(str(store), mode=0o600, timeout=timeout, sleep=time.sleep, clock=time.clock)


def lock_file(store: Path) -> Path:
    return store.with_name(f".{store.name}.lock")


def busy(what: str, store: Path, seconds: str) -> str:
    return (
        f"another run has been working on {what} of {store} for longer than lock_timeout ({seconds} seconds); run "
        f"again when it has finished, or raise lock_timeout"
    )


def test_two_runs_on_one_account_take_turns(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: two runs that set two passwords on one account at once."""
    other = start("a")
    assert other.says() == "held"
    time = FakeTime(lambda: None, other.lets_go)
    with lock_of(store, time).accounts(["a"]):
        assert len(time.pauses) == 2
        third = start("a")
        assert third.says() == busy("the account a", store, "0")
    assert not lock_file(store).exists()


def test_two_runs_on_different_accounts_do_not_wait(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: one lock for the whole store, held during the calls of all accounts."""
    other = start("b", "c")
    assert other.says() == "held"
    time = FakeTime()
    with lock_of(store, time, timeout=0).accounts(["a", "d"]):
        assert time.pauses == []
    assert lock_file(store).exists(), "it is the other run's now"
    other.lets_go()
    assert list(store.parent.iterdir()) == []


def test_a_killed_run_frees_its_turn(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: a lock that outlives its holder, which somebody has to remove by hand at night."""
    other = start("a")
    assert other.says() == "held"
    time = FakeTime(other.is_killed)
    with lock_of(store, time).accounts(["a"]):
        assert len(time.pauses) == 1
    assert not lock_file(store).exists()


def test_time_out(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: a wait without end, a wait shorter or far longer than asked for, a message that names nothing."""
    other = start("b")
    assert other.says() == "held"
    time = FakeTime()
    with pytest.raises(StoreError) as caught, lock_of(store, time).accounts(["a", "b"]):
        raise AssertionError
    assert str(caught.value) == busy("the account b", store, "60")
    assert 60 <= sum(time.pauses) <= 60.25
    assert time.pauses[0] < 0.01 and max(time.pauses) <= 0.25
    assert lock_file(store).exists(), "the other run still holds it"


def test_one_time_out_for_all_accounts(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: a thousand accounts that each wait as long as one."""
    first, second = sorted(["a", "b"], key=locks._place)
    others = [start(first), start(second)]
    assert [other.says() for other in others] == ["held", "held"]
    time = FakeTime(*[lambda: None] * 100, others[0].lets_go)
    with pytest.raises(StoreError), lock_of(store, time).accounts(["a", "b"]):
        raise AssertionError
    assert sum(time.pauses) <= 60.25


@pytest.mark.parametrize("asked", [["a", "b"], ["b", "a"]])
def test_accounts_are_taken_in_one_order(store: Path, start: Callable[..., OtherRun], asked: list[str]) -> None:
    """Catches: two runs that wait for each other, one for a then b, the other for b then a."""
    first, second = sorted(asked, key=locks._place)
    holder = start(first)
    assert holder.says() == "held"

    def second_is_free() -> None:
        other = start(second)
        assert other.says() == "held"
        other.lets_go()
        holder.lets_go()

    time = FakeTime(second_is_free)
    with lock_of(store, time).accounts(asked):
        assert len(time.pauses) == 1


def test_an_error_inside_lets_go(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: a failed task whose process keeps the turn until it ends."""
    with pytest.raises(KeyError), lock_of(store, FakeTime()).accounts(["a"]):
        raise KeyError
    assert not lock_file(store).exists()
    assert start("a").says() == "held"


def test_the_file_is_held_by_one(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: two runs on different accounts that read and write the store at once, so that one update is lost."""
    other = start("b", scope="store")
    assert other.says() == "held"
    time = FakeTime(other.lets_go)
    lock = lock_of(store, time)
    with lock.accounts(["a"]):
        with lock.store():
            assert len(time.pauses) == 1
        third = start("c", scope="store")
        assert third.says() == "held", "the file is free again, though the account is not"


def test_who_asks_for_the_file_first_has_it_first(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: of fifty runs that take turns one that waits for a minute, and fails, while others come and go."""
    holder, earlier = start("b", scope="store"), None

    def says_and_lets_go() -> None:
        assert earlier
        earlier.process.send_signal(signal.SIGCONT)
        assert earlier.says() == "held"
        earlier.lets_go()

    assert holder.says() == "held"
    time = FakeTime(holder.lets_go, says_and_lets_go)
    lock = lock_of(store, time)
    with lock.accounts(["a"]):
        earlier = start("c", timeout=2 * PATIENCE, scope="store")
        deadline = monotonic() + PATIENCE
        while lock._is_next(QUEUE + time_ns()):
            assert monotonic() < deadline, "the other one does not ask for the file"
        # So that it cannot have it by chance in the moment in which it is free.
        earlier.process.send_signal(signal.SIGSTOP)
        with lock.store():
            assert not time.events, "it had it before"
        assert lock._is_next(QUEUE + time_ns()), "nobody waits any more"


def test_the_file_is_held_too_long(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: a run that is stopped while it writes, and all others that wait for ever."""
    other = start("b", scope="store")
    assert other.says() == "held"
    time = FakeTime()
    lock = lock_of(store, time)
    with lock.accounts(["a"]), pytest.raises(StoreError) as caught, lock.store():
        raise AssertionError
    assert str(caught.value) == busy("the file", store, "60")


def test_the_turn_is_kept_when_the_lock_file_was_removed_meanwhile(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: a lock on a file that its last holder has removed, which excludes nobody."""
    other = start("a")
    assert other.says() == "held"
    with lock_of(store, FakeTime(other.lets_go)).accounts(["a"]):
        assert lock_file(store).exists()
        assert start("a").says() == busy("the account a", store, "0")


def test_who_gives_up_leaves_the_others_their_lock(store: Path, start: Callable[..., OtherRun]) -> None:
    """Catches: Ctrl-C or a task's time-out while waiting, after which two runs work on one account at once."""
    first = start("a")
    assert first.says() == "held"

    def interrupted() -> None:
        first.lets_go()
        assert start("a").says() == "held"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), lock_of(store, FakeTime(interrupted)).accounts(["a"]):
        raise AssertionError
    assert start("a").says() == busy("the account a", store, "0")


def test_no_accounts(store: Path) -> None:
    """Catches: a lock file made for nothing."""
    with lock_of(store, FakeTime()).accounts([]):
        assert not lock_file(store).exists()


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_mode_of_the_lock_file(store: Path, mode: int) -> None:
    """Catches: a lock file that everybody may write, and so hold."""
    with StoreLock(str(store), mode=mode, timeout=0).accounts(["a"]):
        assert stat.S_IMODE(lock_file(store).stat().st_mode) == mode


@pytest.mark.usefixtures("usual_umask")
def test_whoever_may_write_the_store_may_lock_it(store: Path) -> None:
    """Catches: a second user of a store for a group, told that a file cannot be made while the first is at work."""
    with StoreLock(str(store), mode=0o660, timeout=0).accounts(["a"]):
        assert stat.S_IMODE(lock_file(store).stat().st_mode) == 0o660


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Catches: a traceback where a sentence is due."""
    store = tmp_path / "none" / "smtp.yml"
    with pytest.raises(StoreError) as caught, lock_of(store, FakeTime()).accounts(["a"]):
        raise AssertionError
    why = f"the lock file cannot be created in {tmp_path / 'none'} (No such file or directory)"
    assert str(caught.value) == f"{store} cannot be written: {why}"


def test_a_link_in_place_of_the_lock_file_is_not_followed(store: Path) -> None:
    """Catches: a file somewhere else that is made or removed through a link that somebody laid out."""
    victim = store.with_name("victim")
    victim.write_text("kept")
    lock_file(store).symlink_to(victim)
    with pytest.raises(StoreError, match="cannot be written"), lock_of(store, FakeTime()).accounts(["a"]):
        raise AssertionError
    assert victim.read_text() == "kept"


def test_places_are_apart_from_the_files_own() -> None:
    """Catches: an account whose turn is the whole file's, and places that a 64-bit offset cannot express."""
    places = {locks._place(f"{n}.acme.smtp") for n in range(2000)}
    assert len(places) == 2000
    assert min(places) > locks.STORE_BYTE and max(places) < 2**63 - 1
