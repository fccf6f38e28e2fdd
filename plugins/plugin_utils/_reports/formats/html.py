# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as one page for people, complete in itself: no script, and nothing from elsewhere. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import Account, Report
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.page import tables, words
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.page.style import STYLE
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.page.timeline import timeline
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written

# How many rows are unfolded in one part of the page; what comes after them is folded up.
MOST_OPEN = 20
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='7' fill='%23{}'/%3E%3C/svg%3E"
)
KEY = (
    '<p class="key"><span><i class="done"></i>last change</span><span><i class="next"></i>due</span>'
    '<span><i class="late"></i>overdue</span></p>'
)


def rendered(report: Report) -> str:
    """Return the report as the text of a file.

    :param report: what it says
    """
    wanting = [account for account in report.accounts if account.attention]
    title = f"SMTP passwords: {len(wanting)} need attention" if wanting else "SMTP passwords: all in order"
    icon = ICON.format("d1453b" if wanting else "34a065")
    parts = [
        *_head(report),
        *_attention(report, wanting),
        *_chart(report),
        *_others(report, wanting),
        *_senders(report),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="fingerprint" content="{report.fingerprint()}">\n'
        f'<title>{title}</title>\n<link rel="icon" href="{icon}">\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n'
        f"{''.join(parts)}<footer>Written by mailops.smtp. This page has dates and states, and no password.</footer>\n"
        "</main>\n</body>\n</html>\n"
    )


def _head(report: Report) -> Iterator[str]:
    made = written(report.now)
    age = f", due after {words.span(report.max_age)}" if report.max_age else ""
    shown = made.replace("T", " ").replace("Z", " UTC")
    yield (
        f"<header><h1>SMTP passwords in {words.name(report.name)}</h1>"
        f'<p>as of <time datetime="{made}">{shown}</time>{age}</p></header>\n'
    )
    groups = _groups(report.accounts)
    counts = {tone: sum(len(groups.get(kind, ())) for kind in kinds) for tone, kinds in _kinds_by_tone().items()}
    yield (
        '<ul class="tiles">'
        + _tile("bad", counts["bad"], "failed or in doubt")
        + _tile("warn", counts["warn"], "to follow up")
        + _tile("wait", counts["wait"], "waiting to take effect")
        + _tile("good", counts["good"], "verified")
        + _tile("", len(report.accounts), "accounts in the store")
        + "</ul>\n"
    )
    bars = (f'<i class="{tone}" style="flex:{number}"></i>' for tone, number in counts.items() if number)
    yield f'<div class="share" aria-hidden="true">{"".join(bars)}</div>\n'


def _kinds_by_tone() -> dict[str, list[str]]:
    tones: dict[str, list[str]] = {}
    for kind, tone in tables.TONES.items():
        tones.setdefault(tone, []).append(kind)
    return {tone: tones[tone] for tone in ("bad", "warn", "wait", "good")}


def _tile(tone: str, number: int, label: str) -> str:
    lit = f"{tone} lit" if number and tone else tone
    return f'<li class="{lit}"><b>{number:,}</b>{label}</li>'


def _groups(accounts: Iterable[Account]) -> dict[str, list[Account]]:
    groups: dict[str, list[Account]] = {}
    for account in accounts:
        groups.setdefault(words.kind_of(account), []).append(account)
    return groups


def _attention(report: Report, wanting: list[Account]) -> Iterator[str]:
    yield "<h2>Needs attention</h2>\n"
    if wanting:
        yield from _cards(report, wanting)
        return
    said = "Nothing needs attention." if report.accounts else "The store has no accounts yet."
    yield f'<p class="card calm">{said}</p>\n'


def _others(report: Report, wanting: list[Account]) -> Iterator[str]:
    others = [account for account in report.accounts if not account.attention]
    if others:
        yield f"<h2>{'All other accounts' if wanting else 'Accounts'}</h2>\n"
        yield from _cards(report, others)


def _cards(report: Report, accounts: list[Account]) -> Iterator[str]:
    """Yield a card for each kind of account, the most urgent kinds unfolded."""
    groups, unfolded = _groups(accounts), 0
    for kind in words.KINDS:
        found = groups.get(kind, [])
        unfolded += len(found)
        if found:
            label, meaning = words.KINDS[kind]
            yield (
                f'<details class="card {tables.TONES[kind]}"{" open" if unfolded <= MOST_OPEN else ""}>'
                f'<summary class="says"><b>{len(found):,} {label}</b>{meaning}</summary>'
                f"{tables.accounts(report, found)}</details>\n"
            )


def _chart(report: Report) -> Iterator[str]:
    drawn = timeline(report)
    if drawn:
        yield f'<h2>Last and next rotations</h2>\n<div class="card"><div class="chart">{drawn}</div>{KEY}</div>\n'


def _senders(report: Report) -> Iterator[str]:
    if report.senders:
        yield "<h2>Senders</h2>\n"
        yield from tables.senders(report)
