# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import typing as t
from types import SimpleNamespace

import pytest
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.parallel import MOST_INCOMPLETE, run

PASSED = {"authenticated": True}
NAMES = [f"{n}.acme.smtp" for n in range(100)]


def requests(names: list[str]) -> t.Any:
    return [SimpleNamespace(username=name) for name in names]


def failed(reason: str) -> dict[str, t.Any]:
    return {"reason": reason, "msg": "it failed"}


@pytest.mark.parametrize("concurrency", [1, 4, 64])
@pytest.mark.parametrize("count", [0, 1, 3, 100])
def test_each_account_once_and_in_order(concurrency: int, count: int) -> None:
    """Catches: a login tried twice or never, and results in the order in which the exchanges end."""
    tried: list[str] = []
    later = threading.Event()

    def exchange(request: t.Any) -> dict[str, t.Any]:
        if request.username == NAMES[0] and min(concurrency, count) > 1:
            assert later.wait(PATIENCE)
        else:
            later.set()
        tried.append(request.username)
        return {**PASSED, "message_id": request.username}

    results = run(requests(NAMES[:count]), exchange, concurrency)
    assert results == [{"username": name, "message_id": name, **PASSED} for name in NAMES[:count]]
    assert sorted(tried) == sorted(NAMES[:count])


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_as_many_at_once_as_asked_for(concurrency: int) -> None:
    """Catches: more connections than the provider allows, and one after the other where more are allowed."""
    together = threading.Barrier(concurrency)
    lock = threading.Lock()
    under_way: list[int] = [0]
    seen: list[int] = []

    def exchange(_request: t.Any) -> dict[str, t.Any]:
        with lock:
            under_way[0] += 1
            seen.append(under_way[0])
        together.wait(PATIENCE)
        with lock:
            under_way[0] -= 1
        return PASSED

    run(requests(NAMES[: concurrency * 5]), exchange, concurrency)
    assert max(seen) == concurrency


@pytest.mark.parametrize(
    ("reasons", "tried"),
    [
        (["connect"], MOST_INCOMPLETE),
        (["tls"], MOST_INCOMPLETE),
        (["protocol"], MOST_INCOMPLETE),
        (["auth_rejected"], 100),
        (["auth_unavailable"], 100),
        ([None], 100),
        ([*["connect"] * (MOST_INCOMPLETE - 1), "auth_rejected"], 100),
        ([*["connect"] * (MOST_INCOMPLETE - 1), None], 100),
        ([None, *["connect", "tls", "protocol"] * 33], MOST_INCOMPLETE + 1),
    ],
)
def test_server_that_answers_nobody_is_left_alone(reasons: list[str | None], tried: int) -> None:
    """Catches: two hours of time-outs with a server that is down, and an end that one wrong password brings."""
    outcomes = iter([*reasons * 100])
    results = run(requests(NAMES), lambda _request: failed(reason) if (reason := next(outcomes)) else PASSED, 1)
    untried = [result["username"] for result in results if result.get("reason") == "not_tried"]
    assert untried == NAMES[tried:]
    assert [result["username"] for result in results] == NAMES
    assert all("was not tried" in result["msg"] for result in results[tried:])


def test_bug_in_one_exchange_leaves_the_others_their_results() -> None:
    """Catches: an exception of one exchange that takes all results with it, or that shows its text."""

    def exchange(request: t.Any) -> dict[str, t.Any]:
        if request.username == NAMES[1]:
            raise KeyError("a-password")
        return PASSED

    results = run(requests(NAMES[:3]), exchange, 2)
    assert [result.get("reason") for result in results] == [None, "unknown", None]
    assert results[1]["msg"] == "internal error in mailops.smtp (KeyError); please report it"
