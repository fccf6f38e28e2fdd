# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import mailgun, mailgun_eu
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from


def test_is_mailgun_at_its_own_address() -> None:
    """Catches: keys of one region sent to the other, or a region that drifts away from the API."""
    assert mailgun.definition("mailgun_eu", "https://api.eu.mailgun.net") == mailgun_eu.DEFINITION
    assert definition_from({"provider": "mailgun_eu"}).api_url == "https://api.eu.mailgun.net"
