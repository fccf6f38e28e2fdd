# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a test send is asked to do: the checked options, and the message. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from email.header import Header
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._text import is_control

SUBJECT_LENGTH = (2, 128)

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?P<domain>[A-Za-z0-9.-]+|\[[A-Za-z0-9.:]+\])")
_TEXT_OPTIONS = ("host", "username", "password", "sender", "recipient", "subject")
_BODY = (
    "This message tests an SMTP login. It was sent automatically by the Ansible module",
    "mailops.smtp.smtp_test_send. Its arrival shows that the login works. No reply is needed.",
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 587},
    "encryption": {"type": "str", "default": "starttls", "choices": ["starttls", "tls", "none"]},
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "sender": {"type": "str"},
    "recipient": {"type": "str"},
    "subject": {"type": "str", "default": "SMTP password test"},
    "send": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 30},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}


@dataclass(frozen=True)
class Request:
    """What is to be tried: the module's options. C(timeout) is in seconds, for the whole exchange."""

    host: str
    port: int
    encryption: str
    username: str
    password: str = field(repr=False)
    sender: str | None
    recipient: str | None
    subject: str
    send: bool
    timeout: int
    validate_certs: bool
    ca_path: str | None


def prepare(options: Mapping[str, Any]) -> Request:
    """Return the request that the module's options make.

    :param options: the options, with their defaults
    :raises InputError: if one of them cannot work
    """
    request = Request(**{each.name: options[each.name] for each in fields(Request)})
    for name in ("host", "username", "password"):
        if not getattr(request, name).strip():
            raise InputError(f"{name} is empty.")
    for name in _TEXT_OPTIONS:
        if any(is_control(character) for character in getattr(request, name) or ""):
            raise InputError(f"{name} contains a line break, a control character or bytes that are not UTF-8.")
    if not 1 <= request.port <= 65535:
        raise InputError(f"port must be a number from 1 to 65535, not {request.port}.")
    if request.timeout < 1:
        raise InputError(f"timeout must be at least 1 second, not {request.timeout}.")
    if request.send:
        _check_message(request)
    return request


def _check_message(request: Request) -> None:
    for name in ("sender", "recipient"):
        if not _ADDRESS.fullmatch(getattr(request, name) or ""):
            raise InputError(
                f"{name} must be one plain address such as user@example.com: ASCII, without a display name or brackets."
            )
    least, most = SUBJECT_LENGTH
    if not least <= len(request.subject.strip()) <= len(request.subject) <= most:
        raise InputError(f"subject must have {least} to {most} characters.")


def domain_of(address: str) -> str:
    """Return the domain of an address.

    :param address: a checked address
    """
    return address.rpartition("@")[2]


def build_message(request: Request, message_id: str, date: str) -> bytes:
    """Return the message as it goes over the wire after DATA: with CRLF line ends, without the final dot.

    :param request: whom it is from and to, and its subject
    :param message_id: its Message-ID, in angle brackets
    :param date: its date, as RFC 5322 writes it
    """
    subject = request.subject
    if not subject.isascii():
        subject = Header(subject, "utf-8", header_name="Subject").encode()
    lines = [
        f"From: <{request.sender}>",
        f"To: <{request.recipient}>",
        f"Date: {date}",
        f"Message-ID: {message_id}",
        f"Subject: {subject}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        *_BODY,
    ]
    return "".join(f"{line}\n" for line in lines).replace("\n", "\r\n").encode("ascii")
