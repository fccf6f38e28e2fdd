# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that prints all it is given, as those that feed other systems do: tasks, arguments, results, times."""

from __future__ import annotations

import json
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: show_everything
type: stdout
short_description: Print everything as JSON lines
description: Prints each event with the task's own fields and the whole result.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Prints one line an event, whatever it is."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "show_everything"

    def v2_on_any(self, *args: Any, **keywords: Any) -> None:
        for one in (*args, *keywords.values()):
            told = {"time": time.time(), "type": type(one).__name__, **_fields(one)}
            self._display.display(json.dumps(told, default=repr))


def _fields(one: Any) -> dict[str, Any]:
    """Return what such a callback looks at: of a result also its task."""
    task = getattr(one, "_task", one)
    found = {"text": str(one), "result": getattr(one, "_result", None)}
    for name in ("_uuid", "name", "action", "args", "no_log", "vars", "tags", "_parent"):
        found[name] = repr(getattr(task, name, None))
    return found
