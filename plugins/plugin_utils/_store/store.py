# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only file that reads and writes the store: atomically and durably."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import document as documents
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import (
    Vault,
    is_vault_text,
    label_of,
    secrets_of,
)

NEW_MODE = 0o600
# The folder of the collection's own playbooks.
PLAYBOOKS = os.path.join("ansible_collections", "mailops", "smtp", "playbooks")


@dataclass(frozen=True)
class Snapshot:
    """The store at one moment. C(data) is None if there was no file."""

    data: bytes | None
    document: Document

    @property
    def envelope(self) -> str | None:
        """Return the file as it is if it is encrypted as a whole, None if it is not."""
        return self.data.decode("utf-8") if self.data is not None and is_vault_text(self.data) else None


def open_store(loader: Any, path: str, vault_id: str | None = None) -> Store:
    """Return the store that a task names, with the Vault secrets of this run.

    :param loader: the action plugin's data loader
    :param path: the option C(vault_file)
    :param vault_id: the option C(vault_id), None for Ansible's own choice
    """
    return Store(path_of(loader, path), Vault(secrets_of(loader), vault_id))


def path_of(loader: Any, path: str) -> str:
    """Return where a file of the user's is: relative to the playbook, but for one of the collection to where it is run.

    :param loader: the action plugin's data loader
    :param path: the path as given
    """
    if str(loader.get_basedir()).endswith(PLAYBOOKS):
        return os.path.abspath(os.path.expanduser(path))
    return str(loader.path_dwim(path))


class Store:
    """A store on disk.

    :param path: the file; a symbolic link is followed, never replaced
    :param vault: for a file that is encrypted as a whole
    """

    def __init__(self, path: str, vault: Vault) -> None:
        self.name = path
        self.path = os.path.realpath(path)
        self.vault = vault
        # The last content read or written, so that the same bytes are not parsed again.
        self._known: Snapshot | None = None

    def read(self) -> Snapshot:
        """Return the current store; a missing file is an empty store.

        :raises StoreError: if it cannot be read or is not a store
        """
        data = self._data()
        if data is None:
            return Snapshot(None, Document())
        if self._known is None or self._known.data != data:
            self._known = Snapshot(data, documents.parse(self._text(data), self.name))
        return self._known

    def _data(self) -> bytes | None:
        folder = os.path.dirname(self.path)
        if not os.path.isdir(folder):
            raise StoreError(f"{self.name} cannot be written: the folder {folder} does not exist; create it first")
        try:
            if not stat.S_ISREG(os.stat(self.path).st_mode):
                raise StoreError(
                    f"{self.name} is not a regular file; vault_file must name the file that stores the passwords"
                )
            with open(self.path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.name} cannot be read: {error.strerror}") from None

    def _text(self, data: bytes) -> str:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise StoreError(f"{self.name} is not a store of mailops.smtp: it is not UTF-8 text") from None
        return self.vault.decrypt(text, self.name) if is_vault_text(data) else text

    def check_writable(self) -> None:
        """Check that the store can be written later. Writes nothing.

        :raises StoreError: if it cannot, with the reason
        """
        # Compile the editor now, and not while other runs wait for the file.
        _editor()
        _files()
        folder = os.path.dirname(self.path)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise StoreError(f"{self.name} cannot be written: no permission to write in {folder}")
        if os.path.exists(self.path) and not os.access(self.path, os.W_OK):
            raise StoreError(f"{self.name} cannot be written: it is write-protected")

    def mode(self) -> int:
        """Return the file's permission bits, or those of a new store if there is no file."""
        with contextlib.suppress(FileNotFoundError):
            return stat.S_IMODE(os.stat(self.path).st_mode)
        return NEW_MODE

    def write(
        self,
        snapshot: Snapshot,
        accounts: Mapping[str, Record | None],
        *,
        senders: Mapping[str, Sender | None] | None = None,
    ) -> None:
        """Change records on disk. The caller holds the store's lock and has just taken the snapshot.

        :param snapshot: the current store
        :param accounts: account to its new record, None to remove it with everything in it
        :param senders: sender to its new record, likewise
        :raises StoreError: if it cannot be written or was changed meanwhile; it is then left unchanged
        """
        self.write_document(snapshot, _editor().edited(snapshot.document, accounts, self.name, senders=senders))

    def write_document(self, snapshot: Snapshot, document: Document, *, reseal: bool = False) -> None:
        """Replace the store on disk. The caller holds the store's lock and has just taken the snapshot.

        :param snapshot: the current store
        :param document: the new one
        :param reseal: whether a file that is encrypted as a whole gets the task's identity instead of its own
        :raises StoreError: if it cannot be written or was changed meanwhile; it is then left unchanged
        """
        text = document.text
        if text == snapshot.document.text and snapshot.data is not None and not reseal:
            return
        envelope = snapshot.envelope
        if envelope is not None:
            text = self.vault.encrypt(text, None if reseal else label_of(envelope)) + "\n"
        data = text.encode("utf-8")
        self._replace(data, snapshot.data)
        self._known = Snapshot(data, document)

    def remove(self, snapshot: Snapshot) -> None:
        """Remove a store that this run created and that is still empty.

        :param snapshot: the current store
        """
        if snapshot.data == (documents.HEADER + documents.EMPTY).encode():
            with self._failing("be removed"):
                os.unlink(self.path)
                _files().sync(os.path.dirname(self.path))

    def has_leftovers(self) -> bool:
        """Return whether there is a file next to the store that only an active or a killed run puts there."""
        folder, name = os.path.split(self.path)
        with contextlib.suppress(OSError):
            return any(entry.startswith((f".{name}.lock", f".{name}.mailops-")) for entry in os.listdir(folder))
        return False

    def remove_leftovers(self) -> None:
        """Remove what a killed run left behind. The caller holds the store's lock.

        :raises StoreError: if it cannot be removed
        """
        with self._failing("be cleaned up"):
            self._discard_stale()

    def _replace(self, data: bytes, expected: bytes | None) -> None:
        def unchanged() -> None:
            if self._data() != expected:
                raise StoreError(f"{self.name} was changed by another process during the write; run again")

        with self._failing("be written"):
            self._discard_stale()
            _files().put(self.path, data, check=unchanged)

    def _discard_stale(self) -> None:
        for left in _files().stale(self.path):
            _files().discard(left)

    @contextlib.contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"{self.name} cannot {what}: {error.strerror}") from None


def _editor() -> ModuleType:
    """Return the module that edits the store. Most runs only read, and Ansible compiles every file that is imported."""
    from ansible_collections.mailops.smtp.plugins.plugin_utils._store import edit

    return edit


def _files() -> ModuleType:
    """Return what writes files, for the same reason only when it is needed."""
    from ansible_collections.mailops.smtp.plugins.module_utils import _files as files

    return files
