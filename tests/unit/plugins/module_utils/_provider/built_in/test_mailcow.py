# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, read
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import mailcow
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.tests.unit.plugins.module_utils._provider.test_answer import reply

MAILCOW = build(mailcow.DEFINITION)
A, V, N, T, U = Kind.ACCEPTED, Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS, Kind.THROTTLED, Kind.UNKNOWN


def entry(kind: str, msg: t.Any) -> dict[str, t.Any]:
    """Return one entry of the list that mailcow answers."""
    return {"type": kind, "log": ["mailbox", "edit", "mailbox", {"password": "*", "password2": "*"}, None], "msg": msg}


DONE = entry("success", ["mailbox_modified", "a@b.example"])
DENIED = entry("danger", "access_denied")
WRONG_KEY = {"type": "error", "msg": "authentication failed"}
READ_ONLY = {"type": "error", "msg": "API read/write access denied"}

ANSWERS: list[tuple[int, t.Any, Kind, str]] = [
    (200, [DONE], A, ": mailbox_modified; a@b.example"),
    (200, [entry("success", "mailbox_modified")], A, ": mailbox_modified"),
    (200, [entry("danger", "password_complexity")], V, ": password_complexity"),
    (200, [entry("danger", ["password_complexity"])], V, ": password_complexity"),
    (200, [entry("danger", "password_mismatch")], V, ": password_mismatch"),
    (200, [entry("error", "password_complexity")], V, ": password_complexity"),
    (200, [DONE, entry("danger", "password_complexity")], V, ": mailbox_modified; a@b.example"),
    (200, [DENIED], N, ": access_denied"),
    (200, [entry("danger", ["access_denied"])], N, ": access_denied"),
    (200, [DONE, DENIED], N, ": mailbox_modified; a@b.example"),
    (200, [DONE, entry("warning", "odd")], U, ": mailbox_modified; a@b.example"),
    (200, {"type": "error", "msg": "no attributes"}, V, ": no attributes"),
    (200, {"type": "success", "msg": "odd"}, U, ": odd"),
    (200, [], U, ""),
    (200, {}, U, ""),
    (400, {"type": "error", "msg": "not JSON"}, V, ": not JSON"),
    *((status, WRONG_KEY, N, ": authentication failed") for status in (200, 401)),
    *((status, READ_ONLY, N, ": API read/write access denied") for status in (200, 403)),
    (429, {"type": "error", "msg": "too many"}, T, ": too many"),
    *((status, "<html>Bad gateway</html>", U, "") for status in (408, 500, 502, 503, 504)),
    (200, "<html>Log in</html>", U, ""),
    (200, "", U, ""),
    (204, "", U, ""),
    (404, "<html>Not found</html>", N, ""),
    (405, "", N, ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), ANSWERS)
def test_answers(status: int, body: t.Any, kind: Kind, words: str) -> None:
    """Catches: a failure with status 200 believed, or a mailbox that may not be changed taken for a bad password."""
    meaning = read(MAILCOW, reply(status, body))
    assert (meaning.kind, meaning.stop) == (kind, status in (401, 403))
    hint = MAILCOW.hints.get(str(status))
    assert meaning.message == f"mailcow answered {status}{words}" + (f". {hint}" if hint else "")


def test_the_calls() -> None:
    """Catches: a call that differs from the server's own description."""
    call, listing = MAILCOW.set_password, MAILCOW.list_accounts
    assert (call.method, call.path, call.encoding) == ("POST", "/api/v1/edit/mailbox", "json")
    assert call.body == {"items": ["{account}"], "attr": {"password": "{password}", "password2": "{password}"}}
    assert (MAILCOW.headers, MAILCOW.basic) == ({"X-API-Key": "{api_key}"}, None)
    assert listing is not None and (listing.request.method, listing.request.path) == (
        "GET",
        "/api/v1/get/mailbox/all",
    )
    assert (listing.items, listing.name, listing.paging) == ("", "username", "none")
    assert MAILCOW.api_url == "" and MAILCOW.propagation_seconds == 0
