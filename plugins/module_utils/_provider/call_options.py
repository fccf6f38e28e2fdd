# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns a task's options into what calls need. A file of its own, because a run without a call does not need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Definition, restored
from ansible_collections.mailops.smtp.plugins.module_utils._provider.rate_limit import SHARE, Pace
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience


def connection_from(params: Mapping[str, Any]) -> Connection:
    """Return how to reach the provider.

    :param params: what C(registry.module_options) made of the task's options
    """
    verify: bool | str = (params.get("ca_path") or True) if params["validate_certs"] else False
    return Connection(
        definition=restored(params["provider_definition"]),
        credentials=params["api_credentials"],
        timeout=params["timeout"],
        verify=verify,
        account_ids={account: str(one) for account, one in (params.get("account_ids") or {}).items()},
        settings=params.get("provider_settings") or {},
    )


def pace_from(params: Mapping[str, Any], definition: Definition) -> Pace:
    """Return the rate limit that the options, or else the provider, set.

    :param params: the task's options
    :param definition: the provider
    """
    if params.get("rate_limit"):
        return Pace(params["rate_limit"], burst=params["rate_burst"], recent=params["rate_recent"])
    return Pace(definition.rate_limit * SHARE if definition.rate_limit else None)


def patience_from(params: Mapping[str, Any]) -> Patience:
    """Return how often to repeat a call.

    :param params: the task's options
    """
    return Patience(retries=params["retries"], ceiling=params["retry_after_ceiling"])
