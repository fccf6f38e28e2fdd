# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, read
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import mailu
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.tests.unit.plugins.module_utils._provider.test_answer import reply

MAILU = build(mailu.DEFINITION)
A, V, N, T, U = Kind.ACCEPTED, Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS, Kind.THROTTLED, Kind.UNKNOWN

ANSWERS: list[tuple[int, t.Any, Kind, str]] = [
    (200, {"code": 200, "message": "User a@b.example has been updated"}, A, ": User a@b.example has been updated"),
    (200, {"message": "ok"}, U, ": ok"),
    (200, {"code": "200", "message": "ok"}, U, ": ok"),
    (200, {"code": 404, "message": "User a@b.example cannot be found"}, U, ": User a@b.example cannot be found"),
    (200, [{"email": "a@b.example", "password": "{SSHA}x"}], U, ""),
    (
        400,
        {"code": 400, "message": "Provided email address a is not a valid email address"},
        V,
        ": Provided email address a is not a valid email address",
    ),
    (401, {"message": "A valid Authorization header is mandatory"}, N, ": A valid Authorization header is mandatory"),
    (403, {"message": "Invalid API token"}, N, ": Invalid API token"),
    (404, {"code": 404, "message": "User a@b.example cannot be found"}, N, ": User a@b.example cannot be found"),
    (
        429,
        {"message": "Too many attempts from your IP (rate-limit)"},
        T,
        ": Too many attempts from your IP (rate-limit)",
    ),
    *((status, "<html>Bad gateway</html>", U, "") for status in (408, 500, 502, 503, 504)),
    (200, "<html>Log in</html>", U, ""),
    (200, "", U, ""),
    (204, "", U, ""),
    (404, "<html>Not found</html>", N, ""),
    (405, "", N, ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), ANSWERS)
def test_answers(status: int, body: t.Any, kind: Kind, words: str) -> None:
    """Catches: a page of the web server in front of Mailu believed, or a wrong token taken for a refused password."""
    meaning = read(MAILU, reply(status, body))
    assert (meaning.kind, meaning.stop) == (kind, status in (401, 403))
    hint = MAILU.hints.get(str(status))
    assert meaning.message == f"mailu answered {status}{words}" + (f". {hint}" if hint else "")


def test_the_calls() -> None:
    """Catches: a call that differs from the server's own code."""
    call, listing = MAILU.set_password, MAILU.list_accounts
    assert (call.method, call.path, call.encoding) == ("PATCH", "/api/v1/user/{account}", "json")
    assert call.body == {"raw_password": "{password}"}
    assert (MAILU.headers, MAILU.basic) == ({"Authorization": "Bearer {api_key}"}, None)
    assert listing is not None and (listing.request.method, listing.request.path) == ("GET", "/api/v1/user")
    assert (listing.items, listing.name, listing.paging) == ("", "email", "none")
    assert MAILU.api_url == "" and MAILU.answer.secret_fields == ("*.password",)
