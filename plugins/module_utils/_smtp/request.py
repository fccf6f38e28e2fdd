# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a test send is asked to do: the checked options, and the message. Pure: no I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from email.header import Header
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._text import is_control

SUBJECT_LENGTH = (2, 128)
MOST_AT_ONCE = 64

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?P<domain>[A-Za-z0-9.-]+|\[[A-Za-z0-9.:]+\])")
_REQUIRED = ("host", "username", "password")
_LOGIN = ("username", "password")
_OTHER_TEXTS = ("host", "sender", "recipient", "subject")
_BODY = (
    "This message tests an SMTP login. It was sent automatically by the Ansible module",
    "mailops.smtp.smtp_test_send. Its arrival shows that the login works. No reply is needed.",
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 587},
    "encryption": {"type": "str", "default": "starttls", "choices": ["starttls", "tls", "none"]},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "accounts": {
        "type": "list",
        "elements": "dict",
        "options": {
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "send": {"type": "bool"},
        },
    },
    "concurrency": {"type": "int", "default": 4},
    "sender": {"type": "str"},
    "recipient": {"type": "str"},
    "subject": {"type": "str", "default": "SMTP password test"},
    "send": {"type": "bool", "default": True},
    "log_in": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 30},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}
RULES: dict[str, Any] = {
    "mutually_exclusive": [("accounts", "username"), ("accounts", "password")],
    "required_together": [("username", "password")],
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
    log_in: bool = True


def prepare(options: Mapping[str, Any], where: str = "") -> Request:
    """Return the request that the module's options make.

    :param options: the options, with their defaults
    :param where: what the message about a bad login begins with
    :raises InputError: if one of them cannot work
    """
    request = Request(**{each.name: options[each.name] for each in fields(Request)})
    if not request.log_in:
        if options["accounts"] is not None or request.username is not None:
            raise InputError("log_in is false, so leave out accounts, username and password.")
        request = replace(request, username="", password="", send=False)
    elif request.username is None:
        raise InputError("one of the following is required: accounts, username")
    else:
        _check_texts(request, _LOGIN, where)
    _check_texts(request, _OTHER_TEXTS)
    if not 1 <= request.port <= 65535:
        raise InputError(f"port must be a number from 1 to 65535, not {request.port}.")
    if request.timeout < 1:
        raise InputError(f"timeout must be at least 1 second, not {request.timeout}.")
    if request.send:
        _check_message(request)
    return request


def prepare_all(options: Mapping[str, Any]) -> list[Request]:
    """Return the requests that the option C(accounts) makes, in its order.

    :param options: the options, with their defaults
    :raises InputError: if one of them cannot work, or an account is listed twice
    """
    at_once = options["concurrency"]
    if not 1 <= at_once <= MOST_AT_ONCE:
        raise InputError(f"concurrency must be a number from 1 to {MOST_AT_ONCE}, not {at_once}.")
    names = [account["username"] for account in options["accounts"]]
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise InputError(f"accounts: listed more than once: {', '.join(twice)}")
    return [prepare(_merged(options, account), f"accounts[{n}].") for n, account in enumerate(options["accounts"])]


def _merged(options: Mapping[str, Any], account: Mapping[str, Any]) -> dict[str, Any]:
    return {**options, **{name: value for name, value in account.items() if value is not None}}


def _check_texts(request: Request, names: tuple[str, ...], where: str = "") -> None:
    for name in names:
        text = getattr(request, name) or ""
        if name in _REQUIRED and not text.strip():
            raise InputError(f"{where}{name} is empty.")
        if any(is_control(character) for character in text):
            raise InputError(f"{where}{name} contains a line break, a control character or bytes that are not UTF-8.")


def _check_message(request: Request) -> None:
    missing = [name for name in ("sender", "recipient") if getattr(request, name) is None]
    if missing:
        raise InputError(f"send is true, which requires {' and '.join(missing)}.")
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
