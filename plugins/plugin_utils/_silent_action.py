# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules whose arguments hold secrets where the module itself would log them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SecretAction


class SilentAction(SecretAction):
    """An action whose module logs nothing on its host.

    What a module logs of a list or a dict is Python's notation of it, in which a password with a quote or a backslash
    is written in another way than the one that is censored.
    """

    def call_module(
        self, args: Mapping[str, Any], task_vars: dict[str, Any], *, hide: tuple[str, ...]
    ) -> dict[str, Any]:
        """Run the module as any other, and keep it from writing its arguments into the system's log."""
        told = self._task.no_log
        self._task.no_log = True
        try:
            return super().call_module(args, task_vars, hide=hide)
        finally:
            # For the user nothing is hidden: the result has no secret in it.
            self._task.no_log = told
