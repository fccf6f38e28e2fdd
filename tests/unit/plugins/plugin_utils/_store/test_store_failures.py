# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import (
    OLD,
    OURS,
    change,
    only_the_store,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "smtp.yml"


def failing(number: int) -> Callable[..., NoReturn]:
    def fails(*_args: object, **_options: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fails


@pytest.mark.parametrize("call", ["fsync", "fchmod", "replace"])
@pytest.mark.parametrize("content", [OURS, None])
def test_failed_write_leaves_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, content: str | None
) -> None:
    """Catches: a full disk that leaves half a store, or a file beside it."""
    if content is not None:
        path.write_text(content)
    monkeypatch.setattr(os, call, failing(errno.ENOSPC))
    with pytest.raises(StoreError) as caught:
        change(path)
    assert str(caught.value) == f"{path} cannot be written: No space left on device"
    assert (path.read_text() if path.exists() else None) == content
    assert [p.name for p in path.parent.iterdir() if p != path] == []


def test_no_room_for_the_data(path: Path) -> None:
    """Catches: a write that the kernel itself refuses halfway, without a mock in between."""
    path.write_text(OURS)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
        with pytest.raises(StoreError) as caught:
            change(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert str(caught.value) == f"{path} cannot be written: File too large"
    assert path.read_text() == OURS and only_the_store(path)


def test_interrupted_write_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: Ctrl-C at the wrong moment that leaves a file beside the store."""
    path.write_text(OURS)

    def interrupted(_file: int) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        change(path)
    assert path.read_text() == OURS and only_the_store(path)


def test_order_of_durable_writing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a rename before the data or the folder is on disk: an empty store after a power cut."""
    path.write_text(OURS)
    calls: list[str] = []
    sync, rename = os.fsync, os.replace

    def synced(file: int) -> None:
        calls.append("sync folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "sync file")
        sync(file)

    def renamed(source: str, target: str) -> None:
        calls.append("rename")
        assert Path(source).parent == path.parent and OLD.split("\n")[1] in Path(source).read_text()
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    change(path)
    assert calls == ["sync file", "rename", "sync folder"]


@pytest.mark.parametrize(("ours", "theirs"), [(OURS, "edited"), (OURS, None), (None, "edited")])
def test_another_editors_change_is_not_overwritten(
    path: Path, monkeypatch: pytest.MonkeyPatch, ours: str | None, theirs: str | None
) -> None:
    """Catches: what a person or git pull wrote between our reading and our writing, lost."""
    if ours is not None:
        path.write_text(ours)

    def edited_meanwhile(_file: int) -> None:
        path.unlink(missing_ok=True)
        if theirs is not None:
            path.write_text(theirs)

    monkeypatch.setattr(os, "fsync", edited_meanwhile)
    with pytest.raises(StoreError) as caught:
        change(path)
    assert str(caught.value) == f"{path} was changed by another process during the write; run again"
    assert (path.read_text() if path.exists() else None) == theirs
    assert [p.name for p in path.parent.iterdir() if p != path] == []
