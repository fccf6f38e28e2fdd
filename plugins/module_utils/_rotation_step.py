# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a step of the role smtp_rotation."""

from __future__ import annotations

from typing import Any

# In the order of a run, and at the end those that any phase can need.
STEPS = (
    "check",
    "plan",
    "audit",
    "judge",
    "stage",
    "staged",
    "reach",
    "hold",
    "change",
    "deploy",
    "test",
    "release",
    "record",
    "switch",
    "try",
    "retire",
    "publish",
    "published",
    "report",
    "end",
    "news",
    "unheard",
    "kept",
    "note",
    "wait",
)
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "step": {"type": "str", "required": True, "choices": list(STEPS)},
    "host": {"type": "str"},
    "until": {"type": "str"},
    "content": {"type": "raw", "no_log": True},
    "example": {"type": "raw"},
    "unheld": {"type": "dict"},
    "trouble": {"type": "str"},
    "unkept": {"type": "str"},
    "number": {"type": "int"},
}
