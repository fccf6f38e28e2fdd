# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Postfix's tables cannot hold; the verbs are tested with a real Postfix, in tests/clients/."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.program import PROGRAM


@pytest.mark.parametrize(
    ("username", "password", "told"),
    [
        ("1.acme.smtp", ' #"$x ${y}\\:{a}ü', ""),
        ("1.acme.smtp", "secret ", "the password of 1.acme.smtp ends with a blank"),
        ("1.acme.smtp", "sec\nret", "the password of 1.acme.smtp contains a line break"),
        ("a:b", "secret", "the username of a:b contains a colon"),
        ("a\tb", "secret", "the username of 'a\\tb' contains the control character U+0009"),
    ],
)
def test_cannot_carry(username: str, password: str, told: str) -> None:
    """Catches: a password that is changed at the provider and that no table of Postfix can hold."""
    why = PROGRAM.cannot_carry(username, password)
    assert bool(why) == bool(told)
    assert told in why
    assert "secret" not in why
    assert not told or why.startswith("Postfix ")
