# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret of the key-value engine, version 2, of HashiCorp Vault or OpenBao. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import AS_FIELDS, Call, Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered

MODULE = "community.hashi_vault.vault_kv2_write"


def call(path: str, value: Rendered, options: Mapping[str, Any]) -> Call:
    """Return the run of the module.

    :param path: the secret's path in its engine
    :param value: the value
    :param options: the target's own options
    """
    data = dict(value.value) if not isinstance(value.value, str) else {"password": value.value}
    # A policy that allows to write and not to read would refuse to read first.
    return Call(MODULE, {"read_before_write": False, **options, "path": path, "data": data})


KIND = Kind(
    name="vault_kv2",
    module=MODULE,
    needs="the collection community.hashi_vault, and hvac",
    value=AS_FIELDS,
    call=call,
    place=("url", "namespace", "engine_mount_point"),
    ours=("path", "data"),
)
