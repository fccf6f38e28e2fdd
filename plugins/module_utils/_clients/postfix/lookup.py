# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which order Postfix looks for a login, and what it finds. Pure: no I/O.

Seen on 3.7.11: it asks all tables, in their order, for the sender if logins depend on it; then all of them for the name
of the server that it talks to; then all of them for the next hop as the configuration writes it. So a bare host name in
the last table comes before the next hop in the first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.nexthops import Hop

Table = TypeVar("Table")


class Place(Protocol):
    """A table that Postfix reads."""

    name: str

    @property
    def is_writable(self) -> bool:
        """Tell whether it is of a type that can be written."""

    def find(self, key: str, /) -> str | None:
        """Return what it says for a key."""

    def entries(self) -> Mapping[str, str]:
        """Return all that it says, as far as that can be read."""


@dataclass(frozen=True)
class Hit(Generic[Table]):
    """What a lookup ends with.

    :param table: where it was found
    :param key: by which key
    :param value: the login there
    """

    table: Table
    key: str
    value: str = field(repr=False)

    @property
    def username(self) -> str:
        """Return who logs in, empty if the value is no login."""
        return username_of(self.value)


def username_of(value: str) -> str:
    """Return the user name in what a table says, empty if there is no colon: then it could be a password.

    :param value: what the table says
    """
    name, colon, _password = value.partition(":")
    return name if colon else ""


def server_keys(hop: Hop, servers: Sequence[str] = ()) -> list[str]:
    """Return what Postfix looks for at a server, in its order.

    :param hop: where it connects to
    :param servers: the domain's mail servers, if it is one and has any
    """
    return list(dict.fromkeys([*(servers or (hop.host,)), hop.text]))


def sender_keys(sender: str, *, delimiters: str = "", local: Collection[str] = ()) -> list[str]:
    """Return what Postfix looks for before that, if logins depend on the sender.

    :param sender: the envelope sender
    :param delimiters: the value of C(recipient_delimiter)
    :param local: the domains for which the part before the C(@) is a key too
    """
    name, at, domain = sender.rpartition("@")
    if not at:
        return []
    ends = [name.index(one, 1) for one in delimiters if one in name[1:]]
    names = list(dict.fromkeys([name, name[: min(ends)]] if ends else [name]))
    own = names if domain.lower() in local else []
    return [*(f"{one}@{domain}" for one in names), *own, f"@{domain}"]


def first(tables: Sequence[Table], keys: Sequence[str], find: Callable[[Table, str], str | None]) -> Hit[Table] | None:
    """Return what Postfix finds: the first key that any of the tables has.

    :param tables: in the order of main.cf
    :param keys: in the order of C(sender_keys) and C(server_keys)
    :param find: looks a key up in a table
    """
    for key in keys:
        for table in tables:
            value = find(table, key)
            if value:
                return Hit(table, key, value)
    return None
