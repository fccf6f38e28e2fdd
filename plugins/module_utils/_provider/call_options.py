# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a task's options say that calls are made. Apart from the options themselves: a run without a call needs none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.attempts import Patience
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Definition
from ansible_collections.mailops.smtp.plugins.module_utils._provider.pace import SHARE, Pace


def connection_from(params: Mapping[str, Any], definition: Definition, credentials: Mapping[str, str]) -> Connection:
    """Return how the provider is reached, as the options say.

    :param params: the task's options
    :param definition: the provider
    :param credentials: its keys
    """
    verify: bool | str = (params.get("ca_path") or True) if params["validate_certs"] else False
    return Connection(definition=definition, credentials=credentials, timeout=params["timeout"], verify=verify)


def pace_from(params: Mapping[str, Any], definition: Definition) -> Pace:
    """Return how fast calls may follow each other, as the options or else the provider say.

    :param params: the task's options
    :param definition: the provider
    """
    if params.get("rate_limit"):
        return Pace(params["rate_limit"], burst=params["rate_burst"], recent=params["rate_recent"])
    return Pace(definition.rate_limit * SHARE if definition.rate_limit else None)


def patience_from(params: Mapping[str, Any]) -> Patience:
    """Return how often a call is repeated, as the options say.

    :param params: the task's options
    """
    return Patience(retries=params["retries"], ceiling=params["retry_after_ceiling"])
