# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses a provider definition, built in or a user's, from a dict. Checks every field; messages name the field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.conditions import OPERATORS
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import (
    ACCOUNT_PLACEHOLDERS,
    Answer,
    Definition,
    Listing,
    PasswordRules,
    Request,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import names_in
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
STANDINGS = ("verified", "reported", "assumed")
PAGING = ("none", "offset", "page")
CLASSES = ("lower", "upper", "digit", "symbol")


class Fields:
    """A dict that is read field by field; fields that were never read are unknown."""

    def __init__(self, data: Any, where: str) -> None:
        if not isinstance(data, Mapping):
            raise InputError(f"{where}: must be a dict, not {type(data).__name__}")
        self._data = dict(data)
        self._where = where
        self._seen: set[str] = set()

    def at(self, name: str) -> str:
        """Return the field's full name for messages."""
        return f"{self._where}.{name}"

    def take(self, name: str, kind: type | tuple[type, ...], default: Any = None, *, required: bool = False) -> Any:
        """Return a field's value after checking its type."""
        self._seen.add(name)
        value = self._data.get(name)
        if value is None:
            if required:
                raise InputError(f"{self.at(name)}: is required")
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind not in (bool, object)):
            wanted = kind.__name__ if isinstance(kind, type) else " or ".join(k.__name__ for k in kind)
            raise InputError(f"{self.at(name)}: must be a {wanted}, not {type(value).__name__}")
        return value

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """Return a single-line string."""
        value = str(self.take(name, str, default, required=required))
        if has_control(value):
            raise InputError(f"{self.at(name)}: contains a line break or another control character")
        if required and not value:
            raise InputError(f"{self.at(name)}: is empty")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str = "", *, required: bool = False) -> str:
        """Return a string that is one of the choices."""
        value = self.text(name, default, required=required)
        if value not in choices:
            raise InputError(f"{self.at(name)}: must be one of {', '.join(choices)}, not {value!r}")
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return an integer within limits."""
        value = int(self.take(name, int, default))
        if not low <= value <= high:
            raise InputError(f"{self.at(name)}: must be from {low} to {high}, not {value}")
        return value

    def texts(self, name: str) -> dict[str, str]:
        """Return a dict of single-line strings."""
        inner = Fields(self.take(name, Mapping, {}), self.at(name))
        return {str(key): inner.text(key) for key in inner._data}

    def paths(self, name: str) -> tuple[str, ...]:
        """Return a list of paths; a single path may be given without a list."""
        value = self.take(name, (str, list), [])
        items = [value] if isinstance(value, str) else list(value)
        if not all(isinstance(item, str) for item in items):
            raise InputError(f"{self.at(name)}: must be a path such as meta.id, or a list of such paths")
        return tuple(str(item) for item in items)

    def finish(self) -> None:
        """Refuse fields that were never read."""
        unknown = sorted(str(key) for key in self._data if key not in self._seen)
        if unknown:
            raise InputError(
                f"{self._where}: unknown field {', '.join(unknown)}; known fields: {', '.join(sorted(self._seen))}"
            )


def build(data: Any, where: str = "provider_definition") -> Definition:
    """Return a checked definition.

    :param data: the dict
    :param where: its name in messages
    :raises InputError: naming the invalid field
    """
    top = Fields(data, where)
    rules = _password(top)
    credentials = _credentials(top)
    headers, basic = _authentication(top, tuple(credentials))
    definition = Definition(
        name=top.text("name", required=True),
        api_url=top.text("api_url"),
        credentials=credentials,
        headers=headers,
        basic=basic,
        set_password=_set_password(top, tuple(credentials)),
        list_accounts=_listing(top, tuple(credentials)),
        answer=_answer(top),
        password=rules,
        propagation_seconds=top.number("propagation_seconds", 0, 0, 604800),
        rate_limit=_rate_limit(top),
        hints=_hints(top),
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
    fields.finish()
    return PasswordRules(min_length=low, max_length=high, classes=classes, symbols=symbols)


def _hints(top: Fields) -> dict[str, str]:
    hints = {str(status): text for status, text in top.take("hints", Mapping, {}).items()}
    for status, text in hints.items():
        if not re.fullmatch(r"[1-5][0-9]{2}", status) or not isinstance(text, str) or has_control(text):
            raise InputError(f"{top.at('hints')}.{status}: must map an HTTP status, such as 403, to one line of text")
    return hints


def _credentials(top: Fields) -> dict[str, str]:
    credentials = top.texts("credentials")
    reserved = {*ACCOUNT_PLACEHOLDERS, "password", "offset", "limit", "page"}
    for name, variable in credentials.items():
        if not re.fullmatch(r"[a-z_]+", name) or name in reserved:
            raise InputError(f"{top.at('credentials')}.{name}: is not a valid credential name (use a-z and _)")
        if variable and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
            raise InputError(
                f"{top.at('credentials')}.{name}: {variable!r} is not a valid name of an environment variable"
            )
    return credentials


def _authentication(top: Fields, credentials: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str] | None]:
    fields = Fields(top.take("authentication", Mapping, {}), top.at("authentication"))
    headers = fields.texts("headers")
    _only(headers, credentials, fields.at("headers"))
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
        _only(basic, credentials, fields.at("basic"))
        if not names_in(basic["password"]):
            raise InputError(
                f"{fields.at('basic')}.password: has no placeholder; put the secret in api_key or api_credentials, "
                f"and its name in braces here"
            )
    fields.finish()
    return headers, basic


def _request(fields: Fields, credentials: tuple[str, ...], allowed: tuple[str, ...]) -> Request:
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
    paging = ("offset", "limit", "page")
    _only(request.path, tuple(name for name in own if name not in paging), fields.at("path"))
    _only(request.query, own, fields.at("query"))
    _only(request.headers, (*own, *credentials), fields.at("headers"))
    _only(request.body, (*allowed, *credentials), fields.at("body"))
    if request.encoding == "form" and not all(isinstance(v, str) for v in (request.body or {}).values()):
        raise InputError(f"{fields.at('body')}: form fields must be strings, not lists or dicts")
    return request


def _set_password(top: Fields, credentials: tuple[str, ...]) -> Request:
    fields = Fields(top.take("set_password", Mapping, required=True), top.at("set_password"))
    request = _request(fields, credentials, (*ACCOUNT_PLACEHOLDERS, "password"))
    fields.finish()
    if "password" not in names_in(list(_leaves(request.body))):
        raise InputError(f"{fields.at('body')}: must contain {{password}}")
    if not names_in([request.path, request.body, request.query]) & set(ACCOUNT_PLACEHOLDERS):
        raise InputError(f"{fields.at('path')}: {{account}} must appear in the path, the query or the body")
    return request


def _listing(top: Fields, credentials: tuple[str, ...]) -> Listing | None:
    data = top.take("list_accounts", Mapping)
    if data is None:
        return None
    fields = Fields(data, top.at("list_accounts"))
    empty: list[Any] = fields.take("empty_statuses", list, [])
    if not all(isinstance(status, int) and 100 <= status <= 599 for status in empty):
        raise InputError(f"{fields.at('empty_statuses')}: must be a list of HTTP statuses such as 404")
    listing = Listing(
        request=_request(fields, credentials, ("account_domain", "offset", "limit", "page")),
        items=fields.text("items"),
        name=fields.text("name"),
        fallback_method=fields.choice("fallback_method", ("", *METHODS)) or None,
        paging=fields.choice("paging", PAGING, "none"),
        page_size=fields.number("page_size", 100, 1, 10000),
        empty_statuses=tuple(empty),
    )
    fields.finish()
    return listing


def _answer(top: Fields) -> Answer:
    fields = Fields(top.take("answer", Mapping, {}), top.at("answer"))
    answer = Answer(
        accepted=_conditions(fields, "accepted"),
        refused=_conditions(fields, "refused"),
        denied=_conditions(fields, "denied"),
        secret_fields=fields.paths("secret_fields"),
        already_set=_conditions(fields, "already_set"),
        message=fields.paths("message"),
        code=fields.paths("code"),
        request_id=fields.paths("request_id"),
    )
    fields.finish()
    return answer


def _conditions(fields: Fields, name: str) -> tuple[dict[str, Any], ...]:
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


def _rate_limit(top: Fields) -> float | None:
    data = top.take("rate_limit", Mapping)
    if data is None:
        return None
    fields = Fields(data, top.at("rate_limit"))
    limit = fields.number("calls", 0, 1, 1000000) / fields.number("seconds", 1, 1, 86400)
    fields.finish()
    return limit


def _leaves(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _only(value: Any, allowed: tuple[str, ...], where: str) -> None:
    """Refuse a placeholder that has no value here, or that would put a secret into logs."""
    for name in sorted(names_in(value) - set(allowed)):
        if name == "password" and not where.endswith("body"):
            raise InputError(
                f"{where}: {{password}} is allowed in the body only, because paths, queries and headers are logged"
            )
        known = ", ".join(f"{{{item}}}" for item in allowed) or "none"
        raise InputError(f"{where}: unknown placeholder {{{name}}}; available here: {known}")
