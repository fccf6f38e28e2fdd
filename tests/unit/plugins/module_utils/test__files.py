# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

OWN = files.Access(os.geteuid(), os.getegid(), 0o600)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_new_file(tmp_path: Path, umask: int) -> None:
    """Catches: a file that others can read, whatever the umask; a temporary file left."""
    before = os.umask(umask)
    try:
        files.write(path=str(tmp_path / "a"), content=b"secret", access=OWN)
    finally:
        os.umask(before)
    assert (tmp_path / "a").read_bytes() == b"secret"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a"]


def test_closed_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a file that is open to others until its mode is set, or in place before it is whole."""
    (tmp_path / "a").write_bytes(b"old")
    seen = []
    for name in ("chmod", "replace", "fsync"):
        real = getattr(os, name)

        def look(*arguments: Any, real: Any = real) -> None:
            paths = list(tmp_path.glob(".a.mailops-*"))
            seen.append([stat.S_IMODE(path.stat().st_mode) for path in paths])
            if paths:
                assert (tmp_path / "a").read_bytes() == b"old"
            real(*arguments)

        monkeypatch.setattr(os, name, look)
    files.write(path=str(tmp_path / "a"), content=b"secret", access=files.Access(OWN.uid, OWN.gid, 0o640))
    assert seen == [[0o600], [0o600], [0o640], []]


def test_failure_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a copy of a secret left beside a file that cannot be replaced; a message without advice."""
    (tmp_path / "a").write_bytes(b"old")

    def refuse(*_arguments: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(InputError, match=r"cannot write .*/a: Permission denied: run the task as root"):
        files.write(path=str(tmp_path / "a"), content=b"secret", access=OWN)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_stale_files_are_removed_and_no_others(tmp_path: Path) -> None:
    """Catches: a copy that a killed run left; a file of the user's that is removed with it."""
    path = str(tmp_path / "a[1]")
    stale = [files.beside(path), files.beside(path) + ".db"]
    others = [".a[1].mailops-reload", ".a[1].mailops-xyz", ".a1.mailops-00000000", "a[1]", ".b.mailops-00000000"]
    for name in [*stale, *(str(tmp_path / one) for one in others)]:
        Path(name).touch()
    files.remove_stale(path)
    assert names(tmp_path) == sorted(others)


def test_lock_keeps_others_out(tmp_path: Path) -> None:
    """Catches: two runs that read, change and write one file at the same time."""
    order: list[str] = []
    started = threading.Event()

    def other() -> None:
        started.set()
        with files.locked(str(tmp_path)):
            order.append("second")

    with files.locked(str(tmp_path)):
        thread = threading.Thread(target=other)
        thread.start()
        started.wait(10)
        thread.join(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert names(tmp_path) == []


def test_real_path(tmp_path: Path) -> None:
    """Catches: a link that is replaced by a file; a folder or a device overwritten."""
    (tmp_path / "link").symlink_to("target")
    assert files.real_path(str(tmp_path / "link")) == str(tmp_path / "target")
    os.mkfifo(tmp_path / "fifo")
    for path, words in (
        ("relative", "must be an absolute path"),
        (str(tmp_path), "is a folder: name the file itself"),
        (str(tmp_path / "fifo"), "is not a regular file"),
        (str(tmp_path / "no" / "a"), r"the folder .*/no does not exist: create it first"),
    ):
        with pytest.raises(InputError, match=words):
            files.real_path(path)


def test_reading(tmp_path: Path) -> None:
    """Catches: a missing file that is an error, or one that cannot be read that is not."""
    assert files.read(str(tmp_path / "a")) is None
    assert files.access_of(str(tmp_path / "a")) is None
    with pytest.raises(InputError, match="cannot read"):
        files.read(str(tmp_path))
    with pytest.raises(InputError, match="cannot read"), files.locked(str(tmp_path / "no")):
        pass


def test_refusals_of_the_system(tmp_path: Path) -> None:
    """Catches: a traceback where the system refuses."""
    missing = str(tmp_path / "no" / "a")
    with pytest.raises(InputError, match="cannot write"):
        files.touch(missing)
    with pytest.raises(InputError, match="cannot remove"):
        files.remove(str(tmp_path))
    files.remove(missing)
