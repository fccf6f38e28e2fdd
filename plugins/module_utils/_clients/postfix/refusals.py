# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why Postfix would not use a login, and what to do about it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.literals import ANY, LITERAL
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.lookup import Hit, Place
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.routes import Way
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Login
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError


def same_entry(one: Login, other: Login, hit: Hit[Place]) -> InputError:
    """Return what to tell if two logins would have one entry.

    :param one: the login that has it
    :param other: the other one
    :param hit: the entry
    """
    return InputError(
        f"{one.username} and {other.username} would have the same entry {hit.key} in {hit.table.name}: give each login "
        "a key of its own (with the role: smtp_rotation_postfix_entries), such as the sender's address with "
        "smtp_sender_dependent_authentication"
    )


def never_asked(login: Login, key: str, keys: Sequence[str]) -> InputError:
    """Return what to tell if Postfix does not look for a key.

    :param login: the login
    :param key: its key
    :param keys: what Postfix looks for
    """
    if "@" in key:
        return InputError(
            f"the login of {login.username} is found by the sender {key}, but Postfix does not ask for the sender: run "
            "postconf -e 'smtp_sender_dependent_authentication = yes', or use another key"
        )
    return InputError(
        f"Postfix would never use the login of {login.username}: it looks for {' or '.join(keys)}, not for {key}. "
        "Use one of these keys, or none, so that it is found out"
    )


def nowhere(login: Login) -> InputError:
    """Return what to tell if no table can have a login.

    :param login: the login
    """
    return InputError(
        f"there is no table for the login of {login.username}: none of those in smtp_sasl_password_maps can be "
        "written. Name one there first, such as hash:/etc/postfix/sasl_passwd"
    )


def not_writable(login: Login, hit: Hit[Place]) -> InputError:
    """Return what to tell if a login is where it cannot be written.

    :param login: the login
    :param hit: the entry
    """
    if hit.table.name in LITERAL:
        return InputError(
            f"Postfix finds the login of {login.username} in main.cf, in a table of the type {hit.table.name}: set the "
            "option migrate (with the role: smtp_rotation_postfix_migrate) to have it moved into a file"
        )
    return InputError(
        f"Postfix finds the login of {login.username} in {hit.table.name} by the key {hit.key}, where it cannot be "
        "written: change it there, or remove it so that an entry in a table that can be written is used"
    )


def hidden(login: Login, hit: Hit[Place], way: Way) -> InputError:
    """Return what to tell if Postfix finds another entry than that of a login.

    :param login: the login
    :param hit: the other entry
    :param way: where Postfix finds it
    """
    key = f"{hit.key} (as for every key)" if ANY in hit.table.entries() else hit.key
    advice = "leave out the key so that it is corrected" if login.key else "name its account in replaces"
    return InputError(
        f"Postfix would not use the login of {login.username}: on the way to {way.hop.text} with the transport "
        f"{way.transport} it finds another entry first, {key} in {hit.table.name}. Remove that entry, or {advice}"
    )
