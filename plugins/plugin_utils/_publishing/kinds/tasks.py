# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task file of the playbook's own. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import AS_FIELDS, Call, Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered


def call(_path: str, _value: Rendered, _options: Mapping[str, Any]) -> Call:
    """Return no run of a module: the role includes the file."""
    return Call("", {})


KIND = Kind(name="tasks", module="", needs="", value=AS_FIELDS, call=call, known=())
