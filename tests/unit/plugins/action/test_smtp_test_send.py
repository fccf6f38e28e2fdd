# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.mailops.smtp.plugins.action.smtp_test_send import ActionModule
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

PASSWORD = "hunter2-Zügel"
ACCOUNTS = [{"username": f"{n}.acme.smtp", "password": f"{PASSWORD}-{n}"} for n in range(100)]


class Action(ActionModule):
    """An action whose host answers as the test says; C(calls) are the accounts of each call, and whether it logs."""

    def __init__(self, args: Mapping[str, Any], *answers: Any) -> None:
        context = PlayContext()
        task = SimpleNamespace(args=dict(args), async_val=0, check_mode=False, diff=False, no_log=False)
        super().__init__(task, connection_loader.get("local", context), context, None, None, None)
        self.calls: list[tuple[int, bool]] = []
        self._answers = iter(answers)

    def pass_on(self, params: Mapping[str, Any], _task_vars: dict[str, Any], *, logs: bool) -> dict[str, Any]:
        accounts = params["accounts"] or []
        self.calls.append((len(accounts), logs))
        answer = next(self._answers, None)
        if isinstance(answer, BaseException):
            raise answer
        return answer or {"results": [{"authenticated": True} for _account in accounts], "seconds": 0.1}


def options(**over: Any) -> dict[str, Any]:
    return {"host": "localhost", "send": False, **over}


def test_only_the_single_form_logs() -> None:
    """Catches: a list with passwords in the host's log, and a login that a host's log does not know of."""
    one = Action(options(username="1.acme.smtp", password=PASSWORD))
    one.run()
    assert one.calls == [(0, True)]
    many = Action(options(accounts=ACCOUNTS))
    many.run()
    assert many.calls == [(64, False), (36, False)]


@pytest.mark.parametrize("error", [AnsibleConnectionFailure, OSError])
def test_lost_host_leaves_the_results_before_it(error: type[Exception]) -> None:
    """Catches: a connection that breaks, and takes the results before it with it, or that shows a password."""
    made = Action(options(accounts=ACCOUNTS), None, error(f"lost {PASSWORD}-3 " + "x" * 600))
    result = made.run()
    reasons = [one.get("reason") for one in result["results"]]
    assert reasons == [None] * 64 + ["unknown"] * 36
    assert result["failed_accounts"] == [account["username"] for account in ACCOUNTS[64:]]
    assert PASSWORD not in str(result)
    assert "lost" in result["results"][-1]["msg"]


def test_connection_that_cannot_pipeline_is_one_error() -> None:
    """Catches: a thousand results for a connection through which no password goes."""
    result = Action(options(accounts=ACCOUNTS), InputError("the connection cannot pipeline")).run()
    assert (result["failed"], result["msg"]) == (True, "the connection cannot pipeline")
    assert "results" not in result


def test_no_accounts_call_nobody() -> None:
    """Catches: a module started for an empty list."""
    made = Action(options(accounts=[]))
    assert made.run() == {"changed": False, "results": [], "failed_accounts": []}
    assert made.calls == []
