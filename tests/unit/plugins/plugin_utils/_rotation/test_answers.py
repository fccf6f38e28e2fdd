# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.answers import Limit


def test_a_limit_is_handed_on() -> None:
    """Catches: a limit that every batch learns anew, or that is forgotten because one of them died."""
    limit = Limit(None, 0)
    assert limit.options() == {"rate_limit": None, "rate_burst": 0, "rate_recent": []}
    limit.learn({"rate": None, "burst": 0, "recent": []})
    assert limit.options()["rate_limit"] is None
    limit.learn({"rate": 19.6, "burst": 18, "recent": [7.0, 7.5]})
    limit.learn({"msg": "the module died"})
    assert limit.options() == {"rate_limit": 19.6, "rate_burst": 18, "rate_recent": [7.0, 7.5]}


def test_a_limit_that_is_given_is_kept() -> None:
    """Catches: the user's own limit, or the burst, that is not heard."""
    assert Limit(5, 3).options() == {"rate_limit": 5, "rate_burst": 3, "rate_recent": []}
