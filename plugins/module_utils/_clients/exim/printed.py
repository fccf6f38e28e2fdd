# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what Exim prints of its configuration and of an address. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_HEADER = re.compile(r"(\S+) (?:router|transport|authenticator):")
_LOOKUP = re.compile(r"\$\{lookup\b")
_BY_HOST = re.compile(r"\$\{lookup\s*\{\s*\$(?:host|\{host\})\s*\}\s*([a-z*@-]+)\s*\{\s*([^{}$]+?)\s*\}")
_ROUTED = re.compile(r"\s+router = (\S+), transport = (\S+)")
_HOST = re.compile(r"\s+host (\S+)\s.*")
# What the client's side of an authenticator can be made of.
_CLIENT = ("client_send", "client_name", "client_secret", "client_username", "client_password")
# Where routers and transports name hosts.
ROUTER_HOSTS = ("route_list", "route_data")
TRANSPORT_HOSTS = ("hosts", "fallback_hosts")
# The lookups whose file is read line by line, the first match wins.
KINDS = ("lsearch", "wildlsearch", "nwildlsearch")
# Debian's configuration doubles each ^ of a password; otherwise one separates the parts of a login.
_DOUBLED = "{^^}"


@dataclass(frozen=True)
class Route:
    """Where Exim would send an address: over which transport, to which hosts, by the names that it uses for them."""

    transport: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Lookup:
    """How Exim finds the login for a host.

    :param kind: of lookup, such as C(nwildlsearch)
    :param path: the file
    """

    kind: str
    path: str


def drivers_of(printed: str) -> dict[str, dict[str, str]]:
    """Return the options of each router, transport or authenticator by its name.

    :param printed: by C(exim -bP routers) or the like
    """
    found: dict[str, dict[str, str]] = {}
    options: dict[str, str] = {}
    for line in printed.splitlines():
        header = _HEADER.fullmatch(line)
        if header:
            options = found.setdefault(header.group(1), {})
        elif " =" in line:
            name, _sign, value = line.partition(" =")
            options[name] = value.strip()
    return found


def setting_of(printed: str) -> str:
    """Return the value of a main option.

    :param printed: by C(exim -bP NAME)
    """
    line = printed.strip()
    return line.partition(" = ")[2] if " = " in line else line


def route_of(printed: str) -> Route | None:
    """Return where an address goes, None if it does not leave this host.

    :param printed: by C(exim -bt)
    """
    lines = printed.splitlines()
    routed = next((match for match in map(_ROUTED.fullmatch, lines) if match), None)
    hosts = tuple(match.group(1) for match in map(_HOST.fullmatch, lines) if match)
    return Route(routed.group(2), hosts) if routed and hosts else None


def hosts_in(options: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Return the words that can be hosts in some options.

    :param options: of a router or transport
    :param names: of the options that name hosts
    """
    words: list[str] = []
    for name in names:
        words += re.findall(r"[A-Za-z0-9_.-]+", options.get(name, ""))
    return [word for word in words if "." in word.strip(".") or word == "localhost"]


def logs_in(options: Mapping[str, str]) -> bool:
    """Tell whether a transport ever logs in.

    :param options: of the transport
    """
    return bool(options.get("hosts_try_auth") or options.get("hosts_require_auth"))


def client_options(authenticators: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return what Exim sends as a client, as expressions.

    :param authenticators: their options by name
    """
    return [
        options[name] for options in authenticators.values() for name in _CLIENT if options.get(name, "").strip(" :;<")
    ]


def lookups_in(expressions: Sequence[str]) -> tuple[list[Lookup], bool]:
    """Return the lookups by host, and whether there is anything else that a login can come from.

    :param expressions: what C(client_options) returned
    """
    found: dict[Lookup, None] = {}
    other = False
    for expression in expressions:
        matches = _BY_HOST.findall(expression)
        found.update(dict.fromkeys(Lookup(*match) for match in matches))
        other = other or not matches or len(matches) != len(_LOOKUP.findall(expression))
    return list(found), other


def takes_caret(authenticators: Mapping[str, Mapping[str, str]]) -> bool:
    """Tell whether a ^ inside of a password arrives as it is.

    :param authenticators: their options by name
    """
    plain = [one["client_send"] for one in authenticators.values() if one.get("client_send", "").strip(" :;<")]
    return all(_DOUBLED in expression for expression in plain)
