# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tables a transport of Postfix looks into, and what it looks for there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.literals import LITERAL
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.lookup import (
    sender_keys,
    server_keys,
    username_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.moving import Moved
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.names import servers_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.plan import View
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.routes import Service, Way, effective
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.sources import Source
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import words_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.map_types import Instance, Table, chosen, table_of

MAPS, DNS_LEVEL = "sasl_password_maps", "dns_support_level"
# The parameters of main.cf that are read for it.
MORE = ("disable_dns_lookups", "default_database_type", "recipient_delimiter", "mydestination")
# Found only by a table that stands for every sender.
_NOBODY = "nobody@mailops.invalid"


class Views:
    """What Postfix does on each way to the provider; each table is read once.

    :param postfix: the instance
    :param settings: the values of main.cf
    :param job: what the verb works with
    """

    def __init__(self, postfix: Postfix, settings: Mapping[str, str], job: Job) -> None:
        self._postfix = postfix
        self._settings = settings
        self._job = job
        self._sources: dict[str, Source] = {}

    def view(self, way: Way, service: Service) -> View:
        """Return what Postfix does on one way.

        :param way: the transport and the server
        :param service: the transport
        :raises InputError: if it can have no table for a login
        """
        value = effective(service, MAPS, self._settings)
        sources = [self._source(name) for name in words_of(value)]
        sender = self._job.message.sender if self._job.message else ""
        domains = [name.lower() for name in words_of(self._settings["mydestination"])]
        asked = sender_keys(sender or _NOBODY, delimiters=self._settings["recipient_delimiter"], local=domains)
        by_sender = effective(service, "sender_dependent_authentication", self._settings) == "yes"
        servers = self.servers(way, service)
        keys = tuple(server_keys(way.hop, (self._job.host, way.hop.host) if servers is None else servers))
        view = View(way, tuple(sources), keys, tuple(asked) if by_sender else ())
        if self._job.options.get("migrate"):
            view = self._moved(view, service, value)
        return replace(view, added=self._added(view, service, value))

    def servers(self, way: Way, service: Service) -> tuple[str, ...] | None:
        """Return the mail servers of a next hop without brackets, none where Postfix does not ask for them.

        :param way: the transport and the next hop
        :param service: the transport
        """
        level = effective(service, DNS_LEVEL, self._settings)
        if not way.hop.is_domain or service.command != "smtp" or level == "disabled":
            return ()
        return () if self._settings["disable_dns_lookups"] == "yes" else servers_of(way.hop.host)

    def _source(self, name: str) -> Source:
        table = self._table(name)
        key = f"{table.kind}:{table.path}"
        if key not in self._sources:
            self._sources[key] = Source(self._postfix, table)
        return self._sources[key]

    def _table(self, name: str) -> Table:
        return table_of(name, default_type=self._settings["default_database_type"])

    def _moved(self, view: View, service: Service, value: str) -> View:
        """Return the view as it is when logins in main.cf have moved into a table."""
        names = {name for login in self._job.logins for name in (login.username, *login.replaces)}
        places = []
        for place in view.places:
            ours = any(username_of(one) in names for one in place.entries().values())
            if isinstance(place, Source) and place.table.kind in LITERAL and ours:
                parameter = f"{service.command}_{MAPS}"
                if parameter in service.options:
                    raise InputError(
                        f"the login of the transport {service.name} is in master.cf, from where it cannot be moved: "
                        f"set -o {parameter} there to a table such as hash:/etc/postfix/sasl_passwd"
                    )
                place = self._new_place(place, parameter, value, view.keys[-1])
            places.append(place)
        return replace(view, places=tuple(places))

    def _new_place(self, place: Source, parameter: str, value: str, key: str) -> Source:
        kind = self._instance().best_type
        path = os.path.join(self._postfix.config_directory, f"sasl_passwd_{place.table.kind}")
        name = f"{kind}:{path}"
        if name not in self._sources:
            self._sources[name] = Moved(self._postfix, Table(kind, path), place, parameter, value)
        moved = self._sources[name]
        if isinstance(moved, Moved):
            moved.add(key)
        return moved

    def _added(self, view: View, service: Service, value: str) -> Source | None:
        given = self._job.options.get("map") or ""
        writable = [place for place in view.places if isinstance(place, Source) and place.is_writable]
        if given:
            source = self._source(given)
            if source not in view.places:
                raise InputError(
                    f"{given} is not among the tables in which the transport {view.way.transport} looks for a login: "
                    "leave out the option map, or add it to smtp_sasl_password_maps"
                )
            return source
        parameter = f"{service.command}_{MAPS}"
        if not view.places and parameter in service.options:
            raise InputError(
                f"master.cf sets {parameter} of the transport {service.name} to nothing, so Postfix uses no login: "
                "take that option out of master.cf, or give it a table such as hash:/etc/postfix/sasl_passwd"
            )
        if not view.places:
            chosen(given=None, value=value, instance=self._instance(), keys=view.keys[-1:])
        return writable[0] if writable else None

    def _instance(self) -> Instance:
        return Instance(
            self._postfix.config_directory, self._settings["default_database_type"], self._postfix.map_types()
        )
