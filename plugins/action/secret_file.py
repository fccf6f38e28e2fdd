# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of secret_file: makes sure that the content reaches the host through a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._secret_file import ARGUMENT_SPEC
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SHORTEST_PART, ModuleAction


class ActionModule(ModuleAction):
    """Hands the task to the module."""

    SPEC = ARGUMENT_SPEC

    def _validated(self) -> dict[str, Any]:
        if isinstance(self._task.args.get("content"), (Mapping, list, tuple)):
            # It would be written in Python's notation, which no program reads.
            raise InputError(
                "content is data, not text: use the filter to_json or to_nice_yaml. Before ansible-core 2.19, a "
                "template that looks like JSON becomes data too, unless its lookup has convert_data=false"
            )
        return super()._validated()

    def _secrets_in(self, args: Mapping[str, Any]) -> list[str]:
        content = args.get("content")
        if content is None:
            return []
        # Not each word: a path or a username in the content would be hidden in the result too.
        lines = (line.strip() for line in str(content).splitlines())
        return [str(content), *(line for line in lines if len(line) >= SHORTEST_PART)]
