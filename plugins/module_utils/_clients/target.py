# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a file can be replaced, asked before anything changes."""

from __future__ import annotations

import array
import fcntl
import os

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._files import real_path

# Of linux/fs.h, the same on all 64-bit machines.
_GET_FLAGS, _IMMUTABLE, _APPEND_ONLY = 0x80086601, 0x10, 0x20


def replaceable(path: str) -> str:
    """Return where a file is, symbolic links followed, if another one can be renamed over it.

    :param path: the file
    :raises InputError: if there is none, or if it cannot be replaced
    """
    real = real_path(path)
    if not os.path.isfile(real):
        raise InputError(f"{path} does not exist: create it first")
    if os.path.ismount(real):
        raise InputError(f"{real} is a mount of its own and cannot be replaced: mount its folder instead")
    for each in (real, os.path.dirname(real)):
        if _flags(each) & (_IMMUTABLE | _APPEND_ONLY):
            raise InputError(f"{each} is immutable or append-only: run chattr -i -a {each} first")
    if not os.access(os.path.dirname(real), os.W_OK):
        raise InputError(f"nothing can be written in {os.path.dirname(real)}: mount it writable first")
    return real


def _flags(path: str) -> int:
    found = array.array("l", [0])
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.ioctl(descriptor, _GET_FLAGS, found)
    except OSError:
        # A file system without such flags.
        return 0
    finally:
        os.close(descriptor)
    return found[0]
