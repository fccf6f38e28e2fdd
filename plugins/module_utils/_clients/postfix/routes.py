# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ways mail takes through Postfix: the transports of master.cf and the next hops that they get. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.literals import ANY
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.nexthops import Hop, hops_of

TRANSPORTS, RELAYS, DEFAULTS = (
    "transport_maps",
    "sender_dependent_relayhost_maps",
    "sender_dependent_default_transport_maps",
)
# The delivery to local users asks these.
_LOCAL = ("mailbox_transport_maps", "fallback_transport_maps")
# A table of these names a relay or a transport for some of the mail.
TABLES = (TRANSPORTS, RELAYS, DEFAULTS, *_LOCAL)
# Each can name a transport with a next hop of its own.
FILTER = "content_filter"
_DIRECT = (
    FILTER,
    "fallback_transport",
    "local_transport",
    "mailbox_transport",
    "virtual_transport",
)
SETTINGS = (*_DIRECT, *TABLES, "relayhost", "default_transport", "relay_transport", "relay_domains")
FALLBACK = "fallback_relay"
_DUNNO = "dunno"
# With what the keys of a table of patterns begin.
_PATTERN = ("/", "!")
_COMMAND_FIELD = 7


@dataclass(frozen=True)
class Service:
    """A transport of master.cf that delivers over SMTP or LMTP.

    :param name: its name
    :param command: C(smtp) or C(lmtp), by which its parameters are called
    :param options: the parameters that master.cf sets for it alone
    """

    name: str
    command: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """A transport and one server that it connects to.

    :param transport: its name
    :param hop: the server
    :param source: what says so: a parameter of main.cf
    :param sender: the sender, or the pattern of senders, whose mail goes there; empty for all
    """

    transport: str
    hop: Hop
    source: str
    sender: str = ""


def services_of(services: str, options: str) -> list[Service]:
    """Return the transports that deliver to other servers.

    :param services: what C(postconf -M) printed
    :param options: what C(postconf -P) printed
    """
    own: dict[str, dict[str, str]] = {}
    for line in options.splitlines():
        place, _equals, value = line.partition("=")
        name, _slash, rest = place.strip().partition("/")
        kind, _slash, parameter = rest.partition("/")
        if kind == "unix":
            own.setdefault(name, {})[parameter] = value.strip()
    lines = [line.split() for line in services.splitlines()]
    return [
        Service(words[0], words[_COMMAND_FIELD], own.get(words[0], {}))
        for words in lines
        if len(words) > _COMMAND_FIELD and words[1] == "unix" and words[_COMMAND_FIELD] in ("smtp", "lmtp")
    ]


def filters_of(options: str) -> list[str]:
    """Return the filters that master.cf gives to a service that takes mail.

    :param options: what C(postconf -P) printed
    """
    return [value for name, value in settings_of(options).items() if name.endswith(f"/{FILTER}") and value]


def settings_of(printed: str) -> dict[str, str]:
    """Return the values of parameters.

    :param printed: what C(postconf) printed
    """
    pairs = (line.partition("=") for line in printed.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _equals, value in pairs}


def ways_of(
    settings: Mapping[str, str], tables: Mapping[str, Mapping[str, str]], services: Collection[Service]
) -> list[Way]:
    """Return every way that mail can take over SMTP to a server that the configuration names.

    :param settings: the values of C(SETTINGS)
    :param tables: for each of C(TABLES) what it says: key to value
    :param services: the transports
    """
    known = {service.name: service for service in services}
    found: dict[Way, None] = {}
    for transport, nexthop, source, sender in _routes(settings, tables):
        if transport not in known:
            continue
        fallback = effective(known[transport], FALLBACK, settings)
        for hop in [*hops_of(nexthop), *hops_of(fallback)]:
            found[Way(transport, hop, source, sender)] = None
    return list(found)


def of_sender(
    settings: Mapping[str, str], tables: Mapping[str, Mapping[str, str]], sender: str
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return what the settings and tables are for one sender, or for the senders of one domain.

    :param settings: the values of C(SETTINGS)
    :param tables: for each of C(TABLES) what it says: key to value
    :param sender: an address, or the key of a domain
    """
    name, nexthop = _split(settings["default_transport"])
    if value := _decided(tables[DEFAULTS], sender):
        own, nexthop = _split(value)
        name = own or name
    relayhost = _decided(tables[RELAYS], sender) or settings["relayhost"]
    inside = {
        parameter: {key: value for key, value in tables[parameter].items() if _overlap(key, sender) and key != ANY}
        for parameter in (RELAYS, DEFAULTS)
    }
    for table in inside.values():
        for key in (sender, _domain_of(sender)):
            table.pop(key, None)
    narrowed = {**settings, "relayhost": relayhost, "default_transport": f"{name}:{nexthop}"}
    return narrowed, {**{name: dict(table) for name, table in tables.items()}, **inside}


def _routes(
    settings: Mapping[str, str], tables: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield transport, next hop, source and sender."""
    default, nexthop = _split(settings["default_transport"])
    usual = settings["relayhost"]
    yield default, nexthop or usual, "default_transport" if nexthop else "relayhost", ""
    yield from _by_sender(default, nexthop, usual, tables)
    if settings["relay_domains"]:
        name, own = _split(settings["relay_transport"])
        yield name, own or usual, "relay_transport" if own else "relayhost", ""
        for sender, relay in _given(tables.get(RELAYS, {})).items() if not own else ():
            yield name, relay, RELAYS, sender
    for value in tables.get(TRANSPORTS, {}).values():
        name, own = _split(value)
        for transport in [name] if name else _usual_transports(settings, tables):
            yield transport, own, TRANSPORTS, ""
    for parameter in _LOCAL:
        for value in tables.get(parameter, {}).values():
            yield (*_split(value), parameter, "")
    for parameter in _DIRECT:
        yield (*_split(settings[parameter]), parameter, "")


def _by_sender(
    default: str, nexthop: str, usual: str, tables: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield the routes that depend on the sender; of two tables, one can name a domain and the other an address."""
    relays, defaults = tables.get(RELAYS, {}), tables.get(DEFAULTS, {})
    for sender, value in _given(defaults).items():
        name, own = _split(value)
        yield name or default, own or _decided(relays, sender) or usual, DEFAULTS, sender
        for other, relay in _given(relays).items() if not own else ():
            if _overlap(sender, other):
                yield name or default, relay, DEFAULTS, max(sender, other, key=_exactness)
    for sender, relay in _given(relays).items():
        if not _decided(defaults, sender) and not nexthop:
            yield default, relay, RELAYS, sender


def _usual_transports(settings: Mapping[str, str], tables: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the transports that mail has if a table of transports names the server only."""
    names = [settings["default_transport"], *_given(tables.get(DEFAULTS, {})).values()]
    names += [settings["relay_transport"]] if settings["relay_domains"] else []
    return list(dict.fromkeys(filter(None, (_split(name)[0] for name in names))))


def _decided(table: Mapping[str, str], sender: str) -> str:
    """Return what a table says of a sender: by address, by domain, or as for all; empty if nothing."""
    value = next((table[key] for key in (sender, _domain_of(sender), ANY) if key in table), _DUNNO)
    return "" if value.lower() == _DUNNO else value


def _domain_of(sender: str) -> str:
    """Return the key that stands for all senders of a domain; what is not an address could stand for all senders."""
    name, at, domain = sender.rpartition("@")
    return f"@{domain}" if at and not name.startswith(_PATTERN) else ANY


def _overlap(one: str, other: str) -> bool:
    """Tell whether there can be a sender for whom both keys stand."""
    domains = _domain_of(one), _domain_of(other)
    return one == other or ANY in domains or one == domains[1] or other == domains[0]


def _exactness(sender: str) -> int:
    domain = _domain_of(sender)
    return 0 if domain == ANY else 1 + (domain != sender)


def _given(table: Mapping[str, str]) -> dict[str, str]:
    return {sender: value for sender, value in table.items() if value.lower() != _DUNNO}


def _split(value: str) -> tuple[str, str]:
    """Return transport and next hop, as Postfix separates them: at the first colon."""
    name, _colon, nexthop = value.partition(":")
    return name.strip(), nexthop.strip()


def effective(service: Service, parameter: str, settings: Mapping[str, str]) -> str:
    """Return the value of a parameter for a transport.

    :param parameter: its name without C(smtp_) or C(lmtp_)
    :param settings: the values of main.cf
    """
    name = f"{service.command}_{parameter}"
    return service.options.get(name, settings.get(name, ""))


def parameters(names: Sequence[str]) -> list[str]:
    """Return the names of parameters that each kind of transport has under its own.

    :param names: without C(smtp_) or C(lmtp_)
    """
    return [f"{command}_{name}" for command in ("smtp", "lmtp") for name in names]
