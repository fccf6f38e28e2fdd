# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks an instance of Postfix how its mail gets to the provider, and which logins it finds there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.literals import LITERAL
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.lookup import username_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.names import addresses
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.nexthops import hops_of, is_provider
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.plan import Plan, View
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.routes import (
    FALLBACK,
    FILTER,
    SETTINGS,
    TABLES,
    Service,
    Way,
    filters_of,
    of_sender,
    parameters,
    services_of,
    settings_of,
    ways_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.services_text import (
    named,
    values_by_service,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.settings import (
    SASL,
    not_reached,
    refusal,
    warnings_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.sources import values_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.views import DNS_LEVEL, MAPS, MORE, Views
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, Login
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import words_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.map_types import table_of

# How many servers are looked up: a table of transports can have thousands.
_MOST = 20


@dataclass(frozen=True)
class Survey:
    """How the mail of an instance gets to the provider.

    :param postfix: the instance
    :param transports: what is held
    :param views: what Postfix does on each way
    :param notes: what a user should know
    :param is_sender: tells whether mail of a sender, or of the senders of a domain, can reach the provider
    """

    postfix: Postfix
    transports: tuple[str, ...]
    views: tuple[View, ...]
    notes: tuple[str, ...]
    is_sender: Callable[[str], bool]

    def has(self, login: Login) -> bool:
        """Tell whether a table has an entry for a login."""
        names = {login.username, *login.replaces}
        places = {place for view in self.views for place in view.places}
        return any(
            username_of(value) in names or key.lower() == login.key.lower()
            for place in places
            for key, value in place.entries().items()
        )

    def plan(self, job: Job, logins: tuple[Login, ...]) -> Plan:
        """Return the entries that are to have these logins.

        :param job: what the verb works with
        :param logins: those of this instance
        :raises InputError: if Postfix would not use them
        """
        return Plan(logins, self.views, self._belongs(job))

    def _belongs(self, job: Job) -> Callable[[str], bool]:
        """Return what tells whether a key is found for mail to the provider."""

        def belongs(key: str) -> bool:
            return self.is_sender(key) if "@" in key else _is_server(key, job)

        return belongs


def survey(postfix: Postfix, job: Job) -> Survey:
    """Find out how the mail of an instance gets to the provider.

    :param postfix: the instance
    :param job: what the verb works with
    :raises NotUsedError: if it does not
    :raises InputError: if Postfix does not log in there
    """
    names = [*SETTINGS, *MORE, *parameters([*SASL, MAPS, DNS_LEVEL, FALLBACK])]
    settings = {**dict.fromkeys(names, ""), **settings_of(postfix.call("postconf", "-x", *names).output)}
    options = postfix.call("postconf", "-Px").output
    services = _as_used(postfix, services_of(postfix.call("postconf", "-M").output, options), settings)
    known = {service.name: service for service in services}
    tables, notes = _route_tables(postfix, settings)
    # Those of master.cf count like one of main.cf.
    filters = [way for value in filters_of(options) for way in ways_of({**settings, FILTER: value}, tables, services)]
    ways = list(dict.fromkeys([*ways_of(settings, tables, services), *filters]))
    seen = Views(postfix, settings, job)
    own = _to_provider(ways, known, seen, job)
    reaches = {(way.transport, way.hop) for way in own}

    def is_sender(sender: str) -> bool:
        """Tell whether mail of a sender can reach the provider, as far as it is known how mail does."""
        found = ways_of(*of_sender(settings, tables, sender), services)
        return not reaches or any((way.transport, way.hop) in reaches for way in [*found, *filters])

    told = tuple(job.options.get("transport") or ())
    _check_known(told, known)
    if not own and told:
        own = [Way(name, hops_of(f"[{job.host}]:{job.port}")[0], "transport") for name in told]
        notes.append(
            f"no route to {job.host} was found in Postfix's configuration; its mail is taken to use the transport "
            f"{', '.join(told)}"
        )
    if not own:
        raise not_reached(postfix.main_cf, ways, job)
    used = list(dict.fromkeys(way.transport for way in own))
    for name in used:
        if why := refusal(known[name], settings, postfix.config_directory):
            raise why
        notes += warnings_of(known[name], settings, job.encryption)
    for hop in dict.fromkeys(way.hop for way in own if seen.servers(way, known[way.transport]) is None):
        notes.append(f"the mail servers of {hop.host} are not known; {job.host} is taken to be one of them")
    if left := [name for name in used if told and name not in told]:
        notes.append(
            f"mail for {job.host} also uses the transport {', '.join(left)}, which the option transport does not name; "
            "it is not held"
        )
    views = tuple(seen.view(way, known[way.transport]) for way in own)
    return Survey(postfix, told or tuple(used), views, tuple(notes), is_sender)


def _as_used(postfix: Postfix, services: Sequence[Service], settings: Mapping[str, str]) -> list[Service]:
    """Return the transports, each with the parameters of main.cf that are other ones because of what master.cf says."""
    by_service = values_by_service(postfix.call("postconf", "-n").output)
    found = []
    for service in services:
        given = {**{name: named(value, service.name) for name, value in by_service.items()}, **service.options}
        # In the list of processes, everybody could read a login.
        public = [f"{name}={value}" for name, value in given.items() if not any(f"{one}:" in value for one in LITERAL)]
        if public:
            arguments = [word for option in public for word in ("-o", option)]
            values = settings_of(postfix.call("postconf", "-x", *arguments, *settings).output)
            other = {name: value for name, value in values.items() if value != settings[name]}
            service = replace(service, options={**other, **service.options})
        found.append(service)
    return found


def _check_known(told: Sequence[str], known: Mapping[str, Service]) -> None:
    for name in told:
        if name not in known:
            raise InputError(
                f"{name} is not a transport in master.cf that delivers to other hosts; there are: {', '.join(known)}"
            )


def _to_provider(ways: Sequence[Way], known: Mapping[str, Service], seen: Views, job: Job) -> list[Way]:
    """Return the ways that lead to the provider. Of very many, the last ones are known by their names only."""
    resolved = set(list(dict.fromkeys(way.hop for way in ways))[:_MOST])
    found = []
    for way in ways:
        near = way.hop in resolved
        servers = seen.servers(way, known[way.transport]) if near else ()
        look = addresses if near else _nowhere
        if is_provider(way.hop, host=job.host, port=job.port, addresses=look, servers=servers):
            found.append(way)
    return found


def _nowhere(_name: str) -> frozenset[str]:
    return frozenset()


def _route_tables(postfix: Postfix, settings: Mapping[str, str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return what the tables of relays and transports say, and what is to be told of those that cannot be listed."""
    found: dict[str, dict[str, str]] = {}
    notes = []
    for parameter in TABLES:
        found[parameter] = {}
        for name in words_of(settings[parameter]):
            table = table_of(name, default_type=settings["default_database_type"])
            values = values_of(postfix, table)
            if values is None:
                notes.append(
                    f"{parameter} has a table of the type {table.kind}, which cannot be listed: if it sends mail to "
                    "the provider with another transport, name all of them in the option transport (with the role: "
                    "smtp_rotation_postfix_transport)"
                )
            found[parameter] = {**(values or {}), **found[parameter]}
    return found, notes


def _is_server(key: str, job: Job) -> bool:
    return any(is_provider(hop, host=job.host, port=job.port, addresses=addresses) for hop in hops_of(key))
