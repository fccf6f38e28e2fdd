# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the playbook's own tasks have saved the store: whether the next run reads it there."""

from __future__ import annotations

import os
from dataclasses import replace

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import keeping
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import git
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import Result, Tools, remembered
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document, parse


def kept(tools: Tools) -> Result:
    """Note why the next run would not read what is in the store now. What it cannot find out is only told.

    :param tools: what the step works with
    """
    own, how, store = tools.fleet.own, tools.options["persist_check"], tools.store
    if not os.path.exists(store.path):
        return remembered(own, skipped=True)
    asked = {name: str(tools.options[f"persist_{name}"]) for name in ("remote", "branch")}
    seen = git.look(store.path, asked, os.environ, lambda text: _is_same(tools, text))
    why = keeping.kept(seen)
    if not why or (how == keeping.AUTO and not seen.concerned):
        return remembered(own)
    if how == keeping.AUTO and not keeping.is_meant(seen):
        text = (
            f"{why}. If smtp_rotation_persist_tasks save the store with git, set smtp_rotation_persist_check to git; "
            "if they save it elsewhere, to tasks that check that, or to an empty text."
        )
        tools.warn(text)
        return remembered(own)
    reason = f"smtp_rotation_persist_tasks reported no error, but {why}"
    return remembered(replace(own, unkept=reason))


def _is_same(tools: Tools, text: str) -> bool:
    """Return whether a store has this run's accounts and senders as ours has them: others may have pushed theirs."""
    plan = tools.fleet.leader.plan
    if plan is None or not plan.accounts:
        return False
    try:
        mine, other = tools.store.read().document, parse(text, "the remote's store")
    except StoreError:
        return False
    return _entries(mine, plan.accounts, list(plan.pairs)) == _entries(other, plan.accounts, list(plan.pairs))


def _entries(document: Document, accounts: list[str], senders: list[str]) -> list[object]:
    pairs = document.senders
    return [*(document.record(name) for name in accounts), *(pairs.get(name) for name in senders)]
