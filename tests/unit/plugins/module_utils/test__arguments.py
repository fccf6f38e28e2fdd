# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import INFO_SPEC, PASSWORD_SPEC, PROVIDERS
from ansible_collections.mailops.smtp.plugins.module_utils._provider import built_in
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from

KEYS = ("application_key", "authorization_key", "api_key", "api_credentials")


@pytest.mark.parametrize("spec", [PASSWORD_SPEC, INFO_SPEC])
def test_secrets_are_marked(spec: dict[str, t.Any]) -> None:
    """Catches: a secret that Ansible prints with -vvv."""
    secrets = {name for name, option in spec.items() if option.get("no_log")}
    assert secrets == {*KEYS, "password", "passwords", "pads"} & set(spec)
    assert spec["accounts"]["aliases"] == ["account"]


def test_providers_are_those_that_exist() -> None:
    """Catches: a choice that is not there, or a provider that cannot be chosen."""
    folder = Path(built_in.__file__).parent
    assert sorted(one.stem for one in folder.glob("*.py") if "\nDEFINITION" in one.read_text()) == PROVIDERS
    made = [definition_from({"provider": name, "api_url": "https://mail.example"}) for name in PROVIDERS]
    # The user name that some APIs need beside the key has no option of its own.
    assert all(item.credentials.keys() <= {*PASSWORD_SPEC, "api_user"} for item in made if item.transport == "http")
    assert [item.name for item in made] == PROVIDERS
