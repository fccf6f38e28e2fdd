# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of smtp_test_send: passes passwords through a pipe, and long lists in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import ARGUMENT_SPEC, RULES, prepare_all
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import ModuleAction, tell


class ActionModule(ModuleAction):
    """Passes the task to the module; C(accounts) in batches."""

    SPEC = ARGUMENT_SPEC
    RULES = RULES
    LOGS = True

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Test the task's logins.

        :param params: the task's options
        :param task_vars: the task's variables
        """
        if params["accounts"] is None:
            return super().perform(params, task_vars)
        from ansible_collections.mailops.smtp.plugins.plugin_utils._test_sends import result_of, run

        prepare_all(params)
        if self._task.check_mode and params["accounts"]:
            return self.pass_on(params, task_vars, logs=False)

        def send(accounts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
            return self._send({**params, "accounts": accounts}, task_vars)

        return result_of(run(params["accounts"], send, concurrency=params["concurrency"], tell=tell))

    def _send(self, params: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the module's result, or only C(msg) if it cannot be run: earlier batches have results."""
        try:
            outcome = self.pass_on(params, task_vars, logs=False)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is, what became of this batch is unknown)
            outcome = {"msg": f"{type(error).__name__}: {error}"}
        # Scrub before shortening: a secret that has been cut is not found any more.
        words = self.scrubber.text(str(outcome.get("msg") or outcome.get("module_stderr") or "no reason given"))
        return {**outcome, "msg": words[:500].rstrip(".")}
