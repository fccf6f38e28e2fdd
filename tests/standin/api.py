# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider's HTTP API, spoken in one dialect, with faults."""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from .delivery import deliver, is_silent, spoil
from .dialects import Answer, Call, Dialect, Provider, Route
from .faults import Fault, FaultQueue
from .record import Record
from .web import Handler, Server


class RateLimit:
    """Counts the calls of the last second, for several threads.

    :param clock: gives the time in seconds
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: deque[float] = deque()

    def exceeded(self, limit: float | None) -> bool:
        """Count a call, unless it is one too many, and return whether it is.

        :param limit: calls a second, None for no limit
        """
        if limit is None:
            return False
        with self._lock:
            now = self._clock()
            while self._times and self._times[0] <= now - 1:
                self._times.popleft()
            if len(self._times) >= limit:
                return True
            self._times.append(now)
            return False


class ApiServer(Server):
    """The provider's API on a port that the kernel chooses."""

    def __init__(
        self,
        *,
        dialect: Dialect,
        faults: FaultQueue,
        record: Record,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.dialect = dialect
        self.faults = faults
        self.record = record
        self.rate = RateLimit()
        super().__init__(ApiHandler, tls=tls, on_tls_error=self._tls_failed)

    @property
    def provider(self) -> Provider:
        """What the API speaks for."""
        return self.dialect.provider

    def _tls_failed(self, reason: str) -> None:
        self.record.add("tls_error", port="api", reason=reason)


class ApiHandler(Handler):
    """One connection to the API."""

    server: ApiServer

    def before_request(self) -> bool:
        if self.server.faults.take_unread() is None:
            return False
        self.server.record.add("reset_unread")
        self.reset()
        return True

    def respond(self, body: bytes) -> None:
        call = self._call(body)
        route = self.server.dialect.route(call)
        in_window = self.server.provider.accounts.in_window(route.account)
        self.pause(self.server.provider.options.latency)
        fault, answer = self._outcome(call, route)
        if fault:
            answer = spoil(fault, answer, self.server.dialect, call)
        self._note(call, route, answer, fault, in_window)
        deliver(fault, answer, self)

    def _call(self, body: bytes) -> Call:
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(address.query, keep_blank_values=True)
        return Call(str(self.command), address.path, query, headers, body)

    def _outcome(self, call: Call, route: Route) -> tuple[Fault | None, Answer]:
        dialect = self.server.dialect
        if self.server.rate.exceeded(self.server.provider.options.rate_limit):
            return None, dialect.failure(429)
        fault = self.server.faults.take(route.operation, route.account)
        if fault is None or fault.when == "after":
            return fault, dialect.answer(call, route)
        if fault.kind == "hang" and fault.then == "continue":
            self.pause(fault.seconds)
            return replace(fault, seconds=0.0), dialect.answer(call, route)
        return fault, dialect.success(route)

    def _note(self, call: Call, route: Route, answer: Answer, fault: Fault | None, in_window: bool) -> None:
        silent = is_silent(fault)
        self.server.record.add(
            "api",
            method=call.method,
            path=call.path,
            account=route.account,
            operation=route.operation,
            status=None if silent else answer.status,
            effect=answer.effect,
            credential=answer.credential,
            request_id=None if silent else answer.request_id,
            authenticated=self.server.dialect.authenticated(call),
            in_window=in_window,
            fault=f"{fault.kind} {fault.when}" if fault else None,
        )
