# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses a provider definition, built in or a user's, from a dict. Checks every field; messages name the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import (
    Answer,
    Definition,
    Listing,
    PasswordRules,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.fields import Fields
from ansible_collections.mailops.smtp.plugins.module_utils._provider.flow_parser import calls_of, is_free
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import names_in
from ansible_collections.mailops.smtp.plugins.module_utils._provider.request_parser import (
    conditions_from,
    listing_from,
    only,
)
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control

CLASSES = ("lower", "upper", "digit", "symbol")
TRANSPORTS = ("http", "boto3")


def build(data: Any, where: str = "provider_definition") -> Definition:
    """Return a checked definition.

    :param data: the dict
    :param where: its name in messages
    :raises InputError: naming the invalid field
    """
    top = Fields(data, where)
    rules = _password(top)
    credentials, settings = _named(top, "credentials"), _named(top, "settings")
    _check_names(top, credentials, settings)
    keys = tuple(credentials)
    headers, basic = _authentication(top, keys)
    definition = Definition(
        name=top.text("name", required=True),
        api_url=top.text("api_url"),
        transport=top.choice("transport", TRANSPORTS, "http"),
        settings=settings,
        credentials=credentials,
        headers=headers,
        basic=basic,
        list_accounts=_list_accounts(top, keys, tuple(settings)),
        answer=_answer(top),
        password=rules,
        propagation_seconds=top.number("propagation_seconds", 0, 0, 604800),
        rate_limit=_rate_limit(top),
        hints=_hints(top),
        **calls_of(top, keys, tuple(settings)),
    )
    top.finish()
    return definition


def _password(top: Fields) -> PasswordRules:
    fields = Fields(top.take("password", Mapping, {}), top.at("password"))
    low = fields.number("min_length", 8, 1, 128)
    high = fields.number("max_length", 128, 1, 128)
    if high < max(low, 12):
        raise InputError(f"{fields.at('max_length')}: must be at least 12 and at least min_length, not {high}")
    classes = tuple(fields.take("classes", list, []))
    unknown = [name for name in classes if name not in CLASSES]
    if unknown:
        raise InputError(f"{fields.at('classes')}: may contain only {', '.join(CLASSES)}, not {unknown[0]!r}")
    symbols = fields.take("symbols", str)
    trimmed = bool(fields.take("trimmed", bool, False))
    fields.finish()
    return PasswordRules(min_length=low, max_length=high, classes=classes, symbols=symbols, trimmed=trimmed)


def _hints(top: Fields) -> dict[str, str]:
    hints = {str(status): text for status, text in top.take("hints", Mapping, {}).items()}
    for status, text in hints.items():
        if not re.fullmatch(r"[1-5][0-9]{2}", status) or not isinstance(text, str) or has_control(text):
            raise InputError(f"{top.at('hints')}.{status}: must map an HTTP status, such as 403, to one line of text")
    return hints


def _named(top: Fields, name: str) -> dict[str, str]:
    """Return the texts of a field, by names that can be placeholders."""
    texts = top.texts(name)
    for one in texts:
        if not is_free(one):
            kind = name[:-1]
            raise InputError(f"{top.at(name)}.{one}: is not a valid {kind} name (use a-z and _)")
    return texts


def _check_names(top: Fields, credentials: Mapping[str, str], settings: Mapping[str, str]) -> None:
    for name, variable in credentials.items():
        if variable and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
            raise InputError(
                f"{top.at('credentials')}.{name}: {variable!r} is not a valid name of an environment variable"
            )
        if name in settings:
            raise InputError(f"{top.at('settings')}.{name}: is a credential as well; give it another name")


def _list_accounts(top: Fields, credentials: tuple[str, ...], settings: tuple[str, ...]) -> Listing | None:
    data = top.take("list_accounts", Mapping)
    if data is None:
        return None
    return listing_from(Fields(data, top.at("list_accounts")), credentials, ("account_domain", *settings))


def _authentication(top: Fields, credentials: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str] | None]:
    fields = Fields(top.take("authentication", Mapping, {}), top.at("authentication"))
    headers = fields.texts("headers")
    only(headers, credentials, fields.at("headers"))
    for name, value in headers.items():
        if not names_in(value):
            raise InputError(
                f"{fields.at('headers')}.{name}: has no placeholder; put the secret in api_key or api_credentials, "
                f"and its name in braces here"
            )
    basic = fields.take("basic", Mapping)
    if basic is not None:
        inner = Fields(basic, fields.at("basic"))
        basic = {"username": inner.text("username", required=True), "password": inner.text("password", required=True)}
        inner.finish()
        only(basic, credentials, fields.at("basic"))
        if not names_in(basic["password"]):
            raise InputError(
                f"{fields.at('basic')}.password: has no placeholder; put the secret in api_key or api_credentials, "
                f"and its name in braces here"
            )
    fields.finish()
    return headers, basic


def _answer(top: Fields) -> Answer:
    fields = Fields(top.take("answer", Mapping, {}), top.at("answer"))
    answer = Answer(
        accepted=conditions_from(fields, "accepted"),
        refused=conditions_from(fields, "refused"),
        denied=conditions_from(fields, "denied"),
        throttled=conditions_from(fields, "throttled"),
        secret_fields=fields.paths("secret_fields"),
        already_set=conditions_from(fields, "already_set"),
        gone=conditions_from(fields, "gone"),
        message=fields.paths("message"),
        code=fields.paths("code"),
        request_id=fields.paths("request_id"),
        text=fields.take("text", bool, False),
    )
    fields.finish()
    return answer


def _rate_limit(top: Fields) -> float | None:
    data = top.take("rate_limit", Mapping)
    if data is None:
        return None
    fields = Fields(data, top.at("rate_limit"))
    limit = fields.number("calls", 0, 1, 1000000) / fields.number("seconds", 1, 1, 86400)
    fields.finish()
    return limit
