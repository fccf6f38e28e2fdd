# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a file system can do to a rotation, with real files and a real API: full, read-only, changed under our hands."""

from __future__ import annotations

import contextlib
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.controller import KEYS
from support.pipeline import SECRETS, Pipeline, QuickVault
from support.scene import OLD, ONE, TWO, Scene

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError

NOBODY = 65534


class Disk:
    """A rotation, and what happens to its store while the provider is asked."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.during_the_call: Callable[[], Any] = lambda: None

    def hear(self, event: dict[str, Any]) -> None:
        if event["kind"] == "api":
            self.during_the_call()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made: list[Disk] = []

    def hear(event: dict[str, Any]) -> None:
        made[0].hear(event)

    with StandIn({ONE: OLD, TWO: OLD}, tls=False, listener=hear, **KEYS) as running:
        made.append(Disk(Pipeline(tmp_path / "smtp.yml", running, vault=QuickVault(SECRETS, None))))
        yield made[0]


@contextlib.contextmanager
def full(size: int = 64) -> Iterator[None]:
    """Let the kernel refuse to write more than a few bytes into a file of this process's, as a full disk does."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_full_at_staging(disk: Disk) -> None:
    """Catches: a call for a password that could not be written, half a store, a file beside it."""
    disk.pipeline.run([ONE])
    before, calls = disk.pipeline.path.read_bytes(), len(disk.pipeline.provider.record.api_calls())
    with full(), pytest.raises(StoreError, match="cannot be written: File too large"):
        disk.pipeline.run([ONE])
    assert len(disk.pipeline.provider.record.api_calls()) == calls
    assert disk.pipeline.path.read_bytes() == before
    assert [path.name for path in disk.pipeline.path.parent.iterdir()] == [disk.pipeline.path.name]


def test_full_at_the_commit(disk: Disk) -> None:
    """Catches: an accepted password that is lost because its commit failed, a next run that makes another one."""
    with contextlib.ExitStack() as stack:
        disk.during_the_call = lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (64, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
        )
        stack.enter_context(full(10**9))
        with pytest.raises(StoreError, match=f"The provider has accepted new passwords for: {ONE}"):
            disk.pipeline.run([ONE])
    accepted = disk.pipeline.newest(ONE)
    assert disk.pipeline.values(ONE)["staged_password"] == [accepted]
    disk.during_the_call = lambda: None
    assert disk.pipeline.run([ONE]).actions[ONE] == "recovered"
    assert disk.pipeline.values(ONE)["password"] == [accepted] == [disk.pipeline.newest(ONE)]


def test_deleted_during_the_call(disk: Disk) -> None:
    """Catches: an accepted password that is lost because somebody removed the store meanwhile."""
    disk.pipeline.run([ONE, TWO])
    disk.during_the_call = disk.pipeline.path.unlink
    done = disk.pipeline.run([ONE])
    assert disk.pipeline.values(ONE)["password"] == [disk.pipeline.newest(ONE)]
    assert any("was edited while this run changed the password" in warning for warning in done.warnings)


@pytest.mark.parametrize("content", ["smtp_accounts: [\n", "not: ours\n", "\x00\xff"])
def test_replaced_during_the_call_by_what_is_no_store(disk: Disk, content: str) -> None:
    """Catches: somebody else's file that is overwritten, and a message that hides what the provider accepted."""
    disk.pipeline.run([ONE])
    disk.during_the_call = lambda: disk.pipeline.path.write_text(content)
    with pytest.raises(StoreError, match=f"The provider has accepted new passwords for: {ONE}") as caught:
        disk.pipeline.run([ONE])
    assert "the next run sends it again and completes the rotation" in str(caught.value)
    assert disk.pipeline.path.read_text() == content


def test_put_back_to_an_older_state_during_the_call(disk: Disk) -> None:
    """Catches: an accepted password that is lost to a checkout of an older store."""
    disk.pipeline.run([ONE, TWO])
    older = disk.pipeline.path.read_bytes()
    disk.pipeline.run([TWO])
    disk.during_the_call = lambda: disk.pipeline.path.write_bytes(older)
    disk.pipeline.run([ONE])
    assert disk.pipeline.values(ONE)["password"] == [disk.pipeline.newest(ONE)]


def test_link_is_followed_and_stays(disk: Disk, tmp_path: Path) -> None:
    """Catches: a link that a rotation replaces by a file, or a lock that two paths to one store do not share."""
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "smtp.yml"
    disk.pipeline.path.symlink_to(target)
    disk.pipeline = Pipeline(disk.pipeline.path, disk.pipeline.provider, vault=disk.pipeline.vault)
    disk.pipeline.run([ONE])
    assert disk.pipeline.path.is_symlink() and target.stat().st_mode & 0o777 == 0o600
    assert disk.pipeline.values(ONE)["password"] == [disk.pipeline.newest(ONE)]
    assert [path.name for path in target.parent.iterdir()] == ["smtp.yml"]


READ_ONLY = """
import os, sys
sys.path[:0] = {path!r}
from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store
if os.getuid() == 0:
    os.setgroups([]); os.setgid({nobody}); os.setuid({nobody})
try:
    Store({store!r}, None).check_writable()
except StoreError as error:
    print(error)
"""


def test_read_only_folder(tmp_path: Path) -> None:
    """Catches: a folder that cannot be written, found only after the provider has changed the password."""
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    for parent in list(folder.parents)[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    # Root may write everywhere, so root becomes nobody.
    code = READ_ONLY.format(nobody=NOBODY, path=sys.path, store=str(folder / "smtp.yml"))
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert shown.stdout == f"{folder}/smtp.yml cannot be written: no permission to write in {folder}\n", shown.stderr


def test_path_with_spaces_and_other_letters(scene: Scene) -> None:
    """Catches: a path that something between the playbook and the store cannot spell."""
    folder = scene.controller.folder / "Zażółć gęślą jaźń 'and' \"more\""
    folder.mkdir()
    scene.controller.store = folder / "the store ✉.yml"
    ended = scene.rotate()
    assert ended.code == 0, ended.output
    assert scene.controller.seen_by_ansible()[ONE]["password"] == scene.provider.accounts.current(ONE)
    assert [path.name for path in folder.iterdir()] == ["the store ✉.yml"]
