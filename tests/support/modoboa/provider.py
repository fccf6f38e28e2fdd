# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real provider on this machine's loopback: Modoboa with its API, and the server where its accounts log in."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from standin.certificates import write_certificates
from support import rooted
from support.mail import try_login
from support.modoboa.machine import Machine
from support.modoboa.site import INSTALLED, Site
from support.recorder import Recorder

DOMAIN = "acme.example"


def why_not() -> str:
    """Return why no Modoboa can be started here, an empty text if one can."""
    if reason := rooted.why_not():
        return reason
    return "" if INSTALLED.exists() else "Modoboa is not installed: run make providers"


class Modoboa:
    """The provider; a context manager that starts it, and in the end leaves nothing of it.

    :param folder: an existing folder of its own
    """

    def __init__(self, folder: Path) -> None:
        self._stack = contextlib.ExitStack()
        for name in ("machine", "site"):
            (folder / name).mkdir()
        self._certificates = write_certificates(folder)
        self.ca_path = str(self._certificates.ca_path)
        self.machine = Machine(folder / "machine")
        self.site = Site(self.machine, folder / "site", self._certificates)
        # Where the mail goes that it accepted.
        self.next = Recorder()
        self.smtp_host, self.smtp_port = "127.0.0.1", self.machine.submission_port

    def __enter__(self) -> Modoboa:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.next)
            stack.callback(self.machine.remove)
            self.machine.boot()
            stack.callback(self.site.stop)
            self.site.start()
            self.machine.start_mail(self.site.maps, self._certificates, self.next.port)
            self.site.call("POST", "domains/", {"name": DOMAIN, "type": "domain", "quota": "0"})
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, account: str, password: str, **more: Any) -> int:
        """Create an account with a mailbox, and return its number.

        :param account: its address, in C(DOMAIN)
        :param password: its password
        :param more: what else the API is told
        """
        mailbox = {"use_domain_quota": True}
        values = {"username": account, "password": password, "role": "SimpleUsers", "mailbox": mailbox, **more}
        number: int = self.site.call("POST", "accounts/", values)["pk"]
        return number

    def allow(self, account: str, address: str) -> None:
        """Let an account send from one more address.

        :param account: the account
        :param address: the address
        """
        [found] = self.site.call("GET", f"accounts/?search={account}")["results"]
        self.site.call("POST", "senderaddresses/", {"address": address, "mailbox": found["mailbox"]["pk"]})

    def login(self, account: str, password: str) -> int:
        """Log in once as a mail program does, and return the code of the answer."""
        return try_login(self.smtp_host, self.smtp_port, account, password, self.ca_path, timeout=30)[0]

    def options(self, **over: Any) -> Mapping[str, Any]:
        """Return what a task or the role must be told of it; None takes an option out."""
        values = {
            "provider": "modoboa",
            "api_url": self.site.url,
            "api_key": self.site.token,
            "ca_path": self.ca_path,
            "propagation_seconds": 0,
            **over,
        }
        return {name: value for name, value in values.items() if value is not None}
