# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placeholders in a provider definition. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Request

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def names_in(value: Any) -> set[str]:
    """Return the names of all placeholders in a text, or in the texts of a dict or a list.

    :param value: a part of a definition
    """
    if isinstance(value, str):
        return set(PLACEHOLDER.findall(value))
    if isinstance(value, Mapping):
        return {name for pair in value.items() for part in pair for name in names_in(part)}
    if isinstance(value, (list, tuple)):
        return {name for item in value for name in names_in(item)}
    return set()


def fill(value: Any, values: Mapping[str, str]) -> Any:
    """Return the value with every placeholder filled in verbatim, for JSON and form bodies and for headers.

    :param value: a part of a definition
    :param values: the value of each placeholder
    """
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: values[match.group(1)], value)
    if isinstance(value, Mapping):
        return {fill(key, values): fill(item, values) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill(item, values) for item in value]
    return value


def fill_path(path: str, values: Mapping[str, str]) -> str:
    """Return a URL path with each value percent-encoded, so that it stays one segment.

    :param path: the path of a definition
    :param values: the value of each placeholder
    :raises InputError: if a value would lead to another path, quoted or not
    """
    for segment in path.split("/"):
        names = PLACEHOLDER.findall(segment)
        # Clients decode %2E and take '.' and '..' away; servers that decode %2F or %5C do so with the parts between.
        if names and not {"", ".", ".."}.isdisjoint(re.split(r"[/\\]", fill(segment, values))):
            raise InputError(
                f"{values[names[0]]!r} cannot replace {{{names[0]}}} in the path {path}: an empty part, '.' or '..' "
                "between slashes would lead to another path. If the provider's API knows the account by an ID, set "
                "account_ids"
            )
    return PLACEHOLDER.sub(lambda match: quote(values[match.group(1)], safe=""), path)


def account_values(account: str, account_id: str | None = None) -> dict[str, str]:
    """Return what an account gives to a request: itself, and the parts of an address.

    :param account: the SMTP login
    :param account_id: what the provider's API calls it, if that is not the login
    """
    known = account if account_id is None else account_id
    name, at, domain = (known if "@" in known else account).rpartition("@")
    return {
        "account": known,
        "account_login": account,
        "account_name": name if at else known,
        "account_domain": domain if at else "",
    }


def check_accounts(
    accounts: Iterable[str], request: Request, ids: Mapping[str, str], more: Mapping[str, str] | None = None
) -> None:
    """Refuse an account that cannot stand where a call needs it.

    :param accounts: the SMTP logins
    :param request: the call
    :param ids: account to what the provider's API calls it, where that is not the login
    :param more: the value of each placeholder that does not depend on the account
    :raises InputError: naming the account and the place
    """
    needs_domain = "account_domain" in names_in([request.path, request.query, request.headers, request.body])
    in_headers = sorted(names_in(request.headers))
    for account in accounts:
        values = {**(more or {}), **account_values(account, ids.get(account))}
        if needs_domain and not values["account_domain"]:
            raise InputError(
                f"account {account!r} has no domain, which this provider's API needs: write it as name@example.com"
            )
        fill_path(request.path, values)
        for name in in_headers:
            _check_header(name, values.get(name, ""))


def _check_header(name: str, value: str) -> None:
    if not value.isascii() or value != value.strip():
        raise InputError(
            f"{value!r} cannot replace {{{name}}} in a header: only ASCII is possible there, without blanks at the "
            "ends. If the provider's API knows the account by an ID, set account_ids"
        )
