# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an answer reaches the client when a fault is in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from .dialects import Answer, Call, Dialect
from .faults import Fault
from .web import Handler

HTML = b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body><h1>Be back soon</h1></body></html>\n"
CHUNK = 64 * 1024
FORMS = ("no_meta", "errors", "error_count", "partly_refused", "refused_value")


def spoil(fault: Fault, answer: Answer, dialect: Dialect, call: Call) -> Answer:
    """Return what the client is told instead of the answer, which keeps its effect."""
    spoiled = _spoiled(fault, answer, dialect, call)
    headers = {**spoiled.headers, **fault.headers}
    if fault.body is not None:
        spoiled = spoiled.but(body=fault.body.encode(), request_id=None)
    return spoiled.but(headers=headers, effect=answer.effect, credential=answer.credential)


def _spoiled(fault: Fault, answer: Answer, dialect: Dialect, call: Call) -> Answer:
    if fault.kind == "status":
        return dialect.failure(fault.status or 500)
    if fault.kind == "redirect":
        return Answer(fault.status or 307, b"", {"Location": fault.location})
    if fault.kind == "html":
        return Answer(fault.status or 200, HTML, {"Content-Type": "text/html; charset=utf-8"})
    if fault.kind == "clean_status":
        return dialect.spoiled(fault.kind, answer.but(status=fault.status or 207), call)
    if fault.kind == "truncated_json":
        return answer.but(body=answer.body[: len(answer.body) // 2])
    if fault.kind in FORMS:
        return dialect.spoiled(fault.kind, answer, call)
    return answer


def deliver(fault: Fault | None, answer: Answer, handler: Handler) -> None:
    """Send the answer, or what the fault makes of it."""
    way = _WAYS.get(fault.kind) if fault else None
    if fault and way:
        way(fault, answer, handler)
    else:
        handler.answer(answer.status, answer.headers, answer.body)


def is_silent(fault: Fault | None) -> bool:
    """Return whether the client gets no answer at all."""
    return fault is not None and (fault.kind == "reset" or (fault.kind == "hang" and fault.then == "close"))


def _reset(_fault: Fault, _answer: Answer, handler: Handler) -> None:
    handler.reset()


def _hang(fault: Fault, answer: Answer, handler: Handler) -> None:
    handler.pause(fault.seconds)
    if fault.then == "close":
        handler.close_connection = True
    else:
        handler.answer(answer.status, answer.headers, answer.body)


def _short_body(_fault: Fault, answer: Answer, handler: Handler) -> None:
    handler.close_connection = True
    head, body = handler.whole(answer.status, answer.headers, answer.body)
    handler.send_bytes(head + body[: len(body) // 2])


def _big_body(fault: Fault, answer: Answer, handler: Handler) -> None:
    """Send the answer and spaces after it, which JSON allows, in chunks: no length tells how much is to come."""
    handler.send_bytes(handler.head(answer.status, {**answer.headers, "Transfer-Encoding": "chunked"}))
    for piece in chain([answer.body], _spaces(fault.size - len(answer.body))):
        handler.pause(0)
        handler.send_bytes(b"%x\r\n%s\r\n" % (len(piece), piece))
    handler.send_bytes(b"0\r\n\r\n")


def _spaces(size: int) -> Iterator[bytes]:
    while size > 0:
        yield b" " * min(size, CHUNK)
        size -= CHUNK


def _slow_drip(fault: Fault, answer: Answer, handler: Handler) -> None:
    head, body = handler.whole(answer.status, answer.headers, answer.body)
    if fault.part == "headers":
        _drip(fault, head, handler)
        handler.send_bytes(body)
    else:
        handler.send_bytes(head)
        _drip(fault, body, handler)


def _drip(fault: Fault, data: bytes, handler: Handler) -> None:
    for start in range(0, len(data), fault.chunk):
        handler.pause(fault.seconds)
        handler.send_bytes(data[start : start + fault.chunk])


def _broken_tls(_fault: Fault, answer: Answer, handler: Handler) -> None:
    handler.close_connection = True
    head, body = handler.whole(answer.status, answer.headers, answer.body)
    handler.send_bytes(head + body[: len(body) // 2])
    handler.send_raw(b"this is not TLS\r\n" * 4)


_WAYS: dict[str, Callable[[Fault, Answer, Handler], None]] = {
    "reset": _reset,
    "hang": _hang,
    "short_body": _short_body,
    "big_body": _big_body,
    "slow_drip": _slow_drip,
    "broken_tls": _broken_tls,
}
