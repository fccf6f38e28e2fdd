# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clocks that are wrong: the wait is never shorter than the window, and never longer than it and the reported skew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from standin.service import StandIn
from support.controller import KEYS
from support.pipeline import SECRETS, Pipeline, QuickVault
from support.scene import OLD, ONE

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.result import result_of

WINDOW = 900


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with StandIn({ONE: OLD}, tls=False, **KEYS) as running:
        made = Pipeline(tmp_path / "smtp.yml", running, vault=QuickVault(SECRETS, None))
        made.propagation = timedelta(seconds=WINDOW)
        yield made


def wait(pipeline: Pipeline, *, rotate: str = "when_due") -> tuple[int, list[str]]:
    """Return how long a run says that is to be waited, in seconds, and its warnings."""
    done = pipeline.run([ONE], rotate=rotate)
    result = result_of(done, max_age=None, now=pipeline.clock.now)
    return result["seconds_until_effective"], result.get("warnings", [])


@pytest.mark.parametrize("fraction", [0, 1, 400_000, 999_999])
def test_wait_covers_the_window_whatever_the_fraction(pipeline: Pipeline, fraction: int) -> None:
    """Catches: a wait that is longer than the window, or that rounding makes shorter by more than a second."""
    pipeline.clock.now = datetime(2026, 11, 23, 13, 0, 0, fraction, tzinfo=timezone.utc)
    seconds, warnings = wait(pipeline)
    assert seconds in (WINDOW - 1, WINDOW) and warnings == []


def test_clock_that_goes_on_between_runs(pipeline: Pipeline) -> None:
    """Catches: a window that is waited for anew by a later run (field: the play died before its handler)."""
    wait(pipeline)
    pipeline.clock.now += timedelta(seconds=420)
    assert WINDOW - 421 <= wait(pipeline)[0] <= WINDOW - 419
    pipeline.clock.now += timedelta(days=1)
    assert wait(pipeline) == (0, [])


def test_clock_set_back_a_little_is_waited_for_and_told(pipeline: Pipeline) -> None:
    """Catches: a wait that ends before the window does because the clock was set back."""
    wait(pipeline)
    pipeline.clock.now -= timedelta(minutes=10)
    seconds, warnings = wait(pipeline)
    assert WINDOW + 598 <= seconds <= WINDOW + 600
    assert warnings == [
        f"the store's dates are up to {seconds - WINDOW} seconds ahead of this machine's clock; the wait is longer by "
        f"that much"
    ]


def test_store_of_a_machine_whose_clock_is_far_ahead_is_refused(pipeline: Pipeline) -> None:
    """Catches: a wait of hours, or a rotation that never gets due, because of one wrong clock."""
    wait(pipeline)
    pipeline.clock.now -= timedelta(hours=2)
    with pytest.raises(StoreError, match=r"changed_at of 1\.acme\.smtp is .* which is in the future; correct the date"):
        wait(pipeline)


def test_daylight_saving_time_changes_nothing(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: dates in local time: in the hour that occurs twice a wait would be an hour too long or too short."""
    monkeypatch.setenv("TZ", "Europe/Warsaw")
    pipeline.clock.now = datetime(2026, 10, 25, 0, 55, tzinfo=timezone.utc)
    wait(pipeline)
    pipeline.clock.now += timedelta(minutes=10)
    assert WINDOW - 601 <= wait(pipeline)[0] <= WINDOW - 599
