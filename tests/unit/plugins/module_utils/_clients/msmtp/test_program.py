# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What msmtp can be given."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.msmtp.program import PROGRAM


@pytest.mark.parametrize("password", ["x", ' "\\é$#; ', "n" * 488, "é" * 244])
def test_what_it_can_carry(password: str) -> None:
    """Catches: a good password that is refused."""
    assert PROGRAM.cannot_carry("user", password) == ""


@pytest.mark.parametrize(
    ("username", "password", "why"),
    [
        ("user", "a\nb", "U+000A"),
        ("user", "a\tb", "U+0009"),
        ("us\ner", "secret", "U+000A"),
        ("user", "n" * 489, "488 bytes"),
        ("user", "é" * 245, "488 bytes"),
    ],
)
def test_what_it_cannot_carry(username: str, password: str, why: str) -> None:
    """Catches: a password after which msmtp does not read its file any more."""
    told = PROGRAM.cannot_carry(username, password)
    assert why in told and password not in told
