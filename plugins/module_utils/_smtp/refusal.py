# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server's refusal means: its reason, what is in force, and what to do next. Pure: no I/O.

Only 535 judges a password, and not even each 535 does. Postfix and Courier also send it for a mechanism that they do
not know and for bad base64; that case needs no row here, because the dialogue only sends what the server offers.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.advice import (
    BROKEN_ADVICE,
    CONNECTION_ADVICE,
    LOGIN_ADVICE,
    MAIL_ADVICE,
)
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.reply import Reply
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request

# Each step of the dialogue: the codes that it wants, and the reason if the server refuses.
_STEPS: dict[str, tuple[tuple[int, ...], str]] = {
    "GREETING": ((220,), "connect"),
    "EHLO": ((250,), "protocol"),
    "STARTTLS": ((220,), "tls"),
    "CHALLENGE": ((334,), "auth_unavailable"),
    "AUTH": ((235,), "auth_unavailable"),
    "MAIL": ((250,), "sender_refused"),
    "RCPT": ((250, 251, 252), "recipient_refused"),
    "DATA": ((354,), "message_refused"),
    "MESSAGE": ((250,), "message_refused"),
}
_LOGIN_STEPS = ("CHALLENGE", "AUTH")
_MAIL_STEPS = ("MAIL", "RCPT", "DATA", "MESSAGE")
# What a refusal may mean: that the password is wrong; that it is over soon.
_PASSWORD = ("password", "unclear")
_TEMPORARY = ("later", "busy")

_REFUSALS = {
    "GREETING": "refused the connection",
    "EHLO": "refused EHLO",
    "STARTTLS": "refused STARTTLS",
    "CHALLENGE": "refused the login of {0.username}",
    "AUTH": "refused the login of {0.username}",
    "MAIL": "refused the sender {0.sender}",
    "RCPT": "refused the recipient {0.recipient}",
    "DATA": "refused the message",
    "MESSAGE": "refused the message",
}


class Failure(Exception):
    """The exchange failed.

    C(result) is what the module returns; the exchange fills it in.

    :param reason: one of the reasons that the module documents
    :param what: what happened, a predicate with the server as its subject
    :param advice: what is in force and what to do next, in whole sentences
    """

    def __init__(self, *, reason: str, what: str, advice: str) -> None:
        super().__init__(what)
        self.reason = reason
        self.what = what
        self.advice = advice
        self.result: dict[str, Any] = {}


def failure_of(step: str, reply: Reply, request: Request) -> Failure | None:
    """Return the failure that a reply is, None if it is what the step wants.

    :param step: the step of the dialogue
    :param reply: the server's answer
    :param request: what is tried
    """
    if reply.code in _STEPS[step][0]:
        return None
    if reply.code < 400:
        what = f'sent a reply that is not valid at this point: "{reply.words}"'
        return Failure(reason="protocol", what=what, advice=broken_advice(step))
    kind, reason, advice = _judged(step, reply, request)
    what = _REFUSALS["MAIL" if reason == "sender_refused" else step].format(request)
    adverb = "temporarily " if kind in _TEMPORARY else ""
    return Failure(reason=reason, what=f'{adverb}{what}: "{reply.words}"', advice=advice)


def _judged(step: str, reply: Reply, request: Request) -> tuple[str, str, str]:
    """Return what a refusal means, its reason and its advice."""
    reason = _STEPS[step][1]
    if step in _LOGIN_STEPS:
        kind = login_kind(reply, request)
        return kind, "auth_rejected" if kind in _PASSWORD else reason, LOGIN_ADVICE[kind]
    if step in _MAIL_STEPS:
        kind = mail_kind(step, reply, request)
        return kind, "sender_refused" if names_sender(step, reply, request) else reason, MAIL_ADVICE[kind]
    kind = connection_kind(step, reply)
    return kind, "tls" if kind == "certificate" else reason, CONNECTION_ADVICE[kind]


def broken_advice(step: str) -> str:
    """Return the advice for a step that got no usable answer.

    :param step: the step of the dialogue
    """
    group = {"STARTTLS": "EHLO", "CHALLENGE": "AUTH"}.get(step, step)
    return BROKEN_ADVICE.get(group, BROKEN_ADVICE["MAIL"])


# What a code says of a login whatever the words; 5xx codes that are not here need the words.
_LOGIN_CODES = {
    500: "line",
    501: "malformed",
    502: "mechanism",
    503: "sequence",
    504: "mechanism",
    521: "line",
    523: "encryption",
    530: "encryption",
    534: "mechanism",
    538: "encryption",
}
_CERTIFICATE = re.compile(r"client(?:'s)?(?: \w+)? certificate|certificate (?:is )?required|no peer certificate", re.I)
_DISABLED = re.compile(r"\b(?:disabled|deactivated|suspended|expired|inactive)\b", re.I)
_BLOCKED = re.compile(
    r"\b(?:locked|blocked|banned|blacklisted|blocklisted|denylisted)\b"
    r"|too many (?:failed|failures|invalid|incorrect|wrong|unsuccessful|log-?ins?\b|auth)",
    re.I,
)
_OUTAGE = re.compile(
    r"temporar(?:y|ily)\b(?! password)|try (?:it )?(?:again )?later|generic failure|connection lost|lost connection"
    r"|saslauthd|internal (?:server )?error|timed? ?out|(?:can ?not|could not|unable to) connect"
    r"|(?:service|backend|database|server|system)(?: is)? (?:currently )?(?:(?:un|not )available|down|error|failed)",
    re.I,
)
_UNCLEAR = re.compile(r"reason unavailable", re.I)
# A server that lists what may be wrong, expiry and outages included, has judged the login all the same.
_CREDENTIALS = re.compile(
    r"(?<!many )\b(?:invalid|incorrect|wrong|bad) (?:log-?in|user ?name|user|password|credentials?)\b"
    r"|\b(?:password|credentials?|user ?name)\b[^.;]*\b(?:incorrect|invalid|wrong|not match)"
    r"|(?:rejected|refused) your credentials|grant is invalid|reset your password",
    re.I,
)


def login_kind(reply: Reply, request: Request) -> str:
    """Return what a refused login means, as a key of the advice.

    :param reply: the server's answer to AUTH
    :param request: what was tried; its names do not count as words of the server
    """
    said = _without_names(reply.text, request)
    if _CERTIFICATE.search(said):
        return "certificate"
    if reply.code in _LOGIN_CODES:
        return _LOGIN_CODES[reply.code]
    if reply.code == 535 and _CREDENTIALS.search(said):
        return "password"
    if reply.code == 525 or (reply.enhanced_code or "").endswith(".7.13") or _DISABLED.search(said):
        return "disabled"
    if reply.code in (550, 554) or _BLOCKED.search(said):
        return "blocked"
    if reply.code == 535:
        return _kind_of_535(said)
    return "later" if reply.is_temporary else "other"


def _kind_of_535(said: str) -> str:
    # Postfix with Dovecot says "reason unavailable" for a wrong password and while Dovecot's database is down.
    if _UNCLEAR.search(said):
        return "unclear"
    return "outage" if _OUTAGE.search(said) else "password"


_SENDER = re.compile(
    r"sender (?:address|verif|domain|(?:is |was )?(?:not |rejected|refused|denied|un\w+|invalid))"
    r"|(?:unauthori[sz]ed|invalid|unknown|unverified|forged) sender"
    r"|from address|mail from|send as|on behalf of|not owned by",
    re.I,
)
_RECIPIENT = re.compile(r"recipient address rejected", re.I)
_RELAY = re.compile(
    r"\brelay(?:ing)?\b.*\b(?:denied|prohibited|disallowed|not)\b|\b(?:not|cannot|unable to|refuse)\b.*\brelay", re.I
)
_NO_LOGIN = re.compile(r"authentication (?:is )?required|must (?:be authenticated|authenticate|issue an auth)", re.I)
_HOST = re.compile(r"client host|helo command|reverse (?:dns|host)|\byour (?:ip|host|address)\b", re.I)


def names_sender(step: str, reply: Reply, request: Request) -> bool:
    """Tell whether a refusal after the login is the sender's. Many servers judge the sender at RCPT or at the end.

    :param step: the step that was refused
    :param reply: the server's answer
    :param request: whose sender and recipient the answer may name
    """
    if step == "MAIL":
        return True
    # X.1.7 and X.1.8 of RFC 3463: the sender's address is malformed, or its domain is wrong.
    if (reply.enhanced_code or "")[1:] in (".1.7", ".1.8"):
        return True
    said = _without_names(reply.text, request)
    if _SENDER.search(said) or _RECIPIENT.search(said):
        return not _RECIPIENT.search(said)
    return step == "RCPT" and _holds(reply.text, request.sender) and not _holds(reply.text, request.recipient)


def mail_kind(step: str, reply: Reply, request: Request) -> str:
    """Return what a refusal after the login means, as a key of the advice.

    :param step: the step that was refused
    :param reply: the server's answer
    :param request: what was tried
    """
    said = _without_names(reply.text, request)
    if _CERTIFICATE.search(said):
        return "certificate"
    if reply.is_temporary:
        return "later"
    # OpenSMTPD also answers 530 to a sender that it does not accept.
    if (reply.code == 530 or _NO_LOGIN.search(said)) and "sender" not in said.lower():
        return "login"
    if _HOST.search(said):
        return "host"
    if names_sender(step, reply, request):
        return "MAIL"
    return "relay" if step == "RCPT" and _RELAY.search(said) else step


def connection_kind(step: str, reply: Reply) -> str:
    """Return what a refusal before the login means, as a key of the advice.

    :param step: the step that was refused
    :param reply: the server's answer
    """
    # Postfix with smtpd_tls_req_ccert says so to the EHLO inside TLS, with 421 4.7.1.
    if _CERTIFICATE.search(reply.text):
        return "certificate"
    return "busy" if reply.is_temporary else step


def _without_names(text: str, request: Request) -> str:
    """Return the server's words without the names that the user chose, in which any word can be."""
    for name in filter(None, (request.username, request.sender, request.recipient)):
        text = re.sub(rf"(?<![\w.@-]){re.escape(name)}(?![\w@-])", "", text, flags=re.I)
    return text


def _holds(text: str, address: str | None) -> bool:
    return bool(address) and str(address).lower() in text.lower()
