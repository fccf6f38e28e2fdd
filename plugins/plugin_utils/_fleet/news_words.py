# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How news of a run is told in two sentences, and what to do next. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import unique
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.words import listed

STORE, FAILED, DRIFT, DOUBTFUL, STAGED = "store", "failed", "drift", "doubtful", "staged"
ON_HOLD, LEFT_BEHIND, UNVERIFIED = "on_hold", "left_behind", "unverified"
UNSAVED, UNCHECKED, DUE = "unsaved", "unchecked", "due"
# The most urgent first.
KINDS = (STORE, FAILED, DRIFT, DOUBTFUL, STAGED, ON_HOLD, LEFT_BEHIND, UNVERIFIED, UNSAVED, UNCHECKED, DUE)
# By its name told from messages that need an explanation: the guide shows each kind.
WHAT_TO_DO = {
    STORE: "Check the path of the store, its permissions, and the Vault secret; then run again.",
    FAILED: "Correct what the error names, and run again; the next run continues where this one ended.",
    DRIFT: "To make the store and the provider agree again, run the audit with smtp_rotation_reconcile set to true.",
    DOUBTFUL: "Run again: the next run sets a new password and tests it; the store keeps the doubtful one until then.",
    STAGED: "Run again: the next run sends the same password until the provider accepts or refuses it.",
    ON_HOLD: "Correct what the error names, and run again; the mail waits in the queue and is released after a test.",
    LEFT_BEHIND: "Make the host reachable and correct its error, and run again: it then gets the stored password.",
    UNVERIFIED: "Run again: only the test is repeated, after the window, and no password changes.",
    UNSAVED: "Correct what kept the store from being saved, and run again: the next run saves it.",
    UNCHECKED: "Run the audit again later; this does not show that the password was changed.",
    DUE: "No action is needed if the rotation is scheduled: it sets a new password when this one is due.",
}
CLAUSES = {
    STORE: "the store cannot be read",
    DRIFT: "the server refuses the stored {password} of {accounts}",
    DOUBTFUL: "it is not known which password of {accounts} is in force",
    STAGED: "the new {password} of {accounts} may not have reached the provider",
    ON_HOLD: "the mail of {hosts} is on hold",
    LEFT_BEHIND: "the new password may not be in use on {hosts} yet",
    UNVERIFIED: "the new {password} of {accounts} {has} not been tested successfully",
    UNSAVED: "the store was not saved elsewhere",
    UNCHECKED: "the {password} of {accounts} could not be checked",
    DUE: "the {password} of {accounts} {is_due} by {due}",
}


def text_of(entries: Sequence[Mapping[str, Any]], *, audits: bool) -> str:
    """Return two sentences: what happened, and what to do about the most urgent of it.

    :param entries: what is to be told, the most urgent first
    :param audits: whether the run was an audit
    """
    clauses = [_clause(kind, _of_kind(entries, kind)) for kind in _kinds(entries) if kind != FAILED]
    happened = "; ".join(clauses)
    failed = _of_kind(entries, FAILED)
    if failed:
        head = f"The {_run(audits=audits)} of SMTP passwords failed on {listed(_all(failed, 'hosts'))}"
        happened = happened or _first_sentence(str(failed[0].get("reason", "")))
        happened = f"{head}: {happened}" if happened else head
    # That a password is due soon is no advice for a run that failed.
    telling = [entry for entry in entries if entry["kind"] not in (FAILED, DUE)] or failed or entries
    sentence = f"{happened[0].upper()}{happened[1:]}. {telling[0]['next']}"
    return sentence  # noqa: RET504  (by its name it is told from a message that needs an explanation)


def subject_of(entries: Sequence[Mapping[str, Any]], *, audits: bool) -> str:
    """Return one short line, for the subject of a message.

    :param entries: what is to be told, the most urgent first
    :param audits: whether the run was an audit
    """
    failed = _of_kind(entries, FAILED)
    if failed:
        hosts = _all(failed, "hosts")
        more = f" and {len(hosts) - 1} more hosts" if len(hosts) > 2 else ""
        line = f"SMTP passwords: {_run(audits=audits)} failed on {hosts[0] + more if more else listed(hosts)}"
    else:
        line = f"SMTP passwords: {', '.join(_kinds(entries)).replace('_', ' ')}"
    return line


def _run(*, audits: bool) -> str:
    return "audit" if audits else "rotation"


def _first_sentence(reason: str) -> str:
    return re.split(r"\.\s+(?=[A-Z])", " ".join(reason.split()))[0].rstrip(".")


def _kinds(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return unique(entry["kind"] for entry in entries)


def _of_kind(entries: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [entry for entry in entries if entry["kind"] == kind]


def _all(entries: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return unique(one for entry in entries for one in entry[name])


def _clause(kind: str, entries: Sequence[Mapping[str, Any]]) -> str:
    accounts, hosts = _all(entries, "accounts"), _all(entries, "hosts")
    several = len(accounts) > 1
    return CLAUSES[kind].format(
        accounts=listed(accounts),
        hosts=listed(hosts),
        password="passwords" if several else "password",
        has="have" if several else "has",
        is_due="are due" if several else "is due",
        due=max((entry["due"] for entry in entries if entry.get("due")), default=""),
    )
