# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module tells its action plugin: each account's change, as data and without secrets."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.attempts import Change
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import Scrubber


def can_call() -> bool:
    """Tell whether the Python package that speaks HTTP is here."""
    return importlib.util.find_spec("requests") is not None


def told(
    changes: Mapping[str, Change], passwords: Mapping[str, str], credentials: Mapping[str, str], reason: str = ""
) -> dict[str, dict[str, Any]]:
    """Return every change as a dict; a provider's words can quote what it was sent, so they are scrubbed.

    :param changes: account to what its call came to
    :param passwords: account to the password that was sent
    :param credentials: the provider's keys
    :param reason: why nothing could be sent at all, in place of each change's own message
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
