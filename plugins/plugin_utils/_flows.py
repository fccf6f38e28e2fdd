# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a provider's definition says of its flow, before it is checked. Reads one file of data, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

PROVIDERS = "ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in"


def definition_of(provider: Any, own: Any) -> Mapping[str, Any]:
    """Return a provider's definition as it is written, empty if there is none.

    :param provider: the name of a built-in one
    :param own: the playbook's own definition, which replaces it
    """
    if own:
        return own if isinstance(own, Mapping) else {}
    try:
        return dict(import_module(f"{PROVIDERS}.{provider}").DEFINITION)
    except ImportError:
        return {}


def overlaps(definition: Mapping[str, Any]) -> bool:
    """Return whether the provider makes a new credential beside the old one.

    :param definition: its definition
    """
    return definition.get("flow") == "create"


def names_logins(definition: Mapping[str, Any]) -> bool:
    """Return whether the provider chooses the SMTP user name, which is then in the store.

    :param definition: its definition
    """
    issued = definition.get("issued")
    return isinstance(issued, Mapping) and bool(issued.get("username") or issued.get("login"))
