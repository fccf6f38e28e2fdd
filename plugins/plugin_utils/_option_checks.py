# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks options for what argument types cannot express, before anything happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._text import is_control

LIMITS = {
    "concurrency": (1, 64),
    "rate_limit": (0.01, 1000),
    "rate_burst": (0, 1000),
    "timeout": (1, 600),
    "retries": (0, 20),
    "retry_after_ceiling": (0, 3600),
    "lock_timeout": (0, 86400),
    "propagation_seconds": (0, 604800),
}
# In characters: of an address, 64 before the @ and 255 after it.
LONGEST_NAME = 320


def check_limits(params: Mapping[str, Any]) -> None:
    """Refuse a number that is out of range.

    :param params: the task's options
    :raises InputError: naming the option
    """
    for name, (low, high) in LIMITS.items():
        value = params.get(name)
        if value is not None and not low <= value <= high:
            raise InputError(f"{name}: must be from {low} to {high}, not {value}")


def checked_accounts(accounts: list[str]) -> list[str]:
    """Return the accounts. What a login may look like is the provider's affair; each place that uses one encodes it.

    :param accounts: the option
    :raises InputError: if there is none, one stands twice, or one is not a single line of text
    """
    if not accounts:
        raise InputError("accounts: is empty; name at least one SMTP account, such as 1.name.smtp")
    for account in accounts:
        _check_name(account, "accounts")
    twice = sorted({account for account in accounts if accounts.count(account) > 1}) if has_twins(accounts) else []
    if twice:
        raise InputError(f"accounts: listed more than once: {', '.join(twice)}")
    return accounts


def checked_ids(ids: Mapping[Any, Any] | None, accounts: list[str] | None) -> dict[str, str]:
    """Return the ids by which the provider's API knows accounts, as texts.

    :param ids: the option, account to id
    :param accounts: the task's accounts, checked; None if it names none
    :raises InputError: if a key is none of them, an id is not one line of text, or two accounts have one id
    """
    checked: dict[str, str] = {}
    known = set(accounts or ())
    for key, value in (ids or {}).items():
        account, shown = str(key), repr(str(key)[:64])
        if accounts is not None and account not in known:
            raise InputError(f"account_ids[{shown}]: is not listed in accounts")
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise InputError(f"account_ids[{shown}]: must be a string or a number, not {type(value).__name__}")
        checked[account] = str(value)
        _check_name(checked[account], f"account_ids[{shown}]")
    owners: dict[str, str] = {}
    for account in checked if accounts is None else accounts:
        other = owners.setdefault(checked.get(account, account), account)
        # They would get two passwords, of which the provider keeps the later one.
        if other != account:
            raise InputError(
                f"account_ids: {other!r} and {account!r} are one account at the provider, "
                f"{checked.get(account, account)!r}"
            )
    return checked


def _check_name(name: str, option: str) -> None:
    fault = _fault_of(name)
    if fault:
        raise InputError(f"{option}: {name[:64]!r} cannot be the name of an account: {fault}")


def _fault_of(name: str) -> str:
    """Return why no place can keep a name, an empty text if all can."""
    if not name:
        return "it is empty"
    if len(name) > LONGEST_NAME:
        return f"it has {len(name)} characters, at most {LONGEST_NAME} are accepted"
    # What is printable has no control character, and that is told much faster.
    for place, character in enumerate("" if name.isprintable() else name, 1):
        if is_control(character):
            return f"character {place} is U+{ord(character):04X}, a line break or another control character"
    # Programs that read a stored login strip blanks at its ends, and then log in as somebody else.
    return "it begins or ends with a space" if name != name.strip() else ""


def checked_senders(senders: Mapping[Any, Any], *, bare: bool = False) -> dict[str, tuple[str, ...]]:
    """Return the senders, each with two accounts that no other sender has.

    :param senders: the option
    :param bare: whether a sender may be named without its accounts
    :raises InputError: if there is none, or one does not have two logins of its own
    """
    if not senders:
        raise InputError("senders: is empty; name at least one sender with its two accounts")
    checked: dict[str, tuple[str, ...]] = {}
    owners: dict[str, str] = {}
    for key, value in senders.items():
        name, accounts = str(key), value
        if bare and not accounts:
            checked[name] = ()
            continue
        if not isinstance(accounts, (list, tuple)) or len(accounts) != 2:
            raise InputError(f"senders['{name}']: must be a list of two accounts: the one in use, then the one at rest")
        try:
            first, second = checked_accounts([str(account) for account in accounts])
        except InputError as error:
            raise InputError(str(error).replace("accounts:", f"senders['{name}']:", 1)) from None
        for account in (first, second):
            if account in owners:
                raise InputError(f"senders: {account} belongs to two senders, '{owners[account]}' and '{name}'")
            owners[account] = name
        checked[name] = (first, second)
    return checked


def checked_renames(renamed: Mapping[Any, Any] | None) -> dict[str, str]:
    """Return old names of accounts with their new ones.

    :param renamed: the option
    :raises InputError: if a new name cannot be one, or two accounts would have it
    """
    checked: dict[str, str] = {}
    for key, value in (renamed or {}).items():
        old, option = str(key), f"renamed[{str(key)[:64]!r}]"
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise InputError(f"{option}: must be a string or a number, not {type(value).__name__}")
        new = str(value)
        _check_name(new, option)
        if new in checked.values():
            raise InputError(f"{option}: another account would be named {new} too")
        checked[old] = new
    return checked


def has_twins(accounts: list[str]) -> bool:
    """Return whether an account is listed twice."""
    return len(set(accounts)) < len(accounts)
