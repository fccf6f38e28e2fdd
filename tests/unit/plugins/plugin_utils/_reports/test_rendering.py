# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import REPORT_FORMATS
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.rendering import names, rendered
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import ACCOUNTS, SENDERS, reported, store


def test_formats_are_those_that_the_option_takes() -> None:
    """Catches: a format that is there and cannot be asked for, or the other way round."""
    assert names() == sorted(REPORT_FORMATS)


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_no_ciphertext_is_in_a_report(name: str) -> None:
    """Catches: a secret, encrypted or not, in a file that everybody may read."""
    text = rendered(reported(ACCOUNTS, SENDERS), name)
    assert "61616161" in store(ACCOUNTS) and "ANSIBLE_VAULT" in store(ACCOUNTS)
    assert "61616161" not in text and "ANSIBLE_VAULT" not in text and "!vault" not in text
    assert all(account in text for account in ACCOUNTS)


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_empty_store_has_a_report(name: str) -> None:
    """Catches: an exception where there is nothing to count, in the first days of a store."""
    assert rendered(reported({}), name).endswith("\n")
