# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a login depends on the sender: whose mail logs in with which one."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.lookup import first, sender_keys
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.route import Route
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.sources import Source
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import words_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.map_types import table_of

_DEPENDS, _MAPS = "smtp_sender_dependent_authentication", "smtp_sasl_password_maps"


def sender_for(postfix: Postfix, route: Route, sender: str) -> str:
    """Return whose mail logs in as a route says, empty if no address is known.

    :param postfix: the instance
    :param route: the way, with its login
    :param sender: who is to be the sender, if the login allows that
    """
    if _setting(postfix, route.transport, _DEPENDS) != "yes":
        return sender
    # By the server, unless the route's own sender finds it.
    usual = (
        "" if route.sender and login_of(postfix, route.transport, route.sender) == route.username else route.username
    )
    addresses = [one for one in (sender, route.sender) if one.rpartition("@")[0]]
    return next((one for one in addresses if (login_of(postfix, route.transport, one) or usual) == route.username), "")


def login_of(postfix: Postfix, transport: str, sender: str) -> str:
    """Return the user name that Postfix finds by the sender, empty if by the server only.

    :param postfix: the instance
    :param transport: the service's name in master.cf
    :param sender: an address, or the key of a domain
    """
    kind = postfix.setting("default_database_type")
    names = words_of(_setting(postfix, transport, _MAPS))
    # One that stands in main.cf must not be an argument of a command: everybody could read it in the list of processes.
    tables = [Source(postfix, table_of(name, default_type=kind)) for name in names]
    domains = [one.lower() for one in words_of(postfix.setting("mydestination"))]
    keys = sender_keys(sender, delimiters=postfix.setting("recipient_delimiter"), local=domains)
    found = first(tables, keys, Source.find)
    return found.username if found else ""


def _setting(postfix: Postfix, transport: str, name: str) -> str:
    own = postfix.call("postconf", "-xP", f"{transport}/unix/{name}").output
    return own.partition("=")[2].strip() if "=" in own else postfix.setting(name)
