# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The providers of the tests that make the passwords themselves, and the mark of what does not hold for them."""

from __future__ import annotations

from typing import Any

import pytest
from standin.dialects import TENANT

from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import ahasend, cloudflare

# What is about a password that the caller chooses: one that is given, the rules for one, the same value sent again.
SET_ONLY = pytest.mark.flows("set")
FLOWS = ("set", "regenerate", "create")
TENANT_OF_TESTS = {"account_id": TENANT}

CLOUDFLARE: dict[str, Any] = dict(cloudflare.DEFINITION)
# The same call is carried out once, so it is made again while its outcome is not known.
AHASEND_ONCE: dict[str, Any] = dict(ahasend.DEFINITION)
# As most providers are: whoever calls again gets another credential. And there is a limit.
AHASEND: dict[str, Any] = {
    **AHASEND_ONCE,
    "create_credential": {**AHASEND_ONCE["create_credential"], "headers": {}},
    "limit": {"credentials": 2, "reached": [{"status": 400, "path": "message", "contains": "limit of"}]},
}


def without(definition: dict[str, Any], *names: str, **more: Any) -> dict[str, Any]:
    """Return a definition without some of its parts, and with others.

    :param definition: the definition
    :param names: what to leave out
    :param more: what to put in
    """
    return {**{name: value for name, value in definition.items() if name not in names}, **more}
