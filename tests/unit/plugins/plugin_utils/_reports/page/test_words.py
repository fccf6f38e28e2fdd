# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import REASONS
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.page.words import KINDS, distance, name, span
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import NOW


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(minutes=-119), "119 minutes ago"),
        (timedelta(hours=36), "in 36 hours"),
        (timedelta(days=-2), "2 days ago"),
        (timedelta(days=90), "in 90 days"),
        (timedelta(days=121), "in 4 months"),
        (timedelta(days=-800), "2 years ago"),
    ],
)
def test_distances(ahead: timedelta, said: str) -> None:
    """Catches: a unit that says less than one should know."""
    assert distance(NOW + ahead, NOW) == said


def test_spans_are_exact() -> None:
    """Catches: a maximum age of 36 hours that is called one day."""
    spans = [timedelta(days=90), timedelta(hours=36), timedelta(seconds=61), timedelta(days=1)]
    assert [span(one) for one in spans] == ["90 days", "36 hours", "61 seconds", "1 day"]


def test_every_reason_has_words() -> None:
    """Catches: a reason for which the page ends in an exception."""
    assert set(REASONS) <= set(KINDS)


def test_names_are_kept_apart_from_what_surrounds_them() -> None:
    """Catches: a name with letters from right to left that turns the text around it; markup in a name."""
    assert name("<i>") == "<bdi>&lt;i&gt;</bdi>"
