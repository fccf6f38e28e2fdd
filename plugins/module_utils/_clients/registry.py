# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mail programs that are known."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Program
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

if TYPE_CHECKING:
    # Ansible sends a host what is imported by name, wherever that stands. There, only the program that is asked for is
    # imported. A test compares both lists with the folders.
    from ansible_collections.mailops.smtp.plugins.module_utils._clients.dma import program as _dma  # noqa: F401
    from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim import program as _exim  # noqa: F401
    from ansible_collections.mailops.smtp.plugins.module_utils._clients.msmtp import program as _msmtp  # noqa: F401
    from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer import program as _nullmailer  # noqa: F401
    from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd import program as _opensmtpd  # noqa: F401
    from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix import program as _postfix  # noqa: F401
    from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail import program as _sendmail  # noqa: F401

NAMES = ("dma", "exim", "msmtp", "nullmailer", "opensmtpd", "postfix", "sendmail")


def program_of(name: str) -> Program:
    """Return the mail program of a name.

    :param name: its name
    :raises InputError: if there is none
    """
    if name not in NAMES:
        raise InputError(f"there is no mail program {name}; there are: {', '.join(NAMES)}")
    program: Program = importlib.import_module(f"{__package__}.{name}.program").PROGRAM
    return program
