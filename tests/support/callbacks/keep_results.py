# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that writes every task's result, and the recap, as JSON lines: what a test compares."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: keep_results
type: aggregate
short_description: Write results as JSON lines
description: Writes results as JSON lines into the file that KEEP_RESULTS names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Appends one line an event."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "keep_results"

    def _keep(self, event: dict[str, Any]) -> None:
        with open(os.environ["KEEP_RESULTS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(event, default=str) + "\n")

    def _result(self, kind: str, result: Any) -> None:
        task, host = result._task, result._host
        self._keep({"kind": kind, "host": host.get_name(), "task": task.get_name(), "result": dict(result._result)})

    def v2_runner_on_ok(self, result: Any) -> None:
        self._result("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._result("failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._result("unreachable", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._result("skipped", result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._result("item", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._keep({"kind": "stats", "stats": {host: stats.summarize(host) for host in stats.processed}})
