# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of the places where passwords are published: a table, and what went wrong. Pure: no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.ending import MOST_SHOWN, MOST_TOLD, aligned
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Record

HEADINGS = ("ACCOUNT", "PUBLISHED TO", "RESULT")
DONE, FAILED, WAITS, WOULD = "published", "failed", "not yet", "would be published"
# After so many failures of a target, one after the other, nothing more is sent to it in this run.
MOST_FAILED = 3


def noted(account: str, target: str, result: str, reason: str = "") -> dict[str, str]:
    """Return what a host remembers of one publication.

    :param account: the account
    :param target: the target's name
    :param result: what became of it
    :param reason: why
    """
    return {"account": account, "target": target, "result": result, "reason": reason}


def merged(before: Sequence[Mapping[str, str]], new: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return what a host remembers after more was published: of each account and target the last.

    :param before: what it remembers
    :param new: what came after
    """
    found = {(one["account"], one["target"]): dict(one) for one in before}
    return list({**found, **{(one["account"], one["target"]): dict(one) for one in new}}.values())


def gives_up(results: Sequence[Mapping[str, str]], target: str) -> bool:
    """Return whether a target has failed so often that nothing more is sent to it.

    :param results: what has become of the publications so far
    :param target: the target's name
    """
    last = [one["result"] for one in results if one["target"] == target][-MOST_FAILED:]
    return len(last) == MOST_FAILED and set(last) == {FAILED}


def table(own: Record, *, everything: bool) -> list[str]:
    """Return the lines of the summary. Of many publications only those that need attention are shown.

    :param own: what this host remembers
    :param everything: whether all are shown
    """
    rows: list[tuple[str, ...]] = [(one["account"], one["target"], _result(one)) for one in own.publications]
    if len(rows) <= MOST_SHOWN or everything:
        return aligned(rows, HEADINGS)
    counts = Counter(one["result"] for one in own.publications)
    line = f"{len(rows)} publications: {', '.join(f'{n} {result}' for result, n in counts.items())}. -v shows all."
    bad = [row for row in rows if row[2] == FAILED]
    return [line, *aligned(bad[:MOST_SHOWN], HEADINGS)]


def _result(one: Mapping[str, Any]) -> str:
    return f"{WAITS}, {one['reason']}" if one["result"] == WAITS else str(one["result"])


def failures(own: Record) -> Iterator[str]:
    """Yield what could not be published.

    :param own: what this host remembers
    """
    bad = [one for one in own.publications if one["result"] == FAILED]
    for one in bad[:MOST_TOLD]:
        yield (
            f"The password of {one['account']} was not published to {one['target']}: {one['reason'].rstrip('.')}. The "
            "store has it, and the next run publishes it."
        )
    if len(bad) > MOST_TOLD:
        yield f"{len(bad) - MOST_TOLD} more passwords were not published; run with -v to see all of them."
