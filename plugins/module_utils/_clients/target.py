# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a file is that is there already, and that will be replaced."""

from __future__ import annotations

import os

from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._files import real_path


def replaceable(path: str) -> str:
    """Return where a file is, symbolic links followed, if another one can be renamed over it.

    :param path: the file
    :raises InputError: if there is none, or if it cannot be replaced
    """
    real = real_path(path)
    if not os.path.isfile(real):
        raise InputError(f"{path} does not exist: create it first")
    check_replaceable(real)
    return real
