# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module returns to its action plugin: each account's outcome, as data and without secrets."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.module_utils._provider.sealing import sealed
from ansible_collections.mailops.smtp.plugins.module_utils._provider.transports import PACKAGES
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import Scrubber

if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Made


def missing(transport: str) -> list[str]:
    """Return the Python packages that are not installed and that a transport needs.

    :param transport: what carries the calls
    """
    return [name for name in PACKAGES[transport] if importlib.util.find_spec(name) is None]


def public(
    changes: Mapping[str, Change], passwords: Mapping[str, str], credentials: Mapping[str, str], reason: str = ""
) -> dict[str, dict[str, Any]]:
    """Return every outcome as a dict. Messages are scrubbed, because a provider may quote what it was sent.

    :param changes: account to its outcome
    :param passwords: account to the password that was sent
    :param credentials: the provider's keys
    :param reason: why nothing could be sent at all; replaces each outcome's own message
    """
    keys = Scrubber(credentials.values())
    return {
        account: {
            "kind": change.kind.value,
            "doubt": change.doubt,
            "sent": change.sent,
            "stop": change.stop,
            "message": reason or Scrubber([passwords[account]]).text(keys.text(change.message)),
        }
        for account, change in changes.items()
    }


def made(
    outcomes: Mapping[str, Made], pads: Mapping[str, str], credentials: Mapping[str, str], reason: str = ""
) -> dict[str, dict[str, Any]]:
    """Return every outcome of a job as a dict. What the provider made is sealed with the account's pad.

    :param outcomes: account to its outcome
    :param pads: account to its pad
    :param credentials: the provider's keys
    :param reason: why nothing could be sent at all; replaces each outcome's own message
    """
    secrets = {account: one.secret or "" for account, one in outcomes.items()}
    plain = public(outcomes, secrets, credentials, reason)
    for account, one in outcomes.items():
        plain[account].update(
            username=one.username, id=one.id, idle=list(one.idle), late=list(one.late), deleted=list(one.deleted)
        )
        if one.secret:
            plain[account]["sealed"] = sealed(one.secret, pads[account])
    return plain
