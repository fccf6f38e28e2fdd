# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, read
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import jetemail
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.tests.unit.plugins.module_utils._provider.test_answer import reply

JETEMAIL = build(jetemail.DEFINITION)
A, V, N, T, U = Kind.ACCEPTED, Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS, Kind.THROTTLED, Kind.UNKNOWN

ANSWERS: list[tuple[int, t.Any, Kind, str]] = [
    (200, {"success": True, "message": "Smarthost updated successfully"}, A, ": Smarthost updated successfully"),
    (200, {"success": True}, A, ""),
    (200, {"success": False, "message": "Password too short"}, V, ": Password too short"),
    (200, {"success": "true", "message": "x"}, U, ": x"),
    (200, {"success": 1, "message": "x"}, U, ": x"),
    (200, {"success": None}, U, ""),
    (200, {"message": "Smarthost updated successfully"}, U, ": Smarthost updated successfully"),
    (400, {"success": False, "message": "Password too short"}, V, ": Password too short"),
    (400, {"error": "Password too short"}, V, ": Password too short"),
    (422, {"success": False}, V, ""),
    (401, {"success": False, "message": "Invalid API key"}, N, ": Invalid API key"),
    (403, {"success": False, "message": "Not allowed"}, N, ": Not allowed"),
    (404, {"success": False, "message": "Smarthost not found"}, N, ": Smarthost not found"),
    (429, {"success": False, "message": "Slow down"}, T, ": Slow down"),
    (500, {"success": False, "message": "Odd"}, U, ": Odd"),
    *((status, "<html>Bad gateway</html>", U, "") for status in (408, 500, 502, 503, 504)),
    (200, "<html>Log in</html>", U, ""),
    (200, "", U, ""),
    (204, "", U, ""),
    (404, "<html>Not found</html>", N, ""),
    (405, "", N, ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), ANSWERS)
def test_answers(status: int, body: t.Any, kind: Kind, words: str) -> None:
    """Catches: a success that is not said to be one, or success false believed because of its status."""
    meaning = read(JETEMAIL, reply(status, body))
    assert (meaning.kind, meaning.stop) == (kind, status in (401, 403))
    hint = JETEMAIL.hints.get(str(status))
    assert meaning.message == f"jetemail answered {status}{words}" + (f". {hint}" if hint else "")


def test_the_calls() -> None:
    """Catches: a call that differs from the provider's reference, or a list made up although none is known."""
    call = JETEMAIL.set_password
    assert (call.method, call.path, call.encoding) == ("PATCH", "/outbound/smarthost", "json")
    assert call.body == {"currentUsername": "{account}", "password": "{password}"}
    assert (JETEMAIL.headers, JETEMAIL.basic) == ({"Authorization": "Bearer {api_key}"}, None)
    assert JETEMAIL.list_accounts is None and JETEMAIL.api_url == "https://api.jetemail.com"
    assert (JETEMAIL.password.min_length, JETEMAIL.password.max_length) == (8, 72)
