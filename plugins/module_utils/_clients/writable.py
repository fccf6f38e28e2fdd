# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells before anything changes whether a file can be replaced."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import struct

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

_MOUNTS = "/proc/self/mountinfo"
_OCTAL = re.compile(r"\\([0-7]{3})")
# From linux/fs.h: ask for the attributes of a file, and those that even root cannot write against.
_GET_FLAGS = 0x80086601
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20


def check_replaceable(path: str) -> None:
    """Refuse a file that no other one can be renamed over.

    :param path: without symbolic links
    :raises InputError: if that is so; nothing was changed
    """
    folder = os.path.dirname(path)
    if path in mount_points(_text_of(_MOUNTS)):
        raise InputError(f"{path} is a mount of its own and cannot be replaced: mount the folder {folder} instead")
    for each in (path, folder):
        if _flags(each) & (_IMMUTABLE | _APPEND_ONLY):
            raise InputError(f"{each} has the attribute immutable or append-only: take it away with chattr -i -a")
    if not os.access(folder, os.W_OK):
        raise InputError(f"nothing can be written in {folder}: see whether its file system is read-only")


def mount_points(mountinfo: str) -> set[str]:
    """Return where something is mounted.

    :param mountinfo: as the kernel lists it
    """
    fields = [line.split(" ") for line in mountinfo.splitlines()]
    return {_OCTAL.sub(lambda code: chr(int(code.group(1), 8)), one[4]) for one in fields if len(one) > 4}


def _text_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def _flags(path: str) -> int:
    """Return the attributes that lsattr shows, none where the file system has no such thing."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            flags: int = struct.unpack("l", fcntl.ioctl(descriptor, _GET_FLAGS, struct.pack("l", 0)))[0]
        finally:
            os.close(descriptor)
        return flags
    return 0
