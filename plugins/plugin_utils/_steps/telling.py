# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""At the end, however it came: one host collects what somebody should be told, for smtp_rotation_notify_tasks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import endings
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.news import Account, Seen, accounts_of, news_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import Result, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, next_due
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import duration, utc_now, written

# Seconds between two looks at the hosts that have not ended, with a strategy whose hosts do not go in step.
PAUSE = 1.0
NOTHING: Result = {"changed": False, "skipped": True, "next": ""}


def end(tools: Tools) -> Result:
    """Note that this host has come to the end of the role.

    :param tools: what the step works with
    """
    return {"changed": False, "born": tools.fleet.own.born}


def news(tools: Tools) -> Result:
    """Collect what somebody should be told, on one host for all. Whatever goes wrong here, the run ends as it would.

    :param tools: what the step works with
    """
    try:
        return _news(tools)
    except Exception as error:  # noqa: BLE001  (a run is worth more than the news of it)
        reason = str(error) if isinstance(error, (InputError, StoreError, AnsibleError)) else type(error).__name__
        text = f"smtp_rotation_notify_tasks were not run, because the news could not be collected: {reason}"
        tools.warn(text)
        return NOTHING


def unheard(tools: Tools) -> Result:
    """Warn that the playbook's own tasks failed to tell anybody.

    :param tools: what the step works with
    """
    reason = tools.params["trouble"] or ""
    tools.warn(f"{reason.rstrip('.')}. Nobody was notified; the run itself ended as shown above.")
    return {"changed": False}


def _news(tools: Tools) -> Result:
    fleet = tools.fleet
    if tools.check_mode:
        return NOTHING
    if tools.apart and endings.awaits(fleet):
        tools.sleep(PAUSE)
        return {"changed": False, "next": "tell"}
    if endings.teller(fleet) != tools.here:
        return NOTHING
    hosts = endings.to_be_told(fleet)
    collected = {"collected": {host: fleet.record(host).born for host in hosts}}
    led = _as_leader(fleet)
    found = news_of(led, _seen(tools, led, hosts))
    return {"changed": False, **collected, "news": found, "next": "notify"} if found else {**NOTHING, **collected}


def _as_leader(fleet: Fleet) -> Fleet:
    """Return the fleet as the leader sees it, which may be gone."""
    leaders = [fleet.record(host).leader for host in (fleet.play.here, *fleet.play.everyone)]
    leader = next((name for name in leaders if name in fleet.play.everyone), fleet.play.here)
    return replace(fleet, play=replace(fleet.play, here=leader))


def _seen(tools: Tools, fleet: Fleet, hosts: list[str]) -> Seen:
    """Return what the store and the options say."""
    options = tools.options
    known: dict[str, Any] = {
        "store": str(options["vault_file"]),
        "now": utc_now(),
        "hosts": hosts,
        "state": options["state"],
        "due_days": options["notify_due_days"],
        "tests": options["test_send"],
        "release_on_failure": options["release_on_failure"],
        "hooks_hold": bool(options["hold_tasks"]),
    }
    names = accounts_of(fleet) or _named(tools)
    try:
        document = tools.store.read().document
    except (StoreError, AnsibleError) as error:
        return Seen(**known, accounts=[Account(name) for name in names], unreadable=str(error))
    max_age = duration(str(options["max_age"]), "max_age")
    accounts = [_account(name, document.record(name), next_due(document.record(name), max_age)) for name in names]
    return Seen(**known, accounts=accounts)


def _named(tools: Tools) -> list[str]:
    """Return the accounts that the options name: a host that failed at once remembers none."""
    options = tools.options
    pairs = options["senders"].values() if options.alternates else [options["accounts"]]
    return [str(account) for accounts in pairs for account in accounts]


def _account(name: str, record: Record, due_at: datetime | None) -> Account:
    return Account(
        name=name,
        doubtful=record.in_doubt,
        staged=record.is_begun,
        unverified=record.is_unverified or (record.has_failed and record.password is not None),
        failure=record.failure or "" if record.has_failed else "",
        changed_at=_written(record.changed_at),
        staged_at=_written(record.staged_at),
        verified_at=_written(record.verified_at),
        due_at=due_at,
    )


def _written(moment: datetime | None) -> str:
    return written(moment) if moment else ""
