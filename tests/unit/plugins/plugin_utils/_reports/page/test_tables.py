# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.page.tables import SYMBOLS, TONES, accounts, pill
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.page.words import KINDS
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import ACCOUNTS, SENDERS, changed, reported


def test_every_kind_has_a_colour_and_a_symbol() -> None:
    """Catches: a label that only colour tells from the others, or an exception for a new kind."""
    assert set(TONES) == set(KINDS) and set(TONES.values()) == set(SYMBOLS)
    assert pill("overdue") == '<span class="pill warn"><span aria-hidden="true">?</span> overdue</span>'


def test_accounts_that_are_due_first_come_first_then_by_number() -> None:
    """Catches: 10.acme before 9.acme, and an account that is due tomorrow at the end."""
    same = changed(timedelta(days=3))
    given = {"10.acme": same, "9.acme": same, "old.acme": changed(timedelta(days=80)), "²": same}
    report = reported(given)
    text = accounts(report, report.accounts)
    assert sorted(given, key=text.index) == ["old.acme", "9.acme", "10.acme", "²"]


def test_row_says_when_a_login_is_allowed_and_whose_the_account_is() -> None:
    """Catches: a test inside of the window, and an account whose sender nobody can tell."""
    report = reported({"waiting": ACCOUNTS["waiting"], "verified": ACCOUNTS["verified"]}, SENDERS)
    text = accounts(report, report.accounts)
    assert "not before 13:10 UTC <small>in 10 minutes</small>" in text
    assert "<small>in use, <bdi>newsletter</bdi></small>" in text


def test_age_is_a_share_of_the_maximum_age() -> None:
    """Catches: a bar that does not say how old a password is."""
    report = reported({"half": changed(timedelta(days=45)), "old": changed(timedelta(days=180))})
    text = accounts(report, report.accounts)
    assert 'aria-label="50% of 90 days"' in text and "width:50%" in text
    assert 'aria-label="200% of 90 days"' in text and "width:100%" in text
