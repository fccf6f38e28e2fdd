# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an HTTP response means for a password: accepted, refused or unknown. Pure.

Source of the rules: docs/docsite/rst/guide_rotation.rst. Whatever is neither clearly accepted nor clearly refused is
unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.conditions import find, first_text, holds
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Answer, Definition
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import Scrubber

LONGEST_MESSAGE = 500
LONGEST_LINE = 200


class Kind(str, Enum):
    """The outcome of one attempt."""

    ACCEPTED = "accepted"
    REFUSED_VALUE = "refused_value"  # the provider does not accept this password
    REFUSED_ACCESS = "refused_access"  # the provider refused the request before it checked the password
    THROTTLED = "throttled"  # the provider asks to try again later
    UNKNOWN = "unknown"  # the password may have taken effect


@dataclass(frozen=True)
class Reply:
    """An HTTP response: status, headers with lower-case names, and the body as text."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Meaning:
    """The outcome that a response shows, with a message for the user."""

    kind: Kind
    message: str
    status: int | None = None
    retry_after: str | None = None
    stop: bool = False


def read(definition: Definition, reply: Reply, secrets: Iterable[str] = ()) -> Meaning:
    """Return the meaning of an answer to the call that sets a password.

    :param definition: the provider
    :param reply: its answer
    :param secrets: values that the answer may echo and the message must not contain
    """
    body = body_of(definition.answer, reply)
    kind = _kind(definition.answer, reply.status, body)
    return Meaning(
        kind=kind,
        message=sentence(definition, reply.status, body, secrets),
        status=reply.status,
        retry_after=reply.headers.get("retry-after"),
        stop=reply.status in (401, 403),
    )


def decoded(text: str) -> Any:
    """Return the value of a JSON text, None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def body_of(answer: Answer, reply: Reply) -> Any:
    """Return the value of a response, None if it is in no form that the definition knows.

    :param answer: how the definition reads responses
    :param reply: the response
    """
    body, line = decoded(reply.text), reply.text.strip()
    # A page of a web server is not the provider's word.
    is_line = 0 < len(line) <= LONGEST_LINE and line.isprintable() and "<" not in line
    return line if answer.text and body is None and is_line else body


def _kind(answer: Answer, status: int, body: Any) -> Kind:
    if status >= 500 or status == 408 or status < 200:
        return Kind.UNKNOWN
    if status == 429 or any(_applies(condition, status, body) for condition in answer.throttled):
        return Kind.THROTTLED
    if any(_applies(condition, status, body) for condition in answer.denied):
        return Kind.REFUSED_ACCESS
    if any(_applies(condition, status, body) for condition in answer.already_set):
        return Kind.ACCEPTED
    if status < 300:
        return _kind_of_success(answer, status, body)
    return Kind.REFUSED_VALUE if status in (400, 422) else Kind.REFUSED_ACCESS


def _kind_of_success(answer: Answer, status: int, body: Any) -> Kind:
    if any(_applies(condition, status, body) for condition in answer.refused):
        return Kind.REFUSED_VALUE
    if status != 207 and all(_applies(condition, status, body) for condition in answer.accepted):
        return Kind.ACCEPTED
    return Kind.UNKNOWN


def is_any(conditions: Iterable[Mapping[str, Any]], reply: Reply) -> bool:
    """Return whether any condition applies to a response.

    :param conditions: the conditions
    :param reply: the response
    """
    body = decoded(reply.text)
    return any(_applies(condition, reply.status, body) for condition in conditions)


def _applies(condition: Mapping[str, Any], status: int, body: Any) -> bool:
    if condition.get("status", status) != status:
        return False
    return holds(dict(condition), body)


def sentence(
    definition: Definition, status: int, body: Any, secrets: Iterable[str] = (), *, hints: Iterable[str] | None = None
) -> str:
    """Return one sentence about an answer: status, the provider's words and request id, and a hint.

    :param definition: the provider
    :param status: the HTTP status
    :param body: the decoded body
    :param secrets: values that the body may echo and the sentence must not contain
    :param hints: the statuses whose hint is added, all by default
    """
    answer = definition.answer
    echoed = (str(value) for path in answer.secret_fields for value in find(body, path))
    hidden = Scrubber([*secrets, *echoed])
    # Scrub before shortening: a secret that has been cut is not found any more.
    words = shortened(hidden.text(first_text(body, answer.message)))
    code = shortened(hidden.text(first_text(body, answer.code)))[:60]
    request_id = shortened(hidden.text(first_text(body, answer.request_id)))[:100]
    text = f"{definition.name} answered {status}"
    if words:
        text += f": {words}"
    if code:
        text += f" ({code})"
    if request_id:
        text += f" [request id {request_id}]"
    if 300 <= status < 400:
        text += ". Redirects are never followed, because the keys would be sent along; check api_url"
    hint = definition.hints.get(str(status)) if hints is None or str(status) in hints else None
    end = "" if text[-1] in ".?!" else "."
    return f"{text}{end} {hint}" if hint else text


def shortened(text: str) -> str:
    """Return a provider's words in one line of bounded length."""
    # Stricter than _text.is_control: what a provider sends is shown on a terminal, where characters that change the
    # direction of the text, or that nothing can display, mislead too.
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"
