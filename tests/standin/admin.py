# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second listener, for tests in another process: pushes faults, sets options, reads the record."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from .faults import Fault
from .web import Handler, Server

if TYPE_CHECKING:
    from .service import StandIn

SECRET_OPTIONS = ("application_key", "authorization_key", "api_key", "read_only_key")


class AdminServer(Server):
    """Plain HTTP on the loopback address, on a port that the kernel chooses."""

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        super().__init__(AdminHandler)


class AdminHandler(Handler):
    """One connection to the admin listener."""

    server: AdminServer

    def respond(self, body: bytes) -> None:
        address = urlsplit(self.path)
        action = _ACTIONS.get((str(self.command), address.path))
        try:
            sent = json.loads(body) if body else dict(parse_qsl(address.query))
            if action is None:
                self._send(404, {"error": "there is no such call", "calls": [" ".join(one) for one in _ACTIONS]})
            else:
                self._send(200, action(self.server.standin, sent))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            self._send(400, {"error": str(error)})

    def _send(self, status: int, value: Any) -> None:
        self.answer(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


def _push_faults(standin: StandIn, sent: Any) -> Any:
    faults = [Fault(**one) for one in (sent if isinstance(sent, list) else [sent])]
    standin.faults.push(*faults)
    return _faults(standin, sent)


def _faults(standin: StandIn, _sent: Any) -> Any:
    return {"waiting": [one.as_dict() for one in standin.faults.waiting()]}


def _clear_faults(standin: StandIn, _sent: Any) -> Any:
    standin.faults.clear()
    return {"waiting": []}


def _record(standin: StandIn, sent: Any) -> Any:
    return {"events": standin.record.events(**{name: sent[name] for name in ("kind", "account") if name in sent})}


def _accounts(standin: StandIn, _sent: Any) -> Any:
    return {"accounts": [_account(standin, name) for name in standin.accounts.names()]}


def _account(standin: StandIn, name: str) -> dict[str, Any]:
    history = standin.accounts.history(name)
    times = (history[-1].changed_at, history[-1].effective_at) if len(history) > 1 else (None, None)
    return {
        "account": name,
        "changes": len(history) - 1,
        "changed_at": times[0],
        "effective_at": times[1],
        "in_window": standin.accounts.in_window(name),
    }


def _propagation(standin: StandIn, sent: Any) -> Any:
    standin.accounts.propagation = float(sent["seconds"])
    return {"seconds": standin.accounts.propagation}


def _set_options(standin: StandIn, sent: Any) -> Any:
    known = {"api": standin.api, "submission": standin.submission}
    for name, wanted in sent.items():
        for option, value in wanted.items():
            if option not in _shown(known[name]):
                raise ValueError(f"{name} has no option {option}")
            setattr(known[name], option, tuple(value) if isinstance(value, list) else value)
    return {name: _shown(options) for name, options in known.items()}


def _shown(options: Any) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(options).items() if name not in SECRET_OPTIONS}


def _stop(standin: StandIn, _sent: Any) -> Any:
    standin.stop_requested.set()
    return {"stopping": True}


_ACTIONS: dict[tuple[str, str], Callable[[StandIn, Any], Any]] = {
    ("GET", "/_standin/faults"): _faults,
    ("POST", "/_standin/faults"): _push_faults,
    ("DELETE", "/_standin/faults"): _clear_faults,
    ("GET", "/_standin/record"): _record,
    ("GET", "/_standin/accounts"): _accounts,
    ("POST", "/_standin/propagation"): _propagation,
    ("POST", "/_standin/options"): _set_options,
    ("POST", "/_standin/stop"): _stop,
}
