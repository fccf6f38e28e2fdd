# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
import typing as t

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, read
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import smtp2go
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.tests.unit.plugins.module_utils._provider.test_answer import reply

SMTP2GO = build(smtp2go.DEFINITION)
A, V, N, T, U = Kind.ACCEPTED, Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS, Kind.THROTTLED, Kind.UNKNOWN
CODE = "E_ApiResponseCodes."
INVALID = {"error": "The password is weak", "error_code": f"{CODE}NON_VALIDATING_IN_PAYLOAD"}
DENIED = {"error": "No permission", "error_code": f"{CODE}ENDPOINT_PERMISSION_DENIED"}
FIELD = {"field_validation_errors": {"fieldname": "email_password", "message": "Too weak"}}


def both(error: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return an error in the two forms that the provider publishes."""
    return [{"request_id": "r", "data": error}, {"request_id": "r", **error}]


def told(error: dict[str, t.Any]) -> str:
    """Return an error as the message has it."""
    return f": {error['error']} ({error['error_code']}) [request id r]"


ANSWERS: list[tuple[int, t.Any, Kind, str]] = [
    (200, {"request_id": "r", "data": {"results": [{"username": "a"}]}}, A, " [request id r]"),
    (200, {"request_id": "r", "data": {}}, A, " [request id r]"),
    (200, {"request_id": "r"}, U, " [request id r]"),
    (200, {"data": {}}, U, ""),
    (200, {"request_id": "r", "data": {"error": "Odd"}}, U, ": Odd [request id r]"),
    (200, {"request_id": "r", "data": INVALID}, V, told(INVALID)),
    (200, {"request_id": "r", **INVALID}, V, told(INVALID)),
    (200, {"request_id": "r", "data": DENIED}, N, told(DENIED)),
    *((400, body, V, told(INVALID)) for body in both(INVALID)),
    *((400, body, V, told({**INVALID, "error": "Too weak"})) for body in both({**INVALID, **FIELD})),
    *((status, body, N, told(DENIED)) for status in (400, 401, 403) for body in both(DENIED)),
    *((404, body, N, told(INVALID)) for body in both(INVALID)),
    *((429, body, T, told(DENIED)) for body in both(DENIED)),
    *((500, body, U, told(DENIED)) for body in both(DENIED)),
    *((status, "<html>Bad gateway</html>", U, "") for status in (408, 500, 502, 503, 504)),
    (200, "<html>Log in</html>", U, ""),
    (200, "", U, ""),
    (204, "", U, ""),
    (404, "<html>Not found</html>", N, ""),
    (405, "", N, ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), ANSWERS)
def test_answers(status: int, body: t.Any, kind: Kind, words: str) -> None:
    """Catches: one of the two published forms that is not understood, or a refused key taken for a refused password."""
    meaning = read(SMTP2GO, reply(status, body))
    assert (meaning.kind, meaning.stop) == (kind, status in (401, 403))
    hint = SMTP2GO.hints.get(str(status))
    assert meaning.message == f"smtp2go answered {status}{words}" + (f". {hint}" if hint else "")


def test_passwords_of_others_are_not_told() -> None:
    """Catches: a password of the list, which the provider gives in clear, in a message."""
    body = {"request_id": "r", "error": "see In-Clear-1", "data": {"results": [{"email_password": "In-Clear-1"}]}}
    assert "In-Clear" not in read(SMTP2GO, reply(400, body)).message


def test_the_calls() -> None:
    """Catches: a call that differs from the provider's reference, or a password with less than 64 bits of entropy."""
    call, listing = SMTP2GO.set_password, SMTP2GO.list_accounts
    assert (call.method, call.path, call.encoding) == ("PATCH", "/users/smtp/edit", "json")
    assert call.body == {"username": "{account}", "email_password": "{password}"} and call.standing == "verified"
    assert (SMTP2GO.headers, SMTP2GO.basic) == ({"X-Smtp2go-Api-Key": "{api_key}"}, None)
    assert listing is not None and (listing.request.method, listing.request.path) == ("POST", "/users/smtp/view")
    assert (listing.request.body, listing.items, listing.name) == ({}, "data.results", "username")
    assert SMTP2GO.api_url == "https://api.smtp2go.com/v3"
    assert SMTP2GO.password.min_length * math.log2(62) >= 64
