# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All of smtp_sender. It reads and writes the store, which only the controller has, and connects to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import SENDER_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SecretAction
from ansible_collections.mailops.smtp.plugins.plugin_utils._option_checks import check_limits, checked_senders
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import Wish
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.result import diff_of, result_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.switching import Request, run
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import open_store
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import duration, read, utc_now


class ActionModule(SecretAction):
    """Keeps the roles of each sender's two accounts, and returns the next step."""

    SPEC = SENDER_SPEC

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Look at the senders of one task, and switch or settle them if asked to.

        :param params: the task's options
        :param task_vars: the task's variables
        """
        check_limits(params)
        absent = params["state"] == "absent"
        if params["force"] and not absent:
            raise InputError("force: can be set with state=absent only")
        request = Request(
            senders=checked_senders(params["senders"], bare=absent),
            state=params["state"],
            wish=Wish(params["rotate"], duration(params["max_age"], "max_age")),
            lock_timeout=params["lock_timeout"],
            force=params["force"],
            deployed={str(name): _deployed(str(name), value) for name, value in (params["deployed"] or {}).items()},
        )
        store = open_store(self._loader, params["vault_file"], params["vault_id"])
        done = run(request, store, utc_now, check_mode=self._task.check_mode)
        result = {**result_of(done), "vault_file": store.name}
        if self._task.diff:
            result["diff"] = diff_of(done, store.name)
        return result


def _deployed(name: str, value: Any) -> Sender:
    """Return the sender's state when its hosts were deployed, from its record in the store or from an account alone."""
    if not isinstance(value, Mapping):
        return Sender(in_use=str(value))
    try:
        return Sender(in_use=str(value["in_use"]), switched_at=read(str(value["switched_at"])))
    except (KeyError, ValueError):
        raise InputError(
            f"deployed: '{name}' is neither an account nor a record of smtp_senders, which has in_use and switched_at"
        ) from None
