# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and replaces a file that is there already."""

from __future__ import annotations

import os
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError


def replaceable(path: str) -> str:
    """Return where a file is, symbolic links followed, if another one can be renamed over it.

    :param path: the file
    :raises InputError: if there is none, or if it cannot be replaced
    """
    real = files.real_path(path)
    if not os.path.isfile(real):
        raise InputError(f"{path} does not exist: create it first")
    check_replaceable(real)
    return real


def text_of(path: str) -> str:
    """Return what is in a file, nothing if there is none; bytes that are not UTF-8 stay what they are.

    :param path: the file
    """
    return (files.read(path) or b"").decode("utf-8", "surrogateescape")


def rewrite(
    path: str, edit: Callable[[str], str], *, access: files.Access | None = None, check_mode: bool = False
) -> bool:
    """Write a file as it is to be; tell whether that changes it.

    :param path: the file
    :param edit: what its text becomes
    :param access: None for that of the file before
    :param check_mode: whether nothing is to be changed
    :raises InputError: if it cannot be replaced
    """
    real = replaceable(path)
    with files.locked(os.path.dirname(real)):
        before = text_of(real)
        after = edit(before)
        changed = after != before or access not in (None, files.access_of(real))
        if not check_mode:
            files.remove_stale(real)
            if changed:
                files.write(real, after.encode("utf-8", "surrogateescape"), access)
    return changed
