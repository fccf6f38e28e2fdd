# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._near import nearest

KNOWN = ["accounts", "max_age", "password", "password_length", "smtp_port", "test_send", "test_sender", "vault_file"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("maxage", "max_age"),
        ("max-age", "max_age"),
        ("Max_Age", "max_age"),
        ("account", "accounts"),
        ("acounts", "accounts"),
        ("passwort", "password"),
        ("vault_fil", "vault_file"),
        ("test_sendr", "test_sender"),
        ("smtp_server", None),
        ("result", None),
        ("enabled", None),
        ("", None),
    ],
)
def test_nearest(name: str, meant: str | None) -> None:
    """Catches: advice that leads away from what was meant; a name of the user's own taken for a misspelt one."""
    assert nearest(name, KNOWN) == meant


def test_nothing_is_known() -> None:
    """Catches: a crash where there is nothing to choose from."""
    assert nearest("max_age", []) is None
