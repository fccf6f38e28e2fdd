# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import PROBE_INTERVAL, Reader


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def fixture_clock() -> Clock:
    return Clock()


@pytest.fixture(name="pipe", params=["pipe", "socket"])
def fixture_pipe(request: pytest.FixtureRequest) -> t.Iterator[tuple[t.Any, t.Any]]:
    """Return two ends with a C(fileno) and a C(close): where the answer is read, and where it is written."""
    if request.param == "socket":
        reader, writer = socket.socketpair()
        with reader, writer:
            yield reader, writer
    else:
        read, write = os.pipe()
        with open(read, "rb", buffering=0) as source, open(write, "wb", buffering=0) as sink:
            yield source, sink


def test_reader_that_dies_is_noticed_at_once_and_for_ever(pipe: tuple[t.Any, t.Any], clock: Clock) -> None:
    """Catches: a module that goes on after its controller was killed."""
    audience = Reader(pipe[1].fileno(), clock=clock)
    assert not audience.is_gone()
    pipe[0].close()
    assert [audience.is_gone(), audience.is_gone()] == [True, True]


def test_knocks_no_oftener_than_needed(pipe: tuple[t.Any, t.Any], clock: Clock) -> None:
    """Catches: an answer that is buried in empty lines, or a relay that has nothing to notice the death by."""
    audience = Reader(pipe[1].fileno(), clock=clock)
    for moment in (0, PROBE_INTERVAL / 2, PROBE_INTERVAL, PROBE_INTERVAL * 1.5, PROBE_INTERVAL * 2):
        clock.now = moment
        assert not audience.is_gone()
    assert os.read(pipe[0].fileno(), 100) == b"\n\n"


def test_end_that_only_a_write_can_find(clock: Clock) -> None:
    """Catches: a relay that reads no more, and of which poll says nothing."""
    reader, writer = socket.socketpair()
    with reader, writer:
        audience = Reader(writer.fileno(), clock=clock)
        reader.shutdown(socket.SHUT_RD)
        assert not audience.is_gone()
        clock.now = PROBE_INTERVAL
        assert audience.is_gone()
        clock.now = 2 * PROBE_INTERVAL
        assert audience.is_gone()


def test_reader_that_is_only_slow_is_not_gone(clock: Clock) -> None:
    """Catches: a change that is given up because Ansible is busy, or a module that waits for ever to be read."""
    read, write = os.pipe()
    with open(read, "rb", buffering=0), open(write, "wb", buffering=0) as sink:
        os.set_blocking(write, False)
        while sink.write(b"x" * 65536):
            pass
        audience = Reader(write, clock=clock)
        clock.now = PROBE_INTERVAL
        assert not audience.is_gone()


def test_file_is_written_nothing_and_read_for_ever(tmp_path: Path, clock: Clock) -> None:
    """Catches: empty lines in the file of somebody who runs the module by hand."""
    with (tmp_path / "answer").open("wb") as file:
        audience = Reader(file.fileno(), clock=clock)
        clock.now = 10 * PROBE_INTERVAL
        assert not audience.is_gone()
    assert (tmp_path / "answer").read_bytes() == b""


def test_closed_output_is_nobody() -> None:
    """Catches: a module that changes passwords although it can tell nobody."""
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    assert Reader(write).is_gone()
