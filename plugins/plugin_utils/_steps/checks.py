# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before anything changes: every host checks what it can, and the leader plans for all."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import adopting, change, ids, limit, mistakes
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import options as forms
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.audit import AUDITED
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.consumers import programs_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import (
    leader_of,
    senders_of,
    testers_of,
    unknown_of_later,
    users_of,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import (
    OVERLAP,
    Outcome,
    Phase,
    Plan,
    Record,
    Verdict,
    unique,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import programs
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.adopting import adopt, to_adopt
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import (
    Options,
    Result,
    Tools,
    failed,
    remembered,
    shown,
    why,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import utc_now, written

UNCHANGED = "Nothing has been changed."
LOCAL = "localhost"


def check(tools: Tools) -> Result:
    """Check this host's options and mail program. A host that is alone in the play plans at once.

    :param tools: what the step works with
    """
    _check_forms(tools)
    record = _begun(tools)
    tools.fleet = tools.fleet.with_record(record)
    wrong = [*_mistakes(tools), *_of_limit(tools, record.accounts)]
    if wrong:
        # What it uses is known all the same: it may go on sending.
        known = replace(record, token="", reached=Phase.NONE)
        return {**remembered(known), "failed": True, "msg": f"{' '.join(wrong)} {UNCHANGED}"}
    if tools.options["state"] != AUDITED or tools.options["reconcile"]:
        record = _checked_programs(tools, record)
        tools.fleet = tools.fleet.with_record(record)
    if not _is_alone(tools):
        return remembered(record, next="apart" if tools.apart else "in_step")
    result = plan(tools)
    return {**result, "next": tools.fleet.own.plan.next if tools.fleet.own.plan else ""}


def _check_forms(tools: Tools) -> None:
    names = [str(name) for name in tools.variables if str(name).startswith(forms.PREFIX)]
    warning = forms.ignored(names)
    if warning:
        tools.warn(warning)
    wrong = forms.mistakes({name: tools.options[name] for name in forms.CHECKED}, names)
    if wrong:
        raise InputError(f"{'. '.join(wrong)}. {UNCHANGED}")


def _begun(tools: Tools) -> Record:
    """Return what this host remembers from now on. What it led before is forgotten."""
    options, old, here = tools.options, tools.fleet.own, tools.here
    senders = {str(name): [str(one) for one in pair] for name, pair in options["senders"].items()}
    senders = senders if options.alternates else {}
    accounts = [account for pair in senders.values() for account in pair]
    hooks = options.consumers, *(options[name] for name in mistakes.HOOKS)
    play = f"{tools.variables['ansible_play_name']}: {' '.join(tools.fleet.play.everyone)}"
    leader, born = leader_of(tools.fleet, options["vault_file"], play), f"{here} {time.time_ns()}"
    return Record(
        leader=leader,
        born=born,
        token=born if leader == here else "",
        served=old.served,
        vault_file=options["vault_file"],
        play=play,
        consumes=any(hooks),
        reached=Phase.CHECKED,
        accounts=accounts if options.alternates else [str(one) for one in options["accounts"]],
        senders=senders,
        bare=not (options.consumers or options["deploy_tasks"]),
    )


def _mistakes(tools: Tools) -> list[str]:
    options, leader = tools.options, tools.fleet.own.leader
    no_files = [
        path
        for path in mistakes.task_files(options)
        if not tools.is_file(os.path.join(str(tools.variables["playbook_dir"]), path))
    ]
    names = ("vault_file", "strategy")
    theirs = {name: tools.fleet.value(leader, forms.PREFIX + name, options[name]) for name in names}
    accounts = tools.fleet.own.accounts
    wrong = [*mistakes.failures(options, accounts, {**theirs, "name": leader}, no_files)]
    if options["publish"]:
        wrong += _publishing().mistakes(tools)
    return wrong + programs.mistakes_of(tools, tools.fleet.own)


def _of_limit(tools: Tools, accounts: list[str]) -> list[str]:
    """Return what is wrong with the hosts that C(--limit) leaves out."""
    play, hostvars, options = tools.fleet.play, tools.fleet.hostvars, tools.options
    if not _is_limited(tools):
        return []
    groups = tools.variables["groups"]
    outside = [host for host in groups["all"] if host not in play.everyone]
    left_out = [] if options.alternates or options.overlaps else limit.using(hostvars, outside, accounts)
    unsure = limit.unsure(
        hostvars,
        options.variable,
        play.here,
        inside=play.everyone,
        groups=groups,
        play=str(tools.variables["ansible_play_name"]),
    )
    return [*mistakes.of_limit(left_out, unsure, options.variable)]


def _is_limited(tools: Tools) -> bool:
    options = tools.options
    return "ansible_limit" in tools.variables and _uses_passwords(options) and _changes(options)


def _changes(options: Mapping[str, Any]) -> bool:
    """Return whether this run may set passwords at the provider."""
    return bool(options["state"] == "present" or (options["state"] == AUDITED and options["reconcile"]))


def _uses_passwords(options: Mapping[str, Any]) -> bool:
    return any(options[name] for name in ("consumer", "hold_tasks", "deploy_tasks", "release_tasks"))


def _checked_programs(tools: Tools, record: Record) -> Record:
    """Return the record after a look at the mail programs. What cannot be done is no failure of the play."""
    named = programs_of(tools.options["consumer"])
    names, result = programs.found(tools, tools.here, named, record)
    looks = [result] if result else []
    # Where mail flows all the time nothing is held.
    state = "found" if tools.options.alternates or tools.options.overlaps else "held"
    for name in names if not failed(result) else []:
        users = programs.users_of(tools, record, name)
        looks.append(programs.ask(tools, name, state, tools.here, users, pretend=True))
    bad = next((look for look in looks if failed(look)), None)
    if bad:
        return replace(record, programs=names, trouble=why(bad), away=bool(bad.get("unreachable")))
    _warn_of(tools, names, looks)
    if tools.check_mode or tools.verbose:
        _tell_of(tools, names, looks)
    return replace(
        record, programs=names, on_hold=[name for name, look in zip(names, looks, strict=True) if look.get("held")]
    )


def _tell_of(tools: Tools, names: list[str], looks: list[Result]) -> None:
    """Show which programs use the provider, and where each reads its login."""
    for name, look in zip(names, looks, strict=True):
        for entry in look.get("entries", []):
            where = f"{entry['place']}, {entry['key']}" if entry["key"] else entry["place"]
            line = f"{tools.here}: {name} reads the login of {entry['wanted']} in {where}"
            tools.tell(line if entry["username"] else f"{line}, once it is written there")


def _warn_of(tools: Tools, names: list[str], looks: list[Result]) -> None:
    """Tell what is worth knowing, and what an earlier run has left on hold."""
    for name, look in zip(names, looks, strict=True):
        for text in look.get("notes", []):
            tools.warn(f"{tools.here}, {name}: {text}")
        # Of several batches, the first one has held this host for the later ones.
        if look.get("held") and not change.is_held(tools.fleet):
            tools.warn(
                f"{tools.here}: the mail of {name} has been on hold since an earlier run. It is released when the "
                "passwords of this host have passed their test."
            )


def _is_alone(tools: Tools) -> bool:
    """Return whether this host needs no other one: neither one of the play, nor one that calls the API."""
    return list(tools.fleet.play.everyone) == [tools.here] and tools.options["api_host"] in (LOCAL, tools.here)


# -- the leader


def plan(tools: Tools) -> Result:
    """Work out what has to be done for all hosts. Changes nothing.

    :param tools: what the step works with
    """
    own = tools.fleet.own
    if not tools.fleet.leads:
        return remembered(own, skipped=True)
    known = _known(tools)
    if tools.options["state"] == AUDITED:
        return _planned_audit(tools, known)
    preview, options = _preview(tools, known), tools.options
    adopted: Result = {}
    if options["adopt_from"]:
        known, preview, adopted = _adopted(tools, known, preview)
    made = change.planned(tools.fleet, known, preview, tests=options["test_send"])
    if adopted:
        saves = bool(options["persist_tasks"]) and not tools.check_mode
        made = adopting.with_adopted(made, [one["account"] for one in adopted["accounts"]], saves=saves)
    made = replace(made, next=_next(tools, made) if made.goes_on else "")
    if options["publish"]:
        made = published(tools, made, made.next)
    if options["state"] == "present" and made.changing:
        _check_api_host(tools)
    if not made.goes_on and not tools.check_mode and tools.store.has_leftovers():
        # Of a run that was killed: the module takes them away, and sets no password.
        tools.call("smtp_account_password", _preview_options(tools, known, []))
    seen = None if made.goes_on else Outcome(accounts=preview.get("accounts", []))
    # What a later batch may still hold, this one releases: nothing is in doubt.
    record = replace(own, plan=made, outcome=seen, verdict=Verdict() if seen else None, reached=Phase.PLANNED)
    tools.fleet = tools.fleet.with_record(record)
    told = [] if made.goes_on else preview.get("warnings", [])
    return remembered(record, **shown(adopted, {"warnings": told}))


def _preview(tools: Tools, known: Plan) -> Result:
    """Return what would become of the accounts."""
    tried = unique([*known.due, *known.finishing])
    preview = tools.call("smtp_account_password", _preview_options(tools, known, tried), pretend=True)
    if failed(preview):
        raise InputError(why(preview))
    return preview


def _adopted(tools: Tools, known: Plan, preview: Result) -> tuple[Plan, Result, Result]:
    """Adopt what the store does not have, and look again: that can leave nothing to be rotated."""
    passwords = to_adopt(tools, known.users)
    if not passwords:
        return known, preview, {}
    adopted = adopt(tools, known, passwords)
    if not tools.check_mode:
        known = _known(tools)
        return known, _preview(tools, known), adopted
    # Nothing was written, so a look would find all of them without a password, and due.
    now = written(utc_now())
    entries = {one["account"]: one for one in adopted["accounts"] if (one["next_due"] or now) > now}
    seen = [one for one in preview["accounts"] if one["account"] not in entries]
    due, finishing = ([name for name in names if name not in entries] for names in (known.due, known.finishing))
    return replace(known, due=due, finishing=finishing), {**preview, "accounts": seen}, adopted


def _planned_audit(tools: Tools, known: Plan) -> Result:
    """Plan one login with each stored password, from where it is tested. What could not be put right is seen now."""
    options, fleet = tools.options, tools.fleet
    if tools.store.read().data is None:
        raise InputError(
            f"smtp_rotation_state is audited, but {tools.store.name} does not exist, so there is no password to check. "
            "Check smtp_rotation_vault_file, or rotate first."
        )
    if options["reconcile"]:
        ways = {"state": "present", "rotate": "never"}
        preview = tools.call("smtp_account_password", {**_preview_options(tools, known, []), **ways}, pretend=True)
        if failed(preview):
            raise InputError(why(preview))
        _check_api_host(tools)
    testers = testers_of(fleet, known.users, {})
    made = replace(known, due=[], finishing=[], testers=testers, goes_on=True, next="audit")
    record = replace(fleet.own, plan=made, reached=Phase.PLANNED)
    tools.fleet = fleet.with_record(record)
    return remembered(record)


def _known(tools: Tools) -> Plan:
    """Return what is known of the accounts of all hosts."""
    fleet, options = tools.fleet, tools.options
    way = _way(options)
    users = users_of(fleet, fleet.own.accounts, fleet.own.senders, pairs=options.alternates)
    everyone, own_ids = fleet.play.everyone, options["account_ids"]
    accounts = [account for accounts in users.values() for account in accounts]
    conflicts = ids.conflicts(fleet.hostvars, everyone, own_ids, accounts)
    wrong = [f"{'. '.join(conflicts)}."] if conflicts else []
    if _uses_passwords(options):
        wrong += mistakes.of_later(unknown_of_later(fleet, options.variable), options.variable)
    wrong += _of_limit(tools, accounts)
    pairs = senders_of(fleet) if options.alternates else {}
    if options["publish"]:
        wrong += _publishing().clashes(tools, unique(accounts), pairs)
    if wrong:
        raise InputError(f"{' '.join(wrong)} {UNCHANGED}")
    advice = _advice(tools, pairs) if options.alternates else []
    due, finishing = change.to_try(users, advice, pairs=options.alternates)
    known_ids = ids.merged(fleet.hostvars, everyone, own_ids)
    return Plan(users=users, pairs=pairs, ids=known_ids, advice=advice, due=due, finishing=finishing, way=way)


def _way(options: Options) -> str:
    """Return how passwords change.

    :raises InputError: if hosts could not switch to what the provider makes
    """
    if not options.overlaps:
        return str(options["strategy"])
    if options.alternates:
        raise InputError(
            "smtp_rotation_strategy is alternate, but this provider makes a new credential beside the old one, so mail "
            "flows all the time with one account for each sender. Set smtp_rotation_strategy to in_place, and "
            f"smtp_rotation_accounts instead of smtp_rotation_senders. {UNCHANGED}"
        )
    if options["state"] == "present" and not options["test_send"]:
        raise InputError(
            "smtp_rotation_test_send is false, but this provider makes a new credential beside the old one, and hosts "
            f"switch to it only after its test. Set smtp_rotation_test_send to true. {UNCHANGED}"
        )
    return OVERLAP


def _advice(tools: Tools, pairs: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    asked = {"senders": dict(pairs), **tools.options.of_store(), **tools.options.given("rotate", "max_age")}
    told = tools.call("smtp_sender", asked, pretend=True)
    if failed(told):
        raise InputError(why(told))
    return list(told["senders"])


def _preview_options(tools: Tools, known: Plan, tried: list[str]) -> Result:
    """Return the options of the look at the accounts.

    With two accounts of each sender nothing may be due; then it only tries whether the store can be read.
    """
    options, accounts = tools.options, tried or known.accounts
    ways = {"rotate": options["rotate"], "state": options["state"]} if tried else {"rotate": "never", "state": "staged"}
    return {
        **options.of_password(),
        "accounts": accounts,
        "account_ids": {account: known.ids[account] for account in accounts if account in known.ids},
        **ways,
        **options.given("password", "passwords"),
    }


def _next(tools: Tools, made: Plan) -> str:
    """Return the role's file of tasks that comes next."""
    return "stage" if stages(tools) or tools.options.alternates else made.way


def published(tools: Tools, made: Plan, then: str) -> Plan:
    """Return a plan whose passwords are published too.

    :param tools: what the step works with
    :param made: the plan
    :param then: the role's file of tasks that comes next, empty if nothing is due
    """
    publishing = _publishing()
    if not then and not publishing.behind(tools, replace(tools.fleet.own, plan=made)):
        return made
    return replace(made, next="publish_early" if then and publishing.is_early(tools) else "publish_late", inner=then)


def _publishing() -> ModuleType:
    """Return what publishes. Ansible compiles every file that is imported, and most runs publish nothing."""
    from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import publishing

    return publishing


def stages(tools: Tools) -> bool:
    """Return whether passwords are staged in a task of their own, and the store saved elsewhere before the call.

    :param tools: what the step works with
    """
    saves = bool(tools.options["persist_tasks"]) and not tools.check_mode
    if tools.options["state"] == "staged" or saves:
        return True
    return bool(tools.options["publish"]) and not tools.check_mode and bool(_publishing().stages_first(tools))


def _check_api_host(tools: Tools) -> None:
    # A host that is alone plans where it is itself, and not where the API is called.
    if _is_alone(tools) and tools.options["api_host"] != tools.here:
        return
    ping = tools.call("ansible.builtin.ping", {})
    if ping.get("unreachable"):
        host = tools.options["api_host"]
        raise InputError(
            f"{host}, which calls the provider's API, cannot be reached: {ping.get('msg', '')} Nothing has been "
            "changed. Check smtp_rotation_api_host."
        )
    if failed(ping):
        raise InputError(why(ping))
