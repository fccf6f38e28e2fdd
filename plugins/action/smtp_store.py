# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All of smtp_store. It reads and writes the store, which only the controller has, and connects to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import STORE_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SecretAction
from ansible_collections.mailops.smtp.plugins.plugin_utils._option_checks import check_limits, checked_renames
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import open_store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.upkeep import MOST_NAMED, Done, Request, run


class ActionModule(SecretAction):
    """Rekeys the store, and renames accounts in it."""

    SPEC = STORE_SPEC

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Do one task on the store as a whole.

        :param params: the task's options
        :param task_vars: the task's variables
        """
        check_limits(params)
        store = open_store(self._loader, params["vault_file"], params["vault_id"])
        done = run(_request(params), store, self.scrubber.add, check_mode=self._task.check_mode)
        result: dict[str, Any] = {
            "changed": done.changed,
            "rekeyed": len(done.rekeyed),
            "left": done.left,
            "renamed": done.renamed,
            "identities": done.identities,
            "vault_file": store.name,
        }
        warnings = _warnings(done)
        if warnings:
            result["warnings"] = warnings
        if self._task.diff:
            result["diff"] = _diff(done, store.name, params["vault_id"])
        return result


def _diff(done: Done, header: str, identity: str | None) -> dict[str, str]:
    """Return a diff of names and Vault identities."""
    before = [f"{name}: Vault identity {label}\n" for name, label in done.rekeyed.items()]
    after = [f"{name}: Vault identity {identity}\n" for name in done.rekeyed]
    return {
        "before_header": header,
        "after_header": header,
        "before": "".join([*before, *(f"{old}\n" for old in done.renamed)]),
        "after": "".join([*after, *(f"{new}\n" for new in done.renamed.values())]),
    }


def _request(params: Mapping[str, Any]) -> Request:
    """Return the checked request, or refuse it before anything changes."""
    rekey = params["state"] == "rekeyed"
    if rekey and not params["vault_id"]:
        raise InputError("vault_id: state=rekeyed needs the identity that is to encrypt the values from now on")
    if params["old_vault_id"] and not rekey:
        raise InputError("old_vault_id: can be set with state=rekeyed only")
    return Request(
        rekey=rekey,
        old=params["old_vault_id"] or None,
        names=checked_renames(params["renamed"]),
        lock_timeout=params["lock_timeout"],
    )


def _warnings(done: Done) -> list[str]:
    warnings: list[str] = []
    if done.rekeyed:
        warnings.append(
            "git history and backups still have the passwords as they were encrypted before, and whoever could open "
            "them may know them: rotate them too, as the playbook mailops.smtp.colleague_left does"
        )
    if done.same_password:
        warnings.append(
            "values were encrypted with the password of the new Vault identity already, under another name: whoever "
            "knows it can still open them"
        )
    if done.rekeyed and done.left:
        more = f" and {len(done.left) - MOST_NAMED} more" if len(done.left) > MOST_NAMED else ""
        warnings.append(
            f"left as they are, because they are of another Vault identity or not of this store: "
            f"{', '.join(done.left[:MOST_NAMED])}{more}"
        )
    return warnings
