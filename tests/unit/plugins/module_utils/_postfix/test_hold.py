# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of the steps, and the time that they take. That they do what they shall, a real Postfix proves."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.hold import Transport
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Answer, Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.main_cf import parse

BASE = "relayhost = [a.example]:587\n"


class Host:
    """Plays Postfix, with a main.cf and a socket, and a clock that only sleep advances."""

    def __init__(self, folder: Path) -> None:
        self.main_cf = str(folder / "main.cf")
        self.queue = str(folder)
        (folder / "private").mkdir()
        (folder / "deferred" / "A").mkdir(parents=True)
        Path(self.main_cf).write_text(BASE)
        self.socket = folder / "private" / "smtp"
        self.now = 0.0
        self.is_running = True
        self.reloads: list[str | None] = []
        self.delivering: t.Callable[[], set[int]] = set
        self.listing = ""
        self.commands: list[tuple[str, ...]] = []
        self.socket.touch()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.now += seconds

    def command_of(self, service: str) -> str | None:
        return {"smtp": "smtp", "qmgr": "qmgr"}.get(service)

    def transports(self) -> list[str]:
        return ["smtp"]

    def running(self) -> bool:
        return self.is_running

    def stage(self) -> str | None:
        return parse(Path(self.main_cf).read_text()).stage("smtp")

    def reload(self) -> None:
        self.reloads.append(self.stage())
        if self.stage() in ("releasing", None) and not self.socket.exists():
            self.socket.touch()

    def processes(self, service: str) -> set[int]:
        if service == "smtp":
            return self.delivering()
        return {1000 + len(self.reloads)}

    def call(self, *command: str) -> Answer:
        self.commands.append(command)
        return Answer(0, self.listing, "")

    def transport(self) -> Transport:
        return Transport(t.cast(Postfix, self), "smtp", self)


@pytest.fixture(name="host")
def fixture_host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_hold_and_release(host: Host) -> None:
    """Catches: a service taken away while deliveries may be under way; a socket that stays away."""
    transport = host.transport()
    transport.hold(drain_timeout=1)
    assert host.reloads == ["draining", "held"]
    assert transport.is_held() and not host.socket.exists()
    transport.release(flush=True)
    assert host.reloads == ["draining", "held", "releasing"]
    assert Path(host.main_cf).read_text() == BASE
    assert [path.name for path in host.socket.parent.iterdir()] == ["smtp"]
    assert host.commands == [("postqueue", "-j"), ("postkick", "public", "qmgr", "ID")]


def test_no_command_of_postfix_has_to_pause(host: Host) -> None:
    """Catches: two seconds for every step, in which each command waits for main.cf to have stayed as it is."""
    began = time.time()
    host.transport().hold(drain_timeout=1)
    assert Path(host.main_cf).stat().st_mtime < began - 1
    host.transport().release(flush=False)
    assert Path(host.main_cf).stat().st_mtime < began - 1
    assert Path(host.main_cf).read_text() == BASE


def test_waits_for_deliveries(host: Host) -> None:
    """Catches: a hold that returns while a delivery is under way."""
    host.delivering = lambda: {7} if host.now < 42 else set()
    host.transport().hold(drain_timeout=60)
    assert 42 <= host.now < 43
    assert host.reloads == ["draining", "held"]


def test_process_that_appears_meanwhile(host: Host) -> None:
    """Catches: an idle process that is waited for until it ends by itself, after max_idle."""
    host.delivering = lambda: {7} if host.now < 2 else ({8} if len(host.reloads) == 1 else set())
    host.transport().hold(drain_timeout=60)
    assert host.now < 4
    assert host.reloads == ["draining", "draining", "held"]


def test_gives_up(host: Host) -> None:
    """Catches: a wait without end; a transport that is left half held; a socket that is made anew, which kills."""
    inode = host.socket.stat().st_ino
    host.delivering = lambda: {7, 8}
    with pytest.raises(PostfixError, match=r"^2 deliveries over the transport smtp did not end within 60 seconds") as e:
        host.transport().hold(drain_timeout=60)
    assert e.value.in_flight == 2
    assert 60 <= host.now < 61
    assert host.reloads == ["draining", "releasing"]
    assert Path(host.main_cf).read_text() == BASE
    assert host.socket.stat().st_ino == inode


def test_reload_that_does_not_happen(host: Host) -> None:
    """Catches: a hold that counts on a queue manager of before."""
    host.processes = lambda service: set() if service == "smtp" else {1}  # type: ignore[method-assign]
    with pytest.raises(PostfixError, match="the queue manager ignores a reload: check the mail log"):
        host.transport().hold(drain_timeout=60)


def test_not_running(host: Host) -> None:
    """Catches: a reload, or a wait, without a Postfix."""
    host.is_running = False
    transport = host.transport()
    transport.hold(drain_timeout=60)
    assert transport.is_held()
    transport.release(flush=True)
    assert (host.reloads, host.commands, host.now) == ([], [], 0)
    assert Path(host.main_cf).read_text() == BASE


@pytest.mark.parametrize("name", ["qmgr", "missing", "a b", "../x", "", "-x"])
def test_names(host: Host, name: str) -> None:
    """Catches: a service held that is no transport, or a path made of a name."""
    with pytest.raises(InputError, match="is not"):
        Transport(t.cast("Postfix", host), name, host)
