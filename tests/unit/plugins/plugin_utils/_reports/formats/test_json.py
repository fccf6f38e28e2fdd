# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.formats.json import rendered
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import ACCOUNTS, SENDERS, reported


def test_file_says_what_the_module_returns() -> None:
    """Catches: a file whose fields are not those that the module documents."""
    report = reported({**ACCOUNTS, "zoë@acme.example": ACCOUNTS["none"]}, SENDERS)
    text = rendered(report)
    assert json.loads(text) == {**report.data(), "fingerprint": report.fingerprint()}
    assert "zoë@acme.example" in text
