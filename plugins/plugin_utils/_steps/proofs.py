# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the change: test messages, release, what is recorded, and what is told at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import audit, ending, proof, waiting
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import change as decisions
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import deploy as deploying
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import published as publications
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Phase, Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import overlap, programs
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import (
    Result,
    Tools,
    failed,
    follow,
    remembered,
    shown,
    why,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import utc_now


def test(tools: Tools) -> Result:
    """Send a test message with each new password, from one host: this one, or one that is not in this batch.

    :param tools: what the step works with
    """
    fleet, options = tools.fleet, tools.options
    follow(fleet, Phase.TESTED)
    accounts = proof.tested_from(fleet, tools.item)
    done: Result = {"item": tools.item, "token": fleet.leader.token, "changed": False}
    if not accounts or not options["test_send"] or tools.check_mode:
        return {**done, "tests": [], "spared": accounts, "skipped": True}
    snapshot = tools.store.read()
    # A run of somebody else can have changed an account in the meantime, and opened another window.
    closed = [one for one in accounts if _is_open(snapshot.document.record(one).effective_at, utc_now())]
    known = tools.logins(snapshot, [one for one in accounts if one not in closed])
    tests = [proof.told_reopened(account) for account in closed]
    if known:
        tests += _sent(tools, known)
    bad = sum(not one["works"] for one in tests)
    return {**done, "tests": tests, "msg": f"{len(tests) - bad} of {len(tests)} accounts work"}


def _is_open(effective_at: datetime | None, now: datetime) -> bool:
    return effective_at is not None and effective_at > now


def _sent(tools: Tools, known: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    outcome, message = tools.fleet.leader.outcome, tools.options["test_message"]
    first = outcome.untested[:1] if outcome else []
    logins = [
        {**login, "send": message == "each" or (message == "first" and account in first)}
        for account, login in known.items()
    ]
    result = tools.call("smtp_test_send", {**tools.options.of_smtp(), "accounts": logins})
    # By their places: a name that contains a password is masked.
    told = result.get("results") or [{"msg": why(result)}] * len(logins)
    return [proof.told_of_test(account, one) for account, one in zip(known, told, strict=True)]


def release(tools: Tools) -> Result:
    """Release this host's mail, if its accounts are proved and a message through each mail program arrives.

    In every run, also if nothing was held in this one: a run that was killed may have left its hold.

    :param tools: what the step works with
    """
    follow(tools.fleet, Phase.CHANGED)
    own, options = tools.fleet.own, tools.options
    anyway = bool(options["release_on_failure"])
    stays = proof.stays(tools.fleet, release_on_failure=anyway)
    if stays or not own.programs:
        return remembered(own, skipped=True, releases=not stays)
    results: list[Result] = []
    # A login that has failed already is not tried a second time.
    if not anyway or not proof.stays(tools.fleet, release_on_failure=False):
        own, results = _proved(tools, own)
    if anyway or not own.trouble:
        troubles, released = _released(tools, own)
        results += released
        every = [own.trouble, *troubles] if own.trouble else troubles
        own = replace(own, trouble=". ".join(one.rstrip(".") for one in every), released=not troubles)
    return remembered(own, releases=own.released, **shown(*results))


def _released(tools: Tools, own: Record) -> tuple[list[str], list[Result]]:
    """Release the mail of every mail program."""
    troubles, results = [], []
    for name in own.programs:
        results.append(programs.ask(tools, name, "released", tools.here, programs.users_of(tools, own, name)))
        if failed(results[-1]):
            trouble = f"its mail could not be released: {why(results[-1])}"
            troubles.append(trouble)
    return troubles, results


def _proved(tools: Tools, own: Record) -> tuple[Record, list[Result]]:
    """Send one message with each login through the mail programs, while all other mail is on hold."""
    if not proof.is_to_be_proved(tools.fleet, tools.options, check_mode=tools.check_mode):
        return own, []
    held, results = decisions.is_held(tools.fleet), []
    for name in own.programs:
        users = programs.with_passwords(tools, programs.users_of(tools, own, name))
        if not users:
            # Its accounts were never rotated: it goes on with the passwords that it has.
            continue
        result = programs.ask(tools, name, "proved", tools.here, users)
        results.append(result)
        if failed(result):
            trouble = f"no message could be sent through {name} with the new password: {why(result)}"
            return replace(own, trouble=trouble, away=bool(result.get("unreachable"))), results
        if held and result["has_queue"] and not result["was_held"]:
            tools.warn(
                f"{tools.here}: something else ended the hold of the mail of {name} during the window, so mail may "
                "have been sent with the old password. See what writes its configuration."
            )
        proofs = [{"program": name, **{key: str(one[key]) for key in proof.SHOWN}} for one in result["proofs"]]
        own = replace(own, proofs=[*own.proofs, *proofs])
    return own, results


def record(tools: Tools) -> Result:
    """Record which passwords work, on the leader for all hosts.

    :param tools: what the step works with
    """
    fleet, own = tools.fleet, tools.fleet.own
    if not fleet.leads:
        return remembered(replace(own, reached=max(own.reached, Phase.TESTED)), skipped=True)
    verdict = proof.verdict_of(fleet, fleet.play.batch)
    # What overlaps needs no switch: hosts are given what the store says now.
    reached = Phase.SWITCHED if own.plan and own.plan.overlaps else Phase.TESTED
    # The store is saved elsewhere after this step again.
    own = replace(own, verdict=verdict, reached=reached, unkept="")
    failures = proof.failures_of(verdict)
    accounts = [*verdict.proved, *failures]
    if not accounts or tools.check_mode:
        return remembered(own, skipped=True)
    known = tools.options.of_password()
    asked = {**known, "state": "verified", "accounts": accounts, **({"failures": failures} if failures else {})}
    result = tools.call("smtp_account_password", asked)
    if "accounts" not in result:
        # It is told at the end: the other hosts are still to be reported.
        return remembered(replace(own, unrecorded=why(result).rstrip(".")))
    return remembered(own, **shown(result))


# -- where mail flows all the time


def switch(tools: Tools) -> Result:
    """Switch to the accounts that passed the test, on the leader for all hosts.

    :param tools: what the step works with
    """
    fleet, own = tools.fleet, tools.fleet.own
    if not fleet.leads or own.plan is None:
        return remembered(own, skipped=True)
    proved = own.verdict.proved if own.verdict and not own.unrecorded else []
    ready = deploying.to_switch(own.plan, proved)
    result: Result = {}
    if ready and not tools.check_mode:
        pairs = {name: own.plan.pairs[name] for name in ready}
        result = tools.call("smtp_sender", {"state": "switched", "senders": pairs, **tools.options.of_store()})
    made = deploying.switched(own.plan, result.get("senders", []))
    own = replace(own, switch=made, reached=Phase.SWITCHED)
    if failed(result):
        return {**remembered(own), "failed": True, "msg": why(result)}
    changed = bool(result.get("changed"))
    return remembered(replace(own, unkept="" if changed else own.unkept), changed=changed, skipped=not result)


def try_login(tools: Tools) -> Result:
    """Log in from this host with the accounts now in use.

    :param tools: what the step works with
    """
    follow(tools.fleet, Phase.SWITCHED)
    own, options = tools.fleet.own, tools.options
    trouble = "" if own.trouble or tools.check_mode or not options["test_send"] else _refused(tools, own)
    own = replace(own, trouble=own.trouble or trouble, reached=Phase.TRIED)
    if not own.trouble:
        own, _results = _proved(tools, own)
    if own.on_hold and not own.trouble:
        # By a run with the other strategy.
        troubles, _results = _released(tools, own)
        own = replace(own, trouble=". ".join(troubles))
    own = replace(own, given={} if own.trouble else own.handed, left=[] if own.trouble else list(own.senders))
    return remembered(own, skipped=not trouble)


def _refused(tools: Tools, own: Record) -> str:
    """Return why an account in use does not work from here, an empty text if all do."""
    snapshot = tools.store.read()
    used = [one["in_use"] for name, one in deploying.leaving(tools.fleet).items() if name in own.senders]
    used += overlap.overlapping(snapshot, list(own.handed))
    if not used:
        return ""
    logins = list(tools.logins(snapshot, used).values())
    result = tools.call("smtp_test_send", {**tools.options.of_smtp(), "accounts": logins, "send": False})
    bad = [one for one in result.get("results", []) if not one.get("authenticated")]
    if not bad and not failed(result):
        return ""
    first = bad[0] if bad else {"msg": why(result)}
    reason, msg = first.get("reason", "no answer"), first.get("msg", "")
    trouble = f"the account in use now could not log in from here ({reason}): {msg}"
    return trouble  # noqa: RET504  (by its name the text is found and held against the documentation)


def retire(tools: Tools) -> Result:
    """Retire the accounts or credentials that no host uses any more, on the first host of the batch.

    :param tools: what the step works with
    """
    fleet, own = tools.fleet, tools.fleet.own
    if fleet.play.batch[0] != tools.here or tools.check_mode:
        return remembered(own, skipped=True)
    own = replace(own, unkept="")
    others = [host for host in tools.variables["groups"]["all"] if host not in fleet.play.everyone]
    outside = others if "ansible_limit" in tools.variables else []
    if fleet.leader.plan and fleet.leader.plan.overlaps:
        tools.fleet = fleet.with_record(own)
        # Of another play, too: what is deleted works nowhere any more. Accounts that all hosts of an inventory have
        # say little, so only those count that have something to use them.
        return overlap.settle(tools, outside or [host for host in others if fleet.consumes(host)])
    known = deploying.leaving(fleet)
    left = deploying.all_left(fleet, known, outside, tools.options["senders"])
    if not left:
        return remembered(own, skipped=True)
    deployed = {name: {key: known[name][key] for key in ("in_use", "switched_at")} for name in left}
    plan = fleet.leader.plan
    pairs = {name: plan.pairs[name] if plan and name in plan.pairs else own.senders[name] for name in left}
    asked = {"state": "settled", "senders": pairs, "deployed": deployed, **tools.options.of_store()}
    result = tools.call("smtp_sender", asked)
    if failed(result):
        return {**remembered(own), "failed": True, "msg": why(result)}
    return remembered(own, changed=bool(result.get("changed")))


# -- how it ends


def note(tools: Tools) -> Result:
    """Note what a task of the playbook's own came to: it is told at the end.

    :param tools: what the step works with
    """
    own, params = tools.fleet.own, tools.params
    unheld = {**own.unheld, **{str(host): bool(away) for host, away in (params["unheld"] or {}).items()}}
    here = not params["host"] or params["host"] == tools.here
    trouble = params["trouble"] if params["trouble"] and here else own.trouble
    unkept = params["unkept"] or own.unkept
    return remembered(replace(own, unheld=unheld, trouble=trouble, unkept=unkept), skipped=True)


def wait(tools: Tools) -> Result:
    """Wait a moment for other hosts, each time longer: what a host learns of others it learns between its tasks.

    :param tools: what the step works with
    """
    own, until, uptime = tools.fleet.own, tools.params["until"], tools.uptime()
    if not waiting.awaits(tools.fleet, until, uptime):
        return remembered(replace(own, pause=1), skipped=True)
    left = waiting.seconds_left(tools.fleet, uptime) if until == "window" else own.pause
    tools.sleep(min(own.pause, left))
    return remembered(replace(own, pause=waiting.next_pause(own.pause, tools.options["progress_interval"])))


def report(tools: Tools) -> Result:
    """Show what was done, and fail if any account or host had an error.

    :param tools: what the step works with
    """
    fleet = tools.fleet
    plan = fleet.leader.plan
    only_staged = tools.options["state"] == "staged" and plan is not None and plan.next
    follow(fleet, Phase.STAGED if only_staged else Phase.PLANNED)
    lines: list[str] = []
    seen = fleet.leader.audit if fleet.leads else None
    if seen:
        lines = audit.table(seen, everything=tools.verbose)
    if fleet.leads:
        lines += ending.table(fleet, everything=tools.verbose)
    # With free, a host does not know how the mail of others is proved.
    batch = [tools.here] if tools.apart else (fleet.play.batch if fleet.play.batch[0] == tools.here else [])
    lines += ending.sent(fleet, batch, everything=tools.verbose)
    lines += publications.table(fleet.own, everything=tools.verbose)
    for line in lines:
        tools.tell(line)
    told = " ".join([text for text in [_failure(tools)] if text] + [*publications.failures(fleet.own)])
    token = fleet.leader.token
    ended: Result = {"born": fleet.own.born, "served": token, "done": token if fleet.leads else ""}
    if seen:
        ended["audit"] = seen.entries
        told = " ".join([*audit.failures(seen, reconciles=tools.options["reconcile"]), *([told] if told else [])])
    ended |= {"changed": False, **({"summary": lines} if lines else {})}
    return {**ended, "failed": True, "msg": told} if told else ended


def _failure(tools: Tools) -> str:
    """Return what went wrong on this host."""
    fleet, options = tools.fleet, tools.options
    plan = fleet.leader.plan
    in_place = options["state"] == "present" and (plan.holds if plan else not options.alternates)
    holding = fleet.own.programs or options["hold_tasks"]
    holds = bool(in_place and holding and plan and plan.work_of(tools.here))
    releases = bool(in_place and not tools.check_mode and (fleet.own.programs or options["release_tasks"]))
    stays = ""
    if in_place and plan and plan.goes_on:
        stays = proof.stays(fleet, release_on_failure=options["release_on_failure"])
    # By this run, or by an earlier one.
    held = bool(fleet.own.trouble) and not fleet.own.released and (decisions.is_held(fleet) or bool(fleet.own.on_hold))
    return ending.failure(fleet, holds=holds, held=held, releases=releases, stays=stays)
