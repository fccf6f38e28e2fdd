# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._provider.sealing import new_pad, opened, sealed


@given(st.text(max_size=2000))
def test_only_the_pad_opens_it(text: str) -> None:
    """Catches: a password that comes back as another one, or that is too long to come back at all."""
    pad = new_pad()
    hidden = sealed(text, pad)
    assert opened(hidden, pad) == text
    assert len(text) < 8 or text not in hidden


def test_each_pad_hides_in_its_own_way() -> None:
    """Catches: the same keystream for two passwords, which then give each other away."""
    assert len({sealed("a password", new_pad()) for _n in range(100)}) == 100


@pytest.mark.parametrize("text", ["********", "YWJj\n*", "abc", "é"])
def test_what_was_changed_on_its_way_is_refused(text: str) -> None:
    """Catches: a masked or cut text that is opened to a password which nobody has set."""
    with pytest.raises(ValueError, match=r"."):
        opened(text, new_pad())
