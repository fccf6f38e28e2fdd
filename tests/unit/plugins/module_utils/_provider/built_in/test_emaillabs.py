# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import emaillabs, vercom
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from


def test_is_vercom_at_its_own_address() -> None:
    """Catches: keys of one brand sent to another, or a brand that drifts away from the platform."""
    assert vercom.definition("emaillabs", "https://api.emaillabs.io") == emaillabs.DEFINITION
    assert definition_from({"provider": "emaillabs"}).api_url == "https://api.emaillabs.io"
