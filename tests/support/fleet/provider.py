# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A provider whose API is the stand-in's, and whose mail server is a real one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from standin.certificates import CertificateFiles
from standin.record import Event
from standin.service import StandIn
from support.chasquid import Chasquid, Delivery, Login

POLL_SECONDS = 0.1
# The password is in force within the window, and not at its very end.
RELOADS_IN_A_WINDOW = 1.5


class Provider:
    """The stand-in's API beside chasquid; what chasquid logs and delivers goes into the stand-in's record.

    A password that the API accepts is in chasquid's file of users before the client is answered, and in force at
    chasquid's next reload.

    :param folder: an existing folder
    :param accounts: account to password
    :param window: seconds in which a new password takes effect
    :param keys: the keys of the API, as StandIn takes them

    C(returned) are the ids of the messages that came back.
    """

    def __init__(self, folder: Path, accounts: Mapping[str, str], *, window: float, keys: Mapping[str, Any]) -> None:
        self.standin = StandIn(
            accounts, directory=folder, propagation=window, old_works=True, listener=self._hear, admin=True, **keys
        )
        (folder / "chasquid").mkdir()
        files = CertificateFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        self.mail = Chasquid(
            folder / "chasquid", accounts, reload_seconds=window / RELOADS_IN_A_WINDOW, certificates=files
        )
        self.returned: set[str] = set()
        self._logins = 0
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._follower = threading.Thread(target=self._follow, daemon=True)

    @property
    def addresses(self) -> dict[str, Any]:
        """Where it listens, in the words of the stand-in's C(ready.json)."""
        return {
            "api_url": self.standin.api_url,
            "smtp_host": self.standin.smtp_host,
            "smtp_port": self.mail.port,
            "ca_path": self.standin.ca_path,
            "admin_url": self.standin.admin_url,
        }

    def _hear(self, event: Event) -> None:
        if event["kind"] == "api" and event["effect"] == "changed":
            account = event["account"]
            self.mail.set_password(account, self.standin.accounts.history(account)[-1].password)

    def _follow(self) -> None:
        while not self._stopping.wait(POLL_SECONDS):
            self.take_note()

    def take_note(self) -> None:
        """Record what chasquid did since the last time."""
        with self._lock:
            for login in self.mail.logins()[self._logins :]:
                self._logins += 1
                self._record_login(login)
            for delivery in self.mail.new_deliveries():
                self._record_delivery(delivery)

    def _record_login(self, login: Login) -> None:
        in_window = self.standin.accounts.in_window(login.account, login.time)
        facts = {"time": login.time, "account": login.account, "accepted": login.accepted}
        self.standin.record.add("login", **facts, in_window=in_window)

    def _record_delivery(self, delivery: Delivery) -> None:
        self.returned |= {delivery.returns} - {""}
        self.standin.record.add(
            "message",
            time=delivery.delivered_at,
            account=delivery.account,
            accepted_at=delivery.accepted_at,
            in_window=self.standin.accounts.in_window(delivery.account, delivery.accepted_at),
            message_id=delivery.message_id,
            subject=delivery.subject,
            is_report=delivery.is_report,
        )

    def __enter__(self) -> Provider:
        try:
            self.mail.start()
            self.standin.start()
        except BaseException:
            self._end()
            raise
        self._follower.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._stopping.set()
        if self._follower.is_alive():
            self._follower.join()
        self.mail.stop()
        self.standin.stop()
