# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time line: when passwords were changed last, and when they are due next. Pure: no I/O."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import Account, Report

WIDTH, TOP, SIDE = 1080, 24, 14
# Up to so many accounts have a line each; what happens to more is counted.
MOST_LANES = 12
LANE, NAMES = 24, 190
LONGEST_NAME = 28
# How many stretches of time are counted, from how many in one on bars are drawn in place of dots, and how high.
COLUMNS, MOST_DOTS, HIGHEST, DOT = 72, 8, 110, 13
NAMES_SHOWN = 6
DAY = timedelta(days=1)
# What is further away is drawn at the edge.
FURTHEST = timedelta(days=400)
STEPS = (1, 2, 3, 6, 12)


@dataclass
class Column:
    """What happens in one stretch of time."""

    number: int
    start: datetime
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def height(self) -> int:
        """Return how many there are."""
        return sum(map(len, self.names.values()))


@dataclass(frozen=True)
class Scale:
    """A stretch of time, where it is drawn, and down to where."""

    start: datetime
    end: datetime
    left: float
    base: float

    @property
    def width(self) -> float:
        """Return how wide it is drawn."""
        return WIDTH - SIDE - self.left

    def share(self, when: datetime) -> float:
        """Return how far along a date is, from 0 to 1; what lies outside is at the edge.

        :param when: the date
        """
        return (min(max(when, self.start), self.end) - self.start) / (self.end - self.start)

    def at(self, when: datetime) -> float:
        """Return where a date is drawn.

        :param when: the date
        """
        return self.left + self.share(when) * self.width


def timeline(report: Report) -> str:
    """Return the drawing as SVG inside of HTML, an empty text if there is no date to draw.

    :param report: what the page says
    """
    dated = [account for account in report.accounts if account.record.password and account.record.changed_at]
    if not dated:
        return ""
    if len(dated) <= MOST_LANES:
        scale = _scale(report, dated, NAMES, TOP + 4 + LANE * len(dated))
        shapes = [shape for number, account in enumerate(dated) for shape in _lane(scale, report, account, number)]
    else:
        columns = _counted(dated, _scale(report, dated, SIDE, 0), report.now)
        highest = max(column.height for column in columns)
        scale = _scale(report, dated, SIDE, TOP + 6 + (HIGHEST if highest > MOST_DOTS else max(4, highest) * DOT))
        shapes = [shape for column in columns for shape in _column(column, scale, highest)]
    said = f"When the passwords of {len(dated)} accounts were changed, and when they are due; the tables say the same."
    return (
        f'<svg viewBox="0 0 {WIDTH} {scale.base + 26:.0f}" role="img" aria-label="{said}">'
        f"{''.join([*_ticks(scale), *shapes, *_now(scale, report.now)])}</svg>"
    )


def _scale(report: Report, dated: list[Account], left: float, base: float) -> Scale:
    """Return a scale with all dates in it that are not too far away, and some days around them."""
    now = report.now.astimezone(timezone.utc)
    changed = [account.record.changed_at.astimezone(timezone.utc) for account in dated if account.record.changed_at]
    due = [account.due_at.astimezone(timezone.utc) for account in dated if account.due_at]
    earliest = max(min([*changed, *due, now - 7 * DAY]), now - FURTHEST)
    latest = min(max([*changed, *due, now + 7 * DAY]), now + FURTHEST)
    margin = (latest - earliest) / 40
    return Scale(earliest - margin, latest + margin, left, base)


def _ticks(scale: Scale) -> Iterator[str]:
    """Yield the line of time, with the beginnings of months, or of days if there are few."""
    yield f'<path class="tick" d="M{scale.left:.0f} {scale.base + 0.5}H{WIDTH - SIDE}"/>'
    for when, label in _labels(scale):
        x, y = scale.at(when), scale.base
        yield f'<path class="tick" d="M{x:.1f} {TOP}V{y + 6}"/><text x="{x + 4:.1f}" y="{y + 19}">{label}</text>'


def _labels(scale: Scale) -> Iterator[tuple[datetime, str]]:
    days = (scale.end - scale.start) / DAY
    if days < 62:
        step = 1 if days < 16 else 7
        day = scale.start.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        # Weeks begin on Mondays.
        day += DAY * (-day.weekday() % 7 if step == 7 else 0)
        while day < scale.end:
            yield day, f"{day.day} {day:%b}"
            day += step * DAY
        return
    step = next((step for step in STEPS if days / 30 / step <= 14), STEPS[-1])
    month = scale.start.year * 12 + scale.start.month
    while (when := datetime(month // 12, month % 12 + 1, 1, tzinfo=timezone.utc)) < scale.end:
        if month % step == 0:
            yield when, f"{when:%b %Y}" if month % 12 == 0 or step > 3 else f"{when:%b}"
        month += 1


def _lane(scale: Scale, report: Report, account: Account, number: int) -> Iterator[str]:
    """Yield an account's line, from its last change to the date on which it is due."""
    y = TOP + 4 + LANE * (number + 0.5)
    changed = account.record.changed_at or report.now
    title = f"<title>{html.escape(account.name)}: changed on {changed:%Y-%m-%d}"
    title += f", due on {account.due_at:%Y-%m-%d}</title>" if account.due_at else "</title>"
    name = account.name if len(account.name) <= LONGEST_NAME else f"{account.name[: LONGEST_NAME - 1]}…"
    yield f'<g>{title}<text class="lane-text" x="{NAMES - 12}" y="{y + 4}">{html.escape(name)}</text>'
    here, end = scale.at(changed), scale.at(max(account.due_at or report.now, report.now))
    yield f'<path class="lane" d="M{here:.1f} {y}H{end:.1f}"/>'
    yield f'<path class="lane lived" d="M{here:.1f} {y}H{scale.at(report.now):.1f}"/>'
    yield f'<circle class="done" cx="{here:.1f}" cy="{y}" r="6"/>'
    if account.due_at:
        yield f'<circle class="{_due(account.due_at, report.now)}" cx="{scale.at(account.due_at):.1f}" cy="{y}" r="6"/>'
    yield "</g>"


def _due(due_at: datetime, now: datetime) -> str:
    return "late" if due_at <= now else "next"


def _counted(dated: list[Account], scale: Scale, now: datetime) -> list[Column]:
    """Return what happens in each stretch of time in which something does."""
    columns: dict[int, Column] = {}
    for account in dated:
        moments = [("done", account.record.changed_at)]
        moments += [(_due(account.due_at, now), account.due_at)] if account.due_at else []
        for kind, when in moments:
            if when is not None:
                number = min(COLUMNS - 1, int(scale.share(when) * COLUMNS))
                start = scale.start + (scale.end - scale.start) * number / COLUMNS
                columns.setdefault(number, Column(number, start)).names[kind].append(account.name)
    return [column for _number, column in sorted(columns.items())]


def _column(column: Column, scale: Scale, highest: int) -> Iterator[str]:
    width = scale.width / COLUMNS
    unit = HIGHEST / highest if highest > MOST_DOTS else DOT
    x, y = scale.left + column.number * width, scale.base
    for kind in ("done", "late", "next"):
        names = column.names.get(kind, [])
        if not names:
            continue
        shapes = _bar(len(names), x, y, width, unit) if highest > MOST_DOTS else _dots(len(names), x, y, width)
        yield f'<g class="{kind}"><title>{_title(kind, column.start, names)}</title>{shapes}</g>'
        y -= unit * len(names)


def _bar(count: int, x: float, y: float, width: float, unit: float) -> str:
    height = max(1.5, unit * count)
    return f'<rect x="{x + 1:.1f}" y="{y - height:.1f}" width="{width - 2:.1f}" height="{height:.1f}"/>'


def _dots(count: int, x: float, y: float, width: float) -> str:
    middles = (y - DOT * (number + 0.5) for number in range(count))
    return "".join(f'<circle cx="{x + width / 2:.1f}" cy="{middle:.1f}" r="{DOT / 2 - 1}"/>' for middle in middles)


def _title(kind: str, start: datetime, names: list[str]) -> str:
    what = {"done": "changed", "late": "overdue since", "next": "due"}[kind]
    more = [f"and {len(names) - NAMES_SHOWN} more"] if len(names) > NAMES_SHOWN else []
    shown = (html.escape(name) for name in names[:NAMES_SHOWN])
    return f"{len(names)} {what} from {start:%Y-%m-%d}: {', '.join([*shown, *more])}"


def _now(scale: Scale, now: datetime) -> Iterator[str]:
    x = scale.at(now)
    yield f'<path class="now" d="M{x:.1f} {TOP - 4}V{scale.base}"/>'
    yield f'<text class="now-text" x="{x:.1f}" y="{TOP - 9}" text-anchor="middle">now</text>'
