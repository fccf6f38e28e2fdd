# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of secret_file: sees to it that the content reaches the host through a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._secret_file import ARGUMENT_SPEC
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SHORTEST_PART, ModuleAction


class ActionModule(ModuleAction):
    """Hands the task to the module."""

    SPEC = ARGUMENT_SPEC

    def _secrets_in(self, args: Mapping[str, Any]) -> list[str]:
        content = args.get("content")
        if content is None:
            return []
        # Not each word: a path or a user name in the content would be hidden in the result too.
        lines = (line.strip() for line in str(content).splitlines())
        return [str(content), *(line for line in lines if len(line) >= SHORTEST_PART)]
