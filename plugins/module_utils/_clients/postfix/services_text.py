# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services of master.cf that send the messages which prove logins, and how they are removed again. Pure: no I/O.

They stand between two marks at the end of the file, so that the file without them is the file of before, byte for
byte, and what a killed run left is found by the next one. For each way that mail takes there are two of them. One
takes the message on a socket that only root and Postfix reach, and tells Postfix to deliver it over the other. That
one is the held transport under another name: the same command, options and chroot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import ended, physical_lines

ENTRY, SEND, LOG = "mailops-entry", "mailops-proof", "mailops-log"
# How the entry is greeted: a message in the queue that has this name in its envelope is one of ours.
HELO = "mailops-proof"
BEGIN = "# BEGIN mailops.smtp.mail_program: messages that prove logins; the next run takes these lines out again.\n"
# Used if the file's last line had no end.
BEGIN_AFTER_OPEN_LINE = BEGIN.replace("BEGIN", "BEGIN (the line above had no end)")
END = "# END mailops.smtp.mail_program\n"
_NOTE = re.compile(r"# since (\d+) to (.*)\n?")
_FIELDS = 8
_SERVICE_NAME = re.compile(r"\$(?:service_name\b|\{service_name\}|\(service_name\))")
# Nothing of the user's stands in the way of the message: no rule, filter, table or login.
_ENTRY_OPTIONS = (
    "receive_override_options=no_unknown_recipient_checks,no_header_body_checks,no_milters,no_address_mappings",
    "mynetworks=127.0.0.0/8,[::1]/128",
    "smtpd_relay_restrictions=permit_mynetworks,reject",
    *(f"smtpd_{when}_restrictions=" for when in ("client", "helo", "sender", "recipient", "data", "end_of_data")),
    *(f"smtpd_{name}=" for name in ("milters", "proxy_filter", "command_filter", "upstream_proxy_protocol")),
    "smtpd_discard_ehlo_keywords=",
    "smtpd_discard_ehlo_keyword_address_maps=",
    "smtpd_reject_unlisted_recipient=no",
    "smtpd_reject_unlisted_sender=no",
    "smtpd_sasl_auth_enable=no",
    "smtpd_tls_security_level=none",
    "smtpd_enforce_tls=no",
    "smtpd_use_tls=no",
    "smtpd_tls_wrappermode=no",
    "strict_rfc821_envelopes=no",
)
# A refusal keeps the message in the queue, no other server gets it, and it is a connection and a login of its own.
_SEND_OPTIONS = (
    "soft_bounce=yes",
    *(
        f"{command}_{option}"
        for command in ("smtp", "lmtp")
        for option in (
            "fallback_relay=",
            "delivery_status_filter=",
            "sasl_auth_cache_name=",
            "connection_cache_on_demand=no",
            "connection_cache_destinations=",
            "tls_connection_reuse=no",
        )
    ),
)


@dataclass(frozen=True)
class Service:
    """A transport as master.cf has it; its options can contain a password.

    :param unprivileged: the field of this name
    :param chroot: likewise
    :param command: the program
    :param options: the rest of the line
    """

    unprivileged: str
    chroot: str
    command: str
    options: str = field(default="", repr=False)


@dataclass(frozen=True)
class Note:
    """What tells messages of ours from others.

    :param since: when the first one was sent at the earliest, in seconds since the epoch
    :param recipient: whom they are for
    """

    since: int
    recipient: str


def service_of(printed: str) -> Service:
    """Return a transport.

    :param printed: what C(postconf -M) printed of it
    :raises InputError: if there is no such service
    """
    words = printed.replace("\n", " ").split(None, _FIELDS - 1)
    if len(words) < _FIELDS:
        raise InputError("master.cf has no such transport any more: see who changes it, then run again")
    command, _blank, options = words[-1].strip().partition(" ")
    return Service(words[3], words[4], command, options.strip())


def named(text: str, name: str) -> str:
    """Return a value with the name of the service that it stands in.

    :param text: a value in main.cf or master.cf
    :param name: the service's name
    """
    return _SERVICE_NAME.sub(lambda _match: name, text)


def values_by_service(printed: str) -> dict[str, str]:
    """Return the parameters of main.cf that are not the same for each service.

    :param printed: what C(postconf -n) printed
    """
    pairs = (line.partition(" = ") for line in printed.splitlines() if _SERVICE_NAME.search(line))
    return {name: value for name, _equals, value in pairs}


def lines_for(
    number: int, *, name: str, service: Service, nexthop: str, values: Mapping[str, str], log: str | None
) -> list[str]:
    """Return the services for one way that mail takes.

    :param number: which one of them it is
    :param name: the held transport
    :param service: how master.cf has it
    :param nexthop: where it connects to
    :param values: what C(values_by_service) returned
    :param log: a log of their own, None if this Postfix has no such option
    """
    logging = log_options(log) if log else []
    same = [_option(f"{key}={named(value, name)}") for key, value in values.items()]
    options = [*same, named(service.options, name), *map(_option, (*_SEND_OPTIONS, *logging))]
    to = _option(f"content_filter={SEND}-{number}:{nexthop}")
    return [
        " ".join([f"{ENTRY}-{number} unix - - n - 1 smtpd", to, *map(_option, (*_ENTRY_OPTIONS, *logging))]),
        " ".join([f"{SEND}-{number} unix - {service.unprivileged} {service.chroot} - 1 {service.command}", *options]),
    ]


def log_line(log: str) -> str:
    """Return the service that writes their log.

    :param log: its file
    """
    return " ".join([f"{LOG} unix-dgram n - n - 1 postlogd", *map(_option, log_options(log))])


def log_options(log: str) -> list[str]:
    """Return what makes a service write into a log.

    :param log: its file
    """
    folder = log.rpartition("/")[0]
    return [f"postlog_service_name={LOG}", f"maillog_file={log}", f"maillog_file_prefixes={folder}"]


def _option(text: str) -> str:
    name, _equals, value = text.partition("=")
    return f"-o {{ {name} = {value} }}" if any(one in value for one in " \t{}") else f"-o {text}"


def with_block(text: str, note: Note, lines: Sequence[str]) -> str:
    """Return the file with our services.

    :param text: the file without them
    :param note: what tells their messages from others
    :param lines: the services
    """
    begin = BEGIN if ended(text) == text else BEGIN_AFTER_OPEN_LINE
    block = [f"# since {note.since} to {note.recipient}", *lines]
    return ended(text) + begin + "".join(f"{line}\n" for line in block) + END


def split(text: str) -> tuple[str, Note | None]:
    """Return the file without our services, and the note that stood there.

    :param text: the file
    :raises InputError: if the marks are not as they were written
    """
    lines = physical_lines(text)
    begins = [number for number, line in enumerate(lines) if line in (BEGIN, BEGIN_AFTER_OPEN_LINE)]
    ends = [number for number, line in enumerate(lines) if line.rstrip("\n") == END.rstrip("\n")]
    if not begins and not ends:
        return text, None
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        raise InputError(
            "the lines that mail_program wrote into master.cf are damaged: remove by hand everything from "
            f'"{BEGIN.partition(":")[0]}" to "{END.strip()}", then run postfix reload'
        )
    begin, end = begins[0], ends[0]
    before, after = lines[:begin], lines[end + 1 :]
    if lines[begin] == BEGIN_AFTER_OPEN_LINE and not after:
        before[-1:] = [line.rstrip("\n") for line in before[-1:]]
    notes = [Note(int(match[1]), match[2]) for match in map(_NOTE.fullmatch, lines[begin:end]) if match]
    return "".join([*before, *after]), notes[0] if notes else Note(0, "")
