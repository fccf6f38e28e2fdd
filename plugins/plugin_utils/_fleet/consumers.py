# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What uses the passwords on a host, as the option C(consumer) says it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Record, unique

# A file of the user's own, and whatever mail program uses the provider.
TEMPLATE, AUTO = "template", "auto"


def consumers_of(value: Any) -> list[str]:
    """Return the consumers that the option names.

    :param value: a name, a list of names, or nothing
    """
    names = value if isinstance(value, (list, tuple)) else [value]
    return unique(str(name) for name in names if name)


def programs_of(value: Any) -> list[str]:
    """Return the mail programs that the option names; C(auto) stands for those that are found.

    :param value: a name, a list of names, or nothing
    """
    return [name for name in consumers_of(value) if name != TEMPLATE]


def logins(
    own: Record, entries: Sequence[Mapping[str, str]], senders: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return who logs in from a host: each account, or of each sender the account in use.

    :param own: what the host remembers
    :param entries: by what a program finds which of them, if the playbook says so; then only these
    :param senders: the store's senders
    """
    known: dict[str, dict[str, Any]] = {account: {"username": account} for account in own.accounts}
    if own.senders:
        known = {name: _in_use(pair, senders.get(name, {})) for name, pair in own.senders.items()}
    if not entries:
        return list(known.values())
    # Of a host of a later batch, nobody has checked yet that each names one of both.
    names = [(entry.get("sender") or entry.get("account", ""), entry["key"]) for entry in entries]
    return [{**known.get(name, {"username": name}), "key": key} for name, key in names]


def _in_use(pair: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    used = str(known.get("in_use", pair[0]))
    return {"username": used, "replaces": [account for account in pair if account != used]}


def with_usernames(user: Mapping[str, Any], names_of: Callable[[str], Sequence[str]]) -> dict[str, Any]:
    """Return who logs in by the user name that the store has. It takes over what has an earlier one.

    :param user: who logs in, by the account's name
    :param names_of: returns the user names of an account, the present one first
    """
    account = str(user["username"])
    username, *earlier = names_of(account)
    others = [name for one in user.get("replaces", []) for name in names_of(one)]
    replaces = [name for name in unique([*earlier, *others]) if name != username]
    found = {**user, "account": account, "username": username, "replaces": replaces}
    return {name: value for name, value in found.items() if name != "replaces" or value}


def symbols_in_doubt(symbols: str) -> list[tuple[str, str]]:
    """Return short passwords by the symbol in them: at the beginning, inside, and at the end, where rules may differ.

    :param symbols: those that passwords are generated with
    """
    return [(one, text) for one in symbols for text in (f"{one}aA1", f"aA1{one}aA1", f"aA1{one}")]
