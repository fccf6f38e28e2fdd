# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of what happened."""

from __future__ import annotations

import json
from pathlib import Path

from standin import Record
from standin.record import described

CALL = {
    "method": "PUT",
    "path": "/v2.1/email/smtpAccount/a/password",
    "account": "a",
    "operation": "changeSmtpAccountPassword",
    "status": 200,
    "effect": "changed",
    "in_window": False,
    "fault": None,
}
LOGIN = {"account": "a", "accepted": False, "which": "pending", "mechanism": "PLAIN", "port": "tls", "in_window": True}
MESSAGE = {"account": "b", "sender": "x@a.example", "recipients": ["y@b.example"], "size": 3, "subject": "hi"}


def filled(record: Record) -> Record:
    record.add("api", **CALL)
    record.add("api", **{**CALL, "effect": "same", "status": None, "fault": "reset after"})
    record.add("login", **LOGIN)
    record.add("login", **{**LOGIN, "account": "b", "in_window": False, "accepted": True, "which": "current"})
    record.add("message", **MESSAGE)
    record.add("tls_error", port="tls", reason="unknown ca")
    return record


def test_queries() -> None:
    """A query that leaves out the account or the window: a login inside the window would pass unseen."""
    record = filled(Record(clock=lambda: 5.0))
    assert [len(record.api_calls()), len(record.changes("a")), len(record.changes("b"))] == [2, 1, 0]
    assert [len(record.logins()), len(record.logins("b"))] == [2, 1]
    assert [one["account"] for one in record.logins(in_window=True)] == ["a"]
    assert [one["account"] for one in record.logins(in_window=False)] == ["b"]
    assert record.messages("b")[0]["time"] == 5.0 and record.messages("a") == []


def test_events_are_copies() -> None:
    """A test that changes what it was given and with it what another one reads."""
    record = filled(Record())
    record.events()[0]["kind"] = "other"
    assert record.events()[0]["kind"] == "api"


def test_file(tmp_path: Path) -> None:
    """A line that is still in a buffer when another process reads the file, or an earlier run's lines lost."""
    path = tmp_path / "record.jsonl"
    path.write_text('{"kind": "earlier"}\n')
    record = filled(Record(file=path))
    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert written == [{"kind": "earlier"}, *record.events()]
    record.close()
    record.add("api", **CALL)
    assert len(record.events()) == len(path.read_text().splitlines())


def test_descriptions() -> None:
    """A kind of event whose line for people cannot be made."""
    lines: list[str] = []
    filled(Record(listener=lambda event: lines.append(described(event).split(" ", 1)[1])))
    assert lines == [
        "API     PUT /v2.1/email/smtpAccount/a/password -> 200, password changed",
        "API     PUT /v2.1/email/smtpAccount/a/password -> no answer, password as it was, fault reset after",
        "login   a refused (pending password, PLAIN, tls) [inside the window]",
        "login   b accepted (current password, PLAIN, tls)",
        "message b x@a.example -> y@b.example, 3 bytes: hi",
        "tls_error port tls, reason unknown ca",
    ]
