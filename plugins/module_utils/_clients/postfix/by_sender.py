# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a login depends on the sender: whose mail logs in with which one."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.route import Route
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import words_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix

_DEPENDS, _MAPS = "smtp_sender_dependent_authentication", "smtp_sasl_password_maps"


def sender_for(postfix: Postfix, route: Route, sender: str) -> str:
    """Return whose mail logs in as a route says, empty if no address is known.

    :param postfix: the instance
    :param route: the way, with its login
    :param sender: who is to be the sender, if the login allows that
    """
    if _setting(postfix, route.transport, _DEPENDS) != "yes":
        return sender
    # Without a login of his own, a sender gets that of the server.
    usual = "" if route.sender else route.username
    addresses = [one for one in (sender, route.sender) if one.rpartition("@")[0]]
    return next((one for one in addresses if (login_of(postfix, route.transport, one) or usual) == route.username), "")


def login_of(postfix: Postfix, transport: str, sender: str) -> str:
    """Return the user name that Postfix finds by the sender, empty if by the server only.

    :param postfix: the instance
    :param transport: the service's name in master.cf
    :param sender: an address
    """
    tables = words_of(_setting(postfix, transport, _MAPS))
    for key in keys_of(sender, postfix.setting("recipient_delimiter")):
        for table in tables:
            found = postfix.call("postmap", "-q", key, table).output
            if found:
                return found.partition(":")[0]
    return ""


def keys_of(sender: str, delimiters: str) -> list[str]:
    """Return what Postfix looks for, in its order. Pure.

    :param sender: an address
    :param delimiters: the value of C(recipient_delimiter)
    """
    name, _at, domain = sender.rpartition("@")
    ends = [name.index(one, 1) for one in delimiters if one in name[1:]]
    bare = [f"{name[: min(ends)]}@{domain}"] if ends else []
    return [sender, *bare, f"@{domain}"]


def _setting(postfix: Postfix, transport: str, name: str) -> str:
    own = postfix.call("postconf", "-xP", f"{transport}/unix/{name}").output
    return own.partition("=")[2].strip() if "=" in own else postfix.setting(name)
