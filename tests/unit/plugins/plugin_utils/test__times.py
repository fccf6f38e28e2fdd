# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils import _times

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
NO_DATE = "changed_at: must be a date with a time zone, such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31"
QUIET = settings(database=None, deadline=None, print_blob=True)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T12:00:00Z", NOON),
        (" 2026-11-23T12:00:00z ", NOON),
        ("2026-11-23T13:00:00+01:00", NOON),
        ("2026-11-23 06:30:00-05:30", NOON),
        ("2026-11-23T12:00:00.250000Z", NOON + timedelta(milliseconds=250)),
        ("2026-11-23T12:00+00:00", NOON),
    ],
)
def test_read(text: str, moment: datetime) -> None:
    """Catches: a date that a person typed with an offset taken for UTC."""
    assert _times.read(text) == moment
    assert _times.read(text).tzinfo is timezone.utc


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-11-23", "2026-11-23T12:00:00", "2026-02-30T12:00:00Z", "2026-11-23T25:00:00Z", "1764", "Z"],
)
def test_read_refuses(text: str) -> None:
    """Catches: a date without a zone read in the zone of the machine, so that a window ends hours early."""
    with pytest.raises(ValueError, match=r"."):
        _times.read(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_read_refuses_what_utc_cannot_express(text: str) -> None:
    """Catches: an exception of another type, which ends as an unexpected error without the account's name."""
    with pytest.raises(ValueError, match=r"."):
        _times.read(text)


@QUIET
@given(st.datetimes(max_value=datetime(9000, 1, 1), min_value=datetime(1970, 1, 1), timezones=ZONES))  # noqa: DTZ001
def test_written_moments_are_read_back(moment: datetime) -> None:
    """Catches: a moment that comes back from the store an hour or a second off."""
    second = _times.whole_second(moment.astimezone(timezone.utc))
    assert _times.read(_times.written(moment)) == second


@pytest.mark.parametrize(
    ("later", "seconds"),
    [
        (timedelta(seconds=900), 900),
        (timedelta(seconds=899, microseconds=1), 900),
        (timedelta(0), 0),
        (timedelta(seconds=-5), 0),
        (timedelta(microseconds=1), 1),
        (timedelta(microseconds=-1), 0),
    ],
)
def test_seconds_between_rounds_up(later: timedelta, seconds: int) -> None:
    """Catches: a wait that ends within the window's last second, or a negative wait."""
    assert _times.seconds_between(NOON, NOON + later) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1", 1), ("90d", 7776000), ("12h", 43200), ("15m", 900), ("2w", 1209600), (" 30s ", 30), ("36500d", 3153600000)],
)
def test_duration(text: str, seconds: int) -> None:
    """Catches: a unit with the wrong length: minutes taken for months."""
    assert _times.duration(text, "max_age") == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", [None, "", "  "])
def test_no_duration(text: str | None) -> None:
    """Catches: an option that is not set taken for zero seconds, so that every run rotates."""
    assert _times.duration(text, "max_age") is None


@pytest.mark.parametrize("text", ["90 d", "1.5h", "-1", "d", "1y", "90D", "1h30m", "٣", "1e3", "12345678901"])
def test_malformed_duration(text: str) -> None:
    """Catches: half of a duration taken for the whole."""
    with pytest.raises(InputError) as caught:
        _times.duration(text, "max_age")
    rule = "is not a duration; write seconds, or a number with m, h, d or w, such as 90d"
    assert str(caught.value) == f"max_age: {text!r} {rule}"


@pytest.mark.parametrize("text", ["0", "0d", "36501d", "9999999999w"])
def test_duration_out_of_bounds(text: str) -> None:
    """Catches: a duration that rotates at every run, or that overflows a date."""
    with pytest.raises(InputError) as caught:
        _times.duration(text, "max_age")
    assert str(caught.value) == f"max_age: {text!r} is not a duration from one second to a hundred years"


def test_now_is_aware() -> None:
    """Catches: a naive local time, which no comparison with a stored one survives."""
    assert _times.utc_now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (None, None),
        (" ", None),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T12:00:00.9Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31 12:00:00+01:00", "2026-01-31T11:00:00Z"),
    ],
)
def test_moment_given(text: str | None, moment: str | None) -> None:
    """Catches: a day in the machine's own time zone, fractions that the store does not keep."""
    found = _times.moment_given(text, "changed_at", _times.read("2026-02-01T00:00:00Z"))
    assert (_times.written(found) if found else None) == moment


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-02-01T00:00:02Z", "changed_at: 2026-02-01T00:00:02Z is in the future"),
        *((text, NO_DATE) for text in ("2026-01-31T12:00:00", "yesterday", "1-1-2026", "2026-02-31", "-5")),
    ],
)
def test_moment_that_is_none(text: str, message: str) -> None:
    """Catches: a date that is guessed, a window that never ends."""
    with pytest.raises(InputError) as caught:
        _times.moment_given(text, "changed_at", _times.read("2026-02-01T00:00:00Z"))
    assert str(caught.value) == message
