# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests the logins of a long list in batches, and says what became of each. Tries no login twice."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.parallel import MOST_INCOMPLETE, NO_MORE, incomplete
from ansible_collections.mailops.smtp.plugins.plugin_utils._batches import Batches

Account = Mapping[str, Any]
# Failed accounts that the task's message names.
NAMED = 5
NO_RESULT_BEFORE = {
    "reason": "not_tried",
    "msg": (
        "This login was not tried, because the module ended without a result for the accounts before it. See their "
        "results."
    ),
}


def run(
    accounts: Sequence[Account],
    send: Callable[[Sequence[Account]], Mapping[str, Any]],
    *,
    concurrency: int,
    tell: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> list[dict[str, Any]]:
    """Return the result of each account, in order.

    :param accounts: each with its C(username)
    :param send: has the module test some accounts, and returns the module's result, whatever it is
    :param concurrency: how many logins the module makes at the same time
    :param tell: shows a line of progress
    :param clock: the time in seconds, from any start
    :raises InputError: if the module refuses the options, which it does before it connects
    """
    batches = Batches(len(accounts), concurrency)
    waiting = deque(accounts)
    results: list[dict[str, Any]] = []
    in_a_row = 0
    while waiting:
        batch = [waiting.popleft() for _n in range(batches.size())]
        began = clock()
        outcome = send(batch)
        batches.took(len(batch), clock() - began, outcome.get("seconds"))
        if outcome.get("results") == [] and not results:
            raise InputError(f"{outcome['msg']}.")
        found, rest = _read(batch, outcome)
        results += found
        for result in found:
            in_a_row = incomplete(in_a_row, result)
        if rest is None and in_a_row >= MOST_INCOMPLETE:
            rest = NO_MORE
        if rest:
            return results + _all(waiting, rest)
        if waiting:
            tell(batches.line())
    return results


def _read(
    batch: Sequence[Account], outcome: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], Mapping[str, str] | None]:
    """Return the results of a batch, and that of all accounts after it if they are not to be tried."""
    told, said = outcome.get("results"), outcome["msg"]
    if told == []:
        message = f"The module did not try this login: {said}."
        refused = {"reason": "not_tried", "msg": message}
        return _all(batch, refused), refused
    if not isinstance(told, list) or len(told) != len(batch):
        message = (
            f"The module ended without a result: {said}. It is not known whether this login was made. Find out what "
            "ended the module, then run again."
        )
        return _all(batch, {"reason": "unknown", "msg": message}), NO_RESULT_BEFORE
    # The module masks passwords in its result, also where a name looks like one.
    found = [{**result, "username": account["username"]} for account, result in zip(batch, told, strict=True)]
    return found, NO_MORE if any(result.get("reason") == "not_tried" for result in found) else None


def _all(accounts: Iterable[Account], result: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"username": account["username"], **result} for account in accounts]


def result_of(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the task's result.

    :param results: those of its accounts
    """
    failed = [result for result in results if "reason" in result]
    task: dict[str, Any] = {
        "changed": False,
        "results": results,
        "failed_accounts": [result["username"] for result in failed],
    }
    return {**task, "failed": True, "msg": _told(failed, len(results))} if failed else task


def _told(failed: Sequence[Mapping[str, Any]], total: int) -> str:
    named = ", ".join(f"{result['username']} ({result['reason']})" for result in failed[:NAMED])
    more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    return (
        f"The test failed for {len(failed)} of {total} accounts: {named}{more}. results contains every account, with "
        "what happened and what to do next in msg."
    )
