# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The change: every host holds its mail, the leader changes the passwords, every host deploys them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import change as decisions
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import deploy as deploying
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import testers_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Outcome, Phase, Plan, Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.checks import smtp_key, stages
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import (
    Result,
    Tools,
    failed,
    follow,
    remembered,
    shown,
    why,
)


def stage(tools: Tools) -> Result:
    """Write the new passwords to the store, before the provider hears of them.

    :param tools: what the step works with
    """
    fleet, options = tools.fleet, tools.options
    follow(fleet, Phase.PLANNED)
    made = fleet.own.plan
    if not fleet.leads or made is None:
        return remembered(fleet.own, skipped=True)
    results = []
    if options.alternates:
        asked = {"senders": made.pairs, **options.of_store(), **options.given("rotate", "max_age")}
        results.append(_done(tools.call("smtp_sender", asked)))
    staged: Result = {}
    if stages(tools) and made.due:
        asked = _change_options(tools, made, made.due, "staged")
        staged = _done(tools.call("smtp_account_password", {**asked, **options.given("password", "passwords")}))
        results.append(staged)
    only = options["state"] == "staged"
    outcome = Outcome(accounts=staged.get("accounts", [])) if only else None
    return remembered(replace(fleet.own, outcome=outcome), **shown(*results))


def staged(tools: Tools) -> Result:
    """Let the others go on, when what is staged was saved elsewhere too.

    :param tools: what the step works with
    """
    fleet, own = tools.fleet, tools.fleet.own
    follow(fleet, Phase.PLANNED)
    if own.unkept:
        raise InputError(
            f"The store has the staged passwords but was not saved elsewhere: {own.unkept.rstrip('.')}. The provider "
            "was not called. Fix that and run again: the next run sends what is staged."
        )
    return remembered(replace(own, reached=Phase.STAGED), skipped=True)


def _done(result: Result) -> Result:
    if failed(result):
        raise InputError(why(result))
    return result


# -- hold


def reach(tools: Tools) -> Result:
    """See that the SMTP server can be reached from this host, if it is to send a test message.

    :param tools: what the step works with
    """
    follow(tools.fleet, Phase.PLANNED)
    bad = _unreachable_server(tools)
    return remembered(replace(tools.fleet.own, looked=True, **bad), skipped=not bad)


def hold(tools: Tools) -> Result:
    """Hold the mail of one host: of this one, or of a host of a later batch. See whether a host that fell out is up.

    A host that cannot be held keeps its accounts' old passwords; the others continue, and it is reported at the end.

    :param tools: what the step works with
    """
    follow(tools.fleet, Phase.PLANNED)
    done = {"item": tools.item, "token": tools.fleet.leader.token, "changed": False}
    if tools.item in tools.fleet.play.fallen:
        return {**done, "away": bool(tools.call("ansible.builtin.ping", {}).get("unreachable"))}
    # Before tasks of the playbook's own have held mail, this was looked at already.
    looks = tools.item == tools.here and not tools.options["hold_tasks"]
    bad = _unreachable_server(tools) if looks else {}
    if bad:
        return {**done, **bad}
    if tools.item not in decisions.to_hold(tools.fleet):
        return {**done, "skipped": True}
    if tools.fleet.consumer(tools.item, tools.options["consumer"]) != "postfix":
        return {**done, "held": True, "skipped": True}
    return {**done, **_held(tools)}


def _held(tools: Tools) -> Result:
    asked = {"state": "held", "transport": _of_item(tools, "postfix_transport"), **tools.options.given("drain_timeout")}
    folder = _of_item(tools, "postfix_config_directory")
    result = tools.call("postfix_hold", {**asked, **({"config_directory": folder} if folder else {})})
    if failed(result):
        trouble = f"its mail could not be held: {why(result)}"
        return {"trouble": trouble, "away": bool(result.get("unreachable"))}
    return {"held": True, **shown(result)}


def _of_item(tools: Tools, name: str) -> Any:
    """Return an option of the host that is held."""
    return tools.fleet.value(tools.item, f"smtp_rotation_{name}", tools.options[name])


def _unreachable_server(tools: Tools) -> Result:
    """Return why test messages of this host's accounts could not be sent, nothing if nothing is in the way."""
    options, made = tools.options, tools.fleet.leader.plan
    mine = [account for account in made.work if made.testers.get(account) == tools.here] if made else []
    # The accounts of a later batch are tested already.
    over = tools.fleet.own.leader not in tools.fleet.play.batch
    if not mine or over or not options["test_send"] or tools.check_mode or tools.fleet.own.trouble:
        return {}
    host, port = options["smtp_host"], options["smtp_port"]
    told = (
        f"{host} does not answer on port {port}, so new passwords could not be tested; none was changed. Check "
        "smtp_rotation_smtp_host and smtp_rotation_smtp_port."
    )
    asked = {"host": host, "port": port, "timeout": 10, "msg": told}
    result = tools.call("ansible.builtin.wait_for", asked)
    return {"trouble": why(result), "away": bool(result.get("unreachable"))} if failed(result) else {}


# -- change


def change(tools: Tools) -> Result:
    """Change the passwords that are due, on the leader for all hosts. The others note what became of their hold.

    :param tools: what the step works with
    """
    fleet = tools.fleet
    follow(fleet, Phase.STAGED if stages(tools) or tools.options.alternates else Phase.PLANNED)
    record = replace(_noted(tools, fleet.own), reached=Phase.CHANGED)
    if not fleet.leads or fleet.own.plan is None:
        return remembered(record, skipped=True)
    tools.fleet = fleet.with_record(record)
    options, pairs, made = tools.options, tools.options.alternates, fleet.own.plan
    to_be_held = decisions.must_be_held(tools.fleet, options["consumer"], options["hold_tasks"], pairs=pairs)
    trouble = decisions.troubled(tools.fleet, to_be_held)
    left_alone = decisions.excluded(made, trouble, pairs=pairs)
    results = [*_changed(tools, made, left_alone)]
    outcome = decisions.outcome_of(results, made, left_alone, tools.uptime())
    # Nothing is waited for in check mode.
    outcome = replace(outcome, wait=0.0) if tools.check_mode else outcome
    made = replace(made, testers=testers_of(tools.fleet, made.users, trouble))
    waits = outcome.wait > 0
    if waits:
        tools.tell(_told_of_window(outcome))
    seen = shown(*results)
    seconds = max((result.get("seconds_until_effective", 0) for result in results), default=0)
    return remembered(
        replace(record, plan=made, outcome=outcome),
        accounts=outcome.accounts,
        seconds_until_effective=seconds,
        **{**seen, "changed": seen["changed"] or waits},
    )


def _noted(tools: Tools, own: Record) -> Record:
    """Return the record of this host with what became of its hold."""
    for item in tools.fleet.holds(tools.here):
        if item["item"] == tools.here and not own.trouble:
            own = replace(own, trouble=item.get("trouble", ""), away=bool(item.get("away")))
    return own


def _changed(tools: Tools, made: Plan, left_alone: Mapping[str, str]) -> list[Result]:
    """Change what is due, and complete what an earlier run began. A failure is told at the end."""
    options, results = tools.options, []
    due = [account for account in made.due if account not in left_alone]
    if due:
        rotate = "never" if stages(tools) else ("always" if options.alternates else options["rotate"])
        asked = {**_change_options(tools, made, due, "present"), "rotate": rotate}
        if not stages(tools):
            given = options.given("password", "passwords")
            known = {one: value for one, value in given.get("passwords", {}).items() if one not in left_alone}
            asked.update({**given, "passwords": known} if known else options.given("password"))
        results.append(tools.call("smtp_account_password", asked))
    begun = [account for account in made.finishing if account not in left_alone]
    if begun:
        asked = {**_change_options(tools, made, begun, "present"), "rotate": "never", "only_at_rest": False}
        results.append(tools.call("smtp_account_password", asked))
    return results


def _change_options(tools: Tools, made: Plan, accounts: list[str], state: str) -> Result:
    pairs = tools.options.alternates
    return {
        **tools.options.of_password(),
        "accounts": accounts,
        "account_ids": {account: made.ids[account] for account in accounts if account in made.ids},
        "state": state,
        "rotate": "always" if pairs else tools.options["rotate"],
        "only_at_rest": pairs,
    }


def _told_of_window(outcome: Outcome) -> str:
    names = outcome.untested
    named = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    seconds = -int(-outcome.wait // 1)
    return (
        f"The new passwords take effect at {outcome.effective_at}. Until then, for {seconds} seconds "
        f"({outcome.wait / 60:.1f} minutes), logging in or sending with {named} is not allowed. If this run is stopped "
        "now, the next one completes it."
    )


# -- deploy


def deploy(tools: Tools) -> Result:
    """Give this host the passwords. In every run: a host that could not be reached the last time gets them now.

    :param tools: what the step works with
    """
    follow(tools.fleet, Phase.CHANGED)
    own, options = tools.fleet.own, tools.options
    if own.trouble:
        return remembered(own, skipped=True, ready=False)
    document, senders = tools.store.read().document, senders_of(tools)
    accounts = {name: {"password": True} for name in deploying.in_use(own, senders) if _has(document, name)}
    ready = deploying.is_ready(own, accounts, senders)
    result: Result = {"skipped": True}
    if options["consumer"] == "postfix":
        result = _deployed_to_postfix(tools)
    elif options["consumer"] == "template" and ready:
        result = _deployed_file(tools)
    trouble = f"the new password could not be deployed: {why(result)}" if failed(result) else ""
    if not trouble and not tools.check_mode and (options["consumer"] == "template" or options["deploy_tasks"]):
        trouble = _incomplete(deploying.without_password(own, accounts, senders), accounts)
    notified = options["consumer"] == "template" and bool(result.get("changed"))
    record = replace(own, trouble=trouble, away=bool(result.get("unreachable")), notified=notified)
    return remembered(record, ready=ready and not trouble, **shown(result), skipped=bool(result.get("skipped")))


def _incomplete(missing: list[str], stored: Mapping[str, Any]) -> str:
    """Return what is wrong if some passwords are stored and others are not: a file needs all of them.

    An account that the provider refused from the beginning has none.
    """
    if not missing or not stored:
        return ""
    trouble = f"nothing was deployed, because no password of {', '.join(missing)} is stored"
    return trouble  # noqa: RET504  (by its name the text is found and held against the documentation)


def _has(document: Any, account: str) -> bool:
    return document.record(account).password is not None


def senders_of(tools: Tools) -> dict[str, dict[str, Any]]:
    """Return the senders in the store.

    :param tools: what the step works with
    """
    return {name: {"in_use": pair.in_use} for name, pair in tools.store.read().document.senders.items()}


def _deployed_to_postfix(tools: Tools) -> Result:
    options, own = tools.options, tools.fleet.own
    entries = deploying.postfix_entries(own, options["postfix_entries"], smtp_key(options), senders_of(tools))
    passwords = tools.passwords(tools.store.read(), [entry["username"] for entry in entries])
    # One that has no password in the store yet is left out.
    wanted = [{**one, "password": passwords[one["username"]]} for one in entries if one["username"] in passwords]
    if not wanted:
        return {"skipped": True}
    return tools.call("postfix_sasl_password", {"entries": wanted, **options.of_postfix("map", "config_directory")})


def _deployed_file(tools: Tools) -> Result:
    names = ("dest", "owner", "group", "mode")
    options = tools.options
    asked = {name: options[f"template_{name}"] for name in names if options[f"template_{name}"]}
    return tools.call("secret_file", {"content": tools.params["content"], **asked})
