# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store, path_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import (
    DEFAULT,
    OURS,
    STAGED,
    VAULT,
    change,
    only_the_store,
    read,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "smtp.yml"


@pytest.mark.parametrize(
    ("folder", "given", "found"),
    [
        ("/srv/play", "smtp.yml", "/srv/play/smtp.yml"),
        ("/x/ansible_collections/mailops/smtp/playbooks", "smtp.yml", "/working/smtp.yml"),
        ("/x/ansible_collections/mailops/smtp/playbooks", "/srv/smtp.yml", "/srv/smtp.yml"),
        (
            "/x/ansible_collections/acme/mail/playbooks",
            "a/../smtp.yml",
            "/x/ansible_collections/acme/mail/playbooks/smtp.yml",
        ),
    ],
)
def test_relative_paths(folder: str, given: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a playbook of the collection that keeps the store inside the collection, where an update deletes it."""
    monkeypatch.setattr(os, "getcwd", lambda: "/working")
    loader = DataLoader()
    loader.set_basedir(folder)
    assert path_of(loader, given) == found


def test_new_file(path: Path) -> None:
    """Catches: a file of passwords that others may read, or one without the line that says what it is."""
    assert Store(str(path), VAULT).read().data is None
    assert Store(str(path), VAULT).mode() == 0o600
    change(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("# Managed by mailops.smtp. Safe to commit:")
    assert read(path) == {"b": STAGED} and only_the_store(path)


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664, 0o440])
def test_mode_is_kept(path: Path, mode: int) -> None:
    """Catches: a store that other users or the CI can no longer read after a rotation."""
    path.write_text(OURS)
    path.chmod(mode)
    change(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode == Store(str(path), VAULT).mode()


def test_owner_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a store that belongs to root after a run of root's."""
    path.write_text(OURS)
    real, given = os.stat, list[tuple[int, int]]()

    def of_somebody_else(where: str) -> os.stat_result:
        found = real(where)
        return os.stat_result((*found[:4], 4711, 4712, *found[6:10])) if where == str(path) else found

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", of_somebody_else)
        patch.setattr(os, "fchown", lambda _file, user, group: given.append((user, group)))
        change(path)
    assert given == [(4711, 4712)]


def test_unchanged_is_not_written(path: Path) -> None:
    """Catches: a new file, and with it noise in git and in backups, for a run that changes nothing."""
    path.write_text(OURS)
    before = path.stat()
    store = Store(str(path), VAULT)
    snapshot = store.read()
    store.write(snapshot, {"a": snapshot.document.record("a")})
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("relative", [True, False])
def test_symlink_is_followed(path: Path, *, relative: bool) -> None:
    """Catches: the link replaced by a file, and the file that it led to left with the old passwords."""
    target = path.parent / "deeper" / "real.yml"
    target.parent.mkdir()
    target.write_text(OURS)
    path.symlink_to("deeper/real.yml" if relative else target)
    change(path)
    assert path.is_symlink() and "b" in read(target)
    assert only_the_store(target) and only_the_store(target.parent) is False


def test_dangling_symlink_is_followed(path: Path) -> None:
    """Catches: a new store made in place of a link to where it shall be."""
    path.symlink_to(path.parent / "real.yml")
    change(path)
    assert path.is_symlink() and read(path.parent / "real.yml") == {"b": STAGED}


def test_leftovers_of_a_killed_run_are_removed(path: Path) -> None:
    """Catches: files with passwords that pile up, or others' files removed with them."""
    path.write_text(OURS)
    ours = ".smtp.yml.mailops-abc12_34.tmp"
    theirs = [
        ".smtp.yml.abc12345.tmp",
        ".smtp.yml.swp",
        "smtp.yml.tmp",
        ".smtp.yml.lock",
        ".other.yml.mailops-abc12_34.tmp",
    ]
    for name in (ours, *theirs):
        path.with_name(name).touch()
    change(path)
    assert sorted(p.name for p in path.parent.iterdir()) == sorted([*theirs, "smtp.yml"])


def test_another_stores_file_in_the_making_is_left(path: Path) -> None:
    """Catches: a commit that fails because a run on a store with a shorter name has removed its file."""
    change(path)
    theirs = [path.with_name(name) for name in (".smtp.yml.mailops-abc12345.tmp", ".smtp.mailops-x.mailops-y.tmp")]
    for file in theirs:
        file.touch()
    change(path.with_name("smtp"))
    assert all(file.exists() for file in theirs)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe\x00", "{} is not a store of mailops.smtp: it is not UTF-8 text"),
        (b"- a\n", "{} is not a store of mailops.smtp: it is not a YAML mapping with the key smtp_accounts"),
        (b"a: [1\n", "{} is not valid YAML (line 2): did not find expected ',' or ']'"),
        (
            b"vars: 1\n",
            "{} is not a store of mailops.smtp: it has no key smtp_accounts. Set vault_file to a file of its own, or "
            "add the line 'smtp_accounts: {{}}' to this one",
        ),
    ],
)
def test_foreign_file_is_left_alone(path: Path, content: bytes, why: str) -> None:
    """Catches: somebody's file overwritten because vault_file named it by mistake."""
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        change(path)
    assert str(caught.value) == why.format(path)
    assert path.read_bytes() == content and only_the_store(path)


def test_folder_in_place_of_the_file(path: Path) -> None:
    """Catches: a traceback where a sentence is due."""
    path.mkdir()
    with pytest.raises(StoreError) as caught:
        change(path)
    assert str(caught.value) == f"{path} is not a regular file; vault_file must name the file that stores the passwords"


def test_pipe_in_place_of_the_file(path: Path) -> None:
    """Catches: a run that hangs while it waits for somebody to write into a pipe."""
    os.mkfifo(path)
    with pytest.raises(StoreError, match="is not a regular file"):
        change(path)


def test_missing_folder(tmp_path: Path) -> None:
    """Catches: a folder that is missing found out only after a password was changed."""
    path = tmp_path / "none" / "smtp.yml"
    with pytest.raises(StoreError) as caught:
        change(path)
    assert str(caught.value) == f"{path} cannot be written: the folder {path.parent} does not exist; create it first"


def test_link_to_itself(path: Path) -> None:
    """Catches: a traceback where a sentence is due."""
    path.symlink_to(path)
    with pytest.raises(StoreError, match="cannot be read: Too many levels of symbolic links"):
        change(path)


def test_check_writable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a folder or file that is write-protected found out only after a password was changed."""
    path.write_text(OURS)
    store = Store(str(path), VAULT)
    store.check_writable()
    monkeypatch.setattr(os, "access", lambda where, _mode: where != str(path))
    with pytest.raises(StoreError) as caught:
        store.check_writable()
    assert str(caught.value) == f"{path} cannot be written: it is write-protected"
    monkeypatch.setattr(os, "access", lambda where, _mode: where == str(path))
    with pytest.raises(StoreError) as caught:
        store.check_writable()
    assert str(caught.value) == f"{path} cannot be written: no permission to write in {path.parent}"
    assert only_the_store(path)


def test_remove(path: Path) -> None:
    """Catches: an empty store left after a first rotation that was refused, or a store with accounts taken away."""
    store = Store(str(path), VAULT)
    store.remove(store.read())
    store.write(store.read(), {"b": STAGED})
    store.remove(store.read())
    assert read(path) == {"b": STAGED}
    store.write(store.read(), {"b": Record()})
    store.remove(store.read())
    assert not path.exists()


def test_remove_spares_what_others_wrote(path: Path) -> None:
    """Catches: keys or comments that somebody added to the new store during the call, deleted with it."""
    change(path)
    store = Store(str(path), VAULT)
    path.write_text(path.read_text() + "mail_host: smtp.example.com\n")
    store.write(store.read(), {"b": Record()})
    store.remove(store.read())
    assert path.exists() and "mail_host" in path.read_text()


@pytest.mark.parametrize(
    ("vault_id", "first_line"),
    [("prod", "$ANSIBLE_VAULT;1.2;AES256;prod"), ("default", "$ANSIBLE_VAULT;1.1;AES256")],
)
def test_whole_file_stays_encrypted_as_a_whole(path: Path, vault_id: str, first_line: str) -> None:
    """Catches: a file that was encrypted as a whole written in clear, or with another identity."""
    path.write_text(VAULT.encrypt(OURS, vault_id) + "\n")
    change(path)
    written = path.read_text()
    assert written.startswith(first_line + "\n") and "smtp" not in written
    assert OURS[:20] in VAULT.decrypt(written, "it") and read(path)["b"] == STAGED
    change(path)
    assert path.read_text() == written, "unchanged, and so not encrypted again"


def test_whole_file_without_its_secret(path: Path) -> None:
    """Catches: an encrypted store taken for one that is not YAML, and replaced."""
    path.write_text(VAULT.encrypt(OURS, "prod") + "\n")
    with pytest.raises(StoreError) as caught:
        change(path, Vault([DEFAULT], None))
    rule = "cannot be decrypted with the loaded Vault secrets; load the one that encrypted it"
    assert str(caught.value) == f"{path} (Vault identity 'prod') {rule}"
    with pytest.raises(StoreError, match="is encrypted, but no Vault secret is loaded; start the run with --vault-"):
        change(path, Vault([], None))


MANY = """
import sys
from dataclasses import replace
from ansible.parsing.vault import VaultSecret
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault
account = sys.argv[2]
for number in range(10):
    lock = StoreLock(sys.argv[1], mode=0o600, timeout=60)
    with lock.accounts([account]), lock.store():
        store = Store(sys.argv[1], Vault([], None))
        current = store.read()
        record = current.document.record(account)
        more = (*record.doubtful_passwords, f"$ANSIBLE_VAULT;1.1;AES256\\n{number:04}")
        store.write(current, {account: replace(record, doubtful_passwords=more)})
"""


def test_runs_on_different_accounts_lose_no_update(path: Path) -> None:
    """Catches: forks that write one store at the same time, each over what the other wrote."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    accounts = ["a", "b", "c", "d"]
    runs = [subprocess.Popen([sys.executable, "-c", MANY, str(path), name], env=environment) for name in accounts]
    assert [run.wait(timeout=120) for run in runs] == [0, 0, 0, 0]
    expected = replace(Record(), doubtful_passwords=tuple(f"$ANSIBLE_VAULT;1.1;AES256\n{n:04}" for n in range(10)))
    assert read(path) == dict.fromkeys(accounts, expected)
    assert only_the_store(path)
