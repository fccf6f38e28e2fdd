# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks up names as Postfix does: the addresses of a server, the mail servers of a domain."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Sequence
from functools import lru_cache

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.dns import mail_servers, question

_RESOLV_CONF = "/etc/resolv.conf"
_PORT, _SECONDS, _MOST = 53, 3.0, 4096


@lru_cache(maxsize=None)
def addresses(name: str) -> frozenset[str]:
    """Return the addresses of a server, none if they are not known.

    :param name: its name, or an address
    """
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(str(place[0]) for *_rest, place in found)


@lru_cache(maxsize=None)
def servers_of(domain: str) -> tuple[str, ...] | None:
    """Return a domain's mail servers, the preferred one first; none if it has none, None if that is not known.

    :param domain: the domain
    """
    for server in name_servers():
        found = ask(domain, server)
        if found is not None:
            return tuple(found)
    return None


def name_servers() -> list[str]:
    """Return the addresses of this host's name servers."""
    with contextlib.suppress(OSError), open(_RESOLV_CONF, encoding="utf-8", errors="replace") as file:
        lines = (line.split() for line in file)
        return [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    return []


def ask(domain: str, server: str, port: int = _PORT) -> Sequence[str] | None:
    """Ask a name server for a domain's mail servers, None if it does not say.

    :param domain: the domain
    :param server: the name server's address
    :param port: its port
    """
    number = secrets.randbelow(1 << 16)
    try:
        asked = question(domain, number)
        with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(_SECONDS)
            client.connect((server, port))
            client.send(asked)
            return mail_servers(client.recv(_MOST), number)
    except (OSError, UnicodeError):
        return None
