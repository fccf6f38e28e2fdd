# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Answer, Definition, Request


def test_a_definition_cannot_be_changed() -> None:
    """Catches: one account's call that changes the next one's, since threads share the definition."""
    definition = Definition(name="x", api_url="", set_password=Request("PUT", "/"), answer=Answer())
    with pytest.raises(dataclasses.FrozenInstanceError):
        definition.api_url = "https://else.example"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        definition.change.path = "/else"  # type: ignore[misc]


def test_what_is_not_said_is_not_claimed() -> None:
    """Catches: a provider that counts as verified, waits, or has credentials because nobody said otherwise."""
    made = Definition(name="x", api_url="", set_password=Request("PUT", "/"), answer=Answer())
    assert (made.change.standing, made.propagation_seconds, dict(made.credentials), made.list_accounts) == (
        "assumed",
        0,
        {},
        None,
    )
    assert (made.change.encoding, made.change.body, dict(made.change.query)) == ("json", None, {})
