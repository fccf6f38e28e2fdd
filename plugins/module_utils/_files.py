# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes files that hold a secret: whole or not at all, closed to others at every moment, no copy left behind.

A file is written beside its place and moved over the old one. What a killed run left beside it is removed by the next.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import secrets
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

CLOSED = 0o600
_LABEL = "security.selinux"
_TOKEN = 8


@dataclass(frozen=True)
class Access:
    """Who may do what with a file: user and group by number, permission bits."""

    uid: int
    gid: int
    mode: int


def real_path(path: str) -> str:
    """Where a file is, symbolic links followed.

    :raises InputError: if nothing can be written there
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
    """The content of a file, None if there is none.

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
    """Who may do what with a file, None if there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return Access(found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))


def refused(what: str, path: str, error: OSError) -> str:
    """What to tell the user whose file cannot be read or written."""
    advice = ": run the task as root (become: true)" if isinstance(error, PermissionError) else ""
    return f"cannot {what} {path}: {error.strerror}{advice}"


@contextlib.contextmanager
def locked(folder: str) -> t.Iterator[None]:
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


def beside(path: str) -> str:
    """A name in the same folder that nobody else uses, and that says later whose it was."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.mailops-{secrets.token_hex(_TOKEN // 2)}")


def remove_stale(path: str) -> None:
    """Remove what killed runs left beside a file. Call it under the folder's lock only.

    :raises InputError: if something cannot be removed
    """
    folder, name = os.path.split(path)
    pattern = f".{glob.escape(name)}.mailops-{'[0-9a-f]' * _TOKEN}*"
    for left in glob.glob(os.path.join(glob.escape(folder), pattern)):
        remove(left)


def remove(path: str) -> None:
    """Remove a file that may be gone already.

    :raises InputError: if it cannot be removed
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(refused("remove", path, error)) from None


def write(*, path: str, content: bytes, access: Access) -> None:
    """Put a file in its place. Call it under the folder's lock only.

    :param path: without symbolic links
    :raises InputError: if that is not possible; then everything is as it was
    """
    temporary = beside(path)
    try:
        create(path=temporary, content=content)
        replace(temporary=temporary, path=path, access=access)
    except OSError as error:
        raise InputError(refused("write", path, error)) from None
    finally:
        remove(temporary)


def create(*, path: str, content: bytes) -> None:
    """Write a new file that only its owner can open, down to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, CLOSED)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(*, temporary: str, path: str, access: Access) -> None:
    """Move a written file over another one, for whom it is meant. Raises OSError."""
    _label_alike(path, temporary)
    # The owner first: a change of owner takes away bits of the mode.
    if (os.stat(temporary).st_uid, os.stat(temporary).st_gid) != (access.uid, access.gid):
        os.chown(temporary, access.uid, access.gid)
    os.chmod(temporary, access.mode)
    os.replace(temporary, path)
    sync(os.path.dirname(path))


def touch(path: str) -> None:
    """Make an empty file, of which only the name says something.

    :raises InputError: if that is not possible
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, CLOSED))
    except OSError as error:
        raise InputError(refused("write", path, error)) from None


def sync(path: str) -> None:
    """See to it that a file, or what was moved in a folder, survives a power failure. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _label_alike(path: str, temporary: str) -> None:
    # SELinux labels a new file by its folder; the old one can have had another label.
    with contextlib.suppress(OSError, AttributeError):
        os.setxattr(temporary, _LABEL, os.getxattr(path, _LABEL))
