# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole stand-in in one object: the API, the submission server and their accounts."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from .accounts import AccountStore, SamePassword
from .admin import AdminServer
from .api import ApiServer
from .certificates import Kind, write_certificates
from .dialects import API_KEY, APPLICATION_KEY, AUTHORIZATION_KEY, ApiOptions, Provider, dialect_class
from .faults import FaultQueue
from .record import Event, Record
from .submission import Mailroom, Message, SubmissionOptions, SubmissionServer


class StandIn:
    """A provider on this machine, on ports that the kernel chooses; a context manager.

    :param accounts: name to password
    :param directory: an existing folder for certificates and C(record.jsonl); without one, certificates are in a
        temporary folder and the record is in memory only
    :param provider: whose API it speaks
    :param propagation: seconds until a new password takes effect
    :param old_works: whether the old password is accepted until then
    :param same_password: what is said to a change to the value that was set last
    :param application_key: one of the two keys of emaillabs, whose other one is C(authorization_key)
    :param api_key: the key of every other provider
    :param tls: whether the API is at https
    :param certificate: one that clients trust, or one that they have to refuse
    :param admin: whether there is an admin listener
    :param listener: called with each event
    :param clock: gives the time in seconds since the epoch
    """

    def __init__(
        self,
        accounts: Mapping[str, str] | None = None,
        *,
        directory: Path | None = None,
        provider: str = "emaillabs",
        propagation: float = 0.0,
        old_works: bool = False,
        same_password: SamePassword = "accept",
        application_key: str = APPLICATION_KEY,
        authorization_key: str = AUTHORIZATION_KEY,
        api_key: str = API_KEY,
        tls: bool = True,
        certificate: Kind = "trusted",
        admin: bool = False,
        listener: Callable[[Event], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cleanup = contextlib.ExitStack()
        folder = directory or Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="standin-")))
        dialect = dialect_class(provider)
        self.accounts = AccountStore(
            accounts,
            propagation=propagation,
            old_works=old_works,
            same_password=same_password,
            login=dialect.login,
            clock=clock,
        )
        keys = {"application_key": application_key, "authorization_key": authorization_key, "api_key": api_key}
        self.api = ApiOptions(**{**dialect.defaults, **keys})
        self.submission = SubmissionOptions()
        self.faults = FaultQueue(impossible=dialect.without)
        self.stop_requested = threading.Event()
        file = directory / "record.jsonl" if directory else None
        self.record = Record(file=file, listener=listener, clock=clock)
        certificates = write_certificates(folder, kind=certificate)
        self.ca_path = str(certificates.ca_path)
        context = certificates.server_context()
        speaker = dialect(Provider(self.accounts, self.api, self.record.messages))
        self._mailroom = Mailroom(self.accounts, self.record, self.submission)
        self._mail = SubmissionServer(self._mailroom, context)
        self._api = ApiServer(dialect=speaker, faults=self.faults, record=self.record, tls=context if tls else None)
        self._admin = AdminServer(self) if admin else None

    @property
    def api_url(self) -> str:
        """The API's address, without a slash at its end."""
        return self._api.url

    @property
    def admin_url(self) -> str | None:
        """The admin listener's address, None without one."""
        return self._admin.url if self._admin else None

    @property
    def smtp_host(self) -> str:
        """Where both submission ports are."""
        return "127.0.0.1"

    @property
    def smtp_port(self) -> int:
        """The port with STARTTLS."""
        return self._mail.ports["starttls"]

    @property
    def smtps_port(self) -> int:
        """The port with TLS from the start."""
        return self._mail.ports["tls"]

    @property
    def most_connections(self) -> int:
        """How many connections to the submission server there were at the same time, at most."""
        return self._mailroom.most_at_once

    @property
    def messages(self) -> list[Message]:
        """The messages that were accepted, as they were sent."""
        return list(self._mailroom.messages)

    def start(self) -> StandIn:
        """Listen on every port."""
        try:
            self._mail.start()
            self._api.start()
            if self._admin:
                self._admin.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every exchange at once, close every port and leave no thread; the record stays readable."""
        self.stop_requested.set()
        self._api.stop()
        self._mail.stop()
        if self._admin:
            self._admin.stop()
        self.record.close()
        self._cleanup.close()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
