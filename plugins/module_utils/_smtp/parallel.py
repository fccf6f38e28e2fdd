# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes many exchanges with one server, some at the same time, until the server completes no more of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request

# After this many exchanges in a row that the server did not complete, no more are tried: each can take the whole
# timeout, and a server that hangs at the login may count it.
MOST_INCOMPLETE = 20
INCOMPLETE = ("connect", "tls", "protocol")
NO_MORE = {
    "reason": "not_tried",
    "msg": (
        f"This login was not tried, because the server completed none of {MOST_INCOMPLETE} exchanges in a row. Find "
        "out what is wrong from the results of the accounts before it, then run again."
    ),
}


def incomplete(before: int, result: Mapping[str, Any]) -> int:
    """Return how many exchanges in a row the server did not complete, including this one.

    :param before: the number before this exchange
    :param result: this exchange's result
    """
    return before + 1 if result.get("reason") in INCOMPLETE else 0


def run(
    requests: Sequence[Request], exchange: Callable[[Request], dict[str, Any]], concurrency: int
) -> list[dict[str, Any]]:
    """Make each exchange once, and return a result for each in the order of the requests.

    :param requests: what is to be tried
    :param exchange: makes one exchange, and returns its result whether it succeeds or fails
    :param concurrency: how many exchanges are made at the same time
    """
    lock = threading.Lock()
    given_up = threading.Event()
    in_a_row = 0

    def one(request: Request) -> dict[str, Any]:
        nonlocal in_a_row
        if given_up.is_set():
            return {"username": request.username, **NO_MORE}
        result = _result(exchange, request)
        with lock:
            in_a_row = incomplete(in_a_row, result)
            if in_a_row == MOST_INCOMPLETE:
                given_up.set()
        return {"username": request.username, **result}

    with ThreadPoolExecutor(max_workers=concurrency) as pool:
        return list(pool.map(one, requests))


def _result(exchange: Callable[[Request], dict[str, Any]], request: Request) -> dict[str, Any]:
    """Make one exchange; a bug of ours is told as one, and does not take the results of the others with it."""
    try:
        return exchange(request)
    except Exception as error:  # noqa: BLE001  (its text could show a secret)
        message = f"internal error in mailops.smtp ({type(error).__name__}); please report it"
        return {"reason": "unknown", "msg": message}
