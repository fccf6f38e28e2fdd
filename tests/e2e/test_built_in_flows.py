# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Built-in providers that make the passwords, selected by their names, against a stand-in that speaks their APIs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.flows import TENANT_OF_TESTS
from support.long import LONG
from support.scene import PROFILES, a_scene

ISSUING = [name for name, profile in PROFILES.items() if profile.flow != "set"]


@LONG
@pytest.mark.parametrize("provider", ISSUING)
def test_rotates_by_name(tmp_path: Path, provider: str) -> None:
    """Catches: a definition that is built in, is like the one of the other tests, and does not work."""
    with a_scene(provider, tmp_path) as scene:
        selected: dict[str, Any] = {
            "provider": provider,
            "provider_definition": None,
            "provider_settings": TENANT_OF_TESTS,
        }
        for action in ("first", "second"):
            ended = scene.rotate(**selected, rotate="always")
            assert ended.code == 0, (action, ended.output)
            assert scene.stored_login(scene.one) == 235
        record = scene.controller.decrypted()[scene.one]
        assert record["password"] == scene.newest(scene.one) and record["username"] != scene.one
        assert len(scene.changes()) == 2
        ended = scene.rotate(**{**selected, "provider_settings": None})
        assert "provider_settings.account_id: is missing or empty" in ended.output
        ended = scene.rotate(**selected, accounts=[scene.two], api_key="another-key")
        assert f"{provider} answered 401" in ended.output and "Check api_key" in ended.output
        assert scene.stored_login(scene.one) == 235
