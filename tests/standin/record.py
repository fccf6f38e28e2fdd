# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened: every call, login and message, in order, without a secret."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

Event = dict[str, Any]


class Record:
    """An append-only list of events, for several threads.

    An event is in the record before the client is told its outcome. Each has C(time), in seconds since the epoch, and
    C(kind): C(api), C(login), C(message), C(tls_error) or C(reset_unread).

    :param file: also written there, one JSON object a line, each line flushed
    :param listener: called with each event, in order
    :param clock: gives the time in seconds since the epoch
    """

    def __init__(
        self,
        *,
        file: Path | None = None,
        listener: Callable[[Event], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._listener = listener
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._file: TextIO | None = file.open("a", encoding="utf-8") if file else None

    def add(self, kind: str, **facts: Any) -> Event:
        """Append an event and return it; the facts must be fit for JSON and must not be secret."""
        with self._lock:
            event = {"time": self._clock(), "kind": kind, **facts}
            self._events.append(event)
            if self._file:
                self._file.write(json.dumps(event) + "\n")
                self._file.flush()
            if self._listener:
                self._listener(dict(event))
            return event

    def close(self) -> None:
        """Close the file; the events stay readable, and later ones are kept in memory only."""
        with self._lock:
            if self._file:
                self._file.close()
                self._file = None

    def events(self, kind: str | None = None, **facts: Any) -> list[Event]:
        """Return copies of the events of a kind that have these facts, in order; a fact that is None is not asked."""
        wanted = {name: value for name, value in {"kind": kind, **facts}.items() if value is not None}
        with self._lock:
            return [dict(one) for one in self._events if all(one.get(name) == wanted[name] for name in wanted)]

    def api_calls(self, operation: str | None = None, account: str | None = None) -> list[Event]:
        """Return the calls of the API, whatever came of them."""
        return self.events("api", operation=operation, account=account)

    def changes(self, account: str | None = None) -> list[Event]:
        """Return the calls that changed a password or made another one, whether or not their answer arrived."""
        return [one for one in self.events("api", account=account) if one["effect"] in ("changed", "created")]

    def deletions(self, account: str | None = None) -> list[Event]:
        """Return the calls that deleted a credential, whether or not their answer arrived."""
        return self.events("api", account=account, effect="deleted")

    def logins(self, account: str | None = None, *, in_window: bool | None = None) -> list[Event]:
        """Return the logins that were tried, accepted or not."""
        return self.events("login", account=account, in_window=in_window)

    def messages(self, account: str | None = None) -> list[Event]:
        """Return the messages that were accepted."""
        return self.events("message", account=account)


def described(event: Event) -> str:
    """Return the event as one line for people."""
    stamp = time.strftime("%H:%M:%S", time.localtime(event["time"]))
    words = _DESCRIPTIONS.get(event["kind"], _other)(event)
    window = " [inside the window]" if event.get("in_window") else ""
    return f"{stamp} {words}{window}"


def _api(event: Event) -> str:
    effect = _EFFECTS.get(event["effect"], "")
    fault = f", fault {event['fault']}" if event.get("fault") else ""
    status = event["status"] if event["status"] is not None else "no answer"
    return f"API     {event['method']} {event['path']} -> {status}{effect}{fault}"


def _login(event: Event) -> str:
    outcome = "accepted" if event["accepted"] else "refused"
    return f"login   {event['account']} {outcome} ({event['which']} password, {event['mechanism']}, {event['port']})"


def _message(event: Event) -> str:
    recipients = ", ".join(event["recipients"])
    return f"message {event['account']} {event['sender']} -> {recipients}, {event['size']} bytes: {event['subject']}"


def _other(event: Event) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in event.items() if name not in ("time", "kind"))
    return f"{event['kind']} {facts}".rstrip()


_EFFECTS = {
    "changed": ", password changed",
    "same": ", password as it was",
    "created": ", credential created",
    "deleted": ", credential deleted",
}
_DESCRIPTIONS: dict[str, Callable[[Event], str]] = {"api": _api, "login": _login, "message": _message}
