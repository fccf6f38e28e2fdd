# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SMTP submission server: STARTTLS on one port, TLS from the start on another."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import email.utils
import logging
import ssl
import threading
from asyncio import sslproto
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, TLSSetupException

from .accounts import AccountStore
from .record import Record

# At lower levels it repeats the dialogue and warns of what it does itself.
logging.getLogger("mail.log").setLevel(logging.ERROR)

READY_SECONDS = 10.0


@dataclass
class SubmissionOptions:
    """How the server behaves; a test may set each at any time, for the connections and commands that follow.

    :param mechanisms: which of PLAIN and LOGIN are offered
    :param offer_starttls: whether the STARTTLS port offers it; without it there is no login there
    :param temporary_auth_failure: every login is answered 454
    :param refuse_login: what every login is answered, such as C(525 5.7.13 Account disabled)
    :param refuse_sender: every MAIL is answered 550
    :param refuse_sender_late: every RCPT is answered 553 because of the sender, as Postfix does
    :param refuse_recipient: every RCPT is answered 550
    :param refuse_message: every message is answered 554 after its data
    :param from_domain: the only domain that senders may have, in MAIL and in the From header
    """

    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    offer_starttls: bool = True
    temporary_auth_failure: bool = False
    refuse_login: str | None = None
    refuse_sender: bool = False
    refuse_sender_late: bool = False
    refuse_recipient: bool = False
    refuse_message: bool = False
    from_domain: str | None = None


@dataclass(frozen=True)
class Message:
    """A message that was accepted, C(raw) as it was sent."""

    account: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass
class Mailroom:
    """What the connections of all ports share.

    :param busy: the connections that neither side has ended
    :param most_at_once: how many these were at the same time, at most
    """

    accounts: AccountStore
    record: Record
    options: SubmissionOptions
    messages: list[Message] = field(default_factory=list)
    busy: set[object] = field(default_factory=set)
    most_at_once: int = 0

    def opened(self, connection: object) -> None:
        """Note another connection."""
        self.busy.add(connection)
        self.most_at_once = max(self.most_at_once, len(self.busy))

    def log_in(self, port: str, mechanism: str, login: LoginPassword) -> AuthResult:
        """Check a login, record it, and return what it is told."""
        account, password = login.login.decode("utf-8", "replace"), login.password.decode("utf-8", "replace")
        outcome = self.accounts.check(account, password)
        told = self.options.refuse_login
        if self.options.temporary_auth_failure:
            told = "454 4.7.0 Temporary authentication failure"
        accepted = outcome.accepted and told is None
        refusal = told or "535 5.7.8 Error: authentication failed"
        self.record.add(
            "login",
            account=account,
            owner=outcome.owner,
            accepted=accepted,
            which=outcome.which,
            mechanism=mechanism,
            in_window=outcome.in_window,
            port=port,
            code=235 if accepted else int(refusal[:3]),
        )
        # Only the names are kept, and the server's session holds them for the message that follows.
        who = (account, outcome.owner)
        return AuthResult(success=accepted, handled=False, message=None if accepted else refusal, auth_data=who)

    def refused_sender(self, address: str) -> str | None:
        """Return what a sender is told who may not send, None for one who may."""
        domain = self.options.from_domain
        if self.options.refuse_sender or (domain and address.rpartition("@")[2].lower() != domain.lower()):
            return f"550 5.7.1 <{address}>: Sender address rejected: not authorised"
        return None

    def take(self, account: str, owner: str | None, envelope: Envelope) -> str:
        """Keep and record a message, or refuse it; return what the client is told."""
        raw = bytes(envelope.original_content or b"")
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        if self.options.refuse_message:
            return "554 5.7.1 Message refused"
        if refusal := self.refused_sender(email.utils.parseaddr(str(parsed["From"] or ""))[1]):
            return refusal
        self.messages.append(Message(account, str(envelope.mail_from), tuple(envelope.rcpt_tos), raw))
        self.record.add(
            "message",
            account=account,
            owner=owner,
            sender=envelope.mail_from,
            recipients=list(envelope.rcpt_tos),
            message_id=_text(parsed["Message-ID"]),
            subject=_text(parsed["Subject"]),
            size=len(raw),
        )
        return f"250 2.0.0 Ok: queued as {len(self.messages):06X}"


def _text(header: Any) -> str | None:
    return None if header is None else str(header).strip()


def _who(session: Session) -> tuple[str, str | None]:
    """Return who has logged in: the user name, and the account that it is of."""
    names: Any = session.auth_data
    return names[0], names[1]


class _Hooks:
    """What aiosmtpd calls, for one connection."""

    def __init__(self, mailroom: Mailroom, port: str) -> None:
        self._mailroom = mailroom
        self._port = port

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        return self._mailroom.log_in(self._port, mechanism, login)

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [one for one in responses if one != "250-AUTH "]

    async def handle_MAIL(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        if refusal := self._mailroom.refused_sender(address):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._mailroom.options.refuse_sender_late:
            told = f"Sender address rejected: not owned by user {_who(session)[0]}"
            return f"553 5.7.1 <{envelope.mail_from}>: {told}"
        if self._mailroom.options.refuse_recipient:
            return f"550 5.1.1 <{address}>: Recipient address rejected"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        return self._mailroom.take(*_who(session), envelope)

    async def handle_exception(self, error: Exception) -> str:
        if isinstance(error, TLSSetupException):
            self.tls_failed(error.__cause__)
            return "454 4.7.0 TLS failed"
        raise error

    def opened(self) -> None:
        self._mailroom.opened(self)

    def ended(self) -> None:
        self._mailroom.busy.discard(self)

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        # The client may open its next connection before this one is closed.
        self.ended()
        return "221 2.0.0 Bye"

    def tls_failed(self, cause: BaseException | None) -> None:
        reason = getattr(cause, "reason", None) or type(cause).__name__
        self._mailroom.record.add("tls_error", port=self._port, reason=reason)


class _Connection(SMTP):
    """An SMTP connection that is in its listener's list while it is open."""

    def __init__(self, hooks: _Hooks, transports: set[asyncio.BaseTransport], **settings: Any) -> None:
        self._hooks = hooks
        self._transports = transports
        self._first: asyncio.BaseTransport | None = None
        super().__init__(hooks, authenticator=hooks.authenticate, hostname="localhost", **settings)
        # RFC 4954: AUTH may be longer than other commands; a long password with an umlaut is.
        self.command_size_limits = defaultdict(lambda: self.line_length_limit)

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        # RFC 4954: whoever offers AUTH takes this parameter of MAIL, which sendmail sends; aiosmtpd refuses it.
        known: dict[str, str | bool] | None = super()._getparams([one for one in params if not one.startswith("AUTH=")])
        return known

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._first = self._first or transport
        self._transports.add(self._first)
        self._hooks.opened()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._hooks.ended()
        if self._first:
            self._transports.discard(self._first)
        super().connection_lost(error)


class _TlsFirst(sslproto.SSLProtocol):
    """The TLS layer under such a connection; unlike a server that does TLS itself, it can be ended in its handshake."""

    def __init__(self, connection: _Connection, transports: set[asyncio.BaseTransport], **settings: Any) -> None:
        self._open = transports
        super().__init__(app_protocol=connection, server_side=True, **settings)

    def connection_made(self, transport: Any) -> None:
        self._open.add(transport)
        self._under = transport
        super().connection_made(transport)

    def connection_lost(self, error: BaseException | None) -> None:
        self._open.discard(self._under)
        super().connection_lost(error)


def _told(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell of what went wrong in the loop, but not of a client that hung up: aiosmtpd leaves that to nobody."""
    if not isinstance(context.get("exception"), ConnectionError):
        loop.default_exception_handler(context)


class SubmissionServer:
    """Both ports, in one thread. aiosmtpd's own controller is not used: it cannot stop while a client is connected.

    :param mailroom: what the connections share
    :param tls: the server's certificate
    """

    def __init__(self, mailroom: Mailroom, tls: ssl.SSLContext) -> None:
        self.ports: dict[str, int] = {}
        self._mailroom = mailroom
        self._tls = tls
        self._transports: set[asyncio.BaseTransport] = set()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def start(self) -> None:
        """Listen on ports that the kernel chooses.

        :raises RuntimeError: if it does not listen in time
        """
        self._thread.start()
        if not self._ready.wait(READY_SECONDS):
            raise RuntimeError("the submission server does not start")

    def stop(self) -> None:
        """Close every connection and leave no thread."""
        if self._loop and self._stop and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(READY_SECONDS)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(_told)
        factories = {"starttls": self._starttls_connection, "tls": self._tls_connection}
        servers = {name: await self._loop.create_server(one, "127.0.0.1", 0) for name, one in factories.items()}
        self.ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
        self._ready.set()
        await self._stop.wait()
        for server in servers.values():
            server.close()
        for transport in list(self._transports):
            transport.abort()  # type: ignore[attr-defined]
        # One round of the loop, in which the transports close their sockets.
        await asyncio.sleep(0)

    def _settings(self) -> dict[str, Any]:
        excluded = {"PLAIN", "LOGIN"} - set(self._mailroom.options.mechanisms)
        return {"auth_exclude_mechanism": excluded, "loop": self._loop, "enable_SMTPUTF8": True}

    def _starttls_connection(self) -> asyncio.BaseProtocol:
        context = self._tls if self._mailroom.options.offer_starttls else None
        hooks = _Hooks(self._mailroom, "starttls")
        return _Connection(hooks, self._transports, tls_context=context, auth_require_tls=True, **self._settings())

    def _tls_connection(self) -> asyncio.BaseProtocol:
        assert self._loop and self._stop
        stopping = self._stop
        hooks = _Hooks(self._mailroom, "tls")
        connection = _Connection(hooks, set(), auth_require_tls=False, **self._settings())
        waiter: asyncio.Future[None] = self._loop.create_future()

        def shaken(done: asyncio.Future[None]) -> None:
            if not done.cancelled() and done.exception() and not stopping.is_set():
                hooks.tls_failed(done.exception())

        waiter.add_done_callback(shaken)
        return _TlsFirst(connection, self._transports, loop=self._loop, sslcontext=self._tls, waiter=waiter)
