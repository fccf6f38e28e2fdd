# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that SOPS encrypts. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import AS_FIELDS, Call, Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered

MODULE = "community.sops.sops_encrypt"


def call(path: str, value: Rendered, options: Mapping[str, Any]) -> Call:
    """Return the run of the module.

    :param path: the file
    :param value: the value
    :param options: the target's own options
    """
    if isinstance(value.value, str):
        content: dict[str, Any] = {"content_text": value.value}
    else:
        content = {"content_json" if path.endswith(".json") else "content_yaml": dict(value.value)}
    # Who may only encrypt cannot compare; that the file is behind is known already.
    return Call(MODULE, {"force": True, **options, "path": path, **content})


KIND = Kind(
    name="sops",
    module=MODULE,
    needs="the collection community.sops, and the program sops",
    value=AS_FIELDS,
    call=call,
    ours=("path", "content_text", "content_binary", "content_json", "content_yaml"),
)
