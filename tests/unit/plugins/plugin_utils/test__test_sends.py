# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._test_sends import result_of, run

ACCOUNTS = [{"username": f"{n}.acme.smtp", "password": f"horse {n}"} for n in range(1000)]
NAMES = [account["username"] for account in ACCOUNTS]


class Host:
    """A host with the module: C(outcomes) are those of its batches, where they are not results like C(result)."""

    def __init__(
        self, *outcomes: Mapping[str, Any] | None, result: Mapping[str, Any] | None = None, each: float = 0.01
    ) -> None:
        self.batches: list[list[str]] = []
        self.lines: list[str] = []
        self._outcomes = iter([*outcomes])
        self._each = each
        self._result = result or {"authenticated": True}

    def send(self, accounts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        self.batches.append([account["username"] for account in accounts])
        results = [{**self._result, "username": "********"} for _account in accounts]
        return next(self._outcomes, None) or {
            "msg": "no reason given",
            "results": results,
            "seconds": len(results) * self._each,
        }

    def run(self, count: int = 1000, concurrency: int = 4) -> list[dict[str, Any]]:
        ticks = itertools.count()
        return run(
            ACCOUNTS[:count],
            self.send,
            concurrency=concurrency,
            tell=self.lines.append,
            clock=lambda: next(ticks) * 0.5,
        )

    @property
    def tried(self) -> list[str]:
        return [*itertools.chain(*self.batches)]


def reasons(results: Sequence[Mapping[str, Any]]) -> list[str | None]:
    return [result.get("reason") for result in results]


@pytest.mark.parametrize(("count", "batches"), [(0, 0), (1, 1), (64, 1), (96, 1), (97, 2), (1000, 3)])
def test_long_list_is_a_few_batches(count: int, batches: int) -> None:
    """Catches: a start of the module for every few accounts, an account left out or tried twice, and silence."""
    host = Host()
    results = host.run(count)
    assert len(host.batches) == batches
    assert host.tried == NAMES[:count]
    assert [result["username"] for result in results] == NAMES[:count]
    assert len(host.lines) == max(0, batches - 1)
    assert all(NAMES[0] not in line for line in host.lines)


DEAD = {"msg": "Killed"}
SHORT = {"msg": "no reason given", "results": [{"authenticated": True}], "seconds": 1.0}


@pytest.mark.parametrize("dead", [DEAD, SHORT], ids=["no results", "too few results"])
def test_results_of_earlier_batches_outlive_a_lost_host(dead: Mapping[str, Any]) -> None:
    """Catches: lost results, logins that count as made or as not made though nobody knows, and batches for nobody."""
    host = Host(None, dead)
    results = host.run(concurrency=1)
    first, second = (len(batch) for batch in host.batches)
    assert [result["username"] for result in results] == NAMES
    assert reasons(results[:first]) == [None] * first
    assert set(reasons(results[first : first + second])) == {"unknown"}
    assert set(reasons(results[first + second :])) <= {"not_tried"}
    assert "It is not known whether this login was made." in results[first]["msg"]


def test_host_that_is_lost_at_once() -> None:
    """Catches: a first batch whose logins are taken for not made."""
    results = Host(DEAD).run()
    assert reasons(results) == ["unknown"] * 64 + ["not_tried"] * 936
    assert results[0]["msg"].startswith("The module ended without a result: Killed. It is not known")


def test_refused_options_are_one_error() -> None:
    """Catches: a thousand results for one wrong ca_path."""
    with pytest.raises(InputError, match=r"^ca_path x cannot be used: No such file\.$"):
        Host({"msg": "ca_path x cannot be used: No such file", "results": []}).run()


def test_options_refused_later_leave_results() -> None:
    """Catches: the results of a batch lost because somebody removed the file of ca_path before the next one."""
    results = Host(None, {"msg": "ca_path x cannot be used", "results": []}).run()
    assert reasons(results) == [None] * 64 + ["not_tried"] * 936
    assert results[-1]["msg"] == "The module did not try this login: ca_path x cannot be used."


def test_module_that_gave_up_is_not_started_again() -> None:
    """Catches: twenty more time-outs in every batch of a server that is down."""
    host = Host(result={"reason": "not_tried", "msg": "This login was not tried."})
    assert reasons(host.run()) == ["not_tried"] * 1000
    assert len(host.batches) == 1


def test_small_batches_give_up_too() -> None:
    """Catches: a thousand batches of one account, each of which waits for its time-out."""
    slow = {"reason": "connect", "msg": "could not be reached"}
    host = Host(result=slow, each=30)
    results = host.run(concurrency=1)
    assert reasons(results)[-1] == "not_tried"
    assert len(host.tried) < 200


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        ([], None),
        ([1], "The test failed for 1 of 8 accounts: 1.acme.smtp (connect). results contains"),
        (
            [0, 1, 2, 3, 4, 5, 7],
            "The test failed for 7 of 8 accounts: 0.acme.smtp (connect), 1.acme.smtp (connect), 2.acme.smtp (connect), "
            "3.acme.smtp (connect), 4.acme.smtp (connect) and 2 more. results contains",
        ),
    ],
)
def test_task(failed: list[int], said: str | None) -> None:
    """Catches: a task that passes with a failed account, and a message as long as the list."""
    results = [{"username": NAMES[n], **({"reason": "connect", "msg": "no"} if n in failed else {})} for n in range(8)]
    task = result_of(results)
    assert task["failed_accounts"] == [NAMES[n] for n in failed]
    assert task["results"] == results
    assert task["changed"] is False
    assert task.get("failed", False) is bool(failed)
    assert (task.get("msg") or "").startswith(said or "")
