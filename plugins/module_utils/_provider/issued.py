# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer says of a password that the provider made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import (
    Kind,
    Meaning,
    Reply,
    decoded,
    is_any,
    read,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.conditions import find
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Definition
from ansible_collections.mailops.smtp.plugins.module_utils._provider.derivations import DERIVATIONS
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import fill
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control


def meaning_of(connection: Connection, reply: Reply) -> Meaning:
    """Return what an answer to the call that makes a password means: without one, nobody knows what was made.

    :param connection: the provider
    :param reply: its answer
    """
    definition, issued = connection.definition, connection.definition.issued
    body = decoded(reply.text)
    found = find(body, issued.secret) if issued else []
    meaning = read(definition, reply, [*map(str, found), *connection.credentials.values()])
    if is_any(definition.limit.reached, reply):
        return replace(meaning, kind=Kind.REFUSED_ACCESS, stop=False)
    lacks = _lacking(definition, body) if meaning.kind is Kind.ACCEPTED else ""
    if lacks:
        text = f"{definition.name} answered {reply.status}, and the answer has no {lacks}"
        return replace(meaning, kind=Kind.UNKNOWN, message=text)
    return meaning


def _lacking(definition: Definition, body: Any) -> str:
    """Return what an answer has to have, and has not or in a form that cannot be kept; an empty text if it has all."""
    issued = definition.issued
    if issued is None:
        return ""
    if not _is_text(_only(body, issued.secret)):
        return "new password"
    if definition.flow == "create" and not _one_line(body, issued.id):
        return "ID of the new credential"
    if definition.flow == "create" and issued.username and not _one_line(body, issued.username):
        return "user name"
    return ""


def _only(body: Any, path: str) -> Any:
    """Return the only value at a path, None if there is none, or more than one."""
    found = find(body, path) if path else []
    return found[0] if len(found) == 1 else None


def _is_text(value: Any) -> bool:
    # Half a character, which JSON can have, cannot be encoded.
    return isinstance(value, str) and value != "" and value.encode("utf-8", "ignore").decode() == value


def _one_line(body: Any, path: str) -> str | None:
    """Return a name or a number as the store keeps it, None if there is none that it can keep."""
    value = _only(body, path)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if _is_text(text) and text.strip() and not has_control(text) else None


def credential(connection: Connection, values: Mapping[str, str], body: Any) -> dict[str, Any]:
    """Return the secret, the user name and the ID that an answer has, the latter two None where it has none.

    :param connection: the provider
    :param values: the value of each placeholder
    :param body: the decoded answer, which lacks nothing
    """
    issued = connection.definition.issued
    if issued is None:
        return {}
    known, username = _one_line(body, issued.id), _one_line(body, issued.username)
    if issued.login:
        username = fill(issued.login, {**connection.settings, **values, "id": known or ""})
    secret = str(_only(body, issued.secret))
    if issued.derive:
        secret = DERIVATIONS[issued.derive](secret, connection.settings)
    return {"secret": secret, "username": username, "id": known}
