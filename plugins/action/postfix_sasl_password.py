# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of postfix_sasl_password: makes sure that passwords reach the mail host through a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map_text import ARGUMENT_SPEC
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import ModuleAction


class ActionModule(ModuleAction):
    """Hands the task to the module."""

    SPEC = ARGUMENT_SPEC

    def _secrets_in(self, args: Mapping[str, Any]) -> list[str]:
        entries = args.get("entries")
        if not isinstance(entries, (list, tuple)) or not all(isinstance(one, Mapping) for one in entries):
            # Written as one text: before it is parsed, nobody knows which part is the password.
            return [] if entries is None else [str(entries)]
        passwords = (one.get("password") for one in entries)
        return [str(password) for password in passwords if password is not None]
