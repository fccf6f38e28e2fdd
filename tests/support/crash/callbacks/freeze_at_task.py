# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that makes the start of each task, and the end of each turn of a loop, a boundary too."""

from __future__ import annotations

import importlib
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: freeze_at_task
type: aggregate
short_description: Count tasks as boundaries
description: Counts tasks as boundaries, for tests that crash there.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Counts in the controller's main process."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "freeze_at_task"

    def _reached(self, when: str, task: Any) -> None:
        # The one that Python imported when the process started, from PYTHONPATH.
        importlib.import_module("sitecustomize").reached(f"{when} {task.get_name().split(' : ')[-1]}")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._reached("task", task)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._reached("handler", task)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._reached("item of", result._task)
