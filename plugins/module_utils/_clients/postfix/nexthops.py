# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a next hop of Postfix leads, and whether that is the provider. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

_PARTS = re.compile(r"(?:\[(?P<direct>[^\]]*)\]|(?P<host>[^:]*))(?::(?P<port>.+))?")
_SERVICES = {"smtp": "25", "smtps": "465", "submissions": "465", "ssmtp": "465", "submission": "587"}
# Ports of one mail server: who names it by another name or address can also use another one of these.
_MAIL_PORTS = frozenset({"25", "465", "587", "2525"})
_LOOPBACK = ("127.", "::1")

Addresses = Callable[[str], Collection[str]]


@dataclass(frozen=True)
class Hop:
    """One server or domain that mail is handed to.

    :param text: as Postfix has it, such as C([smtp.example.com]:587)
    :param host: the name in it
    :param port: as a number in text
    :param is_domain: whether Postfix looks for the domain's mail servers, since the name is not in brackets
    """

    text: str
    host: str
    port: str
    is_domain: bool


def hops_of(nexthop: str) -> list[Hop]:
    """Return the servers of a next hop, which can be a list.

    :param nexthop: as main.cf or a table writes it
    """
    return [_hop(word) for word in re.split(r"[,\s]+", nexthop) if word]


def _hop(text: str) -> Hop:
    place = text[len("inet:") :] if text.startswith("inet:") else text
    match = _PARTS.fullmatch(place)
    if match is None:
        return Hop(text, place, "25", is_domain=False)
    direct, port = match.group("direct"), match.group("port") or "25"
    host = match.group("host") if direct is None else re.sub("^ipv6:", "", direct, flags=re.IGNORECASE)
    return Hop(text, host or "", _SERVICES.get(port, port), is_domain=direct is None)


def is_provider(hop: Hop, *, host: str, port: int, addresses: Addresses, servers: Sequence[str] | None = ()) -> bool:
    """Tell whether a hop is the provider's server, by its name or by an address that both have.

    On loopback each port is a server of its own, unless the names are the same.

    :param host: the provider's server
    :param port: its port
    :param addresses: returns the addresses of a name
    :param servers: the mail servers of the domain, if the hop is one and has any; None if that is not known
    """
    names = {_plain(name) for name in servers or (hop.host,)}
    if _plain(host) in names:
        return True
    if servers is None and "." in hop.host and _plain(host).endswith(f".{_plain(hop.host)}"):
        return True
    own = set(addresses(host))
    shared = own & {one for name in names for one in addresses(name)}
    if any(address.startswith(_LOOPBACK) for address in shared):
        return hop.port == str(port)
    return bool(shared) and (hop.port == str(port) or hop.port in _MAIL_PORTS)


def _plain(name: str) -> str:
    return name.lower().rstrip(".")
