# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
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
        files.write(str(tmp_path / "a"), b"secret", OWN)
    finally:
        os.umask(before)
    assert (tmp_path / "a").read_bytes() == b"secret"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a"]


def test_closed_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a file that is open to others until its mode is set, or in place before it is whole."""
    (tmp_path / "a").write_bytes(b"old")
    seen = []
    for name in ("fchmod", "fsync", "replace"):
        real = getattr(os, name)

        def look(*arguments: Any, name: str = name, real: Any = real) -> None:
            paths = list(tmp_path.glob(".a.mailops-*"))
            seen.append((name, *(stat.S_IMODE(path.stat().st_mode) for path in paths)))
            if paths:
                assert (tmp_path / "a").read_bytes() == b"old"
            real(*arguments)

        monkeypatch.setattr(os, name, look)
    files.write(str(tmp_path / "a"), b"secret", files.Access(OWN.uid, OWN.gid, 0o640))
    expected = [("fchmod", 0o600), ("fchmod", 0o600), ("fsync", 0o640), ("replace", 0o640), ("fsync",)]
    assert seen == expected


def test_present_access_is_kept(tmp_path: Path) -> None:
    """Catches: a file that a rewriting closes to its readers, or a new one that others can read."""
    path = tmp_path / "a"
    files.put(str(path), b"first")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    files.put(str(path), b"second")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"second", 0o640)


def test_check_comes_last(tmp_path: Path) -> None:
    """Catches: a change by someone else that is overwritten because it came after the look."""
    path = tmp_path / "a"
    path.write_bytes(b"theirs")

    def refuse() -> None:
        (left,) = tmp_path.glob(".a.mailops-*")
        assert left.read_bytes() == b"ours"
        raise ValueError("changed")

    with pytest.raises(ValueError, match="changed"):
        files.put(str(path), b"ours", check=refuse)
    assert (path.read_bytes(), names(tmp_path)) == (b"theirs", ["a"])


LABEL = b"system_u:object_r:postfix_etc_t:s0\0"


@pytest.mark.parametrize(
    ("old", "given"), [(LABEL, [LABEL]), (OSError(errno.ENODATA, "No data"), []), (OSError(errno.ENOTSUP, "No"), [])]
)
def test_selinux_label_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bytes | OSError, given: list[bytes]
) -> None:
    """Catches: a file that its reader may not open any more, because SELinux labels a new one by its folder."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    labels: list[bytes] = []

    def get(asked: str, name: str) -> bytes:
        assert (asked, name) == (str(path), "security.selinux")
        if isinstance(old, OSError):
            raise old
        return old

    def put(descriptor: int, name: str, label: bytes) -> None:
        named = os.readlink(f"/proc/self/fd/{descriptor}")
        assert os.path.basename(named).startswith(".a.mailops-") and name == "security.selinux"
        assert path.read_bytes() == b"old"
        labels.append(label)

    monkeypatch.setattr(os, "getxattr", get)
    monkeypatch.setattr(os, "setxattr", put)
    files.put(str(path), b"new")
    assert (labels, path.read_bytes()) == (given, b"new")


def test_without_extended_attributes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a controller whose system has no such call, as macOS, that cannot write at all."""
    monkeypatch.delattr(os, "getxattr")
    files.put(str(tmp_path / "a"), b"new")
    assert names(tmp_path) == ["a"]


def test_name_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    """Catches: root that gives away somebody else's file, to which a user of the folder has turned our name."""
    other = tmp_path / "other"
    other.write_bytes(b"of somebody else")
    other.chmod(0o600)
    temporary = files.create(str(tmp_path / "a"), b"secret")
    os.unlink(temporary)
    os.symlink(other, temporary)
    with pytest.raises(OSError, match="symbolic links"):
        files.replace(temporary, str(tmp_path / "a"), files.Access(OWN.uid, OWN.gid, 0o666))
    assert stat.S_IMODE(other.stat().st_mode) == 0o600


def test_failure_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a copy of a secret left beside a file that cannot be replaced; a message without advice."""
    (tmp_path / "a").write_bytes(b"old")

    def refuse(*_arguments: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(InputError, match=r"cannot write .*/a: Permission denied: run the task as root"):
        files.write(str(tmp_path / "a"), b"secret", OWN)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_stale_files_are_removed_and_no_others(tmp_path: Path) -> None:
    """Catches: a copy that a killed run left; a file of the user's that is removed with it."""
    path = str(tmp_path / "a[1]")
    stale = [files.create(path, b""), f"{path.replace('a[1]', '.a[1]')}.mailops-0123abcd"]
    stale = [*stale, *(f"{stale[0]}{suffix}" for suffix in (".db", ".lmdb", ".cdb"))]
    others = [
        ".a[1].mailops-reload",
        ".a[1].mailops-xyz",
        ".a[1].mailops-abcdefgh.txt",
        ".a[1].mailops-abc.efgh.tmp",
        ".a1.mailops-00000000",
        "a[1]",
        ".b.mailops-00000000",
    ]
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
    with pytest.raises(InputError, match="cannot read"):
        files.remove_stale(missing)
    files.remove(missing)
