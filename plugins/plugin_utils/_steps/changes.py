# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The change: every host holds its mail, the leader changes the passwords, every host deploys them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import change as decisions
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import deploy as deploying
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import options as forms
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.consumers import TEMPLATE, programs_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import testers_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Outcome, Phase, Plan, Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import overlap, programs
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.checks import stages
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import (
    Result,
    Tools,
    failed,
    follow,
    remembered,
    senders_of,
    shown,
    why,
)

# What a vaulted value begins with.
CIPHERTEXT = "$ANSIBLE_VAULT;"


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
        asked = change_options(tools, made, made.due, "staged")
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
    try:
        return {**done, **_held(tools)}
    except (AnsibleError, InputError) as error:
        if tools.item == tools.here:
            raise
        # It is the other host's: this one would end here, with its mail on hold.
        trouble = f"its mail could not be held: {error}"
        return {**done, "trouble": trouble, "away": False}


def _held(tools: Tools) -> Result:
    """Hold the mail of every mail program of the host, this one's or one of a later batch."""
    own = tools.fleet.own
    if tools.item != tools.here:
        own = Record(accounts=list(tools.fleet.used(tools.item, "smtp_rotation_accounts", own.accounts)))
        wrong = forms.mistakes({name: programs.of_host(tools, tools.item, name) for name in forms.CHECKED}, [])
        if wrong:
            raise InputError(". ".join(wrong))
    names, result = programs.found(tools, tools.item, programs.named(tools, tools.item), own)
    results, begun = [result] if result else [], []
    for name in names:
        results.append(programs.ask(tools, name, "held", tools.item, programs.users_of(tools, own, name, tools.item)))
        if failed(results[-1]):
            break
        begun += [name] if results[-1].get("changed") else []
    bad = next((one for one in results if failed(one)), None)
    if bad:
        trouble = f"its mail could not be held: {why(bad)}"
        left = _let_go(tools, own, begun)
        trouble = f"{trouble.rstrip('.')}. {left}" if left else trouble
        return {"trouble": trouble, "away": bool(bad.get("unreachable"))}
    return {"held": True, **({} if names else {"skipped": True}), **shown(*results)}


def _let_go(tools: Tools, own: Record, begun: list[str]) -> str:
    """Release what was held before another program could not be, and return what is to be said of that."""
    told = []
    for name in begun:
        result = programs.ask(tools, name, "released", tools.item, programs.users_of(tools, own, name, tools.item))
        if failed(result):
            text = f"The mail of {name} was held before that, and could not be released: {why(result)}"
            told.append(text)
    return " ".join(told)


def _unreachable_server(tools: Tools) -> Result:
    """Return why test messages of this host's accounts could not be sent, nothing if nothing is in the way."""
    options, made = tools.options, tools.fleet.leader.plan
    mine = [account for account in made.work if made.testers.get(account) == tools.here] if made else []
    # The accounts of a later batch are tested already.
    over = tools.fleet.own.leader not in tools.fleet.play.batch
    if not mine or over or not options["test_send"] or tools.check_mode or tools.fleet.own.trouble:
        return {}
    result = tools.call("smtp_test_send", {**options.of_server(), "log_in": False})
    if not failed(result):
        return {}
    trouble = f"new passwords could not be tested, so none was changed: {why(result)}"
    return {"trouble": trouble, "away": bool(result.get("unreachable"))}


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
    options, made = tools.options, fleet.own.plan
    named = programs_of(options["consumer"])
    to_be_held = decisions.must_be_held(tools.fleet, named, options["hold_tasks"])
    trouble = decisions.troubled(tools.fleet, to_be_held)
    left_alone = decisions.excluded(made, trouble)
    results = [*_changed(tools, made, left_alone)]
    outcome = decisions.outcome_of(results, made, left_alone, tools.uptime())
    # Nothing is waited for in check mode.
    outcome = replace(outcome, wait=0.0) if tools.check_mode else outcome
    made = replace(made, testers=testers_of(tools.fleet, made.users, trouble))
    waits = outcome.wait > 0
    if waits:
        tools.tell(_told_of_window(outcome, overlaps=made.overlaps))
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
        asked = {**change_options(tools, made, due, "present"), "rotate": rotate}
        if not stages(tools):
            given = options.given("password", "passwords")
            known = {one: value for one, value in given.get("passwords", {}).items() if one not in left_alone}
            asked.update({**given, "passwords": known} if known else options.given("password"))
        results.append(tools.call("smtp_account_password", asked))
    begun = [account for account in made.finishing if account not in left_alone]
    if begun:
        asked = {**change_options(tools, made, begun, "present"), "rotate": "never", "only_at_rest": False}
        results.append(tools.call("smtp_account_password", asked))
    return results


def change_options(tools: Tools, made: Plan, accounts: list[str], state: str) -> Result:
    """Return the options of smtp_account_password for some accounts of the plan.

    :param tools: what the step works with
    :param made: the plan
    :param accounts: the accounts
    :param state: what is to be done with them
    """
    pairs = tools.options.alternates
    return {
        **tools.options.of_password(),
        "accounts": accounts,
        "account_ids": {account: made.ids[account] for account in accounts if account in made.ids},
        "state": state,
        "rotate": "always" if pairs else tools.options["rotate"],
        "only_at_rest": pairs,
    }


def _told_of_window(outcome: Outcome, *, overlaps: bool) -> str:
    names = outcome.untested
    named = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    seconds = -int(-outcome.wait // 1)
    until = f"at {outcome.effective_at}. Until then, for {seconds} seconds ({outcome.wait / 60:.1f} minutes),"
    end = "If this run is stopped now, the next one completes it."
    if overlaps:
        return f"The new credentials take effect {until} the hosts keep sending with the old ones of {named}. {end}"
    return f"The new passwords take effect {until} logging in or sending with {named} is not allowed. {end}"


# -- deploy


def deploy(tools: Tools) -> Result:
    """Give this host the passwords. In every run: a host that could not be reached the last time gets them now.

    :param tools: what the step works with
    """
    follow(tools.fleet, Phase.CHANGED)
    own, options = tools.fleet.own, tools.options
    if own.trouble:
        return remembered(own, skipped=True, ready=False)
    snapshot, senders = tools.store.read(), senders_of(tools)
    stored = [name for name in deploying.in_use(own, senders) if snapshot.document.record(name).password]
    # A file has all of them or none.
    kept = overlap.untested(tools, snapshot, stored)
    accounts = {name: {"password": True} for name in stored if name not in kept}
    ready, renders = deploying.is_ready(own, accounts, senders), TEMPLATE in options.consumers
    results = _deployed_to_programs(tools)
    fresh = any(one.get("changed") for one in results)
    if renders and ready and not any(failed(one) for one in results):
        results.append(_deployed_file(tools))
        if not tools.check_mode and deploying.is_to_reload(tools.fleet, overlap.overlapping(snapshot, stored)):
            # A handler runs only after a change.
            results[-1] = {**results[-1], "changed": True}
    bad = next((one for one in results if failed(one)), None)
    trouble = f"the new password could not be deployed: {why(bad)}" if bad else ""
    in_files = bool(renders or options["deploy_tasks"])
    if not trouble and not tools.check_mode and not kept and in_files:
        trouble = _incomplete(deploying.without_password(own, accounts, senders), accounts)
    # The file is the last one.
    notified = renders and ready and not bad and bool(results[-1].get("changed"))
    record = replace(own, trouble=trouble, away=bool(bad and bad.get("unreachable")), notified=notified, fresh=fresh)
    if not own.bare and not trouble and (ready or not in_files):
        record = replace(record, handed=overlap.made_at(snapshot, list(accounts)))
    return remembered(record, ready=ready and not trouble, **shown(*results), skipped=not results)


def _incomplete(missing: list[str], stored: Mapping[str, Any]) -> str:
    """Return what is wrong if some passwords are stored and others are not: a file needs all of them.

    An account that the provider refused from the beginning has none.
    """
    if not missing or not stored:
        return ""
    trouble = f"nothing was deployed, because no password of {', '.join(missing)} is stored"
    return trouble  # noqa: RET504  (by its name the text is found and held against the documentation)


def _deployed_to_programs(tools: Tools) -> list[Result]:
    """Give the mail programs their logins, and stop at the first that does not take them."""
    results: list[Result] = []
    for name in tools.fleet.own.programs:
        users = programs.with_passwords(tools, programs.users_of(tools, tools.fleet.own, name))
        if users:
            results.append(programs.ask(tools, name, "deployed", tools.here, users))
        if results and failed(results[-1]):
            break
    return results


def _deployed_file(tools: Tools) -> Result:
    if CIPHERTEXT in str(tools.params["content"]):
        text = (
            "smtp_rotation_template_src writes ciphertext in place of a password, as to_nice_yaml does. Name the value "
            "itself, such as {{ smtp_accounts['1.acme.smtp'].password | to_json }}; the file was left as it is"
        )
        return {"failed": True, "msg": text}
    names = ("dest", "owner", "group", "mode")
    options = tools.options
    asked = {name: options[f"template_{name}"] for name in names if options[f"template_{name}"]}
    return tools.call("secret_file", {"content": tools.params["content"], **asked})
