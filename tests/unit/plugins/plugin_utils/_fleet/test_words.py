# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.words import listed


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdefghij"), "a, b, c, d, e, f, g, h, i and j"),
        (list("abcdefghijklm"), "a, b, c, d, e, f, g, h, i, j and 3 more"),
    ],
)
def test_listed(names: list[str], text: str) -> None:
    """Catches: a list that is no sentence, and one of a thousand hosts."""
    assert listed(names) == text
