# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One SMTP exchange: connect, secure, log in once with one mechanism, send one message."""

from __future__ import annotations

import ipaddress
import os
import queue
import socket
import ssl
import threading
import time
import typing as t
import uuid
from dataclasses import dataclass
from email.utils import formatdate

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.dialogue import Deadline, Dialogue, Failure, words
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.reply import (
    TEXT_LIMIT,
    Reply,
    encode64,
    plain_blob,
    scrub,
    secret_forms,
)
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request, build_message, sender_domain
from ansible_collections.mailops.smtp.plugins.module_utils._text import printable

_STRIPPED_ADVICE = (
    "Use the provider's submission port, or port 465 with encryption tls; a device in between may remove STARTTLS. "
    "No password was sent, and clear text is never used instead."
)
_LOOPBACK_ADVICE = "encryption=none is for loopback only: use starttls or tls. Nothing was connected."


@dataclass
class Outcome:
    """How far the exchange came."""

    authenticated: bool = False
    message_id: str | None = None
    tls_version: str | None = None
    reply: Reply | None = None

    def public(self, *, seconds: float) -> dict[str, t.Any]:
        """The outcome as the module returns it."""
        return {
            "authenticated": self.authenticated,
            "message_id": self.message_id,
            "tls_version": self.tls_version,
            "reply": self.reply.public() if self.reply else None,
            "seconds": round(seconds, 3),
        }


def log_in_and_send(*, request: Request, clock: t.Callable[[], float] = time.monotonic) -> dict[str, t.Any]:
    """Do the exchange and return the module's result. Raises Failure with the result so far, or InputError."""
    started = clock()
    outcome = Outcome()
    try:
        _exchange(request=request, deadline=Deadline(seconds=request.timeout, clock=clock), outcome=outcome)
    except Failure as failure:
        secrets = secret_forms(username=request.username, password=request.password)
        msg = scrub(text=f"{request.host}:{request.port} {failure.what}. {failure.advice}", secrets=secrets)
        failure.result = {**outcome.public(seconds=clock() - started), "reason": failure.reason, "msg": msg}
        raise
    return outcome.public(seconds=clock() - started)


def _exchange(*, request: Request, deadline: Deadline, outcome: Outcome) -> None:
    context = _tls_context(request=request)
    dialogue = Dialogue(sock=_connect(request=request, deadline=deadline), request=request, deadline=deadline)
    try:
        offered = _open(dialogue=dialogue, request=request, context=context, outcome=outcome)
        _log_in(dialogue=dialogue, request=request, offered=offered)
        outcome.authenticated = True
        if request.send:
            _send(dialogue=dialogue, request=request, outcome=outcome)
    finally:
        outcome.reply = dialogue.last
        dialogue.close()


def _tls_context(*, request: Request) -> ssl.SSLContext:
    path = request.ca_path if request.validate_certs else None
    is_folder = bool(path and os.path.isdir(path))
    try:
        context = ssl.create_default_context(cafile=None if is_folder else path, capath=path if is_folder else None)
    except OSError as error:
        raise InputError(f"ca_path {path} cannot be used: {words(error)}.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not request.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _resolve(*, request: Request, deadline: Deadline) -> list[t.Any]:
    answers: queue.Queue[t.Any] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(request.host, request.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    # The resolver knows no time limit, so it waits in a thread that the end of the process does not wait for.
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        answer = socket.timeout("timed out")
    if isinstance(answer, Exception):
        raise Failure(reason="connect", what=f"could not be resolved: {words(answer)}")
    return list(answer)


def _is_loopback(*, address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def _connect(*, request: Request, deadline: Deadline) -> socket.socket:
    found = _resolve(request=request, deadline=deadline)
    if request.encryption == "none" and not all(_is_loopback(address=each[4][0]) for each in found):
        raise Failure(reason="tls", what="is not a loopback address", advice=_LOOPBACK_ADVICE)
    errors: list[OSError] = []
    for index, (family, kind, protocol, _name, address) in enumerate(found):
        try:
            return _dial(family, kind, protocol, address, seconds=deadline.left() / (len(found) - index))
        except OSError as error:
            errors.append(error)
    raise Failure(reason="connect", what=f"could not be reached: {words(errors[0])}")


def _dial(family: int, kind: int, protocol: int, address: t.Any, *, seconds: float) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(seconds)
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


def _open(*, dialogue: Dialogue, request: Request, context: ssl.SSLContext, outcome: Outcome) -> dict[str, list[str]]:
    if request.encryption == "tls":
        outcome.tls_version = dialogue.start_tls(context=context)
    dialogue.expect(step="GREETING")
    offered = dialogue.hello()
    if request.encryption != "starttls":
        return offered
    if "STARTTLS" not in offered:
        raise Failure(reason="tls", what="does not offer STARTTLS", advice=_STRIPPED_ADVICE)
    dialogue.command(step="STARTTLS", line="STARTTLS")
    outcome.tls_version = dialogue.start_tls(context=context)
    return dialogue.hello()


def _log_in(*, dialogue: Dialogue, request: Request, offered: dict[str, list[str]]) -> None:
    mechanisms = offered.get("AUTH", [])
    if "PLAIN" in mechanisms:
        blob = plain_blob(username=request.username, password=request.password)
        dialogue.command(step="AUTH", line=f"AUTH PLAIN {blob}")
    elif "LOGIN" in mechanisms:
        dialogue.command(step="CHALLENGE", line="AUTH LOGIN")
        dialogue.command(step="CHALLENGE", line=encode64(text=request.username))
        dialogue.command(step="AUTH", line=encode64(text=request.password))
    else:
        listed = printable(text=" ".join(mechanisms)) or "no login at all"
        what = f"offers neither AUTH PLAIN nor AUTH LOGIN, but {listed[:TEXT_LIMIT]}"
        raise Failure(reason="auth_unavailable", what=what)


def _send(*, dialogue: Dialogue, request: Request, outcome: Outcome) -> None:
    message_id = f"<{uuid.uuid4()}@{sender_domain(sender=request.sender or '')}>"
    dialogue.command(step="MAIL", line=f"MAIL FROM:<{request.sender}>")
    dialogue.command(step="RCPT", line=f"RCPT TO:<{request.recipient}>")
    dialogue.command(step="DATA", line="DATA")
    # Known before the answer: if none comes, the message may have been accepted all the same.
    outcome.message_id = message_id
    content = build_message(request=request, message_id=message_id, date=formatdate())
    dialogue.send(step="MESSAGE", data=content + b".\r\n")
    try:
        dialogue.expect(step="MESSAGE")
    except Failure as failure:
        if failure.reason == "message_refused":
            outcome.message_id = None
        if failure.reason == "protocol":
            failure.advice = f"The login worked. Before running again, look whether message {message_id} arrived."
        raise
