# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which accounts a host tests, what the tests show, and which hosts stay on hold. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Outcome, Verdict
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.waiting import testers_here, untested_by

REOPENED = "window_open"
# These say nothing about the password.
UNTRIED = (REOPENED, "not_tried")
# What the report shows of a message through a mail program.
SHOWN = ("how", "username", "reply")
_AGAIN = "another run has changed it in the meantime, and logging in is not allowed yet."
_LOST = "the host that should send it can no longer be reached."


def tested_from(fleet: Fleet, tester: str) -> list[str]:
    """Return the accounts that this host tests from a host: from itself, or for the leader from one not in this batch.

    In a later batch all of them are tested already: a second login would be one too many.

    :param fleet: all hosts
    :param tester: the host that logs in
    """
    led = fleet.leader
    if led.outcome is None or led.plan is None or fleet.own.leader not in fleet.play.batch:
        return []
    mine = tester == fleet.play.here or (fleet.leads and tester not in fleet.play.batch)
    testers = led.plan.testers
    return [one for one in led.outcome.untested if mine and testers.get(one, fleet.own.leader) == tester]


def testing_hosts(fleet: Fleet) -> list[str]:
    """Return the hosts that this one sends test messages from: always itself, so that it is known to have tested.

    :param fleet: all hosts
    """
    led = fleet.leader
    testers = led.plan.testers.values() if led.plan and fleet.leads else []
    elsewhere = [host for host in dict.fromkeys(testers) if host not in fleet.play.batch]
    return [fleet.play.here, *(host for host in elsewhere if tested_from(fleet, host))]


def verdict_of(fleet: Fleet, hosts: Iterable[str]) -> Verdict:
    """Return what the test messages of some hosts showed.

    :param fleet: all hosts
    :param hosts: the hosts that sent them
    """
    outcome = fleet.leader.outcome or Outcome()
    wanted = set(outcome.untested)
    proved: list[str] = []
    unproved: dict[str, dict[str, str]] = {}
    spared: set[str] = set()
    for item in (item for host in hosts for item in fleet.tests(host)):
        spared.update(item.get("spared", []))
        for test in (test for test in item.get("tests", []) if test["account"] in wanted):
            if test["works"]:
                proved.append(test["account"])
            else:
                unproved[test["account"]] = {"reason": test["reason"], "msg": test["msg"]}
    # A host can go away after the leader has tested what others leave to it.
    known = {*proved, *unproved, *spared}
    lost = [account for account in outcome.untested if account not in known]
    return Verdict(proved, unproved | {account: {"reason": "no answer", "msg": _LOST} for account in lost})


def seen_here(fleet: Fleet) -> Verdict | None:
    """Return the verdict as far as this host needs it, None if the rotation was not completed.

    Until the leader has collected what the tests showed, a host looks itself: mail is waiting.

    :param fleet: all hosts
    """
    if fleet.leader.verdict is not None:
        return fleet.leader.verdict
    return None if untested_by(fleet) else verdict_of(fleet, testers_here(fleet))


def is_to_be_proved(fleet: Fleet, options: Mapping[str, Any], *, check_mode: bool) -> bool:
    """Return whether a message is to be sent through this host's mail programs.

    Where nothing has changed, the mail that flows is proof enough.

    :param fleet: all hosts
    :param options: the role's options on this host
    :param check_mode: whether the play only looks
    """
    plan = fleet.leader.plan
    sends = options["test_send"] and options["test_message"] != "none" and not check_mode
    return bool(sends and plan and (plan.work_of(fleet.play.here) or fleet.own.on_hold or fleet.own.fresh))


def failures_of(verdict: Verdict) -> dict[str, str]:
    """Return the failures to record, by account. Some were not tested, such as one that another run has changed.

    :param verdict: what the tests showed
    """
    return {
        account: test["reason"].replace(" ", "_")
        for account, test in verdict.unproved.items()
        if test["reason"] not in UNTRIED
    }


def told_of_test(account: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one test shows, in short.

    :param account: the account
    :param result: what smtp_test_send returns for it
    """
    if result.get("authenticated") and "reason" not in result:
        return {"account": account, "works": True}
    reason = str(result.get("reason", "no answer"))
    return {"account": account, "works": False, "reason": reason, "msg": str(result.get("msg", ""))}


def told_reopened(account: str) -> dict[str, Any]:
    """Return what is said instead of a test of an account that another run has changed.

    :param account: the account
    """
    return {"account": account, "works": False, "reason": REOPENED, "msg": _AGAIN}


def stays(fleet: Fleet, *, release_on_failure: bool) -> str:
    """Return why this host stays on hold, an empty text if it does not.

    :param fleet: all hosts
    :param release_on_failure: whether it is released although a test failed
    """
    own, verdict = fleet.own, seen_here(fleet)
    if own.trouble:
        return own.trouble
    if verdict is None or fleet.leader.outcome is None:
        return "the rotation was not completed"
    failed = [account for account in own.accounts if account in verdict.unproved]
    reopened = [account for account in failed if verdict.unproved[account]["reason"] == REOPENED]
    unknown = [account for account in own.accounts if account in fleet.leader.outcome.unknown]
    if reopened:
        return f"another run has changed {', '.join(reopened)} in the meantime"
    if failed and not release_on_failure:
        return f"the test message for {', '.join(failed)} failed"
    if unknown and not release_on_failure:
        return f"it is unknown whether the provider changed {', '.join(dict.fromkeys(unknown))}"
    return ""
