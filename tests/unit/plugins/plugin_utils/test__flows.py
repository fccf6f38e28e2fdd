# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.filter._smtp_rotation import example
from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PROVIDERS
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from
from ansible_collections.mailops.smtp.plugins.plugin_utils._flows import definition_of, names_logins, overlaps


@pytest.mark.parametrize("provider", PROVIDERS)
def test_built_in_providers_are_read_alike(provider: str) -> None:
    """Catches: mail that is held for a provider whose credentials overlap, or that is not held where they do not."""
    settings = {"region": "eu-central-1", "account_id": "a", "domain_id": "d", "organization_id": "o"}
    known = definition_of(provider, {})
    chosen = {name: settings[name] for name in known.get("settings", {})}
    made = definition_from({"provider": provider, "api_url": "https://mail.example", "provider_settings": chosen})
    assert overlaps(known) is (made.flow == "create")
    assert names_logins(known) is bool(made.issued and (made.issued.username or made.issued.login))


@pytest.mark.parametrize(
    ("provider", "own", "expected"),
    [
        ("emaillabs", {"flow": "create"}, True),
        ("ahasend", {"flow": "set"}, False),
        ("ahasend", "no mapping", False),
        ("no such provider", {}, False),
    ],
)
def test_own_definition_comes_first(provider: str, own: Any, expected: bool) -> None:
    """Catches: the flow of another provider; a traceback for what the module refuses with a message."""
    assert overlaps(definition_of(provider, own)) is expected


def test_template_may_read_the_user_name_that_the_provider_chooses() -> None:
    """Catches: a template that is refused although the store will have the name, or accepted although it will not."""
    made = example(["news"], {}, "", "ahasend", {})["smtp_accounts"]["news"]
    assert made["username"] == "news" and "password" in made
    assert "username" not in example(["news"], {}, "", "emaillabs", {})["smtp_accounts"]["news"]
