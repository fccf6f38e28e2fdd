# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to fail, pushed by tests, used up by the calls that they match."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

# A dialect that a kind names in brackets can have it and no other can; the other kinds are for all.
KINDS = {
    "status": "answers with status (500), with body or, without one, an error in the provider's own form",
    "clean_status": "answers as usual, under another status (207)",
    "redirect": "redirects to location, with status (307)",
    "html": "answers with an HTML page, with status (200)",
    "truncated_json": "cuts the answer in half; its length agrees",
    "short_body": "closes the connection in the middle of the body",
    "no_meta": "leaves out the envelope's meta (emaillabs)",
    "errors": "puts errors into a success, counted as 0 (emaillabs, smtp2go, mailcow, jetemail, cloudflare)",
    "error_count": "counts one error in a success that lists none (emaillabs)",
    "partly_refused": "answers 207, with errors (emaillabs)",
    "refused_value": "refuses the password as the provider does, with 422, 400 or 200, in words that echo it",
    "reset": "resets the connection instead of answering",
    "hang": "is silent for seconds, then closes, or goes on as if nothing had been if then is continue",
    "big_body": "streams a body of size bytes, in chunks",
    "slow_drip": "sends the headers or the body (part), chunk bytes every seconds",
    "broken_tls": "writes what is not TLS into the middle of the answer",
}
WHENS = ("unread", "before", "after")


@dataclass(frozen=True)
class Fault:
    """One way to fail.

    C(when) is C(before) the effect (nothing changes), C(after) it (the change lands), or, for a reset, C(unread):
    before the request is read, and so whatever its operation or account.

    :param kind: see C(KINDS)
    :param operation: only for calls of this operation
    :param account: only for calls that concern this account
    :param times: how many calls it serves
    :param skip: how many matching calls pass first
    :param seconds: for hang and slow_drip
    :param size: for big_body, in bytes
    :param chunk: for slow_drip, in bytes
    :raises ValueError: if kind, when, part, then or times is none that exists
    """

    kind: str = "status"
    when: str = "before"
    operation: str | None = None
    account: str | None = None
    times: int = 1
    skip: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    location: str = ""
    seconds: float = 0.0
    then: str = "close"
    size: int = 0
    chunk: int = 1
    part: str = "body"

    def __post_init__(self) -> None:
        for name, known in (("kind", KINDS), ("when", WHENS), ("then", ("close", "continue"))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}")
        if self.part not in ("headers", "body"):
            raise ValueError("part must be headers or body")
        if self.when == "unread" and self.kind != "reset":
            raise ValueError("only a reset can come before the request is read")
        if self.times < 1 or self.skip < 0 or self.chunk < 1:
            raise ValueError("times and chunk must be at least 1, skip at least 0")

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as JSON takes it; C(Fault(**it)) is equal to it."""
        return {**dataclasses.asdict(self), "headers": dict(self.headers)}

    def matches(self, operation: str | None, account: str | None) -> bool:
        """Return whether the fault is for such a call."""
        return self.operation in (None, operation) and self.account in (None, account)


class FaultQueue:
    """The faults that are still to come, for several threads; the first one that matches a call is used.

    :param impossible: the kinds that the provider's answers cannot have
    """

    def __init__(self, *, impossible: Container[str] = ()) -> None:
        self._impossible = impossible
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def push(self, *faults: Fault) -> None:
        """Append faults, all or none.

        :raises ValueError: if the provider's answers cannot have one of them
        """
        if impossible := [one.kind for one in faults if one.kind in self._impossible]:
            raise ValueError(f"the answers of this provider cannot have {', '.join(impossible)}")
        with self._lock:
            self._waiting.extend(faults)

    def take(self, operation: str | None, account: str | None) -> Fault | None:
        """Return the fault for this call, used once more, or None."""
        with self._lock:
            return self._take([n for n, one in enumerate(self._waiting) if _for_call(one, operation, account)])

    def take_unread(self) -> Fault | None:
        """Return the fault for a request that has not been read, used once more, or None."""
        with self._lock:
            return self._take([n for n, one in enumerate(self._waiting) if one.when == "unread"])

    def waiting(self) -> list[Fault]:
        """Return the faults that are not used up, with the times that remain."""
        with self._lock:
            return list(self._waiting)

    def clear(self) -> None:
        """Drop them all."""
        with self._lock:
            self._waiting.clear()

    def _take(self, matching: list[int]) -> Fault | None:
        for index in matching:
            fault = self._waiting[index]
            if fault.skip:
                self._waiting[index] = dataclasses.replace(fault, skip=fault.skip - 1)
                continue
            if fault.times > 1:
                self._waiting[index] = dataclasses.replace(fault, times=fault.times - 1)
            else:
                del self._waiting[index]
            return fault
        return None


def _for_call(fault: Fault, operation: str | None, account: str | None) -> bool:
    return fault.when != "unread" and fault.matches(operation, account)
