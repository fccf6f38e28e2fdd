# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in per test, and a client for its API."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Iterator

import pytest
import requests
from standin import StandIn
from support.waiting import PATIENCE

ACCOUNT = "1.acme.smtp"
OLD = "old-password-1"
NEW = "new-password-2"
PASSWORD_PATH = f"/v2.1/email/smtpAccount/{ACCOUNT}/password"


class Client(requests.Session):
    """Calls a stand-in with the right keys."""

    provider: t.ClassVar[str] = "emaillabs"
    account: t.ClassVar[str] = ACCOUNT

    def __init__(self, standin: StandIn) -> None:
        super().__init__()
        self.standin = standin
        # An environment that names a bundle of certificates would win over verify.
        self.trust_env = False
        self.verify = standin.ca_path
        self.headers.update(self.keys())

    def keys(self) -> dict[str, str]:
        """Return the headers with the keys."""
        options = self.standin.api
        return {"Application-Key": options.application_key, "Authorization": options.authorization_key}

    def call(self, method: str, path: str, **options: t.Any) -> requests.Response:
        """Make a call; a redirect is not followed."""
        options.setdefault("timeout", PATIENCE)
        return self.request(method, self.standin.api_url + path, allow_redirects=False, **options)

    def change(self, password: str = NEW, **options: t.Any) -> requests.Response:
        """Change the account's password."""
        return self.call("PUT", PASSWORD_PATH, json={"password": password}, **options)


@pytest.fixture(name="start")
def fixture_start() -> Iterator[Callable[..., StandIn]]:
    """Start stand-ins, with one account unless told otherwise; they are stopped after the test."""
    started: list[StandIn] = []

    def start(**options: t.Any) -> StandIn:
        standin = StandIn(options.pop("accounts", {ACCOUNT: OLD}), **options).start()
        started.append(standin)
        return standin

    yield start
    for standin in started:
        standin.stop()


@pytest.fixture(name="standin")
def fixture_standin(start: Callable[..., StandIn]) -> StandIn:
    """A stand-in with one account."""
    return start()


@pytest.fixture(name="client")
def fixture_client(standin: StandIn) -> Iterator[Client]:
    """A client of that stand-in."""
    with Client(standin) as client:
        yield client


@pytest.fixture(name="speak")
def fixture_speak(start: Callable[..., StandIn]) -> Iterator[Callable[..., Client]]:
    """Start a stand-in for a client of that class, with its one account, and return the client."""
    with contextlib.ExitStack() as clients:

        def speak(kind: type[Client], **options: t.Any) -> Client:
            options.setdefault("accounts", {kind.account: OLD})
            return clients.enter_context(kind(start(provider=kind.provider, **options)))

        yield speak
