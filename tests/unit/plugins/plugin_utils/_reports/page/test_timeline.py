# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.page.timeline import MOST_LANES, timeline
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import ACCOUNTS, NOW, changed, fleet, reported

PLACE = re.compile(r'(?:c?x|d)="M?(-?[0-9.]+)')


def places(text: str) -> list[float]:
    return [float(place) for place in PLACE.findall(text)]


@pytest.mark.parametrize("count", [1, 3, MOST_LANES, MOST_LANES + 1, 40, 1000])
def test_every_account_is_drawn_inside_of_the_picture(count: int) -> None:
    """Catches: dates that are drawn beside the picture, or an account that is left out of it."""
    text = timeline(reported(fleet(count, troubled=False)))
    assert all(0 <= place <= 1080 for place in places(text))
    counted = sum(int(number) for number in re.findall(r"<title>([0-9]+) changed", text))
    assert (counted or text.count('circle class="done"')) == count


def test_same_time_line_for_all_accounts_of_one_moment() -> None:
    """Catches: a division by nothing where all dates are one."""
    assert timeline(reported({"1": changed(timedelta(0))}, max_age=None)).startswith("<svg")


@pytest.mark.parametrize("year", [1, 1970, 9999])
def test_dates_that_are_far_away_are_drawn_at_the_edge(year: int) -> None:
    """Catches: one wrong date by which all others end up in one place, or the task in an exception."""
    far = Record(password=ACCOUNTS["verified"].password, changed_at=datetime(year, 1, 1, tzinfo=timezone.utc))
    text = timeline(reported({"1": far, **fleet(20)}))
    assert all(0 <= place <= 1080 for place in places(text))


def test_nothing_is_drawn_where_no_date_is_known() -> None:
    """Catches: an empty picture, or an exception for it."""
    assert timeline(reported({"none": ACCOUNTS["none"], "undated": ACCOUNTS["undated"]})) == ""


def test_days_or_months_are_named() -> None:
    """Catches: a time line on which nobody finds the date."""
    soon = timeline(reported({"1": changed(timedelta(days=1))}, max_age=timedelta(days=2), now=NOW))
    assert ">24 Nov<" in soon and ">Dec<" not in soon
    assert ">Jan 2027<" in timeline(reported(fleet(3)))
