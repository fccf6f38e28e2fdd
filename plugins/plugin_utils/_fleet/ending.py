# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told at the end: a table of the accounts, and on each host what went wrong. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.deploy import hosts_with
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.proof import seen_here
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Outcome, Verdict
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.words import listed

MOST_SHOWN, MOST_TOLD = 20, 10
# Where the name of an action could be taken for something that became of the account.
RESULTS = {"retired": "old one deleted", "would_retire": "would delete the old one"}
HEADINGS = ("ACCOUNT", "RESULT", "IN FORCE SINCE", "TESTED", "NEXT DUE", "USER NAME")
OF_HOSTS = ("HOST", "MAIL PROGRAM", "PROVED BY", "RELAY'S ANSWER")
BAD = ("refused", "unknown")
# As a mail program tells it that sent nothing.
NOT_PROVED = "nothing"


def table(fleet: Fleet, *, everything: bool) -> list[str]:
    """Return the lines of the summary, one for each account. Of many accounts only those that need attention are shown.

    :param fleet: all hosts
    :param everything: whether all accounts are shown
    """
    outcome, verdict = fleet.leader.outcome or Outcome(), fleet.leader.verdict or Verdict()
    adopted = fleet.leader.plan.adopted if fleet.leader.plan else []
    rows = [_row(entry, verdict, adopted) for entry in outcome.accounts]
    shown = {row[0] for row in rows}
    rows += [(account, "adopted", "", "", "", account) for account in adopted if account not in shown]
    rows += [(account, "left unchanged", "", "", "", account) for account in outcome.excluded]
    if all(row[0] == row[-1] for row in rows):
        rows = [row[:-1] for row in rows]
    senders = list(_of_senders(fleet))
    if len(rows) <= MOST_SHOWN or everything:
        return [*aligned(rows), *senders]
    bad = [row for row in rows if row[1] in (*BAD, "left unchanged") or row[3].startswith("failed")]
    return [_counts(rows), *aligned(bad[:MOST_SHOWN]), *_more(len(bad) - MOST_SHOWN), *senders]


def sent(fleet: Fleet, hosts: Iterable[str], *, everything: bool) -> list[str]:
    """Return the lines that tell how each host's mail was proved; of many hosts how many, and those that were not.

    :param fleet: all hosts
    :param hosts: the hosts that are told of
    :param everything: whether all of them are shown
    """
    rows = [(host, *_proof(one)) for host in hosts for one in fleet.record(host).proofs]
    if len(rows) <= MOST_SHOWN or everything:
        return aligned(rows, OF_HOSTS)
    ways = Counter(row[2] for row in rows)
    line = f"Mail of {len({row[0] for row in rows})} hosts: {', '.join(f'{n} by {way}' for way, n in ways.items())}."
    bad = [row for row in rows if row[2] == NOT_PROVED]
    return [f"{line} Run with -v to see all.", *aligned(bad[:MOST_SHOWN], OF_HOSTS), *_more(len(bad) - MOST_SHOWN)]


def _proof(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (one["program"], one["how"], one["reply"])


def _row(entry: Mapping[str, Any], verdict: Verdict, adopted: Sequence[str]) -> tuple[str, ...]:
    account, action = str(entry["account"]), str(entry["action"])
    action = "adopted" if account in adopted and action == "unchanged" else action
    since = _minute(entry.get("effective_at"))
    tested = _minute(entry.get("verified_at")) or "no"
    if account in verdict.proved:
        tested = "yes"
    elif account in verdict.unproved:
        tested = f"failed: {verdict.unproved[account]['reason']}"
    username = str(entry.get("username") or account)
    return (
        account,
        RESULTS.get(action, action.replace("_", " ")),
        since,
        tested,
        _minute(entry.get("next_due")),
        username,
    )


def _minute(moment: Any) -> str:
    """Return a date of the store to the minute; the store's are in UTC."""
    return str(moment)[:16].replace("T", " ") if moment else ""


def aligned(rows: list[tuple[str, ...]], headings: tuple[str, ...] = HEADINGS) -> list[str]:
    """Return the lines of a table, none without rows.

    :param rows: its rows
    :param headings: what stands above them
    """
    if not rows:
        return []
    lines = [headings[: len(rows[0])], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in lines]


def _counts(rows: list[tuple[str, ...]]) -> str:
    results = Counter(row[1] for row in rows)
    tested = sum(row[3] == "yes" for row in rows)
    named = ", ".join(f"{count} {result}" for result, count in results.most_common())
    return f"{len(rows)} accounts: {named}; {tested} tested now. Run with -v to see all."


def _more(count: int) -> list[str]:
    return [f"{count} more need attention; run with -v to see them."] if count > 0 else []


def _of_senders(fleet: Fleet) -> Iterator[str]:
    switch, plan = fleet.leader.switch, fleet.leader.plan
    for advice in plan.advice if plan else []:
        told = switch.senders.get(advice["sender"], advice) if switch else advice
        # Under a name, as it is no message that needs an explanation.
        line = f"sender {advice['sender']}: {told['in_use']} is in use ({told['reason']})"
        yield line


def of_overlap(
    fleet: Fleet, made: Iterable[str], used: Mapping[str, Sequence[str]], outside: Sequence[str], keep_old: str
) -> Iterator[str]:
    """Yield what becomes of the credentials beside which there is a new one.

    :param fleet: all hosts
    :param made: accounts with a new credential that works beside the old one
    :param used: those whose new credential every host uses, with the hosts
    :param outside: hosts outside of this run
    :param keep_old: how long the old one is kept after that
    """
    if used:
        yield (
            f"{listed(used)}: every host uses the new credential now. A run {keep_old} later or more deletes the old "
            "one."
        )
    users = hosts_with(fleet, [one for one in made if one not in used], outside, fleet.own.accounts)
    for account, hosts in list(users.items())[:MOST_TOLD]:
        missing = [host for host in hosts if account not in fleet.record(host).given]
        if hosts:
            yield f"{account}: the old credential is kept, because {listed(missing)} may still use it."
        else:
            yield (
                f"{account}: the old credential is kept, because no host of this play is given the new one. When all "
                "that sends has the new one, record that with smtp_account_password, state=settled."
            )


def failure(fleet: Fleet, *, holds: bool, held: bool, releases: bool, stays: str) -> str:
    """Return what went wrong, for the message that this host fails with; an empty text if nothing.

    :param fleet: all hosts
    :param holds: whether this host's mail is to be held in this run
    :param held: whether it is on hold
    :param releases: whether this host's mail is released in a run, whatever held it
    :param stays: why it stays on hold
    """
    parts = [*_of_leader(fleet)] if fleet.leads else []
    if not fleet.leads and not fleet.own.trouble and (_own_failed(fleet) or (holds and stays)):
        kept = (fleet.leader.outcome or Outcome()).excluded
        parts += [_left_alone(account, kept[account], "") for account in fleet.own.accounts if account in kept]
        parts += [_with_leader(fleet.own.leader, stays if holds else "")] if not parts or (holds and stays) else []
    elif releases and stays and not fleet.own.trouble:
        # Also where this run held nothing: an earlier one may have.
        parts.append(_if_held(stays))
    return " ".join(" ".join([*parts, *_of_host(fleet, held=holds and held)]).split())


def _with_leader(leader: str, stays: str) -> str:
    held = f"Mail stays on hold here: {stays}." if stays else ""
    text = f"The rotation failed on {leader}, which rotates for all hosts of the play; see its error. {held}"
    return text  # noqa: RET504  (by its name the text is found and held against the documentation)


def _if_held(stays: str) -> str:
    text = f"If mail is on hold here, it stays on hold: {stays}."
    return text  # noqa: RET504  (likewise)


def _own_failed(fleet: Fleet) -> list[str]:
    led, outcome = fleet.leader, fleet.leader.outcome or Outcome()
    verdict = seen_here(fleet) or Verdict()
    bad = {*outcome.failed, *outcome.excluded, *verdict.unproved}
    if outcome.broken and led.plan:
        bad |= {*led.plan.work}
    return [account for account in fleet.own.accounts if account in bad]


def _of_leader(fleet: Fleet) -> Iterator[str]:
    """Yield what the provider or the store refused, what was left out, and which tests failed."""
    own, outcome = fleet.own, fleet.own.outcome or Outcome()
    if outcome.told:
        yield outcome.told
    for account, hosts in outcome.excluded.items():
        why = fleet.record(hosts.split(", ")[0]).trouble
        why = (why or "its mail could not be held, or the host failed earlier in the play").rstrip(".")
        # This host's own error is told at the end.
        known = hosts == fleet.play.here and own.trouble
        yield _left_alone(account, hosts, "" if known else f": {why}")
    if own.unrecorded:
        yield f"The results of the test messages could not be recorded: {own.unrecorded}. The next run tests again."
    unproved = (own.verdict or Verdict()).unproved
    for account, test in list(unproved.items())[:MOST_TOLD]:
        if own.plan and own.plan.overlaps:
            yield (
                f"{account}: the test message failed ({test['reason']}): {test['msg']} The hosts keep the login that "
                "they have, which still works. The next run tests again."
            )
            continue
        yield (
            f"{account}: the test message failed ({test['reason']}): {test['msg']} The store keeps the new password as "
            f"smtp_accounts['{account}'].password, and an old one as previous_password. The next run tests again."
        )
    if len(unproved) > MOST_TOLD:
        yield f"{len(unproved) - MOST_TOLD} more test messages failed; run with -v to see all accounts."


def _left_alone(account: str, hosts: str, why: str) -> str:
    text = f"{account} was left unchanged because of an error on {hosts}{why}."
    return text  # noqa: RET504  (likewise)


def _of_host(fleet: Fleet, *, held: bool) -> Iterator[str]:
    own = fleet.own
    if own.trouble:
        yield f"{own.trouble.rstrip('.')}."
        yield (
            "Its mail stays on hold and nothing is lost; the next run continues from here."
            if held
            else "The next run tries again."
        )
    if own.unkept:
        yield (
            f"The store was written but not saved elsewhere: {own.unkept.rstrip('.')}. Fix that and run again: the "
            "next run saves it."
        )
