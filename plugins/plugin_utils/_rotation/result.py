# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a rotation, the message of a failure, and the diff. Pure, without secrets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, dates
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import seconds_between, whole_second, written

MOST_NAMED = 10
NEXT = {
    "refused": "The new password was discarded; the stored one is still in force.",
    "refused_alone": "The new password was discarded.",
    "untried": "No new password was made for it.",
    "refused_doubtful": "An earlier attempt may have landed, so the refused password is kept in doubtful_passwords; "
    "the next run that is due makes a new one.",
    "untouched": "No new password was made; the stored one is still in force.",
    "untouched_alone": "No new password was made.",
    "unanswered": "The stored password may not work any more; run again, which requests another new one.",
    "unanswered_beside": "The stored password is still in force, and the next run requests another new one.",
    "unanswered_alone": "The next run requests another new one.",
    "kept_old": "No new password was made; the stored one is still in force, and the next run tries again.",
    "unknown": "The new password stays staged, and the next run sends the same one again.",
}


def result_of(done: Done, *, max_age: timedelta | None, now: datetime) -> dict[str, Any]:
    """Return the result's fields.

    :param done: the outcome for each account
    :param max_age: the maximum age
    :param now: the time
    """
    accounts = [
        {
            "account": name,
            "action": done.actions[name],
            "reason": done.reasons[name],
            "username": record.login(name),
            "in_doubt": record.in_doubt,
            **dates(record, max_age),
        }
        for name, record in done.after.items()
    ]
    latest = max((r.effective_at for r in done.after.values() if r.effective_at), default=None)
    result: dict[str, Any] = {
        "changed": done.changed,
        "accounts": accounts,
        "effective_at": written(latest) if latest else None,
        "seconds_until_effective": seconds_between(now, latest) if latest else 0,
        "seconds_to_wait": _seconds_to_wait(done, now),
        "unverified": [name for name, record in done.after.items() if _can_be_tested(record)],
        "failed_accounts": [name for name, action in done.actions.items() if action in ("refused", "unknown")],
    }
    warnings = list(done.warnings)
    if done.skew:
        warnings.append(
            f"the store's dates are up to {math.ceil(done.skew.total_seconds())} seconds ahead of this machine's "
            "clock; the wait is longer by that much"
        )
    if warnings:
        result["warnings"] = warnings
    if result["failed_accounts"]:
        result.update(failed=True, msg=failure(done, result["failed_accounts"]))
    return result


def _can_be_tested(record: Record) -> bool:
    """Return whether a test is due. A staged password may have landed just now: then nobody may log in."""
    return record.is_unverified and not record.is_begun


def _seconds_to_wait(done: Done, now: datetime) -> float:
    """Return the seconds until all windows are over, rounded up."""
    ends = [end for name, record in done.after.items() if (end := _end(record, done.taken.get(name)))]
    left = (max(ends) - now).total_seconds() if ends else 0.0
    return max(0.0, math.ceil(left * 1000) / 1000)


def _end(record: Record, taken: datetime | None) -> datetime | None:
    """Return the latest end of a window. A stored date is only precise to the second."""
    if record.effective_at is None or record.effective_at == record.changed_at:
        return None
    return record.effective_at + (taken - whole_second(taken) if taken else timedelta(seconds=1))


def failure(done: Done, failed: list[str]) -> str:
    """Return one message about the failed accounts, with the reasons and what happens next.

    :param done: the outcome for each account
    :param failed: the accounts
    """
    alike: dict[str, list[str]] = {}
    for name in failed:
        reason = done.reasons[name].rstrip(".")
        alike.setdefault(f"{reason}. {NEXT[_outcome(done, name)]}", []).append(name)
    parts = [f"{_named(names)}: {text}" for text, names in list(alike.items())[:MOST_NAMED]]
    more = [f"{len(alike) - MOST_NAMED} more reasons, see accounts"] if len(alike) > MOST_NAMED else []
    return f"{len(failed)} of {len(done.actions)} accounts failed. {' '.join([*parts, *more])}"


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _outcome(done: Done, name: str) -> str:
    if done.issued:
        return _outcome_of_issued(done, name)
    if done.actions[name] != "refused":
        return done.actions[name]
    if name in done.untried:
        return "untried"
    if name in done.kept:
        return "refused_doubtful"
    record = done.after[name]
    return "refused" if record.password is not None and not record.in_doubt else "refused_alone"


def _outcome_of_issued(done: Done, name: str) -> str:
    record = done.after[name]
    if record.is_requested and record.password is None:
        return "unanswered_alone"
    if record.is_requested:
        return "unanswered_beside" if done.beside else "unanswered"
    if name in done.untried:
        return "untried"
    if record.password is None:
        return "untouched_alone"
    return "kept_old" if done.beside and record.previous_id else "untouched"


def diff_of(before: Mapping[str, Record], after: Mapping[str, Record], header: str, now: datetime) -> dict[str, str]:
    """Return a diff of dates and states.

    :param before: the records as they were
    :param after: the records as they are
    :param header: the title of the diff
    :param now: the time
    """
    changed = [name for name in after if before[name] != after[name]]
    return {
        "before_header": header,
        "after_header": header,
        "before": "".join(_shown(name, before[name], now) for name in changed),
        "after": "".join(_shown(name, after[name], now) for name in changed),
    }


def _shown(name: str, record: Record, now: datetime) -> str:
    if record == Record():
        return ""
    lines = [f"{name}:\n", f"  state: {record.state_at(now)}\n"]
    for field in ("changed_at", "effective_at", "verified_at", "staged_at", "failed_at", "settled_at"):
        moment = getattr(record, field)
        lines += [f"  {field}: {written(moment)}\n"] if moment else []
    for field in ("failure", "username", "credential_id", "previous_username", "previous_id"):
        text = getattr(record, field)
        lines += [f"  {field}: {text}\n"] if text else []
    for field in ("doubtful_passwords", "requests"):
        count = len(getattr(record, field))
        lines += [f"  {field}: {count}\n"] if count else []
    return "".join(lines)
