# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page's tables of accounts and senders. Pure: no I/O."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import Account, Report
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.page import words

# Each kind of account in the colour of its urgency: passwords with which mail may be failing first.
TONES = {
    "failed": "bad",
    "doubtful": "bad",
    "overdue": "warn",
    "staged": "warn",
    "none": "warn",
    "undated": "warn",
    "unverified": "warn",
    "unpublished": "warn",
    "waiting": "wait",
    "verified": "good",
}
SYMBOLS = {"bad": "!", "warn": "?", "wait": "…", "good": "✓"}
LAST = datetime.max.replace(tzinfo=timezone.utc)
NOTHING = '<span class="dim">-</span>'
HEADS = ("account", "changed", "age", "due", "tested")
_NUMBER = re.compile(r"([0-9]{1,18})")


def pill(kind: str) -> str:
    """Return a state or a reason as a label.

    :param kind: a key of C(KINDS)
    """
    tone = TONES[kind]
    return f'<span class="pill {tone}"><span aria-hidden="true">{SYMBOLS[tone]}</span> {words.KINDS[kind][0]}</span>'


def accounts(report: Report, shown: Iterable[Account]) -> str:
    """Return a table of accounts, the one that is due first at its top.

    :param report: what the page says
    :param shown: the accounts
    """
    ordered = sorted(shown, key=lambda account: (account.due_at or LAST, _natural(account.name)))
    head = "".join(f'<th scope="col" class="{head}">{head}</th>' for head in HEADS)
    rows = "".join(_row(account, report) for account in ordered)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts 9.acme before 10.acme."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBER.split(name)]


def _row(account: Account, report: Report) -> str:
    also = "".join(f" {pill(kind)}" for kind in account.attention[1:]) + _behind(account)
    cells = [
        words.moment(account.record.changed_at, report.now) or NOTHING,
        _life(account, report),
        words.moment(account.due_at, report.now) or NOTHING,
        _tested(account, report),
    ]
    shown = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{words.name(account.name)}{also}{_sender(account)}</th>{shown}</tr>\n'


def _behind(account: Account) -> str:
    """Return the places that are to get the password still."""
    late = ", ".join(words.name(str(one["target"])) for one in account.facts["published"] if one["behind"])
    return f" <small>not published to {late}</small>" if late else ""


def _sender(account: Account) -> str:
    if not account.facts["sender"]:
        return ""
    role = str(account.facts["role"]).replace("_", " ")
    return f" <small>{role}, {words.name(str(account.facts['sender']))}</small>"


def _tested(account: Account, report: Report) -> str:
    ends = account.record.effective_at
    if account.facts["window_open"] and ends is not None:
        return f"not before {ends.astimezone(timezone.utc):%H:%M} UTC <small>{words.distance(ends, report.now)}</small>"
    if "failed" in account.attention:
        failed = account.record.failed_at or report.now
        return f"{html.escape(words.failure(account))} <small>{words.distance(failed, report.now)}</small>"
    return words.moment(account.record.verified_at if account.record.is_verified else None, report.now) or NOTHING


def _life(account: Account, report: Report) -> str:
    """Return a bar of how much of its time a password has behind it."""
    age = account.facts["age_seconds"]
    if age is None or report.max_age is None:
        return NOTHING
    share = age / report.max_age.total_seconds()
    said = f"{share:.0%} of {words.span(report.max_age)}"
    length = max(3, min(100, round(100 * share)))
    return f'<div class="life" role="img" aria-label="{said}" title="{said}"><i style="width:{length}%"></i></div>'


def senders(report: Report) -> Iterator[str]:
    """Yield the table of senders.

    :param report: what the page says
    """
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("sender", "in use", "other account", "switched"))
    yield f'<div class="card scroll"><table class="free"><thead><tr>{heads}</tr></thead><tbody>'
    for name, sender in report.senders.items():
        rest = words.name(sender.other or "")
        if sender.leaving:
            rest += ' <span class="pill warn"><span aria-hidden="true">?</span> hosts may still use it</span>'
        yield (
            f'<tr><th scope="row">{words.name(name)}</th><td>{words.name(sender.in_use or "")}</td><td>{rest}</td>'
            f"<td>{words.moment(sender.switched_at, report.now)}</td></tr>\n"
        )
    yield "</tbody></table></div>\n"
