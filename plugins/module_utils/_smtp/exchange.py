# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One SMTP exchange: connect, secure, log in once with one mechanism, send one message."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._addresses import is_loopback
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import Scrubber
from ansible_collections.mailops.smtp.plugins.module_utils._smtp import parallel
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.advice import CONNECTION_ADVICE
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.dialogue import Deadline, Dialogue
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import Failure
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.reply import (
    TEXT_LIMIT,
    Reply,
    encode64,
    plain_blob,
    scrub,
    secret_forms,
)
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request, build_message, domain_of
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.tls import make_context, words
from ansible_collections.mailops.smtp.plugins.module_utils._text import printable

_REACH_ADVICE = "Check host, port and the firewalls in between; many networks close port 25. No password was sent."
_STRIPPED_ADVICE = (
    "A device between this host and the server may be stripping STARTTLS. " + CONNECTION_ADVICE["STARTTLS"]
)
_LOOPBACK_ADVICE = "encryption=none is for loopback only: use starttls or tls. Nothing was connected."
_MECHANISM_ADVICE = (
    "No password was sent. Check port and encryption, and ask the provider whether this server takes logins with a "
    "password."
)


@dataclass
class Outcome:
    """How far the exchange came."""

    authenticated: bool = False
    message_id: str | None = None
    tls_version: str | None = None
    reply: Reply | None = None

    def public(self, seconds: float) -> dict[str, Any]:
        """Return the outcome as the module does.

        :param seconds: how long the exchange took
        """
        return {
            "authenticated": self.authenticated,
            "message_id": self.message_id,
            "tls_version": self.tls_version,
            "reply": self.reply.public() if self.reply else None,
            "seconds": round(seconds, 3),
        }


@dataclass
class Shared:
    """What all exchanges of a task share, of which only the login and C(send) differ.

    C(masked): masks in a text the passwords of all. C(found): the server's addresses, once one exchange has them.
    """

    context: ssl.SSLContext
    masked: Callable[[str], str] = str
    found: list[Any] | None = None


def log_in_and_send(
    request: Request, clock: Callable[[], float] = time.monotonic, shared: Shared | None = None
) -> dict[str, Any]:
    """Do the exchange and return the module's result.

    :param request: what is to be tried
    :param clock: the time in seconds, from any start
    :param shared: what it has in common with others
    :raises Failure: if it fails; the result so far is in it
    :raises InputError: if ca_path cannot be used
    """
    started = clock()
    outcome = Outcome()
    shared = shared or Shared(make_context(request))
    try:
        _exchange(request, Deadline(request.timeout, clock), outcome, shared)
    except Failure as failure:
        told = f"{request.host}:{request.port} {failure.what}. {failure.advice}"
        msg = scrub(shared.masked(told), secret_forms(request.username, request.password))
        failure.result = {**outcome.public(clock() - started), "reason": failure.reason, "msg": msg}
        raise
    return outcome.public(clock() - started)


def log_in_to_all(requests: Sequence[Request], concurrency: int) -> list[dict[str, Any]]:
    """Make the exchange of each request once, all with one TLS context and one name resolution.

    :param requests: what is to be tried, which differ in the login and C(send) only
    :param concurrency: how many exchanges are made at the same time
    :raises InputError: if ca_path cannot be used; nothing is connected then
    """
    if not requests:
        return []
    shared = Shared(make_context(requests[0]), Scrubber(request.password for request in requests).text)

    def exchange(request: Request) -> dict[str, Any]:
        try:
            return log_in_and_send(request, shared=shared)
        except Failure as failure:
            return failure.result

    return parallel.run(requests, exchange, concurrency)


def _exchange(request: Request, deadline: Deadline, outcome: Outcome, shared: Shared) -> None:
    dialogue = Dialogue(_connect(request, deadline, shared), request, deadline, shared.masked)
    try:
        mechanism = _mechanism(_open(dialogue, request, shared.context, outcome))
        if not request.log_in:
            return
        _log_in(dialogue, request, mechanism)
        outcome.authenticated = True
        if request.send:
            _send(dialogue, request, outcome)
    finally:
        outcome.reply = dialogue.last
        dialogue.close()


def _resolve(request: Request, deadline: Deadline) -> list[Any]:
    answers: queue.Queue[Any] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(request.host, request.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    # The resolver knows no time limit, so it waits in a thread that the end of the process does not wait for.
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except (queue.Empty, socket.timeout):
        answer = socket.timeout("timed out")
    if isinstance(answer, Exception):
        raise Failure(reason="connect", what=f"could not be resolved: {words(answer)}", advice=_REACH_ADVICE)
    return list(answer)


def _connect(request: Request, deadline: Deadline, shared: Shared) -> socket.socket:
    found = shared.found = shared.found or _resolve(request, deadline)
    if request.encryption == "none" and not all(is_loopback(each[4][0]) for each in found):
        raise Failure(reason="tls", what="is not a loopback address", advice=_LOOPBACK_ADVICE)
    errors: list[OSError] = []
    for index, (family, kind, protocol, _name, address) in enumerate(found):
        try:
            return _dial(family, kind, protocol, address, deadline.left() / (len(found) - index))
        except OSError as error:
            errors.append(error)
    raise Failure(reason="connect", what=f"could not be reached: {words(errors[0])}", advice=_REACH_ADVICE)


def _dial(family: int, kind: int, protocol: int, address: Any, seconds: float) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(seconds)
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


def _open(dialogue: Dialogue, request: Request, context: ssl.SSLContext, outcome: Outcome) -> dict[str, list[str]]:
    if request.encryption == "tls":
        outcome.tls_version = dialogue.start_tls(context)
    dialogue.expect("GREETING")
    offered = dialogue.hello()
    if request.encryption != "starttls":
        return offered
    if "STARTTLS" not in offered:
        raise Failure(reason="tls", what="does not offer STARTTLS", advice=_STRIPPED_ADVICE)
    dialogue.command("STARTTLS", "STARTTLS")
    outcome.tls_version = dialogue.start_tls(context)
    return dialogue.hello()


def _mechanism(offered: dict[str, list[str]]) -> str:
    """Return how to log in."""
    mechanisms = offered.get("AUTH", [])
    found = next((name for name in ("PLAIN", "LOGIN") if name in mechanisms), None)
    if found is None:
        listed = printable(text=" ".join(mechanisms)) or "no login at all"
        what = f"offers neither AUTH PLAIN nor AUTH LOGIN, but {listed[:TEXT_LIMIT]}"
        raise Failure(reason="auth_unavailable", what=what, advice=_MECHANISM_ADVICE)
    return found


def _log_in(dialogue: Dialogue, request: Request, mechanism: str) -> None:
    if mechanism == "PLAIN":
        blob = plain_blob(request.username, request.password)
        dialogue.command("AUTH", f"AUTH PLAIN {blob}")
        return
    dialogue.command("CHALLENGE", "AUTH LOGIN")
    dialogue.command("CHALLENGE", encode64(request.username))
    dialogue.command("AUTH", encode64(request.password))


def _send(dialogue: Dialogue, request: Request, outcome: Outcome) -> None:
    message_id = f"<{uuid.uuid4()}@{domain_of(request.sender or '')}>"
    dialogue.command("MAIL", f"MAIL FROM:<{request.sender}>")
    dialogue.command("RCPT", f"RCPT TO:<{request.recipient}>")
    dialogue.command("DATA", "DATA")
    # Known before the answer: if none comes, the message may have been accepted all the same.
    outcome.message_id = message_id
    content = build_message(request, message_id, formatdate())
    dialogue.send("MESSAGE", content + b".\r\n")
    try:
        dialogue.expect("MESSAGE")
    except Failure as failure:
        if failure.reason == "protocol":
            text = f"The login worked. Check whether message {message_id} arrived, then run again."
            failure.advice = text
        else:
            outcome.message_id = None
        raise
