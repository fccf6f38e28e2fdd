# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The built-in providers by name, and the definition and credentials that a task's options select.

Only the controller looks them up. A module is given what was found, so that it need not carry all providers to a host.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.mailops.smtp.plugins.module_utils._addresses import is_loopback
from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PROVIDERS
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider import built_in
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Definition
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.fields import Fields
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control

BUILT_IN: dict[str, dict[str, Any]] = {
    name: importlib.import_module(f"{built_in.__name__}.{name}").DEFINITION for name in PROVIDERS
}
# Credentials with their own option; all others are set in api_credentials.
OPTIONS = ("application_key", "authorization_key", "api_key")


def definition_from(params: Mapping[str, Any]) -> Definition:
    """Return the definition that a task's options select, with its address.

    :param params: the options C(provider), C(provider_definition), C(password_request), C(api_url)
    :raises InputError: naming the invalid option or field
    """
    own, short = params.get("provider_definition"), params.get("password_request")
    if own and short:
        raise InputError("password_request: cannot be combined with provider_definition; use its set_password")
    if own:
        Fields(own, "provider_definition").text("api_url")
    data = dict(own) if own else dict(BUILT_IN[params["provider"]])
    if short:
        if "set_password" not in data:
            raise InputError(
                f"password_request: {data['name']} makes the passwords itself, so there is no call to replace; "
                "describe its calls in provider_definition"
            )
        data["set_password"] = _replaced(data["set_password"], short)
    data["api_url"] = _checked_url(params.get("api_url") or data.get("api_url") or "", data.get("transport", "http"))
    try:
        return build(data)
    except InputError as error:
        # The built-in definitions are valid, so the error is in the part that comes from password_request.
        if short:
            raise InputError(str(error).replace("provider_definition.set_password", "password_request")) from error
        raise


def _replaced(request: Mapping[str, Any], short: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provider's call that sets a password, with the parts that the user replaced."""
    fields = Fields(short, "password_request")
    result = dict(request)
    for name in ("method", "path", "encoding", "body"):
        value = fields.take(name, Mapping if name == "body" else str)
        if value is not None:
            result[name] = value
    field = fields.text("field")
    fields.finish()
    if field:
        if short.get("body") is not None:
            raise InputError("password_request: field and body are mutually exclusive")
        result["body"] = {field: "{password}"}
    return result


def _checked_url(url: str, transport: str) -> str:
    """Return the address without a trailing slash. Secrets are sent over TLS or stay on this machine."""
    if not url and transport != "http":
        # What carries the calls knows the provider's address.
        return ""
    if not url:
        raise InputError("api_url: is required because this provider has no default address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", 0
    if re.search(r"[\x00-\x20\x7f?#@\\]", url) or not _is_host(host) or port == 0:
        raise InputError("api_url: must be a URL such as https://api.example.com, without user, query or fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise InputError(
            f"api_url: {url!r} is not https: the keys and the password would be sent in clear text "
            "(http is accepted on loopback only)"
        )
    return url.rstrip("/")


def _is_host(host: str) -> bool:
    """Return whether a string is a host name or an IP address."""
    if ":" in host:
        return True
    try:
        name = host.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return len(name) <= 253 and all(re.fullmatch(r"[A-Za-z0-9_-]+", label) for label in name.split("."))


def module_options(params: Mapping[str, Any], definition: Definition, credentials: Mapping[str, str]) -> dict[str, Any]:
    """Return the options that the module is called with.

    :param params: the task's options
    :param definition: the provider that they select
    :param credentials: its keys, wherever they come from
    """
    found = {
        "provider_definition": asdict(definition),
        "api_credentials": dict(credentials),
        "provider_settings": settings_from(definition, params),
    }
    return {**params, **dict.fromkeys(OPTIONS), "password_request": None, **found}


def settings_from(definition: Definition, params: Mapping[str, Any]) -> dict[str, str]:
    """Return the value of each of a provider's settings, from the options or else from its definition.

    :param definition: the provider
    :param params: the task's options
    :raises InputError: if one is missing, unknown, or more than one line
    """
    given = params.get("provider_settings") or {}
    for name in given:
        if name not in definition.settings:
            known = ", ".join(definition.settings) or "none"
            raise InputError(f"provider_settings: {definition.name} has no setting {name!r}; it has: {known}")
    found = {name: str(given.get(name, default)) for name, default in definition.settings.items()}
    for name, value in found.items():
        if not value.strip():
            raise InputError(f"provider_settings.{name}: is missing or empty; {definition.name} needs it")
        if has_control(value):
            raise InputError(f"provider_settings.{name}: contains a line break or another control character")
    return found


def credentials_from(
    definition: Definition, params: Mapping[str, Any], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the provider's credentials from options, or else from the environment.

    :param definition: the provider
    :param params: the task's options
    :param environment: the controller's environment variables
    :raises InputError: if one is missing, empty, or cannot be sent in a header
    """
    more = params.get("api_credentials") or {}
    unknown = sorted(set(more) - set(definition.credentials))
    if unknown:
        known = ", ".join(definition.credentials) or "none"
        raise InputError(f"api_credentials: {definition.name} has no credential {unknown[0]!r}; it has: {known}")
    if definition.transport != "http" and more:
        # Keys belong together: a session token from elsewhere would make those that are given invalid.
        environment = {}
    found = {}
    for name, variable in definition.credentials.items():
        value = more.get(name, params.get(name) if name in OPTIONS else None)
        if value is None and variable:
            value = environment.get(variable)
        if value is None and definition.transport != "http":
            # Where its users keep them is what carries the calls to find out.
            continue
        found[name] = _checked_credential(name, value, variable)
    return found


def _checked_credential(name: str, value: Any, variable: str) -> str:
    option = name if name in OPTIONS else f"api_credentials.{name}"
    if value is None or not str(value).strip():
        place = f", or {variable} in the controller's environment" if variable else ""
        raise InputError(f"{option}: is missing or empty; set the option{place}")
    if not str(value).isascii():
        raise InputError(f"{option}: contains non-ASCII characters, which an HTTP header cannot carry")
    if has_control(str(value)):
        raise InputError(f"{option}: contains a line break or another control character")
    return str(value)
