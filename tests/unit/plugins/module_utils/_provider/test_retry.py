# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import typing as t
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, Meaning
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import (
    Change,
    Patience,
    change,
    retry_after,
)

NOW = 1792567680.0  # Wed, 21 Oct 2026 07:28:00 GMT
A, V, N, T, U = Kind.ACCEPTED, Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS, Kind.THROTTLED, Kind.UNKNOWN


class Clock:
    """A clock that only sleep advances."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def now(self) -> float:
        return NOW + sum(self.pauses)


def play(*script: t.Any, retries: int = 4, ceiling: float = 120) -> tuple[Change, list[float]]:
    """Play attempts that end as the script says, a kind or (THROTTLED, Retry-After); one too many is an error."""
    clock, left = Clock(), list(script)

    def attempt() -> Meaning:
        item = left.pop(0)
        kind, header = item if isinstance(item, tuple) else (item, None)
        return Meaning(kind, f"said {kind.value}", retry_after=header, stop=kind is N)

    outcome = change(attempt, patience=Patience(retries, ceiling), sleep=clock.sleep, now=clock.now)
    assert left == []
    return outcome, clock.pauses


DIALOGUES: list[tuple[tuple[t.Any, ...], list[float], Kind, bool, str]] = [
    ((A,), [], A, False, "said accepted"),
    ((V,), [], V, False, "said refused_value"),
    ((N,), [], N, False, "said refused_access"),
    ((U, A), [1], A, True, "said accepted"),
    ((U, V), [1], V, True, "said refused_value"),
    ((U, N), [1], N, True, "said refused_access"),
    ((U, U, U, U, U), [1, 2, 4, 8], U, True, "said unknown (after 5 attempts)"),
    ((U, U, (T, "7"), N), [1, 2, 7], N, True, "said refused_access"),
    (((T, None), A), [1], A, False, "said accepted"),
    (((T, "30"), V), [30], V, False, "said refused_value"),
    (((T, "120"), A), [120], A, False, "said accepted"),
    (((T, "121"),), [], T, False, "said throttled"),
    ((U, (T, "121")), [1], T, True, "said throttled (after 2 attempts)"),
    (((T, "9" * 400),), [], T, False, "said throttled"),
    (((T, "-5"), (T, "soon"), A), [1, 2], A, False, "said accepted"),
    (((T, formatdate(NOW + 60, usegmt=True)), A), [60], A, False, "said accepted"),
    (((T, formatdate(NOW - 60, usegmt=True)), A), [0], A, False, "said accepted"),
    (((T, "5"), (T, formatdate(NOW + 60, usegmt=True)), A), [5, 55], A, False, "said accepted"),
    (tuple((T, "3") for _n in range(5)), [3, 3, 3, 3], T, False, "said throttled (after 5 attempts)"),
]


@pytest.mark.parametrize(("script", "pauses", "kind", "doubt", "message"), DIALOGUES)
def test_dialogues(script: tuple[t.Any, ...], pauses: list[float], kind: Kind, doubt: bool, message: str) -> None:
    """Catches: a pause that is too short or too long, a refusal that is repeated, a doubt that gets lost."""
    outcome, slept = play(*script)
    assert slept == pauses
    assert outcome == Change(kind=kind, doubt=doubt, sent=True, message=message, stop=kind is N)


def test_pauses_grow_to_a_limit() -> None:
    """Catches: the twentieth pause lasting six days."""
    outcome, slept = play(*[U] * 21, retries=20)
    assert slept == [1, 2, 4, 8, 16, *[30] * 15] and outcome.kind is U


def test_no_patience_is_one_attempt() -> None:
    """Catches: retries=0 that still waits or repeats, or makes no attempt at all."""
    assert play(U, retries=0) == (Change(U, True, True, "said unknown"), [])
    assert play((T, "1"), retries=0) == (Change(T, False, True, "said throttled"), [])


@pytest.mark.parametrize("ceiling", [0, 5])
def test_ceiling_is_for_retry_after_only(ceiling: int) -> None:
    """Catches: retry_after_ceiling=0 that leaves an account unknown without a single retry."""
    assert play(U, U, U, U, U, ceiling=ceiling)[1] == [1, 2, 4, 8]


def test_an_exception_is_not_swallowed() -> None:
    """Catches: a fault of our own that looks like an outcome."""

    def fail() -> Meaning:
        raise KeyError

    with pytest.raises(KeyError):
        change(fail, patience=Patience(4, 1), sleep=lambda _s: None)


@given(st.lists(st.sampled_from(list(Kind)), min_size=5, max_size=5), st.integers(0, 4))
def test_doubt_is_exactly_an_unknown_attempt(kinds: list[Kind], retries: int) -> None:
    """Catches: any order of outcomes in which an attempt that may have landed is forgotten."""
    left = list(kinds)
    outcome = change(
        lambda: Meaning(left.pop(0), ""), patience=Patience(retries, 120), sleep=lambda _s: None, now=lambda: NOW
    )
    made = kinds[: len(kinds) - len(left)]
    assert outcome.doubt is (U in made) and outcome.kind is made[-1] and len(made) <= retries + 1
    assert all(kind in (U, T) for kind in made[:-1])
    assert made[-1] not in (U, T) or len(made) == retries + 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 5 ", 5),
        ("0005", 5),
        ("1.5", None),
        ("1e3", None),
        ("+5", None),
        ("-5", None),
        ("5s", None),
        ("5, 5", None),
        ("\u0665", None),
        ("²", None),
        ("Wed, 21 Oct 2026 07:29:00 GMT", 60),
        ("Wednesday, 21-Oct-26 07:29:00 GMT", 60),
        ("Wed, 21 Oct 2026 08:29:00 +0100", 60),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0),
        ("Wed, 31 Feb 2026 07:27:00 GMT", None),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:00 +9999999999", None),
        ("tomorrow", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    """Catches: a header that crashes the run, is misread, or makes it wait into the past."""
    assert retry_after(header, NOW) == seconds


@given(
    st.text(max_size=40)
    | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,5} [0-9:]{1,10} [A-Z+0-9-]{0,6}")
)
def test_whatever_the_header_says(header: str) -> None:
    """Catches: an exception for a header that nobody thought of, and a negative pause."""
    found = retry_after(header, NOW)
    assert found is None or found >= 0


@pytest.mark.parametrize("header", ["Wed Oct 21 07:29:00 2026", "Wed, 21 Oct 2026 07:29:00 -0000"])
def test_dates_are_utc(monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    """Catches: a pause that is hours too long, or none, on a machine that is not in UTC."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert retry_after(header, NOW) == 60
    finally:
        monkeypatch.undo()
        time.tzset()
