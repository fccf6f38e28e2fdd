# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses what a definition says of its flow: its calls, and where an answer has what the provider made. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import (
    ACCOUNT_PLACEHOLDERS,
    Issued,
    Limit,
    Listing,
    Request,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.derivations import DERIVATIONS
from ansible_collections.mailops.smtp.plugins.module_utils._provider.fields import Fields
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import names_in
from ansible_collections.mailops.smtp.plugins.module_utils._provider.request_parser import (
    PAGED,
    conditions_from,
    leaves,
    listing_from,
    only,
    request_from,
)

# What belongs to which flow. A definition has all of the first and none of the others.
NEEDED = {
    "set": ("set_password",),
    "regenerate": ("regenerate_password", "issued"),
    "create": ("create_credential", "delete_credential", "list_credentials", "issued"),
}
POSSIBLE = {"set": (), "regenerate": (), "create": ("limit",)}
OF_FLOWS = sorted({name for names in (*NEEDED.values(), *POSSIBLE.values()) for name in names})
OWN = ("password", "label", "id", *PAGED)


def is_free(name: str) -> bool:
    """Return whether a credential or a setting can have a name: what the engine fills in itself cannot be one.

    :param name: the name
    """
    return bool(re.fullmatch(r"[a-z_]+", name)) and name not in {*ACCOUNT_PLACEHOLDERS, *OWN}


def calls_of(top: Fields, credentials: tuple[str, ...], settings: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of a definition that depend on its flow.

    :param top: the definition's fields
    :param credentials: the names of the keys
    :param settings: the names of the settings
    :raises InputError: naming the invalid field
    """
    flow = top.choice("flow", tuple(NEEDED), "set")
    _check_flow(top, flow)
    known = (*ACCOUNT_PLACEHOLDERS, *settings)
    found: dict[str, Any] = {"flow": flow, "find_account": _find_account(top, credentials, known)}
    if flow == "set":
        found["set_password"] = _set_password(top, credentials, known)
        return found
    found["issued"] = _issued(top, (*known, "id"))
    if flow == "regenerate":
        found["regenerate_password"] = _call(top, "regenerate_password", credentials, known)
        return found
    found["create_credential"] = _call(top, "create_credential", credentials, (*known, "label"))
    found["delete_credential"] = _deleting(top, credentials, (*known, "id"))
    found["list_credentials"] = _list_credentials(top, credentials, known, found["create_credential"])
    found["limit"] = _limit(top)
    if not found["issued"].id:
        raise InputError(f"{top.at('issued.id')}: is required with flow create, to delete the credential later")
    return found


def _check_flow(top: Fields, flow: str) -> None:
    """Refuse the calls of other flows, and name those that are missing."""
    for name in OF_FLOWS:
        if top.has(name) and name not in (*NEEDED[flow], *POSSIBLE[flow]):
            owners = [one for one in NEEDED if name in (*NEEDED[one], *POSSIBLE[one])]
            raise InputError(f"{top.at(name)}: belongs to the flow {' or '.join(owners)}, but flow is {flow}")
    for name in NEEDED[flow]:
        if not top.has(name):
            raise InputError(f"{top.at(name)}: is required with flow {flow}")


def _call(top: Fields, name: str, credentials: tuple[str, ...], allowed: tuple[str, ...]) -> Request:
    """Return a call whose answer has the new password."""
    fields = Fields(top.take(name, Mapping, required=True), top.at(name))
    request = request_from(fields, credentials, allowed)
    fields.finish()
    if name == "regenerate_password" and not _names_account(request):
        raise InputError(f"{fields.at('path')}: {{account}} must appear in the path, the query or the body")
    return request


def _names_account(request: Request) -> bool:
    return bool(names_in([request.path, request.body, request.query]) & set(ACCOUNT_PLACEHOLDERS))


def _set_password(top: Fields, credentials: tuple[str, ...], known: tuple[str, ...]) -> Request:
    fields = Fields(top.take("set_password", Mapping, required=True), top.at("set_password"))
    request = request_from(fields, credentials, (*known, "password"))
    fields.finish()
    if "password" not in names_in(list(leaves(request.body))):
        raise InputError(f"{fields.at('body')}: must contain {{password}}")
    if not _names_account(request):
        raise InputError(f"{fields.at('path')}: {{account}} must appear in the path, the query or the body")
    return request


def _deleting(top: Fields, credentials: tuple[str, ...], allowed: tuple[str, ...]) -> Request:
    fields = Fields(top.take("delete_credential", Mapping, required=True), top.at("delete_credential"))
    request = request_from(fields, credentials, allowed)
    fields.finish()
    if "id" not in names_in([request.path, request.body, request.query]):
        raise InputError(f"{fields.at('path')}: {{id}} must appear in the path, the query or the body")
    return request


def _find_account(top: Fields, credentials: tuple[str, ...], known: tuple[str, ...]) -> Listing | None:
    data = top.take("find_account", Mapping)
    if data is None:
        return None
    fields = Fields(data, top.at("find_account"))
    listing = listing_from(fields, credentials, known)
    if not listing.id:
        raise InputError(f"{fields.at('id')}: is required")
    if not (listing.name or _names_account(listing.request)):
        raise InputError(
            f"{fields.at('name')}: is required, unless the call asks for one account by {{account_login}} and its "
            "answer is about that one only"
        )
    return listing


def _list_credentials(top: Fields, credentials: tuple[str, ...], known: tuple[str, ...], creating: Request) -> Listing:
    fields = Fields(top.take("list_credentials", Mapping, required=True), top.at("list_credentials"))
    listing = listing_from(fields, credentials, known)
    if not listing.id:
        raise InputError(f"{fields.at('id')}: is required")
    labelled = "label" in names_in([creating.path, creating.query, creating.headers, creating.body])
    if labelled != bool(listing.label) or not (labelled or listing.created):
        raise InputError(
            f"{fields.at('label')}: a credential whose answer was lost is found by {{label}} in create_credential and "
            "the path here where it stands again; without a label, by the path created"
        )
    return listing


def _issued(top: Fields, allowed: tuple[str, ...]) -> Issued:
    fields = Fields(top.take("issued", Mapping, required=True), top.at("issued"))
    issued = Issued(
        secret=fields.text("secret", required=True),
        username=fields.text("username"),
        login=fields.text("login"),
        id=fields.text("id"),
        derive=fields.choice("derive", ("", *DERIVATIONS)),
    )
    fields.finish()
    if issued.username and issued.login:
        raise InputError(f"{fields.at('login')}: is for a user name that no answer has; remove it, or username")
    only(issued.login, allowed, fields.at("login"))
    return issued


def _limit(top: Fields) -> Limit:
    fields = Fields(top.take("limit", Mapping, {}), top.at("limit"))
    limit = Limit(credentials=fields.number("credentials", 0, 0, 1000), reached=conditions_from(fields, "reached"))
    fields.finish()
    if limit.credentials == 1:
        raise InputError(
            f"{fields.at('credentials')}: flow create needs two credentials side by side: the old one works until "
            "every host has the new one"
        )
    return limit
