# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for the textfile collector of Prometheus' node exporter. Pure: no I/O.

Moments are Unix times, so that what is computed from them is right whenever the file is read. A series that does not
apply to an account is left out. Source: Prometheus' documentation, "Metric and label naming" and "Exposition formats".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import Account, Report
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import read

# The labels of each series beside the store, and its value.
Series = Sequence[tuple[Mapping[str, str], float | None]]
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
# The name without its prefix, what it says, and how it is read off an account: None leaves the series out.
METRICS: tuple[tuple[str, str, Callable[[Account], float | None]], ...] = (
    (
        "password_changed_timestamp_seconds",
        "When the stored password was set.",
        lambda account: _unix(account.record.changed_at),
    ),
    (
        "password_due_timestamp_seconds",
        "When the stored password reaches its maximum age.",
        lambda account: _unix(account.due_at),
    ),
    (
        "password_effective_timestamp_seconds",
        "When the window of the last change ends or ended; no login before that.",
        lambda account: _unix(account.record.effective_at),
    ),
    (
        "password_verified_timestamp_seconds",
        "When a test with the stored password last succeeded.",
        lambda account: _unix(account.record.verified_at) if account.record.is_verified else None,
    ),
    (
        "password_staged_timestamp_seconds",
        "Since when a password is staged or in doubt, because its outcome is not known.",
        lambda account: _unix(account.record.staged_at),
    ),
    (
        "password_stored",
        "Whether the store has a password for the account.",
        lambda account: bool(account.record.password),
    ),
    (
        "password_unverified",
        "Whether the stored password was changed and has not been tested since.",
        lambda account: account.record.is_unverified,
    ),
    (
        "password_staged",
        "Whether a new password is staged that may have reached the provider.",
        lambda account: account.record.is_begun,
    ),
    (
        "password_doubtful",
        "Whether a password that the provider refused may be in force in place of the stored one.",
        lambda account: account.record.in_doubt,
    ),
)


def rendered(report: Report) -> str:
    """Return the report as the text of a file.

    :param report: what it says
    """
    lines = [f"# mailops.smtp, fingerprint {report.fingerprint()}", *_of_report(report)]
    for name, text, value_of in METRICS:
        values = ((account, value_of(account)) for account in report.accounts)
        series = [({"account": account.name}, value) for account, value in values if value is not None]
        lines += _metric(report, f"smtp_account_{name}", text, series)
    lines += [*_of_failures(report), *_of_targets(report), *_of_senders(report)]
    return "\n".join(lines) + "\n"


def escaped(value: str) -> str:
    """Return a text as it stands between the quotes of a label.

    :param value: the text
    """
    return value.translate(ESCAPES)


def _of_report(report: Report) -> Iterator[str]:
    made = "When this report was made; it is stale if that is long ago."
    yield from _metric(report, "smtp_report_generated_timestamp_seconds", made, [({}, _unix(report.now))])
    yield from _metric(report, "smtp_report_accounts", "Accounts in the store.", [({}, len(report.accounts))])


def _of_failures(report: Report) -> Iterator[str]:
    series = [
        ({"account": account.name, "reason": str(account.record.failure or "unknown")}, _unix(account.record.failed_at))
        for account in report.accounts
        if "failed" in account.attention
    ]
    text = "When the last test with the stored password failed, if no later one succeeded."
    yield from _metric(report, "smtp_account_test_failed_timestamp_seconds", text, series)


def _of_targets(report: Report) -> Iterator[str]:
    places = [
        ({"account": account.name, "target": one["target"]}, one)
        for account in report.accounts
        for one in account.facts["published"]
    ]
    text = "When the target was last given a password of the account."
    moments = [(labels, _unix(read(one["published_at"]))) for labels, one in places if one["published_at"]]
    yield from _metric(report, "smtp_account_published_timestamp_seconds", text, moments)
    text = "Whether the target has another password than the store, or none."
    yield from _metric(report, "smtp_account_target_behind", text, [(labels, one["behind"]) for labels, one in places])


def _of_senders(report: Report) -> Iterator[str]:
    senders = report.senders.items()
    text = "The accounts of each sender, and their roles."
    roles = [
        ({"sender": name, "account": account, "role": str(sender.role_of(account))}, 1)
        for name, sender in senders
        for account in sender.accounts
    ]
    yield from _metric(report, "smtp_sender_account_info", text, roles)
    text = "When the sender last switched to its other account."
    moments = [({"sender": name}, _unix(sender.switched_at)) for name, sender in senders]
    yield from _metric(report, "smtp_sender_switched_timestamp_seconds", text, moments)
    text = "Whether a host may still use the account that the sender has left."
    left = [({"sender": name}, sender.leaving is not None) for name, sender in senders]
    yield from _metric(report, "smtp_sender_leaving", text, left)


def _metric(report: Report, name: str, text: str, series: Series) -> Iterator[str]:
    """Yield the lines of a metric, none if it has no series."""
    if not series:
        return
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"
    for labels, value in series:
        shown = ",".join(f'{label}="{escaped(one)}"' for label, one in {"store": report.name, **labels}.items())
        yield f"{name}{{{shown}}} {int(value or 0)}"


def _unix(moment: datetime | None) -> float | None:
    return None if moment is None else int(moment.timestamp())
