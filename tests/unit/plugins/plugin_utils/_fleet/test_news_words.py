# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.news_words import (
    CLAUSES,
    KINDS,
    WHAT_TO_DO,
    subject_of,
    text_of,
)


def entry(kind: str, accounts: str = "", hosts: str = "", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "accounts": accounts.split(), "hosts": hosts.split(), "next": WHAT_TO_DO[kind], **more}


@pytest.mark.parametrize(
    ("entries", "audits", "subject", "text"),
    [
        (
            [entry("failed", hosts="a")],
            False,
            "SMTP passwords: rotation failed on a",
            "The rotation of SMTP passwords failed on a. Correct what the error names, and run again; the next run "
            "continues where this one ended.",
        ),
        (
            [entry("failed", hosts="a", reason="smtp.yml: of 1.acme.smtp,\nit is broken. Nothing has been changed.")],
            False,
            "SMTP passwords: rotation failed on a",
            "The rotation of SMTP passwords failed on a: smtp.yml: of 1.acme.smtp, it is broken. Correct what the "
            "error names, and run again; the next run continues where this one ended.",
        ),
        (
            [entry("failed", hosts="a b"), entry("on_hold", "1 2", "b"), entry("unverified", "1")],
            False,
            "SMTP passwords: rotation failed on a and b",
            "The rotation of SMTP passwords failed on a and b: the mail of b is on hold; the new password of 1 has not "
            "been tested successfully. Correct what the error names, and run again; the mail waits in the queue and is "
            "released after a test.",
        ),
        (
            [entry("failed", hosts="a b c"), entry("drift", "1"), entry("drift", "2")],
            True,
            "SMTP passwords: audit failed on a and 2 more hosts",
            "The audit of SMTP passwords failed on a, b and c: the server refuses the stored passwords of 1 and 2. To "
            "make the store and the provider agree again, run the audit with smtp_rotation_reconcile set to true.",
        ),
        (
            [entry("due", "1", due="2026-01-02T00:00:00Z"), entry("due", "2", due="2026-01-03T00:00:00Z")],
            False,
            "SMTP passwords: due",
            "The passwords of 1 and 2 are due by 2026-01-03T00:00:00Z. No action is needed if the rotation is "
            "scheduled: it sets a new password when this one is due.",
        ),
        # That a password is due is no advice for a run that failed.
        (
            [entry("failed", hosts="a"), entry("due", "1", due="2026-01-02T00:00:00Z")],
            False,
            "SMTP passwords: rotation failed on a",
            "The rotation of SMTP passwords failed on a: the password of 1 is due by 2026-01-02T00:00:00Z. Correct "
            "what the error names, and run again; the next run continues where this one ended.",
        ),
        (
            [entry("left_behind", "1", "c"), entry("unverified", "1 2")],
            False,
            "SMTP passwords: left behind, unverified",
            "The new password may not be in use on c yet; the new passwords of 1 and 2 have not been tested "
            "successfully. Make the host reachable and correct its error, and run again: it then gets the stored "
            "password.",
        ),
    ],
)
def test_two_sentences(entries: list[dict[str, Any]], audits: bool, subject: str, text: str) -> None:
    """Catches: a list of data instead of a sentence, one that does not say what to do next, or is wrong in number."""
    assert subject_of(entries, audits=audits) == subject
    assert text_of(entries, audits=audits) == text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_two_sentences(kind: str) -> None:
    """Catches: a kind without words; one whose advice makes three sentences of it."""
    text = text_of([entry(kind, "1", "a", due="2026-01-02T00:00:00Z")], audits=False)
    assert len(re.findall(r"\.(?: |$)", text)) == 2
    assert kind == "failed" or CLAUSES[kind]
