# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the options of secret_file, and says what a diff may show."""

from __future__ import annotations

import grp
import os
import pwd
import re
from collections.abc import Callable
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._files import Access

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "content": {"type": "str", "required": True, "no_log": True},
    "dest": {"type": "path", "required": True},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw", "default": "0600"},
}
_OCTAL = re.compile(r"0?[0-7]{3}")


def mode_of(value: Any) -> int:
    """Return the permission bits that an option means.

    :param value: octal digits as a text; without quotes, YAML reads 0600 as another number
    :raises InputError: if it is anything else
    """
    if not isinstance(value, str) or not _OCTAL.fullmatch(value):
        raise InputError("mode must be three or four octal digits in quotes, such as '0600'")
    return int(value, 8)


def wanted_access(*, owner: str | None, group: str | None, mode: int, present: Access | None) -> Access:
    """Return who may do what with the file: as asked, otherwise as before, otherwise as for any new file.

    :param owner: name or number, None to keep it
    :param group: name or number, None to keep it
    :param present: None if there is no file yet
    :raises InputError: if the user or the group does not exist
    """
    kept = present or Access(os.geteuid(), os.getegid(), mode)
    uid = kept.uid if owner is None else _number("user", owner, lambda name: pwd.getpwnam(name).pw_uid)
    gid = kept.gid if group is None else _number("group", group, lambda name: grp.getgrnam(name).gr_gid)
    return Access(uid, gid, mode)


def _number(what: str, name: str, look_up: Callable[[str], int]) -> int:
    if name.isdigit():
        return int(name)
    try:
        return look_up(name)
    except KeyError:
        raise InputError(f"the {what} {name} does not exist on this host: create it first") from None


def described(access: Access | None, content: str) -> str:
    """Return what a diff shows of a file.

    :param access: None if there is no file
    :param content: what to say in place of the content
    """
    if access is None:
        return "there is no file\n"
    return f"owner {access.uid}, group {access.gid}, mode {access.mode:04o}, content {content}\n"
