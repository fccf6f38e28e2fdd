# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result and the diff of a task on senders. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import Advice
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.switching import Done
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written


def result_of(done: Done) -> dict[str, Any]:
    """Return the result's fields.

    :param done: the outcome for each sender
    """
    return {
        "changed": bool(done.changes),
        "senders": [_entry(name, pair, done.advice[name]) for name, pair in done.after.items()],
    }


def _entry(name: str, pair: Sender, advice: Advice) -> dict[str, Any]:
    return {
        "sender": name,
        "in_use": pair.in_use,
        "at_rest": pair.at_rest,
        "leaving": pair.leaving,
        "switched_at": written(pair.switched_at) if pair.switched_at else None,
        "step": advice.step.value,
        "account": advice.account,
        "reason": advice.reason,
    }


def diff_of(done: Done, header: str) -> dict[str, str]:
    """Return a diff of roles and dates.

    :param done: the outcome for each sender
    :param header: the title of the diff
    """
    return {
        "before_header": header,
        "after_header": header,
        "before": _shown(done.before, done),
        "after": _shown(done.after, done),
    }


def _shown(pairs: Mapping[str, Sender], done: Done) -> str:
    lines = []
    for name in done.changes:
        entry = pairs[name]
        roles = {"in_use": entry.in_use, "at_rest": entry.at_rest, "leaving": entry.leaving}
        fields = {**roles, "switched_at": written(entry.switched_at) if entry.switched_at else None}
        shown = [f"  {field}: {value}\n" for field, value in fields.items() if value is not None]
        lines += [f"{name}:\n", *shown] if shown else []
    return "".join(lines)
