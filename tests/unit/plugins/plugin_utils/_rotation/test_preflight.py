# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.preflight import clock_skew
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("ahead", "skew"),
    [(-86400, 0), (0, 0), (1, 0), (2, 2), (899, 899), (900, 900)],
)
def test_clock_skew(ahead: int, skew: int) -> None:
    """Catches: a date of this very second called one of the future, or a clock that is fast and not reckoned with."""
    record = Record(password="A", changed_at=NOW + timedelta(seconds=ahead))
    assert clock_skew("a", record, NOW, "smtp.yml") == timedelta(seconds=skew)


def test_no_date_no_skew() -> None:
    """Catches: an account without a date that stops the run."""
    assert clock_skew("a", Record(), NOW, "smtp.yml") == timedelta(0)


def test_a_date_too_far_ahead_is_refused() -> None:
    """Catches: a wrong date taken for a difference of clocks, so that a password is not due for years."""
    record = Record(password="A", changed_at=NOW + timedelta(seconds=901))
    with pytest.raises(
        StoreError, match=r"^smtp\.yml: changed_at of a is 2026-11-23T13:15:01Z, which is in the future"
    ):
        clock_skew("a", record, NOW, "smtp.yml")
