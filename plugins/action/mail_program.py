# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of mail_program: makes sure that passwords reach the mail host through a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._clients.arguments import ARGUMENT_SPEC
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import ModuleAction


class ActionModule(ModuleAction):
    """Hands the task to the module."""

    SPEC = ARGUMENT_SPEC

    def _secrets_in(self, args: Mapping[str, Any]) -> list[str]:
        logins = args.get("logins")
        if not isinstance(logins, (list, tuple)) or not all(isinstance(one, Mapping) for one in logins):
            # Written as one text: before it is parsed, nobody knows which part is the password.
            return [] if logins is None else [str(logins)]
        return [str(one["password"]) for one in logins if one.get("password")]
