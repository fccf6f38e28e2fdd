# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Outcome, Phase, Plan, Record, record_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import unique as once
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import remembered

PLAN = Plan(users={"a": ["1", "2"], "b": ["2", "3"]}, work=["3", "2"])


@pytest.mark.parametrize("registered", [None, "", {}, {"failed": True}, {"record": None}, {"record": "x"}, [1]])
def test_host_that_has_not_begun(registered: Any) -> None:
    """Catches: a play that ends with a traceback, because a host before this one skipped its task or failed in it."""
    assert record_of(registered) == Record()


@pytest.mark.parametrize(
    "record",
    [
        Record(),
        Record(leader="a", token="t", reached=Phase.HELD, accounts=["1"], unheld={"b": True}, left=["s"]),
        Record(plan=PLAN, outcome=Outcome(wait=1.5, excluded={"1": "a"})),
    ],
)
def test_what_is_registered_is_read_again(record: Record) -> None:
    """Catches: a field that is written and not read, and a part of the leader's that becomes a plain dict."""
    registered = remembered(record)
    assert record_of(registered) == record
    assert not isinstance(registered["record"]["reached"], Phase)


def test_fields_of_another_version_are_left_out() -> None:
    """Catches: a run that ends because of a field that another version has registered."""
    assert record_of({"record": {"leader": "a", "colour": "red", "plan": {"shape": 1, "due": ["1"]}}}) == Record(
        leader="a", plan=Plan(due=["1"])
    )


@pytest.mark.parametrize(
    ("ended", "reached", "done"),
    [
        ({"born": "now", "done": "t", "served": "t"}, Phase.NONE, "t"),
        # It ended the rotation before: this one goes on.
        ({"born": "before", "done": "t", "served": "t"}, Phase.CHANGED, ""),
        ({"failed": True, "msg": "x"}, Phase.CHANGED, ""),
        (None, Phase.CHANGED, ""),
    ],
)
def test_end_of_a_rotation(ended: Any, reached: int, done: str) -> None:
    """Catches: a later batch that leads its own rotation, as the end of the first is not seen; one that never ends."""
    registered = remembered(Record(born="now", token="t", reached=Phase.CHANGED))
    record = record_of(registered, ended)
    assert (record.reached, record.done, record.served, record.token) == (reached, done, done, "t")


def test_accounts_of_a_plan() -> None:
    """Catches: an account that is changed twice, because two hosts use it."""
    assert PLAN.accounts == ["1", "2", "3"]


@pytest.mark.parametrize(("host", "accounts"), [("a", ["2"]), ("b", ["2", "3"]), ("c", [])])
def test_work_of_a_host(host: str, accounts: list[str]) -> None:
    """Catches: mail held on a host of which nothing changes, and none on one of which something does."""
    assert PLAN.work_of(host) == accounts


def test_unique() -> None:
    """Catches: an order that differs from run to run."""
    assert once(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]
