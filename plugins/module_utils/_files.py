# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place that writes files which hold a secret: whole or not at all, and closed to others at every moment.

A new file is written beside the old one and renamed over it. What a killed run leaves beside a file, the next one
removes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

CLOSED = 0o600
_LABEL = "security.selinux"
_MARK, _SUFFIX = ".mailops-", ".tmp"
# The part of a temporary name that mkstemp chooses, our suffix, and that of what postmap makes of such a file.
_REST = re.compile(r"[a-z0-9_]{8}(\.tmp)?(\.(db|lmdb|cdb))?")


@dataclass(frozen=True)
class Access:
    """Who may do what with a file: user and group by number, permission bits."""

    uid: int
    gid: int
    mode: int


def real_path(path: str) -> str:
    """Return where a file is, symbolic links followed.

    :param path: an absolute path
    :raises InputError: if no file can be written there
    """
    if not os.path.isabs(path):
        raise InputError(f"{path} must be an absolute path")
    real = os.path.realpath(path)
    if os.path.isdir(real):
        raise InputError(f"{path} is a folder: name the file itself")
    if os.path.lexists(real) and not os.path.isfile(real):
        raise InputError(f"{path} is not a regular file: name another one")
    if not os.path.isdir(os.path.dirname(real)):
        raise InputError(f"the folder {os.path.dirname(real)} does not exist: create it first")
    return real


def read(path: str) -> bytes | None:
    """Return the content of a file, None if there is none.

    :raises InputError: if it cannot be read
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(refused("read", path, error)) from None


def access_of(path: str) -> Access | None:
    """Return who may do what with a file, None if there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return Access(found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))


def refused(what: str, path: str, error: OSError) -> str:
    """Return what to tell the user whose file cannot be read, written or removed.

    :param what: what cannot be done
    :param error: why not
    """
    advice = ": run the task as root (become: true)" if isinstance(error, PermissionError) else ""
    return f"cannot {what} {path}: {error.strerror}{advice}"


@contextlib.contextmanager
def locked(folder: str) -> Iterator[None]:
    """Keep other runs out of a folder; the lock ends with the process, and leaves no file.

    :raises InputError: if there is no such folder
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InputError(refused("read", folder, error)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def stale(path: str) -> list[str]:
    """Return the files that killed runs left beside a file. The caller keeps other runs out.

    :raises OSError: if the folder cannot be listed
    """
    folder, name = os.path.split(path)
    prefix = f".{name}{_MARK}"
    return [
        os.path.join(folder, entry)
        for entry in os.listdir(folder)
        if entry.startswith(prefix) and _REST.fullmatch(entry[len(prefix) :])
    ]


def remove_stale(path: str) -> None:
    """Remove what killed runs left beside a file. The caller holds the folder's lock.

    :raises InputError: if something cannot be removed
    """
    try:
        found = stale(path)
    except OSError as error:
        raise InputError(refused("read", os.path.dirname(path), error)) from None
    for left in found:
        remove(left)


def remove(path: str) -> None:
    """Remove a file that may be gone already.

    :raises InputError: if it cannot be removed
    """
    try:
        discard(path)
    except OSError as error:
        raise InputError(refused("remove", path, error)) from None


def discard(path: str) -> None:
    """Remove a file that may be gone already.

    :raises OSError: if it cannot be removed
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def write(path: str, content: bytes, access: Access | None) -> None:
    """Write a file as C(put) does. The caller holds the folder's lock.

    :raises InputError: if that is not possible; then everything is as it was
    """
    try:
        put(path, content, access)
    except OSError as error:
        raise InputError(refused("write", path, error)) from None


def put(path: str, content: bytes, access: Access | None = None, *, check: Callable[[], None] | None = None) -> None:
    """Write a file, whole and down to the disk, or leave everything as it was. The caller keeps other runs out.

    :param path: without symbolic links
    :param access: None for that of the file before; a new file is then for its owner only
    :param check: called when all but the renaming is done; what it raises ends the writing
    :raises OSError: if it cannot be written
    """
    temporary = create(path, content)
    try:
        replace(temporary, path, access, check=check)
    except BaseException:
        discard(temporary)
        raise


def create(path: str, content: bytes) -> str:
    """Write a new file beside another one, open to its owner only, and return its name.

    :param path: the file that it is to replace
    :raises OSError: if it cannot be written
    """
    folder, name = os.path.split(path)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}{_MARK}", suffix=_SUFFIX, dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            # The umask can have taken away the owner's own rights.
            os.fchmod(file.fileno(), CLOSED)
            file.write(content)
    except BaseException:
        discard(temporary)
        raise
    return temporary


def replace(temporary: str, path: str, access: Access | None, *, check: Callable[[], None] | None = None) -> None:
    """Rename a written file over the one that it is to replace, down to the disk.

    :param temporary: what C(create) returned, or what was made of it
    :param access: as for C(put)
    :param check: as for C(put)
    :raises OSError: if it cannot be renamed
    """
    # By descriptor: in a folder of another user's, a name may be a link to somewhere else by now.
    descriptor = os.open(temporary, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        _label_alike(path, descriptor)
        _give(descriptor, access or access_of(path))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if check is not None:
        check()
    os.replace(temporary, path)
    sync(os.path.dirname(path))


def _label_alike(path: str, descriptor: int) -> None:
    # SELinux labels a new file by its folder; the old one may have another label.
    with contextlib.suppress(OSError, AttributeError):
        os.setxattr(descriptor, _LABEL, os.getxattr(path, _LABEL))


def _give(descriptor: int, access: Access | None) -> None:
    if access is None:
        return
    found = os.fstat(descriptor)
    # The owner first: a change of owner takes away bits of the mode.
    if (found.st_uid, found.st_gid) != (access.uid, access.gid):
        os.fchown(descriptor, access.uid, access.gid)
    os.fchmod(descriptor, access.mode)


def touch(path: str) -> None:
    """Make an empty file whose name alone says something.

    :raises InputError: if that is not possible
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, CLOSED))
    except OSError as error:
        raise InputError(refused("write", path, error)) from None


def sync(folder: str) -> None:
    """Make sure that what was renamed or removed in a folder survives a power failure.

    :raises OSError: if that is not possible
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
