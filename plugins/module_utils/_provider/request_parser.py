# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses one call of a definition, a call that returns a list, and conditions. Messages name the field. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.conditions import OPERATORS
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Listing, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.fields import Fields
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import names_in

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
STANDINGS = ("verified", "reported", "assumed")
PAGING = ("none", "offset", "page", "cursor")
PAGED = ("offset", "limit", "page", "cursor")


def request_from(fields: Fields, credentials: tuple[str, ...], allowed: tuple[str, ...]) -> Request:
    """Return one call of the API.

    :param fields: the fields that describe it
    :param credentials: the names of the keys
    :param allowed: the placeholders that have a value, beside the keys
    :raises InputError: naming the invalid field
    """
    request = Request(
        method=fields.choice("method", METHODS, required=True),
        path=fields.text("path", required=True),
        encoding=fields.choice("encoding", ("json", "form"), "json"),
        body=fields.take("body", Mapping),
        query=fields.texts("query"),
        headers=fields.texts("headers"),
        standing=fields.choice("standing", STANDINGS, "assumed"),
        source=fields.text("source"),
    )
    parts = request.path.split("/")
    if parts[0] or "" in parts[1:-1] or {".", ".."} & set(parts) or re.search(r"[?#\\\s]", request.path):
        raise InputError(
            f"{fields.at('path')}: must start with one '/' and must not contain '//', '.', '..', '?' or '#'"
        )
    own = tuple(name for name in allowed if name != "password")
    only(request.path, tuple(name for name in own if name not in PAGED), fields.at("path"))
    only(request.query, own, fields.at("query"))
    only(request.headers, (*own, *credentials), fields.at("headers"))
    only(request.body, (*allowed, *credentials), fields.at("body"))
    if request.encoding == "form" and not all(isinstance(v, str) for v in (request.body or {}).values()):
        raise InputError(f"{fields.at('body')}: form fields must be strings, not lists or dicts")
    return request


def listing_from(fields: Fields, credentials: tuple[str, ...], allowed: tuple[str, ...]) -> Listing:
    """Return a call that returns a list.

    :param fields: the fields that describe it
    :param credentials: the names of the keys
    :param allowed: the placeholders that have a value, beside the keys and those of the pages
    :raises InputError: naming the invalid field
    """
    empty: list[Any] = fields.take("empty_statuses", list, [])
    if not all(isinstance(status, int) and 100 <= status <= 599 for status in empty):
        raise InputError(f"{fields.at('empty_statuses')}: must be a list of HTTP statuses such as 404")
    listing = Listing(
        request=request_from(fields, credentials, (*allowed, *PAGED)),
        items=fields.text("items"),
        name=fields.text("name"),
        id=fields.text("id"),
        label=fields.text("label"),
        created=fields.text("created"),
        next=fields.text("next"),
        fallback_method=fields.choice("fallback_method", ("", *METHODS)) or None,
        paging=fields.choice("paging", PAGING, "none"),
        page_size=fields.number("page_size", 100, 1, 10000),
        empty_statuses=tuple(empty),
    )
    if (listing.paging == "cursor") != bool(listing.next):
        raise InputError(f"{fields.at('next')}: is the path to the next cursor, and goes with paging: cursor")
    fields.finish()
    return listing


def conditions_from(fields: Fields, name: str) -> tuple[dict[str, Any], ...]:
    """Return a list of conditions.

    :param fields: the fields around it
    :param name: the name of the list
    :raises InputError: naming the invalid field
    """
    kinds: dict[str, Any] = {"equals": object, "above": (int, float), "one_of": list, "contains": str}
    result = []
    for number, item in enumerate(fields.take(name, list, [])):
        inner = Fields(item, f"{fields.at(name)}[{number}]")
        condition: dict[str, Any] = {"path": inner.text("path")}
        for operator in OPERATORS:
            inner.take(operator, kinds.get(operator, bool))
            if operator in item:
                condition[operator] = item[operator]
            if operator != "equals" and operator in item and item[operator] is None:
                raise InputError(f"{fields.at(name)}[{number}].{operator}: is empty")
        status = inner.take("status", int)
        if status is not None:
            condition["status"] = status
        inner.finish()
        if len([operator for operator in OPERATORS if operator in condition]) != 1:
            raise InputError(f"{fields.at(name)}[{number}]: needs exactly one of {', '.join(OPERATORS)}")
        result.append(condition)
    return tuple(result)


def leaves(value: Any) -> Iterable[Any]:
    """Yield every value in a body, at any depth.

    :param value: the body, or a part of it
    """
    if isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def only(value: Any, allowed: tuple[str, ...], where: str) -> None:
    """Refuse a placeholder that has no value here, or that would put a secret into logs.

    :param value: a part of a definition
    :param allowed: the placeholders that have a value
    :param where: the field's name in messages
    :raises InputError: naming the placeholder
    """
    for name in sorted(names_in(value) - set(allowed)):
        if name == "password" and not where.endswith("body"):
            raise InputError(
                f"{where}: {{password}} is allowed in the body only, because paths, queries and headers are logged"
            )
        known = ", ".join(f"{{{item}}}" for item in allowed) or "none"
        raise InputError(f"{where}: unknown placeholder {{{name}}}; available here: {known}")
