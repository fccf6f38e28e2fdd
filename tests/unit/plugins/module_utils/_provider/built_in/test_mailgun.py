# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, read
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import mailgun
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.tests.unit.plugins.module_utils._provider.test_answer import reply

MAILGUN = build(mailgun.DEFINITION)
A, V, N, T, U = Kind.ACCEPTED, Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS, Kind.THROTTLED, Kind.UNKNOWN

ANSWERS: list[tuple[int, t.Any, Kind, str]] = [
    (200, {"message": "Password changed"}, A, ": Password changed"),
    (200, {"message": "Password changed", "credentials": {}}, A, ": Password changed"),
    (200, {"message": "Password changed", "credentials": {"a@b.example": "generated"}}, U, ": Password changed"),
    (200, {}, U, ""),
    (
        400,
        {"message": "New password cannot be the same as old password"},
        A,
        ": New password cannot be the same as old password",
    ),
    (
        400,
        {"message": "Password must be between 5 and 32 characters"},
        V,
        ": Password must be between 5 and 32 characters",
    ),
    (401, "Forbidden", N, ""),
    (403, {"message": "Not allowed"}, N, ": Not allowed"),
    (404, {"message": "SMTP credentials not found"}, N, ": SMTP credentials not found"),
    (429, {"message": "Too many requests"}, T, ": Too many requests"),
    *((status, "<html>Bad gateway</html>", U, "") for status in (408, 500, 502, 503, 504)),
    (200, "<html>Log in</html>", U, ""),
    (200, "", U, ""),
    (204, "", U, ""),
    (404, "<html>Not found</html>", N, ""),
    (405, "", N, ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), ANSWERS)
def test_answers(status: int, body: t.Any, kind: Kind, words: str) -> None:
    """Catches: the same password again taken for a refusal, or a password that Mailgun made itself for ours."""
    meaning = read(MAILGUN, reply(status, body))
    assert (meaning.kind, meaning.stop) == (kind, status in (401, 403))
    hint = MAILGUN.hints.get(str(status))
    assert meaning.message == f"mailgun answered {status}{words}" + (f". {hint}" if hint else "")


def test_the_calls() -> None:
    """Catches: a call that differs from the provider's reference, or a rule that it does not have."""
    call, listing = MAILGUN.set_password, MAILGUN.list_accounts
    assert (call.method, call.path) == ("PUT", "/v3/domains/{account_domain}/credentials/{account}")
    assert (call.encoding, call.body, call.standing) == ("form", {"password": "{password}"}, "verified")
    assert (MAILGUN.headers, MAILGUN.basic) == ({}, {"username": "api", "password": "{api_key}"})
    assert listing is not None and listing.request.path == "/v3/domains/{account_domain}/credentials"
    assert listing.request.query == {"skip": "{offset}", "limit": "{limit}"} and listing.paging == "offset"
    assert (listing.items, listing.name) == ("items", "login")
    assert (MAILGUN.password.min_length, MAILGUN.password.max_length, MAILGUN.rate_limit) == (5, 32, 5)
    assert MAILGUN.api_url == "https://api.mailgun.net" and MAILGUN.propagation_seconds == 0


def test_definitions_are_not_shared() -> None:
    """Catches: one region's address in another's definition."""
    first, second = mailgun.definition("a", "https://a.example"), mailgun.definition("b", "https://b.example")
    first["set_password"]["path"] = "/changed"
    assert second["set_password"]["path"] != "/changed" and second["api_url"] == "https://b.example"
